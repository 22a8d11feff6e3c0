"""Cells of exported tables: numbers in every form, and what is no number."""

import numpy as np
import pytest
from exported_tables import PLAIN, ROWS, TIME, A, B, assert_read, joined, read, texts
from table_files import together, written

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.intake.tables.text_files import text_table

ODD = ["#N/A", "--", "3.1 V", "?", "#DIV/0!", "error", "1.2.3", "12,34,5"]


@pytest.mark.parametrize("text", ODD)
def test_a_cell_that_is_no_number_is_not_known_and_reported(tmp_path, text):
    lines = PLAIN.splitlines()
    lines[8] = f'{TIME[7]:.2f},"{text}",{B[7]}'
    path = written(tmp_path, "\n".join(lines))
    notices = assert_read(path, {"a": np.where(np.arange(ROWS) == 7, np.nan, A), "b": B})
    assert f"column 'a': 1 of 60 cells is no number and read as unknown (row 9: {text!r})." in notices


def test_a_column_of_mostly_no_numbers_is_left_out_and_named(tmp_path):
    path = written(tmp_path, joined(",", texts(TIME), texts(A), texts(B, "at {} V")))
    with Tables([path]) as table:
        fields, sentences = table.fields("table")
    assert [field.path for field in fields] == ["a"]
    assert sentences == [f"column 'b' holds text, not numbers (such as 'at {B[0]} V')"]


def test_the_cell_that_makes_a_column_no_numbers_is_named(tmp_path):
    cells = [f"{abs(b) / 1000:.4f}k" if k % 2 else f"{abs(b):.1f}" for k, b in enumerate(B)]
    path = written(tmp_path, joined(",", texts(TIME), cells, header="time,p"))
    with pytest.raises(RecordingError, match=r"'p' holds '[0-9.]*k'"):
        read(path)


FORMS = {
    "a unit": lambda b: f"{b} mV",
    "a unit of two words": lambda b: f"{b} V DC",
    "percent": lambda b: f"{b}%",
    "hexadecimal": lambda b: f"0x{round(b) % 65536:04X}",
    "Fortran": lambda b: f"{b:.8E}".replace("E", "D"),
    "a minus behind": lambda b: f"{abs(b)}{'-' if b < 0 else ''}",
    "a dash for a minus": lambda b: f"{b}".replace("-", "\u2013"),
    "a currency before": lambda b: f"${b}" if b > 0 else f"-$ {-b}",
    "a currency in parentheses": lambda b: f"€{b}" if b > 0 else f"(€{-b})",
}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_other_forms_are_read(tmp_path, form):
    path = written(tmp_path, joined(",", texts(TIME), texts(A), map(FORMS[form], B)))
    assert_read(path, {"a": A, "b": np.round(B) % 65536 if form == "hexadecimal" else B})


@pytest.mark.parametrize("mark", ["#N/A", "--", "?", "****", "<NA>", "ERROR", "-1.#IND", "n.d."])
def test_a_sensor_that_starts_late_is_kept(tmp_path, mark):
    """Cells that say that nothing is known do not make a column one of text."""
    path = written(tmp_path, joined(",", texts(TIME), texts(A), [mark] * 40 + texts(B[40:])))
    notices = assert_read(path, {"a": A, "b": np.where(np.arange(ROWS) < 40, np.nan, B)})
    assert any(f"'b': 40 of 60 cells are no number and read as unknown (row 2: {mark!r})" in note for note in notices)


def test_truth_values_are_one_and_zero(tmp_path):
    path = tmp_path / "table.csv"
    words = [("true", "false"), ("TRUE", "FALSE"), ("yes", "no"), ("On", "Off"), ("Y", "N"), ("WAHR", "FALSCH")]
    for yes, no in words:
        path.write_text(joined(",", texts(TIME), texts(A), [yes if a > 0 else no for a in A]))
        assert_read(path, {"b": A > 0})


def test_points_beside_decimal_commas_separate_thousands_if_all_may(tmp_path):
    numbers = [900 + 50 * k for k in range(60)]
    lines = [f"{k},5;{number:_};{k}.250".replace("_", ".") for k, number in enumerate(numbers)]
    found, _ = together([written(tmp_path, "\n".join(["time;a;b", *lines]))])
    assert [x for _, x in found["table.a"]] == numbers
    assert [x for _, x in found["table.b"]] == [k + 0.25 for k in range(60)]


def test_points_alone_are_decimal_points(tmp_path):
    path = written(tmp_path, "time,a\n" + "".join(f"{k / 20},{cell}\n" for k, cell in enumerate([1, 2.125, 3] * 20)))
    assert [x for _, x in together([path])[0]["table.a"]] == [1, 2.125, 3] * 20


def test_points_beside_decimal_commas_are_reported(tmp_path):
    lines = [f"{t:.2f};{a};12.345\n".replace(".", ",", 1) for t, a in zip(TIME, A, strict=True)]
    _, said = together([written(tmp_path, "time;a;b\n" + "".join(lines))])
    assert any("points in 'a', 'b' are also read as decimal points" in sentence for sentence in said)


def test_blocks_are_joined(tmp_path, monkeypatch):
    """Numbers that are plain in one block and odd in the next, and whole numbers that become fractions."""
    monkeypatch.setattr(text_table, "_WAYS", ((True, 1 << 10),))
    b = [str(int(x)) if row < 40 else str(x) for row, x in enumerate(B)]
    b[50] = "3 V"
    path = written(tmp_path, joined(",", texts(TIME), texts(A), b) + "\n" * 3)
    expected = np.array([float(cell.removesuffix(" V")) for cell in b])
    expected[50] = np.nan
    notices = assert_read(path, {"a": A, "b": expected})
    assert any("(row 52: '3 V')" in notice for notice in notices)
