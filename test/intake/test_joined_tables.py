"""Headers in the middle of a table, and cells whose reading would change the numbers of only some rows."""

import numpy as np
import pytest
from table_files import notices, rows, together, written

from infonet_ros.errors import RecordingError

ROWS = [f"{k * 0.05:.2f},{k % 7 - 3}.5,{k}" for k in range(200)]


def values(path, *channels):
    return np.array([sample for _, sample in rows(path, channels)], dtype=float)


def of_cells(tmp_path, cells):
    lines = [f"{k * 0.05:.2f};{cell}" for k, cell in enumerate(cells)]
    return values(written(tmp_path, "\n".join(["time;v", *lines]) + "\n"), "v")[:, 0]


@pytest.mark.parametrize("header", ["time,a,b", "t [s],a,b", "# time,a,b", '"time","a","b"'])
def test_a_header_that_is_repeated_is_skipped(tmp_path, header):
    path = written(tmp_path, "\n".join([header, *ROWS[:90], header, *ROWS[90:], header]) + "\n")
    assert values(path, "b")[:, 0] == pytest.approx(np.arange(200))
    assert not any("no number" in notice for notice in notices(path))


def test_units_below_a_repeated_header_are_skipped_with_it(tmp_path):
    head = "time,x,y\n[s],[N],[mm]\n"
    path = written(tmp_path, head + "0,1,2\n1,2,3\n" + head + "2,3,4\n3,4,5\n")
    assert [x for _, (x,) in rows(path, ("x",))] == [1, 2, 3, 4]
    assert not any("no number" in notice for notice in notices(path))


def test_a_row_above_a_repeated_header_that_begins_as_a_description_does_stays(tmp_path):
    text = [f"{k},{k * k}" for k in range(1, 41)]
    path = written(tmp_path, "\n".join(["Rate", "20", "time,x", *text[:20], "time,x", *text[20:]]))
    assert values(path, "x")[:, 0].tolist() == [k * k for k in range(1, 41)]


def test_a_repeated_header_leaves_the_count_of_rows_as_an_editor_has_it(tmp_path):
    path = written(tmp_path, "\n".join(["time,a,b", *ROWS[:90], "time,a,b", "4.5,broken,90", *ROWS[91:]]) + "\n")
    assert any("(row 93: 'broken')" in notice for notice in notices(path))
    assert any(notice == "the header is repeated 1 time." for notice in notices(path))


@pytest.mark.parametrize(("header", "column"), [("time,b,a", "a"), ("time,x,b", "b"), ("time,x,y", "y")])
def test_rows_below_other_names_are_read_by_these_names(tmp_path, header, column):
    path = written(tmp_path, "\n".join(["time,a,b", *ROWS[:90], header, *ROWS[90:]]) + "\n")
    below = {row[0] for row in values(path, column).tolist()[-110:]}
    assert below == {float(row.split(",")[2]) for row in ROWS[90:]}
    assert any(f"a header with other names, {header!r}" in notice for notice in notices(path))


def test_columns_that_appear_later_have_no_values_before(tmp_path):
    later = [f"{row},7" for row in ROWS[90:]]
    path = written(tmp_path, "\n".join(["time,a,b", *ROWS[:90], "time,a,b,c", *later]) + "\n")
    assert values(path, "b")[:, 0] == pytest.approx(np.arange(200))
    assert values(path, "c")[:, 0].tolist() == [7.0] * 110


def test_rows_below_other_names_without_a_time_are_left_out(tmp_path):
    frames = [f"{k},{k * k}" for k in range(60)]
    path = written(tmp_path, "\n".join(["Sampling rate: 20 Hz", "Frame,x", *frames, "Frame,y", *frames]) + "\n")
    assert len(values(path, "x")) == 60
    assert any("'Frame,y', is in the middle: the rows below it are left out" in notice for notice in notices(path))


def section(first, body, offset):
    """A section of a program of motion capture, with a title, a rate, the body above its columns, and units."""
    rows = [f"{k / 20},0,{offset + k},{offset - k}" for k in range(60)]
    return "\n".join([f"Section of {body}", "20", f",,{body},", f"{first},Sub Frame,X,Y", ",,mm,mm", *rows, "\n"])


@pytest.mark.parametrize(("first", "of_knee"), [("Frame", []), ("time", [500.0 + k for k in range(60)])])
def test_a_section_of_another_body_has_names_of_its_own(tmp_path, first, of_knee):
    found, said = together([written(tmp_path, section(first, "hip", 0) + section(first, "knee", 500))])
    assert [x for _, x in found["hip.X"]] == [float(k) for k in range(60)]
    assert [x for _, x in found.get("knee.X", [])] == of_knee
    assert any("',,knee,', is in the middle" in note for note in said)
    assert not any("no number" in note for note in said)


