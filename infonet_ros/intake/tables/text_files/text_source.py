"""Bytes of a file as text: decompressed, decoded, with plain line ends, a piece at a time.

The readable part of a damaged file is read: a compressed file may be cut, and a killed logger may leave zeros at the
end. Byte order marks in the middle, where files were joined, are removed.
"""

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from infonet_ros.errors import RecordingError
from infonet_ros.files import check_file
from infonet_ros.intake.packed import BZIP2, GZIP, LZ4, XZ, ZIP, ZSTD, zstd
from infonet_ros.intake.tables.text_files.text_encoding import decoder_of
from infonet_ros.text import one_line

_PIECE = 1 << 20
_COMPRESSED: dict[bytes, Any] = {GZIP: gzip.open, BZIP2: bz2.open, XZ: lzma.open, ZSTD: zstd.open}
_MOST_TIMES = 3  # that a file is compressed
_BINARY = (
    b"PAR1",
    b"ARROW1",
    b"MATLAB",
    b"ULog",
    b"\x93NUMPY",
    b"\x89HDF",
    b"\x89MCAP",
    b"SQLite format 3",
    b"#ROSBAG",
)
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zstd.ZstdError)

FOREIGN = {
    ZIP: "a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV",
    b"\x80\x04\x95": "a pickle, which may run code when it is opened: save the data by to_parquet",
    b"\x80\x05\x95": "a pickle, which may run code when it is opened: save the data by to_parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
    b"\xa3\x95\x80": "a DataFlash log of ArduPilot: convert it by `mavlogdump.py --format csv --types IMU FILE`",
    b"\x0e\x10": "an activity of a sports computer: convert it by FitCSVTool",
    b"\x0e\x20": "an activity of a sports computer: convert it by FitCSVTool",
    b"H Product:Blackbox": "a blackbox log of Betaflight: convert it by blackbox_decode",
    b"TDSm": "a TDMS file of LabVIEW: save its channels as CSV, such as by npTDMS",
    b"MDF  ": "an MDF file of a measuring system: save it as CSV or .mat, such as by asammdf",
    b"LOGG": "a log of CAN frames: decode it by its DBC file, such as by asammdf, and save the signals as CSV",
    b"\xd4\xc3\xb2\xa1": "a capture of network packets: save what they hold as CSV",
    b"\x0a\x0d\x0d\x0a": "a capture of network packets: save what they hold as CSV",
    b"\xffBIOSEMI": "a recording in BDF: save its signals as CSV, such as by EDFbrowser",
    b"XDF:": "a recording of Lab Streaming Layer: save its streams as CSV, such as by pyxdf",
    b"\x02P": "a C3D file of motion capture: save it as CSV by the program that wrote it, or by ezc3d",
    b"CDF\x01": "a NetCDF file: save it in its version 4, which is HDF5, such as by xarray",
    b"CDF\x02": "a NetCDF file: save it in its version 4, which is HDF5, such as by xarray",
    b"RRF": "a recording of Rerun: save its columns as Parquet, by its dataframe interface",
    b"7z\xbc\xaf": "an archive: unpack it",
    LZ4: "a file that LZ4 compressed: unpack it by `lz4 -d`",
    b"Rar!": "an archive: unpack it",
    b"RIFF": "sound or video",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
}
"""First bytes of files that are not tables, and how an error describes them."""


_TLOG = re.compile(rb"\0[\5-\7].{6}[\xfd\xfe]", re.DOTALL)  # microseconds since 1970, and the begin of a message


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
                if piece[257:262] == b"ustar":
                    raise RecordingError(f"{path} is an archive: unpack it; expected a table, such as a CSV file.")
                if piece.startswith(_BINARY):
                    raise RecordingError(f"{path} is a recording that was compressed as a whole: unpack it.")
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
    kinds = [what for magic, what in FOREIGN.items() if head.startswith(magic)]
    if _TLOG.match(head):
        kinds.append("a telemetry log of MAVLink: convert it by `mavlogdump.py --format csv --types ATTITUDE FILE`")
    for what in kinds:
        raise RecordingError(f"{path} is {what}; expected a table, such as a CSV file, or a bag.")
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
