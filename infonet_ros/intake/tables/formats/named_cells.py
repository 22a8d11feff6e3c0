"""Rows in which the name of each value stands before it, as in messages of several kinds, each with its own fields.

Mission Planner writes the time, and the kind of the message; FitCSVTool, for sports computers, also the units::

    2024-05-01T12:00:00.050,FE,1C,9E,1,1,1E,mavlink_attitude_t,time_boot_ms,1050,roll,0.1,pitch,-0.2,Len,36
    Data,0,record,timestamp,"1083412800",s,speed,"7.2",m/s,
"""

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.line_cells import is_value, split
from infonet_ros.intake.tables.cells.time_units import is_named_time
from infonet_ros.intake.tables.formats.records import sheet_of
from infonet_ros.intake.tables.sheet import Sheet, is_number, stem
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import listed, shorten

_HEADER = re.compile(r'"?Type"?,"?Local Number"?,"?Message"?,"?Field 1"?,"?Value 1"?,"?Units 1"?', re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][\w.\[\]]*")
_SOME_LINES, _FEWEST_ROWS, _FEWEST_NAMES = 40, 3, 3
_MOST = 0.9  # of some lines have this form
_FIT_TIME, _UNKNOWN = "timestamp", "unknown"
_FIT_EPOCH = 631_065_600  # seconds from 1970 to the end of 1989, where FIT begins to count
_EARLIEST_DATE = 0x1000_0000  # smaller times count from the start of the device


class _Form(NamedTuple):
    """The place of the first name in each row, and the cells from name to name."""

    first: int
    step: int = 2

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the values by their names; the time of a row may stand at its begin."""
        pairs = zip(cells[self.first :: self.step], cells[self.first + 1 :: self.step], strict=False)
        time = {"time": cells[0]} if is_value(cells[0]) else {}
        return time | {name: value for name, value in pairs if name and name != _UNKNOWN}


_FIT = _Form(3, 3)


def read_named_cells(text: Text) -> list[Sheet] | None:
    """Read such rows: a sheet for each kind of message with a time; None for another file.

    Raises RecordingError if it holds no messages with a time.
    """
    form = _FIT if _HEADER.match(text.head) else _form_of(text.head)
    if form is None:
        return None
    messages: dict[str, list[dict[str, str]]] = {}
    for cells in (split(line, ",") for line in chain.from_iterable(text.lines())):
        if len(cells) > form.first + 1 and (form != _FIT or cells[0] == "Data"):
            messages.setdefault(_kind(cells, form) or stem(text.path), []).append(form.values(cells))
    timed = {kind: rows for kind, rows in messages.items() if form != _FIT or sum(_FIT_TIME in row for row in rows) > 1}
    if not timed:
        raise RecordingError(
            f"{text.path} holds no messages with a timestamp: expected lines such as 'Data,0,record,...'."
        )
    if others := messages.keys() - timed.keys():
        text.notes.append(
            f"kinds of messages with fewer than two times are left out: {shorten(listed(sorted(others)), 80)}"
        )
    return [_sheet(text, kind, rows, form) for kind, rows in timed.items()]


def _form_of(head: str) -> _Form | None:
    """Find the form from the first rows, of which each kind has the same names; None for other rows."""
    rows = [split(line, ",") for line in head.split("\n", _SOME_LINES)[:_SOME_LINES] if line.strip()]
    if len(rows) < _FEWEST_ROWS:
        return None
    form = _Form(_first_name(rows[0]))
    whole = form.first == 1 or (_kind(rows[0], form) if form.first else is_named_time(rows[0][0]))
    if not whole or len(form.values(rows[0])) < _FEWEST_NAMES:  # other values before the first name would be lost
        return None
    if sum(_first_name(row) == form.first for row in rows) < _MOST * len(rows):
        return None
    if len({*(units := rows[0][form.first :: form.step])}) < len(units):  # the same one of several values
        return None
    names = {(_kind(row, form), *form.values(row)) for row in rows}
    return form if len(names) <= len(rows) // 2 else None


def _first_name(cells: Sequence[str]) -> int:
    """Return the place from which names and values take turns up to the end."""
    first = len(cells) - (not cells[-1])
    while first > 1 and _NAME.fullmatch(cells[first - 2]) and is_value(cells[first - 1]):
        first -= 2
    return first


def _kind(cells: Sequence[str], form: _Form) -> str:
    """Return the kind of a message, the text before its first name; "" without one."""
    before = "".join(cells[form.first - 1 : form.first])
    return "" if is_value(before) else before


def _sheet(text: Text, kind: str, rows: list[dict[str, str]], form: _Form) -> Sheet:
    sheet = sheet_of(text.path, iter(rows))
    sheet.name, sheet.notes, sheet.is_message = kind, [*text.notes, *sheet.notes], True
    times = sheet.columns.get(_FIT_TIME)
    if form == _FIT and times is not None:
        sheet.units = {_FIT_TIME: "s"}
        if is_number(times):
            dates = pc.greater_equal(times, pa.scalar(_EARLIEST_DATE))
            sheet.columns[_FIT_TIME] = pc.if_else(dates, pc.add(times, pa.scalar(_FIT_EPOCH)), times)
    return sheet