def test_a_cell_that_is_named_as_the_time_is_no_header(tmp_path):
    lines = [f"{row},{'time' if k % 2 else 'space'}" for k, row in enumerate(ROWS)]
    assert len(values(written(tmp_path, "\n".join(["time,a,b,mode", *lines]) + "\n"), "b")) == 200


def test_numbers_in_parentheses_are_negative_where_others_stand_without(tmp_path):
    numbers = np.arange(-50, 50) / 8
    assert of_cells(tmp_path, [f"({-x})" if x < 0 else f"{x}" for x in numbers]) == pytest.approx(numbers)
    assert of_cells(tmp_path, [f"({x})" for x in abs(numbers)]) == pytest.approx(abs(numbers))


def test_prefixes_of_units_count(tmp_path):
    volts = np.arange(-50, 50) * 25.0
    texts = [f"{x / 1000:.3f} kV" if abs(x) >= 1000 else f"{x:.0f} V" for x in volts]
    assert of_cells(tmp_path, texts) == pytest.approx(volts)


@pytest.mark.parametrize("unit", ["m/s^2", "m/s2", "m2", "rad/s²"])
def test_units_may_have_powers(tmp_path, unit):
    numbers = np.arange(100) / 8
    assert of_cells(tmp_path, [f"{x} {unit}" for x in numbers]) == pytest.approx(numbers)


def test_inches_are_no_minutes(tmp_path):
    numbers = of_cells(tmp_path, ["1.5 min" if k % 10 == 0 else f"{k}.5 in" for k in range(100)])
    assert np.isnan(numbers[::10]).all()
    assert numbers[1] == 1.5


def test_quotes_behind_digits_quote_nothing(tmp_path):
    rows = [f"{k / 20},48°{k % 60}'30.5\",{k % 7}" for k in range(100)]
    found, said = together([written(tmp_path, "\n".join(["time,latitude,b", *rows]))])
    assert [value for _, value in found["table.b"]] == [k % 7 for k in range(100)]
    assert [value for _, value in found["table.latitude"]] == pytest.approx(
        [48 + (k % 60 + 30.5 / 60) / 60 for k in range(100)]
    )
    assert not any("header" in sentence for sentence in said)


def test_rows_may_end_in_more_delimiters_than_names(tmp_path):
    rows = [f"{k / 20},{k % 5},{k % 7},,," for k in range(100)]
    found, _ = together([written(tmp_path, "\n".join(["time,a,b", *rows]))])
    assert [value for _, value in found["table.b"]] == [k % 7 for k in range(100)]
    assert sorted(found) == ["table.a", "table.b"]


def test_comments_above_a_table_may_be_many(tmp_path):
    rows = [f"{k / 20},{k % 5}" for k in range(100)]
    found, _ = together([written(tmp_path, "\n".join([*["# a line of the licence"] * 400, "time,a", *rows]))])
    assert len(found["table.a"]) == 100


def test_names_between_blanks_may_be_quoted(tmp_path):
    rows = [f'"{k}" {k / 20} {k % 5}' for k in range(100)]
    found, said = together([written(tmp_path, "\n".join(['"time" "engine speed"', *rows]))])
    assert len(found["table.engine_speed"]) == 100
    assert any("time is column 'time'" in sentence for sentence in said)


def test_commas_between_and_within_numbers_are_refused(tmp_path):
    lines = [f"{k // 20},{k % 20 * 5:02d},{k % 7},5,{k},25" for k in range(100)]
    with pytest.raises(RecordingError, match="3 names, 6 cells"):
        notices(written(tmp_path, "\n".join(["time,a,b", *lines])))


def test_blanks_in_names_delimit_nothing_where_tabs_do(tmp_path):
    path = written(tmp_path, "time\tv [m s]\tw [rad s]\n0.0\t\t1.5\n0.5\t2.5\t\n1.0\t\t3.5\n")
    assert values(path, "w_rad_s")[:, 0].tolist() == [1.5, 3.5]


@pytest.mark.parametrize(("late", "longer", "said"), [(5.0, 0.0, True), (5.0, 3.0, False), (0.2, 0.0, False)])
def test_a_file_that_begins_and_ends_late_may_have_another_clock(tmp_path, late, longer, said):
    times = {"a": np.arange(0.0, 30.0, 0.1), "b": np.arange(0.0, 30.0 + longer, 0.1) + late}
    lines = {name: "".join(f"{1e9 + t:.1f},{k % 7}\n" for k, t in enumerate(own)) for name, own in times.items()}
    _, found = together([written(tmp_path, f"time,{name}\n{own}", f"{name}.csv") for name, own in lines.items()])
    assert any("b.csv begins and ends 5 s after a.csv" in notice for notice in found) is said
