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

TIME_NAMES = ("time", "timestamp", "__time", "stamp", "t", "secs", "seconds", "sec")
"""Usual names of a time column, which a unit may follow: ``time_ms``, ``time [ms]``, ``timestampNs``."""

TIME_UNITS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}

TABLE_TYPE = "table"
_EMPTY = ("", "NA", "N/A", "null", "NULL", "None", "-")
_BOOLEANS = {"true": "1", "false": "0", "True": "1", "False": "0", "TRUE": "1", "FALSE": "0"}
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DELIMITERS = ",;\t|"
_GLIMPSE_ROWS = 1000
_UNIT_WORDS = {
    "s": r"s|secs?|seconds?",
    "ms": r"ms|msecs?|millis|millisecs?|milliseconds?",
    "us": r"[uµμ]s|[uµμ]secs?|micros|microsecs?|microseconds?",
    "ns": r"ns|nsecs?|nanos|nanosecs?|nanoseconds?",
}
# A unit stands behind something that parts it from the name, or begins with a capital: "times" holds none.
_UNIT = {
    unit: re.compile(rf"(?:^|[\s_.,/\[({{-]+|(?<=[a-z])(?=[A-Z]))(?i:{words})\s*[\])}}]?$")
    for unit, words in _UNIT_WORDS.items()
}
_DECIMAL_COMMA = re.compile(r"([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)")

_LAST_SECOND = 2**31 - 1  # of a ROS stamp
_FARTHEST = 9.2e18  # nanoseconds: what 64 bits hold, with room to move it
_UNKNOWN, _BEYOND = np.iinfo(np.int64).min, np.iinfo(np.int64).min + 1  # in place of stamps


