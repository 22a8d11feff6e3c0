"""Cells that are no plain numbers: words, bytes and lists."""

import numpy as np
import pytest
from table_files import together, written

TIME = np.arange(60) * 0.05
A, B = np.round(np.random.default_rng(1).normal(size=(2, 60)), 4)


def test_bytes_of_two_digits_are_hexadecimal(tmp_path):
    rows = "".join(f"{k / 10},{k * 7 % 256:02X},{'ABCD'[k // 10]}1\n" for k in range(40))
    found, _ = together([written(tmp_path, "time,d0,zone\n" + rows)])
    assert [value for _, value in found["table.d0"]] == [k * 7 % 256 for k in range(40)]
    assert list(found) == ["table.d0"]  # A1, B1, C1 and D1 are names


def test_numbers_may_be_grouped_as_in_india(tmp_path):
    rows = "".join(f'{k / 10},"12,34,{500 + k}.5"\n' for k in range(40))
    found, _ = together([written(tmp_path, "time,a\n" + rows)])
    assert [value for _, value in found["table.a"]] == [1_234_500.5 + k for k in range(40)]


@pytest.mark.parametrize("words", [("open", "closed"), ("OK", "NOK"), ("ok", "error"), ("left", "right")])
def test_two_words_are_numbers(tmp_path, words):
    state = (A > 0).astype(int)
    lines = [f"{t:.2f},{a},{words[s]}\n" for t, a, s in zip(TIME, A, state, strict=True)]
    found, said = together([written(tmp_path, "time,a,door\n" + "".join(lines))])
    values = np.array([value for _, value in found["table.door"]])
    assert np.array_equal(values, state) or np.array_equal(values, 1 - state)
    assert any("column 'door' holds two words, read as numbers" in sentence for sentence in said)


def test_a_word_between_numbers_says_that_they_are_not_known(tmp_path):
    cells = [f"{a}" if k % 4 == 0 else "offline" for k, a in enumerate(A)]
    lines = [f"{t:.2f},{b},{cell}\n" for t, b, cell in zip(TIME, B, cells, strict=True)]
    found, said = together([written(tmp_path, "time,b,a\n" + "".join(lines))])
    values = np.array([value for _, value in found["table.a"]])
    assert values[::4] == pytest.approx(A[::4])
    assert np.isnan(np.delete(values, slice(None, None, 4))).all()
    assert any("column 'a'" in sentence and "'offline'" in sentence for sentence in said)


def test_a_list_in_a_cell_does_not_delimit(tmp_path):
    lines = [f"{t:.2f},{a},{b};{a}\n" for t, a, b in zip(TIME, A, B, strict=True)]
    found, _ = together([written(tmp_path, "time,a,list\n" + "".join(lines))])
    assert [value for _, value in found["table.a"]] == pytest.approx(A)
