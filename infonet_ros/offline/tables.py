"""Tables with a time column (CSV, also gzipped): each group of columns is read as if it were a topic.

Columns that share what stands before the last ``/`` or ``.`` of their names are one group, as in the exports of
PlotJuggler; the rest are the group ``table``.
"""

import bz2
import csv
import gzip
import lzma
import math
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

import numpy as np

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.offline.recording import NANOSECONDS, Field, Sample, Topic
from infonet_ros.streams.settings import Modality

TIME_NAMES = ("time", "timestamp", "__time", "stamp", "t", "secs", "seconds", "sec", "time_s", "time [s]", "time (s)")
TIME_UNITS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}

TABLE_TYPE = "table"
_EMPTY = ("", "NA", "N/A", "null", "NULL", "None", "-")
_BOOLEANS = {"true": "1", "false": "0", "True": "1", "False": "0", "TRUE": "1", "FALSE": "0"}
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DELIMITERS = ",;\t|"
_GLIMPSE_ROWS = 1000


class Table:
    """A CSV file with a time column.

    An empty cell means that the row says nothing about its column; ``nan`` means that the value is not known.

    Parameters
    ----------
    path : Path
        ``.csv``, or compressed as ``.csv.gz``, ``.csv.bz2`` or ``.csv.xz``.
    time : str, optional
        Name of the time column; without it, a column with a usual name such as ``time`` or ``timestamp``, else the
        first one if it never decreases.
    unit : str
        Of the time column: "s", "ms", "us", "ns", or "auto", which judges integers by their size.

    Raises
    ------
    RecordingError
        On entering: a file that is not there, is empty, is no table of numbers, or has no time column.
    """

    kind = "table"

    def __init__(self, path: Path, time: str | None = None, unit: str = "auto") -> None:
        self.label = path.name
        self.unstamped: set[str] = set()
        self._path = path
        self._time = time
        self._unit = unit

    def __enter__(self) -> "Table":
        header, rows = _read(self._path)
        if not rows or len(header) < 2:
            raise RecordingError(
                f"{self._path} has {len(rows)} rows and {len(header)} columns: expected a time column, one more column "
                "and at least one row."
            )
        cells = dict(zip(header, zip(*rows, strict=True), strict=True))
        if self._time is None:
            self._time = _time_column(cells, self._path)
        elif self._time not in cells:
            raise RecordingError(f"{self._path} has no column {self._time!r} for the time: it has {', '.join(header)}.")
        stamps = self._stamps(cells.pop(self._time))
        known = np.flatnonzero(stamps >= 0)
        if not len(known):
            raise RecordingError(
                f"{self._path} has no row whose time {self._time!r} is known: there is nothing to analyse."
            )
        order = known[np.argsort(stamps[known], kind="stable")]
        self._stamp = stamps[order]
        self.start, self.end = int(self._stamp[0]), int(self._stamp[-1])
        self._groups: dict[str, dict[str, _Column]] = {}
        self._texts: dict[str, list[str]] = {}
        for name, column in cells.items():
            group, leaf = _split(name)
            numbers = _numbers(column)
            if numbers is None:
                self._texts.setdefault(group, []).append(name)
                continue
            members = self._groups.setdefault(group, {})
            empty = np.array([cell in _EMPTY for cell in column])
            members[_unique(_identifier(leaf), members)] = _Column(numbers[order], empty[order])
        return self

    def __exit__(self, *exception: object) -> None:
        self._groups = {}

    @property
    def topics(self) -> Mapping[str, Topic]:
        """Groups of columns by name; the count is that of the rows."""
        return {name: Topic(name, TABLE_TYPE, len(self._stamp)) for name in self._groups}

    def fields(self, topic: str) -> tuple[list[Field], list[str]]:
        """Return the columns of a group, and sentences about those that are no numbers."""
        left_out = [f"column {name!r} holds text, not numbers" for name in self._texts.get(topic, [])]
        return [Field(path, 0) for path in self._groups[topic]], left_out

    def samples(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Sample]:
        """Read the rows from ``start`` to before ``stop``, in the order of time."""
        first, last = np.searchsorted(self._stamp, (start, stop))
        return self._rows(modalities, range(first, last))

    def glimpse(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Sample]:
        """Read some rows from all over that time."""
        first, last = np.searchsorted(self._stamp, (start, stop))
        return self._rows(modalities, range(first, last, max(1, (last - first) // _GLIMPSE_ROWS)))

    def _rows(self, modalities: Sequence[Modality], rows: range) -> Iterator[Sample]:
        columns = [[self._values(modality, path)[rows] for path in modality.channels] for modality in modalities]
        for index, stamp in enumerate(self._stamp[rows].tolist()):
            for modality, values in zip(modalities, columns, strict=True):
                row = [column[index] for column in values]
                if any(value is not None for value in row):
                    yield Sample(modality.name, stamp, row, stamp)

    def _values(self, modality: Modality, path: str) -> np.ndarray:
        """One column in the order of time, objects: a float, or None for an empty cell."""
        members = self._groups[modality.topic]
        if path not in members:
            raise ConfigurationError(
                f"{self.label} has no column {path!r} in the group {modality.topic!r}: it has {', '.join(members)}."
            )
        values = members[path].numbers.astype(object)
        values[members[path].empty] = None
        return values

    def _stamps(self, cells: Sequence[str]) -> np.ndarray:
        """Stamps (rows,) int64 in nanoseconds; -1 where the time is not known."""
        numbers = _numbers(cells)
        if numbers is None:
            return _dates(cells, self._time or "", self._path)
        factor = self._nanoseconds_per_unit(numbers)
        good = (numbers >= 0) & (numbers * factor < 2.0**63)  # what a stamp can hold
        if factor == 1.0:  # beyond 2**53 a float no longer holds every nanosecond
            return np.array([_whole(cell) if ok else -1 for cell, ok in zip(cells, good, strict=True)], dtype=np.int64)
        return np.where(good, np.round(np.where(good, numbers, 0.0) * factor), -1).astype(np.int64)

    def _nanoseconds_per_unit(self, raw: np.ndarray) -> float:
        if self._unit != "auto":
            return TIME_UNITS[self._unit]
        largest = float(np.max(raw, initial=0.0, where=np.isfinite(raw)))
        # Counted from 1970, today is 1.8e9 s; a unit that is a thousand times smaller makes a number so much larger.
        for unit, least in (("ns", 1e17), ("us", 1e14), ("ms", 1e11)):
            if largest > least:
                return TIME_UNITS[unit]
        return float(NANOSECONDS)


@dataclass(frozen=True, eq=False)
class _Column:
    numbers: np.ndarray
    empty: np.ndarray


def _open(path: Path) -> IO[str]:
    opener = _OPENERS.get(path.suffix, open)
    return opener(path, "rt", encoding="utf-8-sig", newline="")


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table, all cells without the blanks around them."""
    try:
        with _open(path) as file:
            first = file.readline()
            if not first.strip():
                raise RecordingError(f"{path} is empty: expected a header line and rows of numbers.")
            file.seek(0)
            reader = csv.reader(file, delimiter=max(_DELIMITERS, key=first.count), skipinitialspace=True)
            header, *rows = ([cell.strip() for cell in row] for row in reader if row)
    except FileNotFoundError as error:
        raise RecordingError(f"{path} is not there: expected a CSV file.") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, lzma.LZMAError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise RecordingError(f"{path} is not a readable table ({reason}): expected CSV with a header line.") from error
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise RecordingError(f"{path} has two columns named {twice!r}: rename one.")
    short = next((number for number, row in enumerate(rows) if len(row) != len(header)), None)
    if short is not None:
        raise RecordingError(
            f"row {short + 1} of {path} has {len(rows[short])} cells, but the header has {len(header)}: the file may "
            "be truncated; mend or remove the row."
        )
    return header, rows


def _numbers(cells: Sequence[str]) -> np.ndarray | None:
    """Cells as floats (rows,), NaN where empty; None for a column that holds text."""
    texts = ["nan" if cell in _EMPTY else _BOOLEANS.get(cell, cell) for cell in cells]
    try:
        return np.array(texts).astype(float)
    except ValueError:
        return None


def _whole(cell: str) -> int:
    return int(cell) if cell.isdecimal() else int(float(cell))


def _dates(cells: Sequence[str], column: str, path: Path) -> np.ndarray:
    """Stamps (rows,) int64 of ISO dates; without a time zone they are taken for UTC."""
    stamps = np.full(len(cells), -1, dtype=np.int64)
    for row, cell in enumerate(cells):
        if cell in _EMPTY:
            continue
        try:
            date = datetime.fromisoformat(cell.replace("Z", "+00:00"))
        except ValueError as error:
            raise RecordingError(
                f"column {column!r} of {path} holds {cell!r}: expected seconds or dates such as 2024-05-01 12:00:00.5; "
                "name another column with --time."
            ) from error
        date = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
        stamps[row] = round(date.timestamp() * 1e6) * 1000
    return stamps


def _time_column(cells: Mapping[str, Sequence[str]], path: Path) -> str:
    for name in cells:
        if name.lower() in TIME_NAMES:
            return name
    first = next(iter(cells))
    numbers = _numbers(cells[first])
    steps = np.array([math.nan]) if numbers is None else np.diff(numbers)
    if (steps >= 0).all() and steps.any():
        return first
    raise RecordingError(f"{path} has no column that looks like time: name one with --time; it has {', '.join(cells)}.")


def _split(name: str) -> tuple[str, str]:
    """Group and rest of a column's name."""
    position = max(name.rfind("/"), name.rfind("."))
    return (name[:position], name[position + 1 :]) if position > 0 else (TABLE_TYPE, name)


def _identifier(text: str) -> str:
    """Make a field name of whatever heads a column."""
    name = re.sub(r"\W+", "_", text).strip("_")
    return name if name and not name[0].isdigit() else f"column_{name}".rstrip("_")


def _unique(name: str, taken: Container[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