class Table:
    """A CSV file with a time column.

    An empty cell means that the row says nothing about its column; ``nan`` means that the value is not known. Times
    that a ROS stamp cannot hold, such as those before zero, are moved by whole seconds, all by the same.

    Parameters
    ----------
    path : Path
        ``.csv``, or compressed as ``.csv.gz``, ``.csv.bz2`` or ``.csv.xz``.
    time : str, optional
        Name of the time column; without it, a column with a usual name such as ``time`` or ``timestamp``, else the
        first one if it never decreases.
    unit : str
        Of the time column: "s", "ms", "us", "ns", or "auto", which asks the column's name, else judges by size.

    Raises
    ------
    RecordingError
        On entering: a file that is not there, is empty, is no table of numbers, or has no time column.
    """

    kind = "table"

    def __init__(self, path: Path, time: str | None = None, unit: str = "auto") -> None:
        self.label = path.name
        self.unstamped: set[str] = set()
        self.notices: list[str] = []
        self._path = path
        self._time = time
        self._unit = unit

    def __enter__(self) -> "Table":
        self.notices = []
        header, rows = _read(self._path, self.notices)
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
        known = np.flatnonzero(stamps > _BEYOND)
        if not len(known):
            raise RecordingError(
                f"{self._path} has no row whose time {self._time!r} is known and within 292 years of zero: name "
                "another column with --time, or its unit with --time-unit."
            )
        self._tell_left_out(stamps)
        order = known[np.argsort(stamps[known], kind="stable")]
        self._stamp = self._as_ros_stamps(stamps[order])
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
        if not self._groups:
            name, column = next(iter(cells.items()))
            text = next(cell for cell in column if _numbers([cell]) is None)
            raise RecordingError(
                f"{self._path} has no column of numbers beside its time {self._time!r}: {name!r} holds {text!r}; "
                "expected numbers such as -0.5 in at least one column."
            )
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
        """Stamps (rows,) int64 in nanoseconds; `_UNKNOWN` or `_BEYOND` where there is none."""
        assert self._time is not None
        numbers = _numbers(cells)
        if numbers is None:
            return _dates(cells, self._time, self._path)
        factor = TIME_UNITS[self._unit_of(numbers)]
        good = np.abs(numbers) < _FARTHEST / factor
        stamps = np.where(np.isnan(numbers), _UNKNOWN, _BEYOND)
        if factor == 1.0:  # beyond 2**53 a float no longer holds every nanosecond
            stamps[good] = [_whole(cells[row]) for row in np.flatnonzero(good).tolist()]
        else:
            stamps[good] = np.round(numbers[good] * factor).astype(np.int64)
        return stamps

    def _unit_of(self, times: np.ndarray) -> str:
        """Take the unit of the time column as it was given, from its name, or from its size; tell if not given."""
        assert self._time is not None
        if self._unit != "auto":
            return self._unit
        named = _named_unit(self._time)
        unit = named or _likely_unit(times)
        source = "as its name says" if named else "judging by its size"
        self.notices.append(f"time is column {self._time!r}, in {unit} {source}; --time and --time-unit change that.")
        return unit

    def _tell_left_out(self, stamps: np.ndarray) -> None:
        for mark, reason in ((_UNKNOWN, "empty or not known"), (_BEYOND, "more than 292 years from zero")):
            if count := np.count_nonzero(stamps == mark):
                self.notices.append(
                    f"{count} of {len(stamps)} rows are left out: their time {self._time!r} is {reason}."
                )

    def _as_ros_stamps(self, stamps: np.ndarray) -> np.ndarray:
        """Move stamps (rows,), in the order of time, to where results can hold them; tell by how much."""
        first, last = (int(stamp) // NANOSECONDS for stamp in (stamps[0], stamps[-1]))
        if first >= 0 and last <= _LAST_SECOND:
            return stamps
        if last - first > _LAST_SECOND:
            raise RecordingError(
                f"the times {self._time!r} of {self._path} reach from {first} s to {last} s: expected less than "
                "68 years; name their unit with --time-unit, or remove the rows that stand apart."
            )
        self.notices.append(
            f"times begin at {stamps[0] / NANOSECONDS:.10g} s, and ROS stamps reach from 0 to {_LAST_SECOND} s: the "
            f"results give all times {'plus' if first < 0 else 'minus'} {abs(first)} s."
        )
        return stamps - first * NANOSECONDS


@dataclass(frozen=True, eq=False)
class _Column:
    numbers: np.ndarray
    empty: np.ndarray


def _open(path: Path) -> IO[str]:
    opener = _OPENERS.get(path.suffix, open)
    return opener(path, "rt", encoding="utf-8-sig", newline="")


def _read(path: Path, notices: list[str]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table, all cells without the blanks around them and with decimal points."""
    try:
        with _open(path) as file:
            first = file.readline()
            if not first.strip():
                raise RecordingError(f"{path} is empty: expected a header line and rows of numbers.")
            file.seek(0)
            delimiter = max(_DELIMITERS, key=first.count)
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
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
    if delimiter != "," and any(_DECIMAL_COMMA.fullmatch(cell) for row in rows for cell in row if "," in cell):
        rows = [[_with_point(cell) if "," in cell else cell for cell in row] for row in rows]
        notices.append("commas within numbers are read as decimal points: 1,234 is a little more than one.")
    return header, rows


def _with_point(cell: str) -> str:
    number = _DECIMAL_COMMA.fullmatch(cell)
    return f"{number[1]}.{number[2]}" if number else cell


def _numbers(cells: Sequence[str]) -> np.ndarray | None:
    """Cells as floats (rows,), NaN where empty; None for a column that holds text."""
    texts = ["nan" if cell in _EMPTY else _BOOLEANS.get(cell, cell) for cell in cells]
    try:
        return np.array(texts).astype(float)
    except ValueError:
        return None


def _whole(cell: str) -> int:
    return int(cell) if cell.removeprefix("-").isdecimal() else round(float(cell))


def _named_unit(name: str) -> str | None:
    return next((unit for unit, pattern in _UNIT.items() if pattern.search(name)), None)


def _likely_unit(times: np.ndarray) -> str:
    largest = float(np.max(np.abs(times), initial=0.0, where=np.isfinite(times)))
    # Counted from 1970, today is 1.8e9 s; a unit that is a thousand times smaller makes a number so much larger.
    return next((unit for unit, least in (("ns", 1e17), ("us", 1e14), ("ms", 1e11)) if largest > least), "s")


def _dates(cells: Sequence[str], column: str, path: Path) -> np.ndarray:
    """Stamps (rows,) int64 of ISO dates; without a time zone they are taken for UTC."""
    stamps = np.full(len(cells), _UNKNOWN, dtype=np.int64)
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
        nanoseconds = round(date.timestamp() * 1e6) * 1000
        stamps[row] = nanoseconds if abs(nanoseconds) < _FARTHEST else _BEYOND
    return stamps


def _time_column(cells: Mapping[str, Sequence[str]], path: Path) -> str:
    for name in cells:
        unit = _named_unit(name) if _split(name)[0] == TABLE_TYPE else None  # stamp.nanosec alone is no time
        if {name.lower(), _UNIT[unit].sub("", name).lower() if unit else ""} & {*TIME_NAMES}:
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
