"""Tables of text, read by Arrow a block at a time: a block's numbers are kept, its text is not.

So a long note in one cell costs nothing once its column is known for one of text, and a file needs no more memory than
its numbers do.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells import EMPTY, Numbers, Style, find_style, may_be_number, to_numbers, trimmed
from infonet_ros.intake.tables.layout import COMMENT, Layout, find_layout, is_value
from infonet_ros.intake.tables.repeated_headers import RepeatedHeaders
from infonet_ros.intake.tables.row_forms import RowForm, row_form
from infonet_ros.intake.tables.sheet import Sheet, memory_limit
from infonet_ros.intake.tables.text_source import text_pieces
from infonet_ros.text import counted, shorten

_HEAD, _HEAD_LINES, _LONGEST_HEAD = 1 << 18, 40, 1 << 24
_WAYS = ((True, 1 << 22), (True, 1 << 26), (False, 1 << 26))  # with quotes or not, and bytes of a block
_LONGEST_BLOCK = 1 << 28
_LONG_CELL, _LINES_OF_A_CELL = 200, 50
_FEW_COLUMNS = 100  # of a table whose text is kept: it may name the series of a long one
_MOST_WORDS, _LONG_WORD = 1 << 26, 1 << 12  # bytes of all of them, and of one


def read_text_table(path: Path) -> Sheet:
    """Read a table of text.

    Raises
    ------
    RecordingError
        It is not there, is empty, or is no table.
    """
    for quotes, block in _WAYS:
        try:
            return _read(path, quotes, block)
        except _RowTooLongError:
            continue
    raise RecordingError(
        f"{path} is not a readable table: a row does not end within {block >> 20} MB; expected CSV with a row on each "
        "line."
    )


class _RowTooLongError(Exception):
    """A row is longer than a block, or goes on over many lines because a quote is never closed."""


def _read(path: Path, quotes: bool, block: int) -> Sheet:
    """Read a table in blocks of so many bytes; quotes may hold delimiters and line ends, or stand for themselves."""
    notes = [] if quotes else ["a quote is opened and never closed: quotes are read as they stand"]
    pieces = text_pieces(path, notes)
    head = _head(path, pieces)
    form = row_form(head)
    layout = find_layout(path, form.header + form.plain(head))
    layout = replace(layout, lines=layout.lines - len(form.header.splitlines()))
    skipped = _SkippedRows(layout)
    columns = [_Column(name, keeps_words=len(layout.names) <= _FEW_COLUMNS) for name in layout.names]
    rest = chain((_after(head, layout.lines),), pieces)
    block = max(block, min(64 * sum(map(len, layout.names)), _LONGEST_BLOCK))
    headers = RepeatedHeaders(layout.header, layout.delimiter)
    lines = map(headers.out_of, _clean_lines(rest, layout, f"{layout.delimiter} " in head, block, notes, form))
    try:
        _add_all(path, _tables(lines, layout, quotes, block, skipped), columns)
    except pa.ArrowInvalid as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise RecordingError(f"{path} is not a readable table ({reason}): expected CSV.") from error
    except MemoryError as error:
        raise RecordingError(f"{path} does not fit into the memory: split it, or leave columns out.") from error
    return _sheet(path, layout, columns, skipped, [*notes, *headers.notes])


def _head(path: Path, pieces: Iterator[str]) -> str:
    """Return the beginning of a text: some whole lines, or all."""
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD and head.count("\n") >= _HEAD_LINES:
            break
        if len(head) >= _LONGEST_HEAD:
            break
    if len(head) >= _LONGEST_HEAD and "\n" not in head:
        raise RecordingError(
            f"{path} is not a readable table: its first line does not end within {_LONGEST_HEAD >> 20} MB; expected "
            "CSV with a row on each line."
        )
    return head


def _after(text: str, lines: int) -> str:
    """Return what follows after so many lines."""
    position = 0
    for _ in range(lines):
        position = text.find("\n", position) + 1
        if not position:
            return ""
    return text[position:]


def _tables(
    lines: Iterable[str], layout: Layout, quotes: bool, block: int, skipped: "_SkippedRows"
) -> Iterator[pa.Table]:
    """Read a text block by block, each in this thread: Arrow's own stream would read ahead while Python ends."""
    read = csv.ReadOptions(column_names=layout.names, use_threads=False, block_size=_LONGEST_BLOCK * 4)
    parse = csv.ParseOptions(
        delimiter=layout.delimiter,
        quote_char='"' if quotes else False,
        newlines_in_values=quotes,
        invalid_row_handler=skipped,
    )
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(layout.names, pa.string()),
        null_values=EMPTY,
        strings_can_be_null=True,
        check_utf8=False,
    )
    for text in _whole_rows(lines, layout.delimiter if quotes else "", block):
        if text.strip("\n"):
            table = csv.read_csv(pa.BufferReader(text.encode()), read, parse, convert)
            skipped.before += len(table) + skipped.in_block
            skipped.in_block = 0
            yield table


