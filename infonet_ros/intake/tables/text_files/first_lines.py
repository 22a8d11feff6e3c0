"""The first lines of a table of text, with the line ends that stand within quotes."""

import re

from infonet_ros.intake.tables.cells.line_cells import COMMENT

_LINES, _LINES_OF_A_CELL = 200, 20  # to look at
_ENOUGH_TEXT, _FEWEST_LINES = 1 << 19, 6
_QUOTED = re.compile(r'(?:^|[\t\n;|, ])"[^"]*(?:""[^"]*)*("|\Z)')


def first_lines(text: str) -> tuple[list[str], list[int]]:
    """Return the first lines of a text, and the number of line ends before each line and up to the end of the last.

    A line that ends within quotes continues in the next line.
    """
    lines: list[str] = []
    numbers = [0]
    position = rows = 0
    while position < len(text) and rows < _LINES and (position < _ENOUGH_TEXT or rows < _FEWEST_LINES):
        ends = [text.find("\n", position)]
        while ends[-1] >= 0 and _is_open(text[position : ends[-1]]) and len(ends) < _LINES_OF_A_CELL:
            ends.append(text.find("\n", ends[-1] + 1))
        if _is_open(text[position : ends[-1] if ends[-1] >= 0 else len(text)]):  # never closed: it is no quote
            ends = ends[:1]
        end = ends[-1] if ends[-1] >= 0 else len(text)
        lines.append(text[position:end])
        rows += COMMENT.match(lines[-1]) is None
        numbers.append(numbers[-1] + len(ends))
        position = end + 1
    return lines, numbers


def _is_open(text: str) -> bool:
    """Return whether a text ends within quotes that begin a cell; other quotes mean inches, or seconds of arc."""
    return '"' in text and any(not match[1] for match in _QUOTED.finditer(text))
