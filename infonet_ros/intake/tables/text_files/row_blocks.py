"""The lines of a table of text: without blanks and comments, and joined to blocks of whole rows."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.text_files.layout import Layout
from infonet_ros.intake.tables.text_files.row_forms import RowForm
from infonet_ros.intake.tables.text_files.text_columns import RowTooLongError
from infonet_ros.text import shorten

_HEAD, _HEAD_LINES, _LONGEST_HEAD = 1 << 18, 40, 1 << 24
_COMMENTS = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


def head_of(path: Path, pieces: Iterator[str]) -> str:
    """Return the beginning of a text: some whole lines, or the whole text."""
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= _LONGEST_HEAD or (len(head) >= _HEAD and head.count("\n") >= _HEAD_LINES):
            break
    if len(head) >= _LONGEST_HEAD and "\n" not in head:
        raise RecordingError(
            f"{path} is not a readable table: its first line does not end within {_LONGEST_HEAD >> 20} MB; expected "
            "CSV with a row on each line."
        )
    return head


def clean_lines(
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


def without_comments(lines: str) -> str:
    """Shorten comments between rows, so that no comment is read as a row."""
    return _COMMENTS.sub("#", lines) if "#" in lines else lines


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


def whole_rows(pieces: Iterable[str], delimiter: str, size: int) -> Iterator[str]:
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
