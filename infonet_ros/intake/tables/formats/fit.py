"""Activities of bicycle and sports computers (FIT), as FitCSVTool writes them: each line is a message with its fields.

Type,Local Number,Message,Field 1,Value 1,Units 1,Field 2,Value 2,Units 2,...
Data,0,record,timestamp,"1083412800",s,speed,"7.2",m/s,
"""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.formats.records import sheet_of
from infonet_ros.intake.tables.sheet import Sheet, is_number
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import listed, shorten

_HEADER = re.compile(r'"?Type"?,"?Local Number"?,"?Message"?,"?Field 1"?,"?Value 1"?,"?Units 1"?', re.IGNORECASE)
_MESSAGE, _FIRST_FIELD, _FIELD_WIDTH = 2, 3, 3
_TIME, _UNKNOWN = "timestamp", "unknown"
_EPOCH = 631_065_600  # seconds from 1970 to the end of 1989, where FIT begins to count
_EARLIEST_DATE = 0x1000_0000  # smaller times count from the start of the device


def read_fit(text: Text) -> list[Sheet] | None:
    """Read an activity: a sheet for each kind of message with a time; None for another file.

    Raises RecordingError if it does not exist, is empty, or holds no messages with a time.
    """
    if not _HEADER.match(text.head):
        return None
    messages: dict[str, list[dict[str, str]]] = {}
    for kind, fields in _messages(text.lines()):
        messages.setdefault(kind, []).append(fields)
    timed = {kind: rows for kind, rows in messages.items() if sum(_TIME in row for row in rows) > 1}
    if not timed:
        raise RecordingError(
            f"{text.path} holds no messages with a timestamp: expected lines such as 'Data,0,record,...'."
        )
    if others := messages.keys() - timed.keys():
        text.notes.append(
            f"kinds of messages with fewer than two times are left out: {shorten(listed(sorted(others)), 80)}"
        )
    return [_sheet(text.path, kind, rows, text.notes) for kind, rows in timed.items()]


def _messages(lines: Iterable[list[str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Go through the messages: their kind, and their fields by name."""
    for some in lines:
        for cells in csv.reader(some):
            if cells[:1] == ["Data"] and len(cells) > _FIRST_FIELD:
                names, values = cells[_FIRST_FIELD::_FIELD_WIDTH], cells[_FIRST_FIELD + 1 :: _FIELD_WIDTH]
                fields = zip(names, values, strict=False)
                yield cells[_MESSAGE], {name: value for name, value in fields if name and name != _UNKNOWN}


def _sheet(path: Path, kind: str, rows: list[dict[str, str]], notes: list[str]) -> Sheet:
    sheet = sheet_of(path, iter(rows))
    sheet.name, sheet.notes, sheet.units = kind, [*notes, *sheet.notes], {_TIME: "s"}
    times = sheet.columns[_TIME]
    if is_number(times):
        dates = pc.greater_equal(times, pa.scalar(_EARLIEST_DATE))
        sheet.columns[_TIME] = pc.if_else(dates, pc.add(times, pa.scalar(_EPOCH)), times)
    return sheet
