import gzip

import numpy as np
import pytest
from table_files import PLAIN, notices, rows, together, written

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Modality


def test_an_empty_cell_says_nothing_and_nan_is_not_known(tmp_path):
    (_, first), (_, second), (_, third) = rows(written(tmp_path, PLAIN))
    assert first == [1.0, 2.0]
    assert second == [None, 3.0]
    assert np.isnan(third[0])
    assert third[1] == 4.0


def test_a_gzipped_table_reads_the_same(tmp_path):
    path = written(tmp_path, gzip.compress(PLAIN.encode()), "table.csv.gz")
    plain = rows(written(tmp_path, PLAIN))
    assert repr(rows(path)) == repr(plain)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_recognised(tmp_path, delimiter):
    assert len(rows(written(tmp_path, PLAIN.replace(",", delimiter)))) == 3


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity", "1e999"])
def test_an_infinite_number_is_not_known(tmp_path, cell):
    (_, first), (_, second), _ = rows(written(tmp_path, f"time,x,y\n0.0,1,2\n0.5,{cell},3\n1.0,2,4\n"))
    assert first == [1.0, 2.0]
    assert np.isnan(second[0])


@pytest.mark.parametrize("cell", ["1e300", "-1.7976931348623157e308"])
def test_a_number_that_single_precision_does_not_hold_is_not_known(tmp_path, cell):
    _, (_, second), _ = rows(written(tmp_path, f"time,x,y\n0.0,1,2\n0.5,{cell},3\n1.0,2,4\n"))
    assert np.isnan(second[0])


def test_decimal_commas_are_read_where_another_character_delimits(tmp_path):
    path = written(tmp_path, "time;x;y;note\n0,5;-1,25;,5;1,5 or so\n1,5;2,5e-1;3;no\n")
    assert rows(path) == [(500_000_000, [-1.25, 0.5]), (1_500_000_000, [0.25, 3.0])]
    assert "commas within numbers are read as decimal points" in notices(path)[0]
    assert not any("comma" in notice for notice in notices(written(tmp_path, PLAIN.replace(",", ";"))))


def test_columns_are_grouped_as_plotjuggler_names_them(tmp_path):
    text = "__time,/imu/gyro/x,/imu/gyro/y,/odom/v [m/s],note\n0,1,2,3,a\n1,2,3,4,b\n"
    assert list(together([written(tmp_path, text)])[0]) == ["/imu/gyro.x", "/imu/gyro.y", "/odom.v_m_s"]


def test_a_column_of_text_is_left_out_with_its_name(tmp_path):
    with Tables([written(tmp_path, "time,x,mode\n0,1,idle\n1,2,drive\n")]) as table:
        fields, left_out = table.fields("table")
    assert [field.path for field in fields] == ["x"]
    assert left_out == ["column 'mode' holds text, not numbers (such as 'idle')"]


def test_many_columns_of_text_are_one_sentence(tmp_path):
    names = [f"mode_{k}" for k in range(9)]
    rows = "\n".join(f"{k},{k * k}," + ",".join(["idle"] * 9) for k in range(20))
    with Tables([written(tmp_path, f"time,x,{','.join(names)}\n{rows}")]) as table:
        assert table.fields("table")[1] == ["9 columns hold text, not numbers"]


