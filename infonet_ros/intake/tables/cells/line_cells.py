"""The cells of a line of text: whether they are values, and how many there are."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from infonet_ros.intake.tables.cells.dates import is_time

COMMENT = re.compile(r"\s*(?:#|%|//|(?:[|+:][\s|+:]*)?[-=]{3}[\s|+:=-]*$)")  # or a rule, as below names
MOST_CELLS = 200
"""Cells to look at, of each line."""

_TRUTH = "true|false|yes|no|on|off"
_NUMBER = r"[+\-\u2212]?[\d.,'\u2019\u00a0\u202f ]*\d[.,]?(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)"
_LIST = re.compile(  # no number has points on both sides of a comma
    r"(?=[^.]*\.[^,]*,[^.]*\.)(?:[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?:, ?|$)){2,}"
)
_VALUE = re.compile(rf"\s*(?:{_NUMBER}|{_TRUTH})\s*", re.IGNORECASE)
_LONGEST_VALUE = 80
_OF_GPS = ("GPST", "GPS", "GPSTIME")  # as RTKLIB writes it


def is_value(cell: str) -> bool:
    """Return whether a cell may be a number, a truth value or a date."""
    return len(cell) <= _LONGEST_VALUE and (_VALUE.fullmatch(cell) is not None or is_time(cell))


def is_list(cell: str) -> bool:
    """Return whether a cell of numbers, which is a value, must hold several of them: 0.1,0.2."""
    return _LIST.fullmatch(cell) is not None


def are_texts(cells: Sequence[str]) -> bool:
    """Return whether no cell is a value, of some; empty cells say nothing."""
    return not any(map(is_value, islice(filter(None, cells), MOST_CELLS)))


def names_of_time(name: str, row: Sequence[str]) -> tuple[str, str] | None:
    """Return a name for each of the first two cells if they are one time under one name; else None.

    Blanks between columns also stand between a date and a time of day, and between the week and the second of GPS.
    """
    first, second = row[:2]
    if is_time(first) and is_time(second) and ":" in second:
        return "date", name
    return ("week", "tow") if name.upper() in _OF_GPS and first.isdecimal() else None


def split(line: str, delimiter: str) -> list[str]:
    """Split a line into cells, without blanks around them."""
    if delimiter == " ":
        line = " ".join(line.split())
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:  # a cell is longer than the module allows
        return [cell.strip() for cell in line.split(delimiter)]


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """Return the most frequent number of cells in the later half of the rows: descriptions come first."""
    return Counter(len(row) for row in rows[len(rows) // 2 :]).most_common(1)[0][0]


def used_width(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the number of columns up to the last with a cell: rows may end in delimiters."""
    used = (number for row in rows if len(row) == width for number, cell in enumerate(row, 1) if cell)
    return max(used, default=width)
