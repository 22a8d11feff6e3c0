"""Long tables: each series has the stamps and values that it was written from, and no other."""

import numpy as np
import pytest
from table_files import notices, together, written

from infonet_ros.intake.tables.text_files.text_table import read_text_table

ROWS = 60
RNG = np.random.default_rng(0)
SERIES = {name: RNG.normal(mean, 1.0, ROWS).round(4) for name, mean in (("temp", 20), ("hum", 50), ("volt", 12))}
STEADY = np.arange(ROWS) * 0.1
OWN = {"temp": STEADY, "hum": STEADY + 0.013, "volt": STEADY + 0.047}  # stamps of three sensors


def lines(times, form, by_name=False):
    """Return a row for each value, in the order of time or one series behind the other."""
    rows = [(t, name, x) for name, own in times.items() for t, x in zip(own, SERIES[name], strict=True)]
    return [form.format(t=t, n=name, x=x) for t, name, x in (rows if by_name else sorted(rows))]


def text(header, *rows):
    return "\n".join(([header] if header else []) + list(rows)) + "\n"


SAME = dict.fromkeys(SERIES, STEADY)
LAYOUTS = {
    "melted by time": ("time,variable,value", lines(SAME, "{t:.3f},{n},{x}"), SAME, "{}.value"),
    "melted by name": ("time,variable,value", lines(SAME, "{t:.3f},{n},{x}", by_name=True), SAME, "{}.value"),
    "of a broker": ("time,topic,payload", lines(OWN, "{t:.3f},home/{n},{x}"), OWN, "home/{}.payload"),
    "one after the other": ("name,t,reading", lines(OWN, "{n},{t:.3f},{x}", by_name=True), OWN, "{}.reading"),
    "under other words": ("t,was,Wert", lines(OWN, "{t:.3f},{n},{x}"), OWN, "{}.Wert"),
    "without a header": ("", lines(OWN, "{t:.3f} {n} {x}"), OWN, "{}.column_3"),
    "with a quality": ("Tag;Time;Value;Quality", lines(OWN, "{n};{t:.3f};{x};Good"), OWN, "{}.Value"),
    "of CAN frames": ("time,id,signal,value", lines(OWN, "{t:.3f},0x10,{n},{x}"), OWN, "{}.value"),
    "of several numbers": ("stamp,joint,x,y", lines(SAME, "{t:.3f},{n},{x},0.5"), SAME, "{}.x"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_name_is_a_series_with_its_own_stamps(tmp_path, layout):
    header, rows, times, channel = LAYOUTS[layout]
    found, said = together([written(tmp_path, text(header, *rows))])
    for name, values in SERIES.items():
        stamps, numbers = zip(*found[channel.format(name)], strict=True)
        np.testing.assert_allclose(np.array(stamps) / 1e9, times[name], atol=1e-9)
        np.testing.assert_array_equal(numbers, values)
    assert sum("long table" in sentence and "3 names" in sentence for sentence in said) == 1


def test_rows_of_several_robots_are_distinguished_by_their_number(tmp_path):
    rows = [f"{t:.1f},{robot},{robot * 100 + k},{-k}" for k, t in enumerate(STEADY) for robot in (1, 2)]
    found, _ = together([written(tmp_path, text("time,robot_id,x,y", *rows))])
    assert sorted(found) == ["robot_1.x", "robot_1.y", "robot_2.x", "robot_2.y"]
    assert [x for _, x in found["robot_2.x"]] == [200.0 + k for k in range(ROWS)]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("time,channel,value", "channel_2.value"),
        ("time,joint,position", "joint_2.position"),
        ("clock,itemid,v", "item_2.v"),
    ],
)
def test_numbers_are_names_beside_a_value_or_where_each_stamp_has_them_all(tmp_path, header, name):
    rows = [f"{t:.1f},{number},{number * 100 + k}" for k, t in enumerate(STEADY) for number in (1, 2, 3)]
    found, _ = together([written(tmp_path, text(header, *rows))])
    assert [x for _, x in found[name]] == [200.0 + k for k in range(ROWS)]


def test_numbers_beside_names_are_none(tmp_path, rng):
    rows = [f"{row},{rng.integers(0, 40)}" for row in lines(OWN, "{t:.3f},{n},{x}")]
    found, _ = together([written(tmp_path, text("time,signal,value,motor", *rows))])
    assert sorted(found) == [f"{name}.{column}" for name in sorted(SERIES) for column in ("motor", "value")]


def test_a_column_without_numbers_names_nothing(tmp_path):
    rows = [f"{k // 10},nan,{k}" for k in range(ROWS)]
    found, _ = together([written(tmp_path, text("time,rest,x", *rows))])
    assert len(found["table.x"]) == ROWS


@pytest.mark.parametrize("column", ["count", "step"])
def test_what_counts_within_a_second_names_no_series(tmp_path, column):
    rows = [f"{k // 10},{k % 10},{k}" for k in range(ROWS)]
    found, _ = together([written(tmp_path, text(f"time,{column},x", *rows))])
    assert len(found["table.x"]) == ROWS


