"""DataFlash logs of ArduPilot as text: a line for each message, and lines ``FMT`` that name the fields of each kind."""

from collections.abc import Mapping

import pyarrow as pa

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.sheet import Sheet
from infonet_ros.intake.tables.text_files.text_columns import TextColumns
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import counted

_FORMAT, _INSTANCE = "FMT", "I"
_NO_SIGNALS = ("FMT", "FMTU", "UNIT", "MULT", "PARM", "MSG", "VER")
_Key = tuple[str, str]  # the kind of a message, and the number of its sensor if several send it


def read_dataflash(text: Text) -> list[Sheet] | None:
    """Read a log: a sheet for each kind of message, and for each sensor of one kind; None for another file.

    Raises RecordingError if it does not exist, is empty, or holds no messages.
    """
    if not text.head.startswith(f"{_FORMAT},"):
        return None
    fields: dict[str, tuple[str, ...]] = {}
    messages: dict[_Key, TextColumns] = {}
    lost = 0
    for lines in text.lines():
        found: dict[tuple[_Key, tuple[str, ...]], list[list[str]]] = {}  # also by names: a log may define them again
        for kind, *cells in (map(str.strip, line.split(",")) for line in lines):
            names = fields.get(kind, ())
            if kind == _FORMAT and len(cells) > 4:
                fields[cells[2]] = tuple(cells[4:])
            elif not kind or kind in _NO_SIGNALS:
                continue
            elif cells and len(cells) == len(names):
                sensor = cells[names.index(_INSTANCE)] if _INSTANCE in names else ""
                found.setdefault(((kind, sensor), names), []).append(cells)
            else:
                lost += 1
        for (key, names), rows in found.items():
            columns = dict(zip(names, map(pa.array, zip(*rows, strict=True)), strict=True))
            messages.setdefault(key, TextColumns(text.path)).add(columns, len(rows))
    if not messages:
        raise RecordingError(f"{text.path} holds no messages: expected lines such as 'IMU, 1200345, 0, 0.01, ...'.")
    if lost:
        text.notes.append(f"{counted(lost, 'line')} left out, without the fields that the log defines")
    sheets = _sheets(messages)
    sheets[0].notes += text.notes
    return sheets


def _sheets(messages: Mapping[_Key, TextColumns]) -> list[Sheet]:
    """Return a sheet for each kind of message, and sensor."""
    kinds = [kind for kind, _ in messages]
    sheets = []
    for (kind, sensor), columns in messages.items():
        sheet = Sheet(f"{kind}_{sensor}" if kinds.count(kind) > 1 else kind, {}, units={"TimeUS": "us"})
        columns.into(sheet)
        sheets.append(sheet)
    return sheets
