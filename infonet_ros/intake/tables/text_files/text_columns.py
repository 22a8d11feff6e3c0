"""Columns of text while they are read, block by block: the numbers of a block are kept, its text only as few words.

So a file needs no more memory than its numbers, also if it has columns of long notes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.caching import cached_property
from infonet_ros.intake.tables.cells.fractions import fractions_count, with_zeros
from infonet_ros.intake.tables.cells.line_cells import is_list, is_value
from infonet_ros.intake.tables.cells.numbers import (
    Numbers,
    Style,
    find_style,
    may_be_number,
    points_may_group,
    to_numbers,
    trimmed,
)
from infonet_ros.intake.tables.sheet import Sheet, check_memory
from infonet_ros.intake.tables.text_files.hemispheres import join_hemispheres
from infonet_ros.text import listed

_LONG_CELL, _LINES_OF_A_CELL = 200, 50
_FEW_COLUMNS = 100  # of a table whose text is kept: it may name the series of a long table
_MOST_WORDS, _LONG_WORD = 1 << 26, 1 << 12  # bytes of all of them, and of one


class RowTooLongError(Exception):
    """A row is longer than a block, or has many lines because a quote is never closed."""


class TextColumns:
    """The columns of a table of text; the path is for errors."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keeps_words = True
        self._columns: dict[str, TextColumn] = {}
        self._kept = 0
        self.rows = 0

    def add(self, cells: Mapping[str, pa.StringArray], rows: int) -> None:
        """Add a block of so many rows; columns may be new, or missing in it.

        Raises RecordingError if the numbers need too much memory, see `check_memory`.
        """
        for name in cells:
            if name not in self._columns:
                column = self._columns[name] = TextColumn(name, self._keeps_words)
                if self.rows:
                    column.add(pa.nulls(self.rows, pa.string()))
        for name, column in self._columns.items():
            self._kept += column.add(cells[name] if name in cells else pa.nulls(rows, pa.string()))
        self.rows += rows
        self._forget_words()
        check_memory(self._path, self._kept)

    def _forget_words(self) -> None:
        """Keep no more words if there are many words or columns."""
        columns = self._columns.values()
        few = len(columns) <= _FEW_COLUMNS and sum(column.size_of_words for column in columns) <= _MOST_WORDS
        if self._keeps_words and not few:
            self._keeps_words = False
            for column in columns:
                column.forget_words()

    def into(
        self, sheet: Sheet, comma_delimits: bool = True, line_of: Callable[[int], int] = lambda row: row + 1
    ) -> None:
        """Put all columns into a sheet, as numbers, times or text.

        If ``comma_delimits``, numbers with a comma were quoted; ``line_of`` returns the line of a row, counted from 0.
        """
        columns = self._columns.values()
        unread = [column.unread for column in columns if column.unread is not None]
        style = find_style(unread, comma_delimits, any(column.fractions for column in columns))
        if style:
            sheet.style = style
            sheet.notes.append(style.note)
            if pointed := [repr(column.name) for column in columns if column.fractions and style.decimal == ","]:
                sheet.notes.append(
                    f"points in {listed(pointed, 80)} are also read as decimal points: if they separate "
                    "thousands, remove them"
                )
        for column in columns:
            if (cells := column.cells) is not None:
                sheet.cells[column.name] = cells
            if column.text:
                sheet.texts[column.name] = column.text
            elif not (column.empty and re.fullmatch(r"column_\d+", column.name)):  # delimiters at the ends of lines
                _put(sheet, column, line_of)
        join_hemispheres(sheet, list(self._columns))


def read_texts(sheet: Sheet, path: Path) -> None:
    """Read the columns of strings of a sheet as numbers, times or text; its columns keep their order."""
    order = list(sheet.columns)
    texts = {name: trimmed(column) for name, column in sheet.columns.items() if pa.types.is_string(column.type)}
    if not texts:
        return
    columns = TextColumns(path)
    for batch in pa.table(texts).to_batches():
        columns.add(dict(zip(texts, batch.columns, strict=True)), batch.num_rows)
    for name in texts:
        del sheet.columns[name]
    columns.into(sheet)
    sheet.columns = {name: sheet.columns[name] for name in order if name in sheet.columns}


