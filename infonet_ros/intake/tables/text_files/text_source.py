"""Bytes of a file as text: decompressed, decoded, with plain line ends, a piece at a time.

The readable part of a damaged file is read: a compressed file may be cut, and a killed logger may leave zeros at the
end. Byte order marks in the middle, where files were joined, are removed.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from infonet_ros.errors import RecordingError
from infonet_ros.files import check_file
from infonet_ros.intake.packed import BZIP2, GZIP, XZ, ZSTD, zstd
from infonet_ros.intake.tables.text_files.foreign_files import check_bytes, check_unpacked
from infonet_ros.intake.tables.text_files.text_encoding import decoder_of
from infonet_ros.text import one_line

_PIECE = 1 << 20
_COMPRESSED: dict[bytes, Any] = {GZIP: gzip.open, BZIP2: bz2.open, XZ: lzma.open, ZSTD: zstd.open}
_MOST_TIMES = 3  # that a file is compressed
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zstd.ZstdError)


def check_table(path: Path) -> None:
    """Check that a path is a file that is not empty.

    Raises RecordingError if it does not exist, must not be read, or is a folder, a device, a pipe or empty.
    """
    check_file(path, "a table, such as a CSV file, or a bag", RecordingError)
    if not path.stat().st_size:
        raise RecordingError(f"{path} is empty: expected a header line and rows of numbers.")


def first_bytes(path: Path, count: int = 64) -> bytes:
    """Return the first bytes of a file. Raises RecordingError, see `check_table`."""
    check_table(path)
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise RecordingError(f"{path} cannot be read ({_reason(error)}): expected a table, or a bag.") from error


@dataclass(frozen=True)
class Text:
    """A file of which the first piece is read as text, so that readers of several formats can look at it."""

    path: Path
    head: str  # the first piece
    rest: Iterator[str]  # the pieces after it, which are read once
    notes: list[str]  # see `text_pieces`; complete after the last piece

    @classmethod
    def of(cls, path: Path) -> "Text":
        """Read the first piece of a file; see `text_pieces`."""
        notes: list[str] = []
        pieces = text_pieces(path, notes)
        return cls(path, next(pieces, ""), pieces, notes)

    def pieces(self) -> Iterator[str]:
        """Go through all pieces."""
        return chain((self.head,), self.rest)

    def lines(self) -> Iterator[list[str]]:
        """Go through all lines; some lines at a time."""
        rest = ""
        for piece in self.pieces():
            lines, newline, rest = (rest + piece).rpartition("\n")
            if newline:
                yield lines.split("\n")
        yield rest.split("\n")


def text_pieces(path: Path, notes: list[str]) -> Iterator[str]:
    """Read a file as text, in pieces; a note is added if a part cannot be read.

    Raises RecordingError if the file does not exist, is empty, or nothing of it can be decompressed.
    """
    head = first_bytes(path)
    decoder = None
    with ExitStack() as opened:
        source = _decompressed(path, opened.enter_context(path.open("rb")), head, opened)
        for piece in _readable(path, source, notes):
            if decoder is None:
                check_unpacked(path, piece)
                decoder = io.IncrementalNewlineDecoder(decoder_of(piece), translate=True)
            text = decoder.decode(piece).replace("\0", "").replace("\ufeff", "")
            if not text and not piece.strip(b"\0"):
                return  # nothing but zeros: the file was never written from here on
            yield text
    yield decoder.decode(b"", final=True) if decoder else ""


def _decompressed(path: Path, file: Any, head: bytes, opened: ExitStack) -> Any:
    """Return a file to be read decompressed, also if it was compressed twice, as downloads sometimes are."""
    for _ in range(_MOST_TIMES):
        opener = next((opener for magic, opener in _COMPRESSED.items() if head.startswith(magic)), None)
        if opener is None:
            break
        file = opened.enter_context(opener(file, "rb"))
        try:
            head = file.peek(64)
        except _DAMAGE:  # the first piece that is read tells
            break
    check_bytes(path, head)
    return file


def _readable(path: Path, source: Any, notes: list[str]) -> Iterator[bytes]:
    """Read the readable part of a file that may be cut or damaged."""
    read = 0
    while True:
        try:
            piece = source.read1(_PIECE)
        except (*_DAMAGE, ValueError) as error:
            if not read:
                raise RecordingError(
                    f"{path} is not a readable table ({_reason(error)}): it may be cut or damaged; expected CSV."
                ) from error
            notes.append(f"{path.name} is cut or damaged ({_reason(error)}): its readable part is read")
            return
        if not piece:
            return
        read += len(piece)
        yield piece


def _reason(error: BaseException) -> str:
    return one_line(getattr(error, "strerror", None) or error)
