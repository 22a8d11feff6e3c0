"""Records of JSON and YAML: the stamps and values that they were written from."""

import json

import numpy as np
import pytest
from table_files import notices, together, written

from infonet_ros.errors import RecordingError

ROWS = 50
TIME = np.arange(ROWS) * 0.1
X = np.random.default_rng(0).normal(size=ROWS).round(6)
RECORDS = [
    {"time": t, "pose": {"x": x, "y": [k, -k]}, "ok": k % 2 == 0} for k, (t, x) in enumerate(zip(TIME, X, strict=True))
]
FLAT = [{"time": t, "x": x} for t, x in zip(TIME, X, strict=True)]


def assert_series(found, name, values, times=TIME):
    stamps, numbers = zip(*found[name], strict=True)
    np.testing.assert_allclose(np.array(stamps) / 1e9, times, atol=1e-9)
    np.testing.assert_array_equal(numbers, values)


NESTED = {
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "a list": json.dumps(RECORDS),
    "a list in lines": json.dumps(RECORDS, indent=2),
    "one behind the other": "".join(json.dumps(record, indent=1) for record in RECORDS),
    "within an object": json.dumps({"robot": {"name": "r2"}, "samples": RECORDS}),
}


@pytest.mark.parametrize("form", NESTED)
def test_objects_of_json_are_rows(tmp_path, form):
    found, _ = together([written(tmp_path, NESTED[form], "log.json")])
    assert_series(found, "pose.x", X)
    assert_series(found, "table.pose.y_1" if "table.pose.y_1" in found else "pose.y_1", -np.arange(ROWS))
    assert_series(found, "table.ok", np.arange(ROWS) % 2 == 0)


COLUMNS = {
    "of lists": {"time": TIME.tolist(), "x": X.tolist()},
    "of lists in objects": {"head": {"time": TIME.tolist()}, "table": {"x": X.tolist()}},
    "of numbered cells": {name: {str(k): row[name] for k, row in enumerate(FLAT)} for name in ("time", "x")},
    "numbered rows": {str(k): row for k, row in enumerate(FLAT)},
    "numbered rows of other lengths": {str(k): row | ({"y": 1.0} if k % 3 else {}) for k, row in enumerate(FLAT)},
    "split": {"columns": ["time", "x"], "index": [*range(ROWS)], "data": [[*row.values()] for row in FLAT]},
    "of cells by time": {"x": dict(zip(TIME.astype(str).tolist(), X.tolist(), strict=True))},
    "rows by time": {str(t): {"x": x} for t, x in zip(TIME, X, strict=True)},
    "split, with times": {"columns": ["x"], "index": TIME.tolist(), "data": X[:, None].tolist()},
}


@pytest.mark.parametrize("form", COLUMNS)
def test_columns_of_json_as_pandas_writes_them(tmp_path, form):
    found, _ = together([written(tmp_path, json.dumps(COLUMNS[form]), "frame.json")])
    assert_series(found, "table.x", X)


def test_lists_of_another_length_are_left_out_and_named(tmp_path):
    columns = {"imu": {"time": TIME.tolist(), "x": X.tolist()}, "gps": {"time": TIME[:9].tolist()}}
    found, said = together([written(tmp_path, json.dumps(columns), "log.json")])
    assert_series(found, "imu.x", X)
    assert f"lists of other lengths than {ROWS} are left out: gps.time." in said


def test_lists_of_objects_with_one_time_are_topics(tmp_path):
    imu, odom = FLAT, [{"time": row["time"] + 0.05, "v": -row["x"]} for row in FLAT]
    devices = [{"name": f"robot {k}"} for k in range(2 * ROWS)]
    text = json.dumps({"imu": imu, "log": {"odom": odom}, "devices": devices})
    found, _ = together([written(tmp_path, text, "log.json")])
    assert_series(found, "imu.x", X)
    assert_series(found, "log.odom.v", -X, TIME + 0.05)


def test_dates_of_dot_net_count_from_1970(tmp_path):
    records = [{"t": f"/Date({1714564800000 + round(1000 * t)}+0200)/", "x": x} for t, x in zip(TIME, X, strict=True)]
    found, _ = together([written(tmp_path, json.dumps(records), "log.json")])
    assert_series(found, "table.x", X, 1714564800 + TIME)


