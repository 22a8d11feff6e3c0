"""The cells of a line of text, and whether they are values."""

import csv
import re

from infonet_ros.intake.tables.dates import is_time

_TRUTH = "true|false|yes|no|on|off"
_NUMBER = r"[+\-\u2212]?[\d.,'\u2019\u00a0\u202f ]*\d[.,]?(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)"
_VALUE = re.compile(rf"\s*(?:{_NUMBER}|{_TRUTH})\s*", re.IGNORECASE)
_LONGEST_VALUE = 80


def is_value(cell: str) -> bool:
    """Return whether a cell may be a number, a truth value or a date."""
    return len(cell) <= _LONGEST_VALUE and (_VALUE.fullmatch(cell) is not None or is_time(cell))


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
