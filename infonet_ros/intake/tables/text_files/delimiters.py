"""The delimiter of a table of text: the sign that makes rows of equal width, whose cells are values."""

import re
from collections.abc import Sequence
from itertools import islice

from infonet_ros.intake.tables.cells.line_cells import MOST_CELLS, are_texts, is_value, split, usual_width

_DELIMITERS = "\t;|, "  # of equals, the first
_QUOTED = re.compile(r'(?:^|(?<=[,;\t|]))[ ]*"[^"]*"[ ]*(?=[,;\t|]|$)')  # a cell, whose signs delimit nothing
_PADDED = re.compile(r"\t*([;|,])\t*")


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter of lines, a blank for any number of them.

    It is the one that suits best: of the signs that each line holds equally often, or else the lines of the later half,
    or else of all. Tabs may delimit where blanks suit best but stand between no numbers.
    """
    whole = lines[:-1] if len(lines) > 2 else lines  # the last may be cut
    padded = [_PADDED.sub(r"\1", _QUOTED.sub('""', line)) for line in whole]
    later = padded[len(padded) // 2 :]  # behind descriptions
    suits = {delimiter: _suits(lines, delimiter) for delimiter in _DELIMITERS}
    even = [sign for sign in _DELIMITERS[:-1] if _is_even(padded, sign)]
    even = even or [sign for sign in _DELIMITERS[:-1] if suits[sign] > (0.5, 0.0) and _is_even(later, sign)]
    if "," in even and not _are_named(padded, later[0].count(",")):
        even.remove(",")
    best = max(even or suits, key=suits.__getitem__)
    return "\t" if best == " " and suits["\t"] > (0.5, 0.5) and _tabs_delimit(lines) else best


def _tabs_delimit(lines: Sequence[str]) -> bool:
    """Return whether no blank stands between numbers: as delimiters, blanks would lose the empty cells."""
    rows = [split(line, "\t") for line in lines]
    width = usual_width(rows)
    return not any(" " in cell for row in rows if len(row) == width for cell in row if is_value(cell))


def _is_even(lines: Sequence[str], sign: str) -> bool:
    counts = {line.count(sign) for line in lines}
    return len(counts) == 1 and 0 not in counts


def _are_named(lines: Sequence[str], commas: int) -> bool:
    """Return whether a line with so many commas, or one less, holds names; else all commas may be decimal signs."""
    return any(commas - line.count(",") in (0, 1) and are_texts(split(line, ",")) for line in lines)


def _suits(lines: Sequence[str], delimiter: str) -> tuple[float, float]:
    """Return how well a delimiter suits: by the share of values in lines of equal width, then by the share of these."""
    rows = [split(line, delimiter) for line in lines if line.count(delimiter) or delimiter == " "]
    width = usual_width(rows) if rows else 1
    if width < 2:
        return (0.0, 0.0)
    equal = [row for row in rows if len(row) == width]
    cells = [cell for row in equal for cell in islice(filter(None, row), MOST_CELLS)]
    values = sum(is_value(cell) for cell in cells)
    share = len(equal) / len(lines)
    return (share * values / max(1, len(cells)), share)
