"""Rows in the forms of several programs are read to the numbers of a plain table."""

import numpy as np
import pytest
from table_files import notices, rows, written

COUNT = 120
SECONDS = np.arange(COUNT) * 0.5
A = np.round(np.random.default_rng(1).normal(size=COUNT), 3)
B = np.round(np.random.default_rng(2).normal(size=COUNT), 3)


def lines(form):
    return "".join(
        form.format(t=t, ms=round(1000 * t), clock=f"12:00:{t:06.3f}", a=a, b=b) + "\n"
        for t, a, b in zip(SECONDS, A, B, strict=True)
    )


FORMS = {
    "quoted rows": '"time,a,b"\n' + lines('"{t},{a},{b}"'),
    "rows in single quotes": "'time,a,b'\n" + lines("'{t},{a},{b}'"),
    "cells in single quotes": "'time','a','b'\n" + lines("'{t}','{a}','{b}'"),
    "some cells in single quotes": "'time';'a';'b'\n" + lines("'2024-05-01 {clock}';{a};{b}"),
    "the mark of texts of a spreadsheet": "time,a,b\n" + lines("'2024-05-01 {clock},{a},{b}"),
    "quotes behind backslashes": "time,note,a,b\n" + lines(r'{t},"at \"{a}, {b}\" of C:\",{a},{b}'),
    "a semicolon behind each row": "time, a, b;\n" + lines("{t}, {a}, {b};"),
    "formulas of a spreadsheet": '="time",="a",="b"\n' + lines('="{t}",="{a}",="{b}"'),
    "some cells as formulas": "time;a;b\n" + lines('="2024-05-01 {clock}";{a};{b}'),
    "names before the numbers": lines("time:{t},a:{a},b:{b}"),
    "the serial plotter": lines("millis:{ms} a:{a} b:{b}"),
    "key and value": lines("t={t}, a={a}, b={b}"),
    "key and value, set apart": lines("t = {t}; a = {a}; b = {b}"),
    "a time without a name": lines("{t},a:{a},b:{b}"),
    "the serial monitor": lines("{clock} -> a:{a},b:{b}"),
    "words and units": lines("{ms} ms, a: {a} C; b: {b} %"),
    "a log of a program": lines("2024-05-01 {clock} - robot1 - INFO - a={a} (filtered) b =  {b}"),
    "a dictionary of Python": lines("{{'t': {t}, 'a': {a}, 'ok': True, 'b': {b}}}"),
    "a list": lines("t={t} a={a} more=[1.5, {b}] b=[{b},2.5]"),
    "decimal commas": lines("t = {t}; a = {a}; b = {b}").replace(".", ","),
    "a time behind the fields": lines("imu,host=r1 a={a},b={b} {ms}"),
    "times of a terminal": "a,b\n" + lines("[2024-05-01 {clock}] {a},{b}"),
    "tabs and decimal commas": "Zeit\ta\tb\n" + lines("{clock}\t{a}\t{b}").replace(".", ","),
    "tabs, decimal commas, texts": "t\ta\tb\tc\n" + lines("2024-05-01T{clock}\t{a}\t{b}\tx y").replace(".", ","),
    "times of a log and a dash before cells": "a,b\n" + lines("2024-05-01 {clock} - {a},{b}"),
    "times of logging of Python": "a,b\n"
    + "".join(
        f"2024-05-01 12:{t // 60:02.0f}:{t % 60:06.3f}".replace(".", ",") + f" - {a},{b}\n"
        for t, a, b in zip(SECONDS, A, B, strict=True)
    ),
    "times of a log before cells": "a\tb\n" + lines("{clock} {a}\t{b}"),
}
WITHOUT_NAMES = {
    "the serial monitor": lines("{clock} -> {a},{b}"),
    "the serial monitor, tabs": lines("{clock} -> {a}\t{b}"),
    "a time, a tab, and commas": lines("{clock}\t{a},{b}"),
    "a time, semicolons and decimal commas": lines("{clock} {a};{b}").replace(".", ","),
    "a line of NumPy": lines("[{t}  {a} {b}]"),
    "a tuple": lines("({t}, {a}, {b})"),
    "a list of lists": lines(" [{t}, {a}, {b}],"),
}


def assert_numbers(path, names):
    stamps, values = zip(*rows(path, names), strict=True)
    assert (np.array(stamps) - stamps[0]) / 1e9 == pytest.approx(SECONDS, abs=1e-6)
    assert np.array(values) == pytest.approx(np.stack([A, B], axis=1))


@pytest.mark.parametrize("kind", FORMS)
def test_rows_of_any_form_are_read(tmp_path, kind):
    assert_numbers(written(tmp_path, FORMS[kind]), ("a", "b"))


@pytest.mark.parametrize("kind", WITHOUT_NAMES)
def test_rows_without_names_are_read(tmp_path, kind):
    assert_numbers(written(tmp_path, WITHOUT_NAMES[kind]), ("column_2", "column_3"))


def test_lines_with_other_words_are_left_out_and_counted(tmp_path):
    path = written(tmp_path, lines("I ({ms}) imu: a={a} b={b}").replace("I (5000)", "W (5000)"))
    assert len(rows(path, ("a", "b"))) == COUNT - 1
    assert any("1 row of 120 does not have 3 cells" in notice for notice in notices(path))


def test_quotes_within_text_stay(tmp_path):
    path = written(tmp_path, "time,a,b,note\n" + lines("{t},{a},{b},it's the robot's"))
    assert_numbers(path, ("a", "b"))