def test_two_columns_name_a_series_where_one_does_not_suffice(tmp_path):
    rows = [f"{t:.1f},r{robot},a,{t + robot:.1f}" for t in STEADY for robot in (1, 2)]
    rows += [f"{t:.1f},r{robot},b,{robot - t:.1f}" for t in STEADY for robot in (1, 2)]
    found, _ = together([written(tmp_path, text("time,host,metric,value", *rows))])
    assert sorted(found) == [f"r{robot}/{metric}.value" for robot in (1, 2) for metric in "ab"]
    assert found["r2/b.value"][1] == (100_000_000, pytest.approx(1.9))


def test_a_second_name_that_some_rows_lack_is_none_of_theirs(tmp_path):
    sources = ((0.0, "r1", "x"), (0.01, "r2", "x"), (0.02, "", "clock"))
    rows = [f"{t + shift:.3f},{robot},{field},{k}" for k, t in enumerate(STEADY) for shift, robot, field in sources]
    found, _ = together([written(tmp_path, text("time,robot,field,value", *rows))])
    assert sorted(found) == ["clock.value", "r1/x.value", "r2/x.value"]


def test_signals_of_one_name_are_distinguished_by_their_topics(tmp_path):
    sources = ((0.0, "/a", "x"), (0.01, "/b", "x"), (0.02, "/a", "y"))
    rows = [f"{t + shift:.3f},{topic},{field},{k}" for k, t in enumerate(STEADY) for shift, topic, field in sources]
    found, _ = together([written(tmp_path, text("time,topic,field,value", *rows))])
    assert sorted(found) == ["/a/x.value", "/a/y.value", "/b/x.value"]


def test_columns_of_no_series_are_named(tmp_path):
    names = ((0.0, "a"), (0.01, "b"))
    rows = [f"{t + shift:.3f},{name},{k},A{k % 5},note" for k, t in enumerate(STEADY) for shift, name in names]
    found, said = together([written(tmp_path, text("time,name,value,code,remark", *rows))])
    assert sorted(found) == ["a.value", "b.value"]
    assert any("are left out: " in sentence and "code" in sentence and "remark" in sentence for sentence in said)


