"""Headers in the middle of a table of text: a logger was started again, or several tables were joined."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from infonet_ros.intake.tables.cells.line_cells import COMMENT, are_texts, split
from infonet_ros.intake.tables.cells.time_units import is_named_time
from infonet_ros.intake.tables.text_files.layout import Layout
from infonet_ros.text import counted, shorten


class RepeatedHeaders:
    """Removes repeated headers from the lines of a table; the table ends before a header with other names or groups.

    Programs of laboratories repeat the description above the header, too: its lines are removed with it. ``rest`` are
    then the lines that begin with the description above other names; None without them, or if no name is one of times:
    then the rows below it may have another rate.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        time = next(filter(is_named_time, layout.header), "")
        self._continues = bool(time)
        self._mark = time or next(iter(layout.header), "")
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
        """Return where a header with other names or groups begins, with its description; None if there is none."""
        for line in self._marked.finditer(lines):
            if self._is_header(cells := self._cells(line[0])):
                above = lines[: line.start()].rstrip("\n").rpartition("\n")[2]
                other = cells != self._layout.header
                if other or self._has_other_groups(self._cells(above)):
                    self._other = line[0] if other else above
                    return self._begin_of_description(lines, 0, line.start())
        return None

    def _has_other_groups(self, above: Sequence[str]) -> bool:
        groups = self._layout.groups
        return len(above) == len(groups) and above != groups and are_texts(above)

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
        return split(COMMENT.sub("", line, count=1).strip(), self._layout.delimiter)

    def _is_header(self, cells: Sequence[str]) -> bool:
        return len(cells) > 1 and self._mark in cells and are_texts(cells)

    def _are_units(self, cells: Sequence[str]) -> bool:
        return bool(cells) and [cell.strip("[](){}") for cell in cells] == [*self._layout.units.values()]

    def _without(self, lines: str) -> str:
        """Replace each line of repeated headers by a comment, so that rows keep their numbers."""
        parts, position = [], 0
        for line in self._marked.finditer(lines):
            if self._cells(line[0]) == self._layout.header:
                begin = self._begin_of_description(lines, position, line.start())
                parts += [lines[position:begin], "#\n" * lines.count("\n", begin, line.start()), "#"]
                position = line.end()
                self._count += 1
                below = lines[position + 1 :].partition("\n")[0]
                if self._are_units(self._cells(below)):
                    parts.append("\n#")
                    position += 1 + len(below)
        return "".join([*parts, lines[position:]])

    def _begin_of_description(self, lines: str, least: int, begin: int) -> int:
        """Return where the description above a header begins."""
        while begin > least:
            above = max(least, lines.rfind("\n", least, begin - 1) + 1)
            cells = self._cells(lines[above:begin])
            if len(cells) > 1 and not are_texts(cells) and cells[0] not in self._layout.described:
                break
            begin = above
        return begin
