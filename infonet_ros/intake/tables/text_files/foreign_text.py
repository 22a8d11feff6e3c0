"""Recognises text that is no table, and names the kind that it is."""

import re
from pathlib import Path

from infonet_ros.errors import RecordingError

_LINES = 200  # to look at
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")
_PAGES = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype|html|head|body)", re.IGNORECASE)
_XML = re.compile(r"\s*<(?:\?xml|\w+[ />])")
_EDF = re.compile(r"0 {7}.{160}\d\d\.\d\d\.\d{4}\.\d\d\.\d\d", re.DOTALL)
_FOREIGN_LINES = {
    "raw CAN frames: decode them by their DBC file, such as with cantools": re.compile(
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
        foreign = (
            what for what, line in _FOREIGN_LINES.items() if 2 * sum(map(bool, map(line.match, lines))) > len(lines)
        )
        what = next(foreign, "")
    if what:
        raise RecordingError(f"{path} is not a readable table: it holds {what}; expected CSV with rows of numbers.")
