"""Tables of text, read by Arrow a block at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.line_cells import COMMENT
from infonet_ros.intake.tables.cells.numbers import EMPTY
from infonet_ros.intake.tables.sheet import Sheet, stem
from infonet_ros.intake.tables.text_files.layout import Layout, find_layout
from infonet_ros.intake.tables.text_files.repeated_headers import RepeatedHeaders
from infonet_ros.intake.tables.text_files.row_blocks import clean_lines, head_of, whole_rows, without_comments
from infonet_ros.intake.tables.text_files.row_forms import row_form
from infonet_ros.intake.tables.text_files.text_columns import RowTooLongError, TextColumns
from infonet_ros.intake.tables.text_files.text_source import text_pieces
from infonet_ros.text import are, counted, one_line, shorten

_WAYS = ((True, 1 << 22), (True, 1 << 26), (False, 1 << 26))  # with quotes or not, and bytes of a block
_LONGEST_BLOCK = 1 << 28
_ROWS_OF_A_BLOCK = 256  # or more, of a table of many columns: each column of a block takes the same time
_LINES_OF_A_ROW = 5  # of the wrong width: more mean that a quote is never closed


@dataclass
class _SkippedRows:
    """Rows with more or fewer cells than the table has columns."""

    layout: Layout
    comments: int = 0
    numbers: list[int] = field(default_factory=list)
    first_text: str = ""
    last_is_short: bool = False
    longest: int = 0  # lines of one row
    before: int = 0
    in_block: int = 0

    def __call__(self, row: csv.InvalidRow) -> str:
        """Note a row that Arrow cannot read."""
        if COMMENT.match(row.text):
            self.comments += 1
        else:
            self.first_text = self.first_text or row.text
        self.in_block += 1
        self.longest = max(self.longest, row.text.count("\n"))
        self.numbers.append(self.before + row.number)
        self.last_is_short = row.actual_columns < row.expected_columns
        return "skip"

    def line(self, row: int) -> int:
        """Return the line of the file of a row that was read."""
        number = row + 1
        for skipped in self.numbers:
            if skipped > number:
                break
            number += 1
        return number + self.layout.lines

    def notes(self, path: Path, rows: int) -> list[str]:
        """Return sentences on the rows that are left out. Raises RecordingError if most rows are left out."""
        wrong = len(self.numbers) - self.comments
        width = len(self.layout.names)
        first = shorten(self.first_text, 60)
        if wrong > rows:
            raise RecordingError(
                f"{path} is not a readable table: {wrong} of its {rows + wrong} rows do not have the "
                f"{counted(width, 'cell')} of the header, such as {first!r}; expected CSV with a cell for each column."
            )
        if not wrong:
            return []
        if wrong == 1 and self.last_is_short and self.numbers[-1] == rows + len(self.numbers):
            return [f"the last row is cut ({first!r}) and is left out"]
        return [
            f"{counted(wrong, 'row')} of {rows + wrong} {'does' if wrong == 1 else 'do'} not have "
            f"{counted(width, 'cell')} and {are(wrong)} left out (the first: {first!r})"
        ]


def read_text_table(path: Path) -> Sheet:
    """Read a table of text. Raises RecordingError if it does not exist, is empty, or is not a table."""
    for quotes, block in _WAYS:
        try:
            return _Reader(path, quotes, block).sheet()
        except RowTooLongError:
            continue
    raise RecordingError(
        f"{path} is not a readable table: a row does not end within {block >> 20} MB; expected CSV with a row on each "
        "line."
    )


class _Reader:
    """Reads a table in blocks of so many bytes; without ``quotes``, a quote is an ordinary character."""

    def __init__(self, path: Path, quotes: bool, block: int) -> None:
        self._path = path
        self._quotes = quotes
        self._block = block
        self._columns = TextColumns(path)
        self._notes = [] if quotes else ["a quote is opened and never closed: quotes are read as ordinary characters"]

    def sheet(self) -> Sheet:
        """Read the whole file."""
        skipped, rest = self._add_rows(text_pieces(self._path, self._notes))
        while rest is not None:
            _, rest = self._add_rows(rest)
        layout = skipped.layout
        notes = [*dict.fromkeys(self._notes)]
        sheet = Sheet(stem(self._path), {}, units=layout.units, notes=notes, rate=layout.rate)
        self._columns.into(sheet, layout.delimiter == ",", skipped.line)
        return sheet

    def _add_rows(self, pieces: Iterator[str]) -> tuple[_SkippedRows, Iterator[str] | None]:
        """Read the rows under one header; also return the text after them in a file of several tables."""
        head = head_of(self._path, pieces)
        form = row_form(head)
        layout = find_layout(self._path, form.header + form.plain(head))
        layout = replace(layout, lines=layout.lines - len(form.header.splitlines()))
        skipped = _SkippedRows(layout)
        block = max(self._block, min(_ROWS_OF_A_BLOCK * sum(map(len, layout.names)), _LONGEST_BLOCK))
        below = head.split("\n", layout.lines)[layout.lines :]  # nothing if the head ends within the header
        lines = clean_lines(chain(below, pieces), layout, f"{layout.delimiter} " in head, block, self._notes, form)
        headers = RepeatedHeaders(layout)
        rows = map(without_comments, headers.removed_from(lines))
        before = self._columns.rows
        self._columns.add(dict.fromkeys(layout.names, pa.nulls(0, pa.string())), 0)
        try:
            for table in self._tables(whole_rows(rows, layout.delimiter if self._quotes else "", block), skipped):
                self._columns.add({name: table[name].combine_chunks() for name in layout.names}, len(table))
        except pa.ArrowInvalid as error:
            raise RecordingError(f"{self._path} is not a readable table ({one_line(error)}): expected CSV.") from error
        except MemoryError as error:
            raise RecordingError(
                f"{self._path} does not fit into the memory: split it, or leave columns out."
            ) from error
        left_out = skipped.notes(self._path, self._columns.rows - before)
        self._notes += [*headers.notes, *layout.notes, *left_out]
        return skipped, headers.rest

    def _tables(self, blocks: Iterable[str], skipped: _SkippedRows) -> Iterator[pa.Table]:
        """Read blocks in this thread: a stream of Arrow would still read ahead when Python ends."""
        names, delimiter = skipped.layout.names, skipped.layout.delimiter
        read = csv.ReadOptions(column_names=names, use_threads=False, block_size=_LONGEST_BLOCK * 4)
        parse = csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if self._quotes else False,
            newlines_in_values=self._quotes,
            invalid_row_handler=skipped,
        )
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=EMPTY,
            strings_can_be_null=True,
            check_utf8=False,
        )
        for text in blocks:
            if text.strip("\n"):
                table = csv.read_csv(pa.BufferReader(text.encode()), read, parse, convert)
                if skipped.longest > _LINES_OF_A_ROW:
                    raise RowTooLongError
                skipped.before += len(table) + skipped.in_block
                skipped.in_block = 0
                yield table
