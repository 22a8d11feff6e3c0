"""Names of the columns of exported tables, from the rows above the numbers."""

import numpy as np
import pytest
from exported_tables import NUMBERS, PLAIN, TIME, A, B, assert_read, read
from table_files import together, written

from infonet_ros.intake.tables.cells.line_cells import COMMENT


def test_without_a_header_columns_are_numbered(tmp_path):
    notices = assert_read(written(tmp_path, NUMBERS), {"column_2": A, "column_3": B})
    assert "it has no header line: its columns are named column_1, column_2, column_3." in notices


def test_numbers_of_the_columns_are_no_row(tmp_path):
    """As pandas writes an array; rows of whole numbers may begin so."""
    path = written(tmp_path, "0,1,2\n" + NUMBERS)
    assert_read(path, {"column_2": A, "column_3": B})
    found, _ = together([written(tmp_path, "".join(f"{k},{k + 1},{k + 2}\n" for k in range(60)))])
    assert found["table.column_2"] == [(k * 10**9, k + 1) for k in range(60)]


def test_names_are_separated_by_other_signs_than_the_numbers(tmp_path):
    names = "Data Time, Left Count, Right Count,\n"
    assert_read(written(tmp_path, names + NUMBERS.replace(",", " ")), {"Left_Count": A, "Right_Count": B})


@pytest.mark.parametrize("names", ["t[s:double],a[double],b[V:float]", "time:double,a:float32,b:int"])
def test_types_behind_the_names_are_left_out(tmp_path, names):
    _, values, _ = read(written(tmp_path, f"{names}\n{NUMBERS}"))
    assert [*values] in (["a", "b_V"], ["a", "b"])


def test_the_time_is_behind_numbers_of_the_rows(tmp_path):
    numbered = "".join(f"{k} {line}\n" for k, line in enumerate(NUMBERS.replace(",", " ").splitlines()))
    notices = assert_read(written(tmp_path, numbered), {"column_3": A, "column_4": B})
    assert any(notice.startswith("time is column 'column_2', in s judging by its steps (20 Hz)") for notice in notices)


@pytest.mark.parametrize(
    "header", ["", "# timestamp tx ty tz qx qy qz qw\n", "# ground truth\n#timestamp tx ty tz qx qy qz qw\n"]
)
def test_a_trajectory_has_its_names(tmp_path, header):
    half = np.cumsum(A) / 20
    z, w = np.round(np.sin(half), 6), np.round(np.cos(half), 6)
    path = tmp_path / "trajectory.txt"
    rows = zip(TIME, A, B, z, w, strict=True)
    path.write_text(header + "".join(f"{1.7e9 + t:.4f} {x} {y} 0 0 0 {s:.6f} {c:.6f}\n" for t, x, y, s, c in rows))
    assert_read(path, {"tx": A, "ty": B, "q|yaw": 2.0 * np.arctan2(z, w)})


def test_a_date_and_a_time_of_day_between_columns_are_under_one_name(tmp_path):
    """As vmstat writes them; in other tables, a cell more than names is the number of the row."""
    lines = [f"2024-05-01 12:00:{k:02} {b}\n" for k, b in enumerate(B[:60])]
    for header, form in (("a UTC b\n", "{a} {line}"), ("Date UTC b\n", "{k} {line}")):
        text = header + "".join(form.format(a=A[k], k=k + 1, line=line) for k, line in enumerate(lines))
        found, _ = together([written(tmp_path, text, "table.txt")])
        assert found.pop("table.b") == [(1_714_564_800 * 10**9 + k * 10**9, b) for k, b in enumerate(B[:60])]
        ((name, rows),) = found.items()
        first = ("table.a", A[:60].tolist()) if "a" in header.split() else ("table.row", [*range(1, 61)])
        assert (name, [value for _, value in rows]) == first


@pytest.mark.parametrize("groups", ["clock,imu,imu", ",imu,"], ids=["repeated", "merged cells"])
def test_a_row_of_groups_above_the_names_goes_before_them(tmp_path, groups):
    times, values, notices = read(written(tmp_path, f"{groups}\n{PLAIN}"), "imu")
    assert times == pytest.approx(TIME)
    np.testing.assert_array_equal(values["a"], A)
    np.testing.assert_array_equal(values["b"], B)
    assert not any("skipped" in notice for notice in notices)