STATES = {
    "for a while": ["auto" if k // 20 % 2 else "manual" for k in range(ROWS)],
    "at random": RNG.choice(["ok", "warn"], ROWS).tolist(),
    "once": ["idle"] * 20 + ["drive"] * 40,
}


@pytest.mark.parametrize("held", STATES)
@pytest.mark.parametrize("name", ["mode", "status"])
def test_a_state_names_no_series(tmp_path, name, held):
    rows = [f"{t:.1f},{state},{k}" for k, (t, state) in enumerate(zip(STEADY, STATES[held], strict=True))]
    found, said = together([written(tmp_path, text(f"time,{name},x", *rows))])
    assert list(found) == ["table.x", f"table.{name}"]
    assert [value for _, value in found["table.x"]] == list(range(ROWS))
    assert len(found["table.x"]) == ROWS
    assert not any("long table" in sentence for sentence in said)


def test_numbers_called_states_are_values_of_two_names(tmp_path):
    """Each sends in bursts: their order alone would not show that they are names."""
    times = {"home/a": STEADY, "home/b": STEADY[-5] + 0.05 + STEADY}
    rows = [f"{t:.2f},{name},{x}" for name, own in times.items() for t, x in zip(own, SERIES["temp"], strict=True)]
    found, _ = together([written(tmp_path, text("time,topic,state", *rows))])
    assert [x for _, x in found["home/b.state"]] == SERIES["temp"].tolist()


@pytest.mark.parametrize("name", ["sensor", "motor", "axis_x"])
def test_whole_numbers_of_a_sensor_name_no_series(tmp_path, name, rng):
    rows = [f"{t // 1:.0f},{rng.integers(0, 8)},{k}" for k, t in enumerate(STEADY)]
    found, _ = together([written(tmp_path, text(f"time,{name},x", *rows))])
    assert sorted(found) == ["table." + name, "table.x"]


def test_the_group_of_a_column_tells_nothing_about_its_cells(tmp_path):
    rows = [f"{k / 20:.2f},{k % 3 == 0},{k}" for k in range(ROWS)]
    found, _ = together([written(tmp_path, text("time,carState.gas,carState.speed", *rows))])
    assert sorted(found) == ["carState.gas", "carState.speed"]


@pytest.mark.parametrize("name", ["vehicle_speed_kmh", "robot_v", "machineLoad", "drone altitude [m]"])
def test_a_noisy_quantity_of_a_robot_names_no_series(tmp_path, name, rng):
    rows = [f"{k / 20:.2f},{x:.1f},{2 * x:.2f}" for k, x in enumerate(rng.normal(10.0, 1.0, 1000))]
    found, _ = together([written(tmp_path, text(f"time,{name},current", *rows))])
    assert len(found) == 2 and "table.current" in found


def test_series_of_numbers_truths_and_words_in_one_column(tmp_path):
    rows = [f"sensor.temp,{k / 2 if k % 10 else 'unavailable'},{t:.2f}" for k, t in enumerate(STEADY)]
    rows += [f"lamp,{'on' if k % 3 else 'off'},{t + 0.01:.2f}" for k, t in enumerate(STEADY)]
    rows += [f"sun,{'above' if k % 2 else 'below'}_horizon,{t + 0.02:.2f}" for k, t in enumerate(STEADY)]
    path = written(tmp_path, text("entity_id,state,time", *rows))
    found, said = together([path])
    assert [x for _, x in found["lamp.state"]] == [float(k % 3 > 0) for k in range(ROWS)]
    temperatures = np.array([x for _, x in found["sensor.temp.state"]])
    np.testing.assert_array_equal(temperatures, [k / 2 if k % 10 else np.nan for k in range(ROWS)])
    assert any("left out" in sentence and sentence.endswith(": sun.") for sentence in said)
    assert any("6 of 60 cells are no number" in sentence and "sensor.temp" in sentence for sentence in said)


def test_a_row_without_a_time_is_left_out(tmp_path):
    rows = ["broken,temp,0", *lines(OWN, "{t:.3f},{n},{x}"), ",hum,0"]
    found, _ = together([written(tmp_path, text("time,name,value", *rows))])
    assert [len(series) for series in found.values()] == [ROWS] * 3


@pytest.mark.parametrize(("header", "names", "streams"), [("signal", "ab", ["a", "b"]), ("id", "57", ["id_5", "id_7"])])
def test_rows_without_a_name_are_left_out_and_counted(header, names, streams, tmp_path):
    rows = [f"{t:.1f},{n},{x}" for t in STEADY for n, x in ((names[0], 1), (names[1], t), ("", 9))]
    found, said = together([written(tmp_path, text(f"time,{header},value", *rows))])
    assert sorted(found) == [f"{stream}.value" for stream in streams]
    assert any("60 rows without a name" in sentence for sentence in said)


def test_shared_seconds_are_spread_for_each_series(tmp_path):
    rows = [f"{t // 1:.0f},{name},{x}" for k, t in enumerate(STEADY) for name, x in (("a", k), ("b", -k))]
    found, _ = together([written(tmp_path, text("time,name,value", *rows))])
    stamps = [stamp for stamp, _ in found["a.value"]]
    np.testing.assert_allclose(np.array(stamps) / 1e9, STEADY, atol=1e-6)


def test_long_tables_keep_apart_from_other_files(tmp_path):
    long = written(tmp_path, text("time,name,value", *lines(SAME, "{t:.3f},{n},{x}")), "climate.csv")
    wide = written(tmp_path, text("time,v", *(f"{t:.1f},{t}" for t in STEADY)), "drive.csv")
    found, _ = together([long, wide])
    assert sorted(found) == ["climate/hum.value", "climate/temp.value", "climate/volt.value", "drive.v"]


def test_words_are_kept_of_no_long_note(tmp_path):
    rows = [f"{t:.1f},{k},{'long ' * 200_000 * (not k)}" for k, t in enumerate(STEADY)]
    path = written(tmp_path, text("time,x,note", *rows))
    assert not read_text_table(path).cells
    assert not any("long table" in sentence for sentence in notices(path))


ANNOTATED = """#group,false,false,true,true,false,false,true,true
#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string
#default,_result,,,,,,,
,result,table,_start,_stop,_time,_value,_field,{tag}
"""


@pytest.mark.parametrize("tags", [("host", "host"), ("host", "robot")])
def test_all_tables_of_an_annotated_export_are_read(tmp_path, tags):
    stamp = "2024-05-01T12:00:0{:.1f}Z"
    begin, end = stamp.format(0), stamp.format(9.9)
    blocks = [
        ANNOTATED.format(tag=tag)
        + "".join(
            f",,{number},{begin},{end},{stamp.format(t)},{x},{name},r2\n"
            for t, x in zip(STEADY, SERIES[name], strict=True)
        )
        for number, (name, tag) in enumerate(zip(("temp", "hum"), tags, strict=True))
    ]
    found, said = together([written(tmp_path, "\n".join(blocks))])
    for name in ("temp", "hum"):
        assert [x for _, x in found[f"{name}.value"]] == SERIES[name].tolist()
    assert not any("no number" in sentence for sentence in said)


def test_rows_of_devices_without_names_are_told_apart_by_their_order(tmp_path):
    rows = [f"{t:.2f},{SERIES[name][k]}" for k, t in enumerate(STEADY) for name in SERIES]
    del rows[4]  # one device missed a time
    path = written(tmp_path, text("time,v", *rows))
    found, said = together([path])
    for place, name in enumerate(SERIES, 1):
        assert [value for _, value in found[f"row_{place}.v"]] == [*np.delete(SERIES[name], 1)]
    assert any("as of several devices" in sentence for sentence in said)
    assert any("2 rows without the rows of all devices" in sentence for sentence in said)


def test_rows_of_one_device_that_share_a_time_are_one_series(tmp_path):
    wave = np.sin(np.arange(2 * ROWS) / 9)
    rows = [f"{STEADY[k // 2]:.2f},{x:.4f}" for k, x in enumerate(wave)]
    found, _ = together([written(tmp_path, text("time,v", *rows))])
    assert list(found) == ["table.v"]
