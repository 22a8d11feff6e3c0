"""The cells of a line of text, and whether they are values."""

import csv
import re
from collections.abc import Sequence

from infonet_ros.intake.tables.dates import is_time

_TRUTH = "true|false|yes|no|on|off"
_NUMBER = r"[+\-\u2212]?[\d.,'\u2019\u00a0\u202f ]*\d[.,]?(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)"
_VALUE = re.compile(rf"\s*(?:{_NUMBER}|{_TRUTH})\s*", re.IGNORECASE)
_LONGEST_VALUE = 80
_OF_GPS = ("GPST", "GPS", "GPSTIME")  # as RTKLIB writes it


def is_value(cell: str) -> bool:
    """Return whether a cell may be a number, a truth value or a date."""
    return len(cell) <= _LONGEST_VALUE and (_VALUE.fullmatch(cell) is not None or is_time(cell))


def names_of_time(name: str, row: Sequence[str]) -> tuple[str, str] | None:
    """Return a name for each of the first two cells of a row if they are one time under one name; else None.

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
