"""Headers in the middle of a table of text, where a logger was started again or several tables were joined."""

import re
from collections.abc import Sequence

from infonet_ros.intake.tables.layout import COMMENT, is_value, split
from infonet_ros.intake.tables.time_units import is_named_time
from infonet_ros.text import counted, shorten


class RepeatedHeaders:
    """Takes headers out of the lines of a table, and all that follows on one with other names.

    Parameters
    ----------
    header : sequence of str
        Cells of the first one; empty without one.
    delimiter : str
    """

    def __init__(self, header: Sequence[str], delimiter: str) -> None:
        self._header = list(header)
        self._delimiter = delimiter
        self._mark = next((cell for cell in header if is_named_time(cell)), header[0] if header else "")
        self._marked = re.compile(rf"^.*{re.escape(self._mark)}.*$", re.MULTILINE)
        self._count = 0
        self._other = ""

    def out_of(self, lines: str) -> str:
        """Return lines without headers."""
        if self._other:
            return ""
        if not self._mark or self._mark not in lines:
            return lines
        for line in self._marked.finditer(lines):
            if self._is_header(cells := self._cells(line[0])) and cells != self._header:
                self._other = line[0]
                lines = lines[: line.start()]
                break
        return self._marked.sub(self._without, lines)

    @property
    def notes(self) -> list[str]:
        """Say what was found."""
        notes = []
        if self._count:
            notes.append(f"the header is repeated {counted(self._count, 'time')}")
        if self._other:
            notes.append(
                f"a header with other names, {shorten(self._other, 60)!r}, stands in the middle: the rows below it are "
                "left out; split the file to analyse them"
            )
        return notes

    def _cells(self, line: str) -> list[str]:
        return split(COMMENT.sub("", line, count=1).strip(), self._delimiter)

    def _is_header(self, cells: Sequence[str]) -> bool:
        return len(cells) > 1 and self._mark in cells and not any(map(is_value, filter(None, cells)))

    def _without(self, line: re.Match[str]) -> str:
        """Leave a comment in place of a header, so that rows keep their numbers."""
        if self._cells(line[0]) != self._header:
            return line[0]
        self._count += 1
        return "#"
