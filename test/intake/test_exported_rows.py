"""Rows of exported tables: those that are cut, of another width, or no rows."""

import numpy as np
import pytest
from exported_tables import NUMBERS, PLAIN, ROWS, TIME, A, B, assert_read, joined, read, texts
from table_files import together, written


def test_rows_are_counted_as_an_editor_does(tmp_path):
    """Beyond comments, descriptions, units and rows that are skipped."""
    lines = ["# comment", "Logger", "", "time,a,b", "s,V,A", *NUMBERS.splitlines()]
    lines[20] = "cut"
    lines[40] = f"{TIME[35]:.2f},n/a!,1"
    _, _, notices = read(written(tmp_path, "\n".join(lines)))
    assert any("(row 41: 'n/a!')" in notice for notice in notices)
    assert any("row 5, 's,V,A', is between" in notice for notice in notices)


def test_a_last_line_that_was_cut_is_left_out(tmp_path):
    notices = assert_read(written(tmp_path, PLAIN + "3.00,0.5"), {"a": A, "b": B})
    assert "the last row is cut ('3.00,0.5') and is left out." in notices


@pytest.mark.parametrize("last", ["3.00,0.5,1.2", "3.00,0.5,1.", "3.00,0.5,1", "3.00,0.5,-"])
def test_a_last_number_that_was_cut_is_not_taken_for_a_number(tmp_path, last):
    """Its writer gives all numbers of a column as many decimals."""
    path = tmp_path / "table.csv"
    rows = [f"{t:.2f},{a},{b:.3f}\n" for t, a, b in zip(TIME, A, B, strict=True)]
    path.write_text("".join(["time,a,b\n", *rows, last]))
    times, values, notices = read(path)
    if last.endswith("-"):  # an empty cell
        assert np.isnan(values["b"][-1])
    else:
        assert len(times) == ROWS
        assert f"the last row is cut ({last!r}) and is left out." in notices
    path.write_text("".join(["time,a,b\n", *rows]).rstrip("\n"))
    assert_read(path, {"b": np.round(B, 3)})


def test_rows_of_another_width_are_left_out_and_counted(tmp_path):
    notices = assert_read(written(tmp_path, PLAIN.replace("\n", "\n7,8\n1,2,3,4\n", 1)), {"a": A, "b": B})
    assert "2 rows of 62 do not have 3 cells and are left out (the first: '7,8')." in notices


def test_a_quote_that_is_never_closed_loses_no_row(tmp_path):
    path = tmp_path / "table.csv"
    notes = ['"' if row == 20 else "ok" for row in range(ROWS)]
    path.write_text(joined(",", texts(TIME), texts(A), texts(B), notes, header="time,a,b,note") + "\n" * 60)
    notices = assert_read(path, {"a": A, "b": B})
    assert "a quote is opened and never closed: quotes are read as ordinary characters." in notices


def test_a_quote_before_a_number_that_is_never_closed_loses_only_its_row(tmp_path):
    path = tmp_path / "table.csv"
    lines = PLAIN.splitlines()
    path.write_text("\n".join([*lines[:21], '1.95,"7', *lines[21:]]) + "\n")
    notices = assert_read(path, {"a": A, "b": B})
    assert "a quote is opened and never closed: quotes are read as ordinary characters." in notices


def test_comments_between_rows_are_no_rows(tmp_path):
    rows = "".join(f"{k / 10},{k}\n" + "# paused, here\n" * (k == 7) for k in range(40))
    found, said = together([written(tmp_path, "time,x\n" + rows)])
    assert [value for _, value in found["table.x"]] == list(range(40))
    assert not any("no number" in sentence for sentence in said)


def test_sentences_of_a_gps_between_rows_are_left_out(tmp_path):
    gps = "$GPGGA,120000.000,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\n"
    rows = "".join(f"{k / 10},{k},{-k}\n" + gps * (k % 5 == 0) for k in range(40))
    found, said = together([written(tmp_path, "time,x,y\n" + rows)])
    assert [value for _, value in found["table.x"]] == list(range(40))
    assert any("8 rows of 48" in sentence for sentence in said)


def test_rows_that_share_all_their_times_are_reported(tmp_path):
    lines = [f"{t:.2f},{value}\n" for t, a, b in zip(TIME, A, B, strict=True) for value in (a, b)]
    _, said = together([written(tmp_path, "time,v\n" + "".join(lines))])
    assert any("stands in 2 rows" in sentence and "several devices" in sentence for sentence in said)