def test_records_of_json_that_are_broken_or_cut_are_left_out_and_counted(tmp_path):
    lines = [json.dumps(record) for record in FLAT]
    lines[7] = '{"time": 0.7, "x": oops}'
    path = written(tmp_path, "\n".join(lines)[:-4], "log.jsonl")
    found, said = together([path])
    kept = [k for k in range(ROWS - 1) if k != 7]
    assert_series(found, "table.x", X[kept], TIME[kept])
    assert any("1 record of JSON cannot be read" in sentence for sentence in said)
    assert any("last record is cut" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("text", "words"), [("[{}]", "JSON holds no records"), ('{"name": "r2", "speed": 3}', "looks like time")]
)
def test_json_without_records_ends_in_one_sentence(tmp_path, text, words):
    with pytest.raises(RecordingError, match=words):
        notices(written(tmp_path, text, "config.json"))


def test_payloads_of_json_are_taken_apart(tmp_path):
    rows = [
        f'{t + k / 50:.2f},dev/{k},"{{""v"": {x}, ""n"": {k}}}"' for t, x in zip(TIME, X, strict=True) for k in (1, 2)
    ]
    found, _ = together([written(tmp_path, "\n".join(["time,topic,payload", *rows]))])
    assert_series(found, "dev/2.payload.v", X, TIME + 0.04)


ECHO = """header:
  stamp:
    sec: {sec}
    nanosec: {nanosec}
  frame_id: imu_link
orientation_covariance:
- 0.5
- {k}
linear:
  x: {x}
---
"""


def echo(form):
    return "".join(form.format(sec=k // 10, nanosec=k % 10 * 100_000_000, k=k, x=x) for k, x in enumerate(X))


@pytest.mark.parametrize(
    "form", [ECHO, ECHO.replace("nanosec", "nsecs", 1).replace("sec:", "secs:", 1), ECHO.replace(":\n", ": \n")]
)
def test_what_topic_echo_prints_is_a_table(tmp_path, form):
    found, _ = together([written(tmp_path, echo(form), "imu.txt")])
    assert_series(found, "linear.x", X)
    assert_series(found, "table.orientation_covariance_1", np.arange(ROWS))


def test_a_message_that_was_cut_while_it_was_printed_is_left_out(tmp_path):
    found, said = together([written(tmp_path, echo(ECHO)[:-9], "imu.yaml")])
    assert_series(found, "linear.x", X[:-1], TIME[:-1])
    assert any("last record is cut" in sentence for sentence in said)


PAIRS = [[t, str(x)] for t, x in zip(TIME, X, strict=True)]
SERIES = {
    "Prometheus": {
        "status": "success",
        "data": {"result": [{"metric": {"__name__": "speed", "job": "r2"}, "values": PAIRS}]},
    },
    "two of Prometheus": {
        "data": {"result": [{"metric": {"__name__": name, "job": "r2"}, "values": PAIRS} for name in ("load", "speed")]}
    },
    "Grafana": [
        {"target": 'speed{job="r2"}', "datapoints": [[x, 1000 * t] for t, x in zip(TIME, X, strict=True)]},
        {"target": "load", "datapoints": [[-x, 1000 * t] for t, x in zip(TIME, X, strict=True)]},
    ],
}


@pytest.mark.parametrize("program", SERIES)
def test_series_of_pairs_are_topics(tmp_path, program):
    found, _ = together([written(tmp_path, json.dumps(SERIES[program]), "export.json")])
    name = next(name for name in found if "load" not in name)
    assert name == ("table.value" if len(found) == 1 else 'speed{job="r2"}.value')
    assert_series(found, name, X)


LISTS = {
    "of JSON": "[{0}, {1}]",
    "without blanks": "[{0},{1}]",
    "of Python": "({0}, {1})",
    "of NumPy": "[{0} {1}]",
    "an array": "array('d', [{0}, {1}])",
    "no brackets": "{0},{1}.0",
    "another array": "array([{0}, {1}], dtype=float32)",
}


@pytest.mark.parametrize("form", LISTS)
def test_lists_in_cells_are_columns(tmp_path, form):
    lines = [f'{t},"{LISTS[form].format(x, k)}",{k % 7}' for k, (t, x) in enumerate(zip(TIME, X, strict=True))]
    found, _ = together([written(tmp_path, "\n".join(["time,v,n", *lines]))])
    assert_series(found, "table.v_0", X)
    assert_series(found, "table.v_1", np.arange(ROWS))


@pytest.mark.parametrize("form", ["({0}{1:+}j)", "{0}{1:+}i", "{0} {2} {3}i"])
def test_complex_numbers_in_cells_have_two_parts(tmp_path, form):
    cells = [form.format(x, -x, "-" if x > 0 else "+", abs(x)) for x in X.tolist()]
    lines = [f"{t},{cell},{k % 7}" for k, (t, cell) in enumerate(zip(TIME, cells, strict=True))]
    found, _ = together([written(tmp_path, "\n".join(["time,z,n", *lines]))])
    assert_series(found, next(name for name in found if name.endswith("real")), X)
    assert_series(found, next(name for name in found if name.endswith("imag")), -X)