def _whole_rows(pieces: Iterable[str], delimiter: str, size: int) -> Iterator[str]:
    """Join pieces to blocks of some size that end where a row does; quoted cells begin behind a delimiter, if any."""
    opened = re.compile(rf'(?:^|(?<=[\n{re.escape(delimiter)}]))"[^"]*(?:""[^"]*)*(?:"|\Z)') if delimiter else None
    joined, length = [], 0
    for piece in pieces:
        joined.append(piece)
        length += len(piece)
        if length < size:
            continue
        text = "".join(joined)
        end = text.rfind("\n") + 1
        if opened and text.count('"', 0, end) % 2:
            last = next((m.start() for m in opened.finditer(text, 0, end) if not m[0][1:].endswith('"')), end)
            end = text.rfind("\n", 0, last) + 1
        if not end and length >= 2 * size:
            raise _RowTooLongError
        if end:
            yield text[:end]
        joined, length = [text[end:]], len(text) - end
    yield "".join(joined)


def _with_line_ends(pieces: Iterable[str], most: int) -> Iterator[str]:
    """Join pieces until a line ends in them, or they are longer than any line can be."""
    joined, size = [], 0
    for piece in pieces:
        joined.append(piece)
        size += len(piece)
        if "\n" in piece or size > most:
            yield "".join(joined)
            joined, size = [], 0
    yield "".join(joined)


def _clean_lines(
    pieces: Iterable[str], layout: Layout, loose: bool, block: int, notes: list[str], form: RowForm
) -> Iterator[str]:
    """Go through the lines of a table, with no blanks between cells, without a last one that was cut in a number."""
    blank = layout.delimiter == " "
    between = re.compile(r"[ \t]+" if blank else re.escape(layout.delimiter) + " +")
    ends = re.compile(r"^ | $", re.MULTILINE)
    rest = ""
    for piece in chain(_with_line_ends(pieces, block), ("",)):
        lines, newline, rest = (rest + piece).rpartition("\n")
        if not piece and layout.cuts(rest):
            notes.append(f"the last row is cut ({shorten(rest, 60)!r}) and is left out")
            rest = ""
        if not piece or len(rest) > block:
            lines, newline, rest = lines + newline + rest, "", ""
        lines = form.plain(lines)
        if loose or blank:
            lines = between.sub(layout.delimiter, lines)
        yield (ends.sub("", lines) if blank else lines) + newline