BROKEN = {
    "empty": ("", "is empty"),
    "header only": ("time,x\n", "0 rows"),
    "header only, without a line end": ("time,x", "0 rows"),
    "one column": ("time\n1\n2\n", "1 column;"),
    "no row below the names": ("time\n,b\n1\n", "names 1 column, but its rows have 2 cells"),
    "no time": ("a,b\n1,2\n0,3\n", "no column that looks like time"),
    "rows of another width": ("time,x,y\n" + "0,1\n1,2\n" * 9, "names 3 columns, but its rows have 2 cells"),
    "time unknown": ("time,x\n,1\n,2\n", "no row whose time"),
    "only text": ("time,mode\n0,idle\n1,drive\n", "no column of numbers besides its time 'time': 'mode' holds 'idle'"),
    "times too far apart": ("time,x\n0,1\n3900000000,2\n", "from 0 s to 3900000000 s: .* --time-unit"),
    "all times beyond": ("time,x\n1e12,1\n1e13,2\n", "within 292 years of zero.*--time-unit"),
    "time is text": ("time,x\nsoon,1\nlater,2\n", "holds 'soon'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_table_ends_in_one_sentence(tmp_path, what):
    text, words = BROKEN[what]
    with pytest.raises(RecordingError, match=words):
        rows(written(tmp_path, text), ("x",), unit="s" if "times" in what else "auto")


def test_of_a_file_that_is_cut_what_is_whole_is_read(tmp_path):
    packed = gzip.compress("".join(["time,x\n", *(f"{k / 10},{np.sin(k)}\n" for k in range(5000))]).encode())
    path = written(tmp_path, packed[: len(packed) // 2], "cut.csv.gz")
    found = rows(path, ("x",))
    assert 2000 < len(found) < 3000
    assert [values for _, values in found[:-1]] == [[np.sin(k)] for k in range(len(found) - 1)]
    assert "cut.csv.gz is cut or damaged" in notices(path)[0]


def test_a_column_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecordingError, match="no column 'when'"):
        rows(written(tmp_path, PLAIN), time="when")
    with pytest.raises(ConfigurationError, match=r"no column 'z'.*it has x, y"):
        rows(written(tmp_path, PLAIN), ("z",))


def test_columns_end_as_fields_do(tmp_path):
    path = written(tmp_path, "time,x,heading\n0.0,1,90\n0.5,,\n1.0,nan,-270\n")
    read = [values for _, values in rows(path, ("x|rate", "heading|degrees"))]
    assert read[0] == pytest.approx([1.0, np.pi / 2])
    assert read[1:] == [[pytest.approx(np.nan, nan_ok=True), pytest.approx(np.pi / 2)]]  # an empty row says nothing
    with pytest.raises(ConfigurationError, match=r"channel 'x\|mean': it ends in a single number, nothing to reduce"):
        rows(path, ("x|mean",))


def test_several_files_are_topics_by_their_names(tmp_path):
    """As bagpy writes them, with stamps in two columns; at different rates, one packed, one in microseconds."""
    lines = [f"{1000 + k / 10},{k},{1000 + k // 10},{k % 10 * 10**8},base,{k}" for k in range(20)]
    header = "Time,header.seq,header.stamp.secs,header.stamp.nsecs,header.frame_id,twist.linear.x"
    vel = written(tmp_path, "\n".join([header, *lines]), "vel.csv")
    steering = written(tmp_path, gzip.compress(b"t,angle\n1000.5,0.1\n1001.5,0.2\n"), "steering.csv.gz")
    battery = written(tmp_path, "timestamp [us],volts\n1000000000,12.5\n1001000000,12\n", "battery.csv")
    found, notices = together([vel, steering, battery])
    assert found["vel.twist.linear.x"] == [(10**12 + k * 10**8, k) for k in range(20)]
    assert found["steering.angle"] == [(1000_500_000_000, 0.1), (1001_500_000_000, 0.2)]
    assert found["battery.volts"] == [(10**12, 12.5), (1001 * 10**9, 12.0)]
    assert (
        "battery.csv: time is column 'timestamp [us]', in us as its name says; --time and --time-unit change that."
        in (notices)
    )
    with Tables([vel, steering, battery]) as table:
        modalities = [Modality("v", "vel", ("twist.linear.x",)), Modality("b", "battery", ("volts",))]
        stamps = [sample.stamp for sample in table.samples(modalities, table.start, table.end + 1)]
    assert len(stamps) == 22
    assert stamps == sorted(stamps)


def test_hidden_files_are_topics_by_their_whole_names(tmp_path):
    files = [written(tmp_path, "time,x\n0,1\n1,2\n2,1\n", name) for name in (".left.csv", ".right.csv")]
    assert set(together(files)[0]) == {".left.csv.x", ".right.csv.x"}


def test_two_files_of_one_name_are_distinguished(tmp_path):
    (tmp_path / "left").mkdir()
    paths = [written(tmp_path, PLAIN, "wheel.csv"), written(tmp_path / "left", PLAIN, "wheel.csv")]
    assert set(together(paths)[0]) == {"wheel.x", "wheel.y", "wheel_2.x", "wheel_2.y"}


def test_of_several_files_those_without_numbers_or_times_are_left_out(tmp_path):
    """As ulog2csv writes them: messages of text, and topics that nothing was logged of."""
    good = written(tmp_path, PLAIN, "good.csv")
    texts = written(tmp_path, "time,message\n0,armed\n1,landed\n", "texts.csv")
    header = written(tmp_path, "time,z\n", "header.csv")
    found, notices = together([good, texts, header])
    assert set(found) == {"good.x", "good.y"}
    assert any("texts.csv: left out: " in notice and "'message' holds 'armed'" in notice for notice in notices)
    assert any("header.csv: left out: " in notice and "0 rows" in notice for notice in notices)
    with pytest.raises(RecordingError, match="0 rows"):
        together([header, header])
    with pytest.raises(RecordingError, match=r"absent\.csv is not there"):
        together([good, tmp_path / "absent.csv"])


def test_parts_of_one_log_are_one_topic(tmp_path):
    lines = [f"{k / 10:.1f},{k},{k}.5\n" for k in range(90)]
    parts = [written(tmp_path, "time,x,y\n" + "".join(lines[k : k + 30]), f"log_{k}.csv") for k in (60, 0, 30)]
    found, said = together(parts)
    assert found["log_0.y"] == [(k * 10**8, k + 0.5) for k in range(90)]
    assert len(found) == 2
    assert any("are parts of one log, and read as the topic log_0" in sentence for sentence in said)


def test_runs_of_other_days_and_other_columns_are_no_parts(tmp_path):
    for header, begin in (("time,x", 1e6), ("time,z", 3.0)):
        lines = [f"{k / 10:.1f},{k}\n" for k in range(30)]
        later = [f"{begin + k / 10:.1f},{k}\n" for k in range(30)]
        paths = [
            written(tmp_path, "time,x\n" + "".join(lines), "a.csv"),
            written(tmp_path, header + "\n" + "".join(later), "b.csv"),
        ]
        with pytest.raises(RecordingError, match="do not overlap"):
            together(paths)


def test_times_of_two_zones_are_reported(tmp_path):
    paths = [
        written(
            tmp_path,
            f"time,x{hour}\n" + "".join(f"2024-05-01 {hour}:00:{k:02d},{k}\n" for k in range(60)),
            f"{hour}.csv",
        )
        for hour in (10, 12)
    ]
    with pytest.raises(RecordingError, match="do not overlap, as if in two time zones"):
        together(paths)


def test_covariances_in_quotes_delimit_nothing(tmp_path):
    """As bagpy writes an odometry; between the quotes are more blanks and commas than between the columns."""
    covariance = f"({', '.join(['0.1'] * 36)})"
    lines = [f'{k / 10},{k % 7},"{covariance}",{k % 5}' for k in range(60)]
    path = written(tmp_path, "\n".join(["Time,x,covariance,y", *lines]))
    assert rows(path, ("x", "covariance_35", "y")) == [(k * 10**8, [k % 7, 0.1, k % 5]) for k in range(60)]