def _put(sheet: Sheet, column: "TextColumn", line_of: Callable[[int], int]) -> None:
    found = column.finish(sheet.style)
    if not isinstance(found, Numbers):
        sheet.columns[column.name] = found
        return
    sheet.columns[column.name] = found.values
    if column.counts:
        sheet.notes.append(f"fractions in column {column.name!r} lack zeros: they grow only if 7.5 stands for 7.005")
    if found.unit:
        sheet.units.setdefault(column.name, found.unit)
        sheet.notes.append(f"the cells of column {column.name!r} end in {found.unit!r}, which is read as their unit")
    if found.odd:
        sheet.remarks[column.name] = found.on_odd(f"column {column.name!r}", f"row {line_of(found.row)}:")


class TextColumn:
    """One column while it is read: blocks of numbers, and blocks of text that may be numbers or times.

    Of a column of text, the different words of each block are kept if the table has few columns and short words.
    """

    def __init__(self, name: str, keeps_words: bool) -> None:
        self.name = name
        self.text = ""
        self.counts = False  # its fractions count, see `fractions_count`
        self.keeps_words = keeps_words
        self._words: list[pa.DictionaryArray] = []
        self._blocks: list[pa.Array] = []

    def add(self, cells: pa.StringArray) -> int:
        """Add a block of cells; return the bytes of it that are kept."""
        if not len(cells):
            return 0
        block = None if self.text or self.counts else _plain_numbers(cells)
        if block is not None and pa.types.is_floating(block.type) and not block.null_count:
            self.counts = fractions_count(cells, block.to_numpy())
            block = None if self.counts else block
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
        """Delete all words, and keep no more."""
        self.keeps_words, self._words = False, []

    @property
    def cells(self) -> pa.ChunkedArray | None:
        """The cells of a column of text, or of numbers that are not all plain; None if they are not kept."""
        if self.text:
            return pa.chunked_array(self._words) if self._words else None
        if not self.keeps_words or self.unread is None:
            return None
        return pa.chunked_array([block.cast(pa.string()) for block in self._blocks])

    @property
    def empty(self) -> bool:
        """Whether all cells are empty."""
        return all(block.null_count == len(block) for block in self._blocks)

    @cached_property
    def unread(self) -> pa.ChunkedArray | None:
        """Trimmed cells of the blocks that hold more than plain numbers; None without such a block."""
        blocks = [block for block in self._blocks if pa.types.is_string(block.type)]
        return trimmed(pa.chunked_array(blocks)) if blocks else None

    @property
    def fractions(self) -> bool:
        """Whether a block holds plain numbers with a decimal point."""
        return any(pa.types.is_floating(block.type) and block.null_count < len(block) for block in self._blocks)

    def finish(self, style: Style) -> Numbers | pa.ChunkedArray:
        """Return all blocks as numbers, or as text if they hold anything else."""
        if self.unread is None:
            whole = all(pa.types.is_integer(block.type) for block in self._blocks)
            kind = pa.int64() if whole else pa.float64()
            return Numbers(pa.chunked_array([b if b.type == kind else b.cast(kind) for b in self._blocks], kind))
        plain = [block for block in self._blocks if not pa.types.is_string(block.type)]
        unread = with_zeros(self.unread) if self.counts else self.unread
        numbers = to_numbers(unread, style, sum(len(block) - block.null_count for block in plain), self.name)
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
            raise RowTooLongError


def _plain_numbers(cells: pa.StringArray) -> pa.Array | None:
    """Return a block of plain numbers as integers or floats; None if a cell is not a plain number."""
    if cells.null_count == len(cells):
        return pa.nulls(len(cells), pa.float64())
    first = cells.drop_null()[0].as_py() if cells.null_count else cells[0].as_py()
    if not is_value(first):
        return None
    for kind in (pa.int64(), pa.float64())[not first.lstrip("-").isdecimal() :]:
        try:
            numbers = cells.cast(kind)
        except pa.ArrowInvalid:
            continue
        return None if pa.types.is_floating(kind) and points_may_group(cells) else numbers
    return None


def _text_among(cells: pa.StringArray) -> str:
    """Return a cell that is no single number or time, if most of the first thousand cells are none; else ""."""
    some = [cell for cell in trimmed(cells[:1000]).to_pylist() if cell is not None]
    odd = [cell for cell in some if is_list(cell) or not (is_value(cell) or may_be_number(cell))]
    one_word = len(set(odd)) == 1 and any(map(is_value, some))  # for values that are not known
    return odd[0] if 2 * len(odd) >= len(some) > 0 and not one_word else ""
