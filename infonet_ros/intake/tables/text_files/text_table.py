"""Tables of text, read by Arrow a block at a time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.numbers import EMPTY
from infonet_ros.intake.tables.sheet import Sheet, stem
from infonet_ros.intake.tables.text_files.layout import Layout, find_layout
from infonet_ros.intake.tables.text_files.repeated_headers import RepeatedHeaders
from infonet_ros.intake.tables.text_files.row_forms import RowForm, row_form
from infonet_ros.intake.tables.text_files.skipped_rows import SkippedRows
from infonet_ros.intake.tables.text_files.text_columns import RowTooLongError, TextColumns
from infonet_ros.intake.tables.text_files.text_source import text_pieces
from infonet_ros.text import shorten

_HEAD, _HEAD_LINES, _LONGEST_HEAD = 1 << 18, 40, 1 << 24
_WAYS = ((True, 1 << 22), (True, 1 << 26), (False, 1 << 26))  # with quotes or not, and bytes of a block
_LONGEST_BLOCK = 1 << 28
_COMMENTS = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_ANNOTATED = re.compile(r"\s*(?:#(?:group|datatype|default)\b|,result,table,)")  # as InfluxDB writes several tables


def read_text_table(path: Path) -> Sheet:
    """Read a table of text.

    Raises
    ------
    RecordingError
        It does not exist, is empty, or is not a table.
    """
    for quotes, block in _WAYS:
        try:
            return _read(path, quotes, block)
        except RowTooLongError:
            continue
    raise RecordingError(
        f"{path} is not a readable table: a row does not end within {block >> 20} MB; expected CSV with a row on each "
        "line."
    )


def _read(path: Path, quotes: bool, block: int) -> Sheet:
    """Read a table in blocks of so many bytes; without ``quotes``, a quote is an ordinary character."""
    notes = [] if quotes else ["a quote is opened and never closed: quotes are read as ordinary characters"]
    pieces = text_pieces(path, notes)
    columns = TextColumns(path)
    rows = rest = _add_rows(path, pieces, columns, quotes, block, notes)
    while rest.pieces is not None:
        rest = _add_rows(path, rest.pieces, columns, quotes, block, notes)
    layout = rows.layout
    sheet = Sheet(stem(path), {}, units=layout.units, notes=[*dict.fromkeys(notes)], rate=layout.rate)
    columns.into(sheet, layout.delimiter == ",", rows.skipped.line)
    return sheet


@dataclass(frozen=True)
class _Rows:
    """How rows were read, and the text after them in a file of several tables."""

    layout: Layout
    skipped: SkippedRows
    pieces: Iterator[str] | None


def _add_rows(
    path: Path, pieces: Iterator[str], columns: TextColumns, quotes: bool, block: int, notes: list[str]
) -> _Rows:
    """Read the rows under one header."""
    head = _head(path, pieces)
    form = row_form(head)
    layout = find_layout(path, form.header + form.plain(head))
    layout = replace(layout, lines=layout.lines - len(form.header.splitlines()))
    skipped = SkippedRows(layout)
    rest = chain((_after(head, layout.lines),), pieces)
    block = max(block, min(64 * sum(map(len, layout.names)), _LONGEST_BLOCK))
    headers = RepeatedHeaders(layout.header, layout.delimiter, layout.described)
    lines = headers.removed_from(_clean_lines(rest, layout, f"{layout.delimiter} " in head, block, notes, form))
    before = columns.rows
    columns.add(dict.fromkeys(layout.names, pa.nulls(0, pa.string())), 0)
    try:
        for table in _tables(map(_without_comments, lines), layout, quotes, block, skipped):
            columns.add({name: table[name].combine_chunks() for name in layout.names}, len(table))
    except pa.ArrowInvalid as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise RecordingError(f"{path} is not a readable table ({reason}): expected CSV.") from error
    except MemoryError as error:
        raise RecordingError(f"{path} does not fit into the memory: split it, or leave columns out.") from error
    continues = bool(_ANNOTATED.match(head))
    notes += [*headers.notes(continues), *layout.notes, *skipped.notes(path, columns.rows - before)]
    return _Rows(layout, skipped, headers.rest if continues else None)


def _without_comments(lines: str) -> str:
    """Shorten comments between rows, so that no comment is read as a row."""
    return _COMMENTS.sub("#", lines) if "#" in lines else lines


def _head(path: Path, pieces: Iterator[str]) -> str:
    """Return the beginning of a text: some whole lines, or the whole text."""
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
    """Return a text without its first lines."""
    position = 0
    for _ in range(lines):
        position = text.find("\n", position) + 1
        if not position:
            return ""
    return text[position:]


def _tables(lines: Iterable[str], layout: Layout, quotes: bool, block: int, skipped: SkippedRows) -> Iterator[pa.Table]:
    """Read a text block by block in this thread: a stream of Arrow would still read ahead when Python ends."""
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
    """Join pieces to blocks of at least ``size``, of whole rows; a quoted cell begins behind a delimiter, if any."""
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
            raise RowTooLongError
        if end:
            yield text[:end]
        joined, length = [text[end:]], len(text) - end
    yield "".join(joined)


def _with_line_ends(pieces: Iterable[str], most: int) -> Iterator[str]:
    """Join pieces until a line ends in them, or they are longer than the longest line."""
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
    """Go through the lines of a table, without blanks between cells, and without a last line cut in a number."""
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