@dataclass
class _SkippedRows:
    """Rows that have not as many cells as the table has columns."""

    layout: Layout
    comments: int = 0
    numbers: list[int] = field(default_factory=list)
    first_text: str = ""
    last_is_short: bool = False
    before: int = 0
    in_block: int = 0

    def __call__(self, row: csv.InvalidRow) -> str:
        """Take note of a row that Arrow cannot read."""
        if COMMENT.match(row.text):
            self.comments += 1
        elif not self.numbers:
            self.first_text = row.text
        self.in_block += 1
        self.numbers.append(self.before + row.number)
        self.last_is_short = row.actual_columns < row.expected_columns
        return "skip"

    def line(self, row: int) -> int:
        """Return the line of the file at which a row stands, of those that were read."""
        number = row + 1
        for skipped in self.numbers:
            if skipped > number:
                break
            number += 1
        return number + self.layout.lines

    def notes(self, path: Path, rows: int) -> list[str]:
        """Say which rows are left out.

        Raises
        ------
        RecordingError
            Most are.
        """
        wrong = len(self.numbers) - self.comments
        width = len(self.layout.names)
        first = shorten(self.first_text, 60)
        if wrong > rows:
            raise RecordingError(
                f"{path} is not a readable table: {wrong} of its {rows + wrong} rows have not {counted(width, 'cell')} "
                f"as the header has, such as {first!r}; expected CSV with a cell for each column."
            )
        if not wrong:
            return []
        if wrong == 1 and self.last_is_short and self.numbers[-1] == rows + len(self.numbers):
            return [f"the last row is cut ({first!r}) and is left out"]
        return [
            f"{counted(wrong, 'row')} of {rows + wrong} {'has' if wrong == 1 else 'have'} not {counted(width, 'cell')} "
            f"and {'is' if wrong == 1 else 'are'} left out (the first: {first!r})"
        ]


class _Column:
    """One column while it is read: blocks of numbers, and of text that may yet turn out to be numbers or times.

    Of a column of text each block's different words are kept, if the table has few columns; a long note is not.
    """

    def __init__(self, name: str, keeps_words: bool) -> None:
        self.name = name
        self.rows = 0
        self.text = ""
        self.keeps_words = keeps_words
        self._words: list[pa.DictionaryArray] = []
        self._blocks: list[pa.Array] = []

    def add(self, cells: pa.StringArray) -> int:
        """Take over a block of cells; return the bytes that are kept of it."""
        self.rows += len(cells)
        block = None if self.text else _plain_numbers(cells)
        if block is None:
            _check_quotes(cells)
        if block is None and not self._blocks and not self.text:
            self.text = _text_among(cells)
        if self.text:
            self._keep_words(cells)
            return 0
        block = cells if block is None else block
        self._blocks.append(block)
        return block.nbytes

    def _keep_words(self, cells: pa.StringArray) -> None:
        if cells.nbytes > _LONG_WORD * len(cells):
            self.forget_words()
        if self.keeps_words:
            self._words.append(cells.dictionary_encode())

    @property
    def size_of_words(self) -> int:
        """Bytes of the words that are kept."""
        return sum(block.dictionary.nbytes for block in self._words)

    def forget_words(self) -> None:
        """Keep no words any more."""
        self.keeps_words, self._words = False, []

    @property
    def cells(self) -> pa.ChunkedArray | None:
        """What the column holds, if that is text, or numbers that are not all written plainly; None if not kept."""
        if self.text:
            return pa.chunked_array(self._words) if self._words else None
        if not self.keeps_words or self.unread is None:
            return None
        return pa.chunked_array([block.cast(pa.string()) for block in self._blocks])

    @property
    def empty(self) -> bool:
        """No cell says anything."""
        return all(block.null_count == len(block) for block in self._blocks)

    @cached_property
    def unread(self) -> pa.ChunkedArray | None:
        """Cells, trimmed, of the blocks that hold more than plain numbers; None where there is no such block."""
        blocks = [block for block in self._blocks if pa.types.is_string(block.type)]
        return trimmed(pa.chunked_array(blocks)) if blocks else None

    @property
    def fractions(self) -> bool:
        """Some block holds plain numbers with a decimal point."""
        return any(pa.types.is_floating(block.type) for block in self._blocks)

    def finish(self, style: Style) -> Numbers | pa.ChunkedArray:
        """Return all blocks as numbers, or as text where they hold something else."""
        if self.unread is None:
            whole = all(pa.types.is_integer(block.type) for block in self._blocks)
            kind = pa.int64() if whole else pa.float64()
            return Numbers(pa.chunked_array([b if b.type == kind else b.cast(kind) for b in self._blocks], kind))
        plain = [block for block in self._blocks if not pa.types.is_string(block.type)]
        numbers = to_numbers(self.unread, style, sum(len(block) - block.null_count for block in plain))
        if numbers is None:
            return trimmed(pa.chunked_array([block.cast(pa.string()) for block in self._blocks]))
        blocks, taken, row = [], 0, numbers.row
        for block in self._blocks:
            if pa.types.is_string(block.type):
                blocks += numbers.values.slice(taken, len(block)).chunks
                taken += len(block)
            else:
                blocks.append(block.cast(pa.float64()))
                row += len(block) if numbers.row >= taken else 0
        return replace(numbers, values=pa.chunked_array(blocks, pa.float64()), row=row)