def test_descriptions_as_wide_as_the_table_are_left_out(tmp_path):
    """A LabVIEW measurement file: headers of its own, and a name more than there are cells."""
    path = tmp_path / "run.lvm"
    end = "***End_of_Header***"
    about = f"LabVIEW Measurement\t\nSeparator\tTab\n{end}\t\n\nSamples\t60\t60\nDate\t2024/05/01\t2024/05/01\n"
    path.write_text(f"{about}{end}\t\t\t\nX_Value\ta\tb\tComment\n" + NUMBERS.replace(",", "\t"))
    assert_read(path, {"a": A, "b": B})


def test_columns_of_one_name_are_distinguished(tmp_path):
    notices = assert_read(written(tmp_path, PLAIN.replace("a,b", "a,a", 1)), {"a": A, "a_2": B})
    assert "some columns share a name: the later columns are called a_2." in notices


def test_names_may_hold_delimiters_units_and_letters_of_any_script(tmp_path):
    path = written(tmp_path, PLAIN.replace("a,b", '"acc, x [m/s^2]",速度', 1))
    assert_read(path, {"acc_x_m_s_2": A, "column_速度": B})
    path.write_text(PLAIN.replace("a,b", '"acc\n[m/s^2]",b', 1), encoding="utf-8")
    assert_read(path, {"acc_m_s_2": A, "b": B})


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("Time,Wheel,\ns,speed,force\n", ["Wheel.speed", "Wheel.force"]),
        (",Wheel,\nTime,speed,force\n", ["Wheel.speed", "Wheel.force"]),
        ("Export\n20\n,robot,\nTime,X,Y\ns,mm,mm\n", ["robot.X", "robot.Y"]),
        ("Time,Wheel,\ns,m,m\n", ["table.Wheel", "table.column_3"]),
        ("Time,Wheel,\n,speed,force\n", ["Wheel.speed", "Wheel.force"]),
        ("Frame,Wheel,\n,speed1,force1\n\n", ["Wheel.speed1", "Wheel.force1"]),
        (",imu,imu\n,x,y\ntime,,\n", ["imu.x", "imu.y"]),
        ("device,imu,imu\naxis,x,y\ntime,,\n", ["imu.x", "imu.y"]),
        (",log,log\n,imu,imu\n,x,y\nt,,\n", ["imu.x", "imu.y"]),
        ("time,a,b\ns,,\n", ["table.a", "table.b"]),
        ("Running Time,Axial Force,Axial Disp\nSec,kN,mm\n", ["table.Axial_Force", "table.Axial_Disp"]),
        ("x-axis,one,two\nsecond,Volt,Volt\n", ["table.one", "table.two"]),
        ("sec,imu,gps\ns,x,y\n", ["table.imu", "table.gps"]),
    ],
)
def test_merged_cells_stand_over_several_names(tmp_path, header, names):
    found, _ = together([written(tmp_path, header + NUMBERS)])
    assert list(found) == names
    assert [value for _, value in found[names[0]]] == pytest.approx(A)


RULES = ["|---|:--|--:|", "+---+---+---+", "-----+-----+-----", "=================", "--- --- ---"]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_below_the_names_is_no_row(tmp_path, rule):
    edge = "|" if rule[0] in "|+" else ""
    lines = [f"{edge}{t:.2f}|{a}|{b}{edge}" for t, a, b in zip(TIME, A, B, strict=True)]
    path = written(tmp_path, "\n".join([f"{edge}time|a|b{edge}", rule, *lines, rule.replace("|", "+")]))
    notices = assert_read(path, {"a": A, "b": B})
    assert not any("left out" in notice for notice in notices)


def test_a_long_line_of_dashes_is_no_endless_search():
    assert COMMENT.match("-" * 100_000)
    assert not COMMENT.match("-" * 100_000 + "x")


def test_names_between_wide_blanks_may_have_single_ones(tmp_path):
    lines = [f"{t:.2f}   {a}   {b}" for t, a, b in zip(TIME, A, B, strict=True)]
    path = written(tmp_path, "\n".join(["Time (s)   Left speed   Right speed", *lines]))
    assert_read(path, {"Left_speed": A, "Right_speed": B})
