"""DataFlash logs of ArduPilot as text: a line for each message, and lines ``FMT`` that name the fields of each kind."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.sheet import Sheet
from infonet_ros.intake.tables.text_files.text_columns import TextColumns
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.text import counted

_FORMAT, _INSTANCE = "FMT", "I"
_NO_SIGNALS = ("FMT", "FMTU", "UNIT", "MULT", "PARM", "MSG", "VER")


def read_dataflash(text: Text) -> list[Sheet] | None:
    """Read a log: a sheet for each kind of message, and for each sensor of one kind; None for another file.

    Raises RecordingError if it does not exist, is empty, or holds no messages.
    """
    if not text.head.startswith(f"{_FORMAT},"):
        return None
    log = _Log(text.path)
    for lines in text.lines():
        log.add(lines)
    sheets = log.sheets()
    if not sheets:
        raise RecordingError(f"{text.path} holds no messages: expected lines such as 'IMU, 1200345, 0, 0.01, ...'.")
    if log.lost:
        text.notes.append(f"{counted(log.lost, 'line')} left out, without the fields that the log defines")
    sheets[0].notes += text.notes
    return sheets


class _Log:
    """The messages of a log, by their kind and, if several sensors send it, by the number of the sensor."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fields: dict[str, list[str]] = {}
        self._messages: dict[tuple[str, str], TextColumns] = {}
        self.lost = 0

    def add(self, lines: Sequence[str]) -> None:
        """Add some lines."""
        found: dict[tuple[str, str], list[list[str]]] = {}
        for line in lines:
            kind, *cells = map(str.strip, line.split(","))
            fields = self._fields.get(kind)
            if kind == _FORMAT and len(cells) > 4:
                self._fields[cells[2]] = cells[4:]
            elif kind in _NO_SIGNALS or not line.strip():
                continue
            elif fields is None or len(cells) != len(fields):
                self.lost += 1
            else:
                sensor = cells[fields.index(_INSTANCE)] if _INSTANCE in fields else ""
                found.setdefault((kind, sensor), []).append(cells)
        for key, rows in found.items():
            columns = dict(zip(self._fields[key[0]], map(pa.array, zip(*rows, strict=True)), strict=True))
            self._messages.setdefault(key, TextColumns(self._path)).add(columns, len(rows))

    def sheets(self) -> list[Sheet]:
        """Return a sheet for each kind of message, and sensor."""
        kinds = [kind for kind, _ in self._messages]
        sheets = []
        for (kind, sensor), columns in self._messages.items():
            sheet = Sheet(f"{kind}_{sensor}" if kinds.count(kind) > 1 else kind, {}, units={"TimeUS": "us"})
            columns.into(sheet)
            sheets.append(sheet)
        return sheets