def _check_quotes(cells: pa.StringArray) -> None:
    longest = pc.max(pc.binary_length(cells)).as_py() or 0
    if longest >= _LONG_CELL:
        cell = cells[pc.index(pc.binary_length(cells), longest).as_py()].as_py()
        if cell.count("\n") > _LINES_OF_A_CELL:
            raise _RowTooLongError


def _plain_numbers(cells: pa.StringArray) -> pa.Array | None:
    """Return a block of cells as numbers, whole ones as such; None where one is written in any other way."""
    if cells.null_count == len(cells):
        return pa.nulls(len(cells), pa.float64())
    first = cells.drop_null()[0].as_py() if cells.null_count else cells[0].as_py()
    if not is_value(first):
        return None
    for kind in (pa.int64(), pa.float64())[not first.lstrip("-").isdecimal() :]:
        try:
            return cells.cast(kind)
        except pa.ArrowInvalid:
            continue
    return None


def _text_among(cells: pa.StringArray) -> str:
    """Return a cell that is no number and no time, if most are such, by a thousand of them."""
    some = [cell for cell in trimmed(cells[:1000]).to_pylist() if cell is not None]
    odd = [cell for cell in some if not (is_value(cell) or may_be_number(cell))]
    return odd[0] if 2 * len(odd) >= len(some) > 0 else ""


def _add_all(path: Path, tables: Iterable[pa.Table], columns: list[_Column]) -> None:
    """Take over all blocks, as long as there is room."""
    limit, kept = memory_limit(), 0
    for table in tables:
        cells = (column.combine_chunks() for column in table.columns)
        kept += sum(column.add(block) for column, block in zip(columns, cells, strict=True))
        if len(columns) <= _FEW_COLUMNS and sum(column.size_of_words for column in columns) > _MOST_WORDS:
            for column in columns:
                column.forget_words()
        if kept > limit:
            raise RecordingError(
                f"{path} holds more than {limit >> 20} MB of numbers, an eighth of this machine's memory: split it, or "
                "leave columns out."
            )


def _sheet(path: Path, layout: Layout, columns: list[_Column], skipped: _SkippedRows, notes: list[str]) -> Sheet:
    notes = [*notes, *layout.notes, *skipped.notes(path, columns[0].rows)]
    unread = [column.unread for column in columns if column.unread is not None]
    style = find_style(unread, layout.delimiter == ",", any(column.fractions for column in columns))
    sheet = Sheet(path.name.split(".")[0], {}, units=layout.units, notes=notes, style=style or Style())
    if style:
        sheet.notes.append(style.note)
    for column in columns:
        if (cells := column.cells) is not None:
            sheet.cells[column.name] = cells
        if column.text:
            sheet.texts[column.name] = column.text
            continue
        if column.empty and re.fullmatch(r"column_\d+", column.name):
            continue  # delimiters at the ends of lines
        found = column.finish(sheet.style)
        if not isinstance(found, Numbers):
            sheet.columns[column.name] = found
            continue
        sheet.columns[column.name] = found.values
        if found.unit:
            sheet.units.setdefault(column.name, found.unit)
            sheet.notes.append(
                f"the cells of column {column.name!r} end in {found.unit!r}, which is taken for their unit"
            )
        if found.odd:
            sheet.remarks[column.name] = (
                f"column {column.name!r}: {found.odd} of {column.rows} cells {'is' if found.odd == 1 else 'are'} no "
                f"number and taken as not known (row {skipped.line(found.row)}: {shorten(found.text, 40)!r})"
            )
    return sheet
