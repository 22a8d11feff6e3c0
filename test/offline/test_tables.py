import gzip

import numpy as np
import pytest

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.offline.tables import Table
from infonet_ros.streams.settings import Modality

PLAIN = "time,x,y\n0.0,1,2\n0.5,,3\n1.0,nan,4\n"


def written(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def rows(path, channels=("x", "y"), topic="table", **options):
    with Table(path, **options) as table:
        modality = Modality("m", topic, channels)
        return [(s.stamp, s.values) for s in table.samples([modality], table.start, table.end + 1)]


def test_an_empty_cell_says_nothing_and_nan_is_not_known(tmp_path):
    (_, first), (_, second), (_, third) = rows(written(tmp_path, PLAIN))
    assert first == [1.0, 2.0]
    assert second == [None, 3.0]
    assert np.isnan(third[0])
    assert third[1] == 4.0


def test_a_gzipped_table_reads_the_same(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(PLAIN.encode()))
    plain = rows(written(tmp_path, PLAIN))
    assert repr(rows(path)) == repr(plain)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_recognised(tmp_path, delimiter):
    assert len(rows(written(tmp_path, PLAIN.replace(",", delimiter)))) == 3


TIMES = {
    "seconds": ("time,x\n1.5,1\n2.25,2\n", [1_500_000_000, 2_250_000_000]),
    "seconds since 1970": (
        "time,x\n1700000000.5,1\n1700000001,2\n",
        [1_700_000_000_500_000_000, 1_700_000_001 * 10**9],
    ),
    "milliseconds": ("stamp,x\n1700000000500,1\n1700000001000,2\n", [1_700_000_000_500_000_000, 1_700_000_001 * 10**9]),
    "nanoseconds": ("timestamp,x\n1700000000000000001,1\n1700000000000000002,2\n", [17 * 10**17 + 1, 17 * 10**17 + 2]),
    "dates": (
        "t,x\n2023-11-14T22:13:20Z,1\n2023-11-14 22:13:20.5+00:00,2\n",
        [1_700_000_000 * 10**9, 1_700_000_000_500_000_000],
    ),
    "first column that grows": ("clock,x\n0,5\n1,3\n", [0, 10**9]),
    "unsorted": ("time,x\n2,1\n1,2\n", [10**9, 2 * 10**9]),
    "before zero": ("time,x\n-1.5,1\n0.25,2\n", [500_000_000, 2_250_000_000]),
    "nanoseconds before zero": ("t_ns,x\n-9007199254740993,1\n7,2\n", [745_259_007, 9_007_200_000_000_007]),
    "dates before 1970": ("t,x\n1969-12-31 23:59:58.5,1\n1970-01-01,2\n", [500_000_000, 2 * 10**9]),
    "LabVIEW": ("time,x\n3900000000,1\n3900000001,2\n", [0, 10**9]),
    "the last that fits": ("time,x\n2147483646,1\n2147483647.5,2\n", [2147483646 * 10**9, 2147483647_500_000_000]),
}


@pytest.mark.parametrize("kind", TIMES)
def test_times_of_every_kind(tmp_path, kind):
    text, stamps = TIMES[kind]
    assert [stamp for stamp, _ in rows(written(tmp_path, text), ("x",))] == stamps


def test_the_unit_can_be_given(tmp_path):
    path = written(tmp_path, "time,x\n1000,1\n2000,2\n")
    assert [stamp for stamp, _ in rows(path, ("x",), unit="ms")] == [10**9, 2 * 10**9]


UNITS = {
    "time": 1e9,
    "time_s": 1e9,
    "time [s]": 1e9,
    "secs": 1e9,
    "time_ms": 1e6,
    "time [ms]": 1e6,
    "Time(msec)": 1e6,
    "timeMs": 1e6,
    "t_us": 1e3,
    "t [µs]": 1e3,
    "TIMESTAMP_NS": 1.0,
    "timestampNs": 1.0,
}


@pytest.mark.parametrize("name", UNITS)
def test_the_name_of_the_time_column_tells_its_unit(tmp_path, name):
    path = written(tmp_path, f"x,{name}\n1,2000\n0,4000\n")
    assert [stamp for stamp, _ in rows(path, ("x",))] == [2000 * UNITS[name], 4000 * UNITS[name]]
    assert [stamp for stamp, _ in rows(path, ("x",), unit="us")] == [2_000_000, 4_000_000]


@pytest.mark.parametrize("name", ["times", "clocks", "columns"])
def test_a_name_that_ends_in_an_s_names_no_unit(tmp_path, name):
    assert notices(written(tmp_path, f"{name},x\n1,1\n2,2\n")) == [
        f"time is column {name!r}, in s judging by its size; --time and --time-unit change that."
    ]


def notices(path, **options):
    with Table(path, **options) as table:
        return table.notices


def test_the_unit_is_told_unless_it_was_given(tmp_path):
    path = written(tmp_path, "time_ms,x\n1,1\n2,2\n")
    assert notices(path) == ["time is column 'time_ms', in ms as its name says; --time and --time-unit change that."]
    assert notices(path, unit="s") == []


def test_rows_without_a_time_are_counted(tmp_path):
    path = written(tmp_path, "time,x\n0,1\n,2\nnan,3\n1e12,4\n2,5\n")
    assert [stamp for stamp, _ in rows(path, ("x",), unit="s")] == [0, 2 * 10**9]
    assert notices(path, unit="s") == [
        "2 of 5 rows are left out: their time 'time' is empty or not known.",
        "1 of 5 rows are left out: their time 'time' is more than 292 years from zero.",
    ]
    dates = written(tmp_path, "time,x\n2024-05-01,1\n,2\n9999-12-31,3\n")
    assert [notice[:11] for notice in notices(dates)] == ["1 of 3 rows"] * 2


def test_moved_times_are_told(tmp_path):
    (moved,) = notices(written(tmp_path, "time,x\n-20.5,1\n1,2\n"), unit="s")
    assert "times begin at -20.5 s" in moved
    assert moved.endswith("the results give all times plus 21 s.")
    (moved,) = notices(written(tmp_path, "time,x\n3900000000.5,1\n3900000001,2\n"), unit="s")
    assert moved.endswith("the results give all times minus 3900000000 s.")


def test_decimal_commas_are_read_where_another_character_delimits(tmp_path):
    path = written(tmp_path, "time;x;y;note\n0,5;-1,25;,5;1,5 or so\n1,5;2,5e-1;3;no\n")
    assert rows(path) == [(500_000_000, [-1.25, 0.5]), (1_500_000_000, [0.25, 3.0])]
    assert "commas within numbers are read as decimal points" in notices(path)[0]
    assert not any("comma" in notice for notice in notices(written(tmp_path, PLAIN.replace(",", ";"))))


def test_columns_are_grouped_as_plotjuggler_names_them(tmp_path):
    text = "__time,/imu/gyro/x,/imu/gyro/y,/odom/v [m/s],note\n0,1,2,3,a\n1,2,3,4,b\n"
    with Table(written(tmp_path, text)) as table:
        assert list(table.topics) == ["/imu/gyro", "/odom/v [m"]
        assert [field.path for field in table.fields("/imu/gyro")[0]] == ["x", "y"]


def test_a_column_of_text_is_left_out_with_its_name(tmp_path):
    with Table(written(tmp_path, "time,x,mode\n0,1,idle\n1,2,drive\n")) as table:
        fields, left_out = table.fields("table")
    assert [field.path for field in fields] == ["x"]
    assert left_out == ["column 'mode' holds text, not numbers"]


BROKEN = {
    "empty": ("", "is empty"),
    "header only": ("time,x\n", "0 rows"),
    "one column": ("time\n1\n2\n", "1 columns"),
    "no time": ("a,b\n1,2\n0,3\n", "no column that looks like time"),
    "cut row": ("time,x\n0,1\n1\n", "row 2 .* has 1 cells"),
    "two of one name": ("time,x,x\n0,1,2\n", "two columns named 'x'"),
    "time unknown": ("time,x\n,1\n,2\n", "no row whose time"),
    "only text": ("time,mode\n0,idle\n1,drive\n", "no column of numbers beside its time 'time': 'mode' holds 'idle'"),
    "times too far apart": ("time,x\n0,1\n3900000000,2\n", "from 0 s to 3900000000 s: .* --time-unit"),
    "all times beyond": ("time,x\n1e12,1\n1e13,2\n", "within 292 years of zero.*--time-unit"),
    "time is text": ("time,x\nsoon,1\nlater,2\n", "holds 'soon'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_table_ends_in_one_sentence(tmp_path, what):
    text, words = BROKEN[what]
    with pytest.raises(RecordingError, match=words):
        rows(written(tmp_path, text), ("x",), unit="s" if what == "all times beyond" else "auto")


def test_a_truncated_gzip_and_a_foreign_file_end_in_one_sentence(tmp_path):
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(PLAIN.encode() * 100)[:-20])
    foreign = tmp_path / "foreign.csv"
    foreign.write_bytes(bytes(range(128, 256)) * 10)
    for path in (cut, foreign):
        with pytest.raises(RecordingError, match="not a readable table"):
            rows(path)
    with pytest.raises(RecordingError, match="is not there"):
        rows(tmp_path / "absent.csv")


def test_a_column_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecordingError, match="no column 'when'"):
        rows(written(tmp_path, PLAIN), time="when")
    with pytest.raises(ConfigurationError, match=r"no column 'z'.*it has x, y"):
        rows(written(tmp_path, PLAIN), ("z",))
