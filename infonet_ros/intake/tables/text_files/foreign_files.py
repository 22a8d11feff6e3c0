"""Files that are no tables: an error names the kind that a file is, and what converts it."""

import re
from pathlib import Path

from infonet_ros.errors import RecordingError
from infonet_ros.intake.packed import LZ4, ZIP

_FOREIGN_BYTES: dict[bytes | tuple[bytes, ...], str] = {
    ZIP: "a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV",
    (b"\x80\x04\x95", b"\x80\x05\x95"): "a pickle, which may run code when it is opened: save the data by to_parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
    b"\xa3\x95\x80": "a DataFlash log of ArduPilot: convert it by `mavlogdump.py --format csv --types IMU FILE`",
    (b"\x0e\x10", b"\x0e\x20"): "an activity of a sports computer: convert it by FitCSVTool",
    b"H Product:Blackbox": "a blackbox log of Betaflight: convert it by blackbox_decode",
    b"TDSm": "a TDMS file of LabVIEW: save its channels as CSV, such as by npTDMS",
    b"MDF  ": "an MDF file of a measuring system: save it as CSV or .mat, such as by asammdf",
    b"LOGG": "a log of CAN frames: decode it by its DBC file, such as by asammdf, and save the signals as CSV",
    (b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"): "a capture of network packets: save what they hold as CSV",
    b"\xffBIOSEMI": "a recording in BDF: save its signals as CSV, such as by EDFbrowser",
    b"XDF:": "a recording of Lab Streaming Layer: save its streams as CSV, such as by pyxdf",
    b"\x02P": "a C3D file of motion capture: save it as CSV by the program that wrote it, or by ezc3d",
    (b"CDF\x01", b"CDF\x02"): "a NetCDF file: save it in its version 4, which is HDF5, such as by xarray",
    b"RRF": "a recording of Rerun: save its columns as Parquet, by its dataframe interface",
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file that it stands for by `git lfs pull`",
    (b"7z\xbc\xaf", b"Rar!"): "an archive: unpack it",
    LZ4: "a file that LZ4 compressed: unpack it by `lz4 -d`",
    b"RIFF": "sound or video",
    b"%PDF": "a PDF document",
    (b"\x89PNG", b"\xff\xd8\xff"): "a picture",
    b"\x7fELF": "a program",
}
_TLOG = re.compile(rb"\0[\5-\7].{6}[\xfd\xfe]", re.DOTALL)  # microseconds since 1970, and the begin of a message
_RECORDINGS = (*b"PAR1 ARROW1 MATLAB ULog SQLite #ROSBAG".split(), b"\x93NUMPY", b"\x89HDF", b"\x89MCAP")
_LINES = 200  # to look at
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")
_PAGES = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype|html|head|body)", re.IGNORECASE)
_XML = re.compile(r"\s*<(?:\?xml|\w+[ />])")
_EDF = re.compile(r"0 {7}.{160}\d\d\.\d\d\.\d{4}\.\d\d\.\d\d", re.DOTALL)
_FOREIGN_LINES = {
    "raw CAN frames: decode them by their DBC file, as by `candump -L can0 | cantools decode FILE.dbc`": re.compile(
        r"\s*(?:\(\d+\.\d+\)\s+)?\w*can\d*\s+[0-9A-F]+(?:#|\s+\[\d+\])"
        r"|.*\b[RT]x\b(?:[\s,;]+[^\s,;]+){0,4}[\s,;]+\[?\d{1,2}\]?(?:[\s,;]+[0-9A-F]{2}\b)+",
        re.IGNORECASE,
    ),
    "NMEA sentences of a GPS receiver: convert them, such as by `gpsbabel -i nmea -f FILE -o unicsv -F FILE.csv`": (
        re.compile(r".*\$(?:G[A-Z]|BD)[A-Z]{3},")
    ),
    "times of TAI64N: convert them by `tai64nlocal`": re.compile(r"@[45][0-9a-f]{23}\b"),
    "logs of a NovAtel receiver: convert them to CSV by its program Convert": (
        re.compile(r"[#%][A-Z0-9]+A,(?:[A-Z]+\d*(?:_\d+)?,|\d+,[\d.]+;)")
    ),
}
"""Other kinds of text, each with a pattern that most of its lines match."""

_PROTOBUF = re.compile(r"\s*\w+ \{[ \t]*\n")
_BRACES = re.compile(r"\s*[{\[]\s*[\"{\[\]}]")


def check_bytes(path: Path, head: bytes) -> None:
    """Check that a file with these first bytes may be a table. Raises RecordingError if they are of another kind."""
    kinds = [what for start, what in _FOREIGN_BYTES.items() if head.startswith(start)]
    if _TLOG.match(head):
        kinds.append("a telemetry log of MAVLink: convert it by `mavlogdump.py --format csv --types ATTITUDE FILE`")
    if kinds:
        raise RecordingError(f"{path} is {kinds[0]}; expected a table, such as a CSV file, or a bag.")


def check_unpacked(path: Path, head: bytes) -> None:
    """Check that what was unpacked is text. Raises RecordingError if it is an archive, or another kind of recording."""
    if head[257:262] == b"ustar":
        raise RecordingError(f"{path} is an archive: unpack it; expected a table, such as a CSV file.")
    if head.startswith(_RECORDINGS):
        raise RecordingError(f"{path} is a recording that was compressed as a whole: unpack it.")


def check_text(path: Path, head: str) -> None:
    """Check that the beginning of a text may be a table.

    Raises RecordingError if it is of another kind, which the error names.
    """
    what = ""
    begin = head[:4096]
    control = len(_CONTROL.findall(begin))
    if _EDF.match(head):
        what = "a recording in EDF: save its signals as CSV, such as by EDFbrowser"
    elif control * 50 > len(begin) or not head.strip():
        what = "binary data: save it as CSV by the program that wrote it" if head.strip() or control else "blanks only"
    elif _PAGES.match(head):
        what = "a web page: the download may need a login"
    elif _XML.match(head):
        what = "XML: save it as CSV; gpsbabel converts GPX, KML and TCX"
    elif _PROTOBUF.match(head):
        what = "messages of Protocol Buffers as text: write them as JSON, as by `gz topic --echo --json-output`"
    elif _BRACES.match(head):
        what = "JSON"
    else:
        lines = head.splitlines()[:_LINES]
        lines = lines[len(lines) // 2 :]  # descriptions come first
        foreign = (
            what for what, line in _FOREIGN_LINES.items() if 2 * sum(map(bool, map(line.match, lines))) > len(lines)
        )
        what = next(foreign, "")
    if what:
        raise RecordingError(f"{path} is not a readable table: it holds {what}; expected CSV with rows of numbers.")
