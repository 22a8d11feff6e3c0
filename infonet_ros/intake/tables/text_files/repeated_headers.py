"""Headers in the middle of a table of text: a logger was started again, or several tables were joined."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from infonet_ros.intake.tables.cells.line_cells import COMMENT, are_texts, split
from infonet_ros.intake.tables.cells.time_units import is_named_time
from infonet_ros.text import counted, shorten


class RepeatedHeaders:
    """Removes repeated headers from the lines of a table; the table ends before a header with other names.

    Programs of laboratories repeat the description above the header, too: its lines, whose first cells are
    ``described``, are removed with it. ``header`` are the cells of the first header, if there is one. ``rest`` are then
    the lines that begin with a header with other names; None without such a header, or if no name is one of times:
    then the rows below it may have another rate.
    """

    def __init__(self, header: Sequence[str], delimiter: str, described: Collection[str] = ()) -> None:
        self._header = list(header)
        self._delimiter = delimiter
        self._described = described
        time = next(filter(is_named_time, header), "")
        self._continues = bool(time)
        self._mark = time or next(iter(header), "")
        self._marked = re.compile(rf"^.*{re.escape(self._mark)}.*$", re.MULTILINE)
        self._count = 0
        self._other = ""
        self.rest: Iterator[str] | None = None

    def removed_from(self, pieces: Iterable[str]) -> Iterator[str]:
        """Go through whole lines without repeated headers."""
        pieces = iter(pieces)
        for lines in pieces:
            if not self._mark or self._mark not in lines:
                yield lines
                continue
            end = self._begin_of_other(lines)
            yield self._without(lines[:end])
            if end is not None:
                self.rest = chain((lines[end:],), pieces) if self._continues else None
                return

    def _begin_of_other(self, lines: str) -> int | None:
        """Return where a header with other names begins; None if there is none."""
        for line in self._marked.finditer(lines):
            if self._is_header(cells := self._cells(line[0])) and cells != self._header:
                self._other = line[0]
                return line.start()
        return None

    @property
    def notes(self) -> list[str]:
        """Sentences on the headers that were found."""
        notes = []
        if self._count:
            notes.append(f"the header is repeated {counted(self._count, 'time')}")
        if self._other:
            below = (
                "are read, too; cells are empty where a column is not in both"
                if self._continues
                else "are left out; split the file to analyse them"
            )
            notes.append(
                f"a header with other names, {shorten(self._other, 60)!r}, is in the middle: the rows below it {below}"
            )
        return notes

    def _cells(self, line: str) -> list[str]:
        return split(COMMENT.sub("", line, count=1).strip(), self._delimiter)

    def _is_header(self, cells: Sequence[str]) -> bool:
        return len(cells) > 1 and self._mark in cells and are_texts(cells)

    def _without(self, lines: str) -> str:
        """Replace each line of repeated headers by a comment, so that rows keep their numbers."""
        parts, position = [], 0
        for line in self._marked.finditer(lines):
            if self._cells(line[0]) == self._header:
                begin = self._begin_of_description(lines, position, line.start())
                parts += [lines[position:begin], "#\n" * lines.count("\n", begin, line.start()), "#"]
                position = line.end()
                self._count += 1
        return "".join([*parts, lines[position:]])

    def _begin_of_description(self, lines: str, least: int, begin: int) -> int:
        """Return where the description above a header begins."""
        while begin > least:
            above = max(least, lines.rfind("\n", least, begin - 1) + 1)
            line = lines[above:begin].strip()
            if line and self._cells(line)[0] not in self._described:
                break
            begin = above
        return begin
