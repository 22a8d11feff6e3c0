"""Tables with a time column (CSV, also gzipped): each group of columns is read as if it were a topic.

Columns that share what stands before the last ``/`` or ``.`` of their names are one group, as in the exports of
PlotJuggler; the rest are the group ``table``.
"""

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.offline.recording import NANOSECONDS, Field, Sample, Topic
from infonet_ros.streams.settings import Modality

TIME_NAMES = ("time", "timestamp", "__time", "stamp", "t", "secs", "seconds", "sec", "time_s", "time [s]", "time (s)")
TIME_UNITS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}

TABLE_TYPE = "table"
_UNKNOWN = ["", "NA", "N/A", "null", "NULL", "None", "-"]
_DELIMITERS = ",;\t|"
_GLIMPSE_ROWS = 1000


class Table:
    """A CSV file with a time column.

    An empty cell means that the row says nothing about its column; ``nan`` means that the value is not known.

    Parameters
    ----------
    path : Path
        ``.csv``, or ``.csv.gz`` and other compressions that pyarrow knows by their suffix.
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
        table = _read(self._path)
        if not table.num_rows or table.num_columns < 2:
            raise RecordingError(
                f"{self._path} has {table.num_rows} rows and {table.num_columns} columns: expected a time column, one more "
                "column and at least one row."
            )
        stamps = self._stamps(table)
        kept = np.flatnonzero(stamps >= 0)
        order = kept[np.argsort(stamps[kept], kind="stable")]
        self._stamp = stamps[order]
        self.out_of_order = int((np.diff(stamps[kept]) < 0).sum())
        self._columns = {name: table.column(name) for name in table.column_names if name != self._time}
        self._order = order
        if not len(order):
            raise RecordingError(f"{self._path} has no row whose time {self._time!r} is known: there is nothing to analyse.")
        self.start, self.end = int(self._stamp[0]), int(self._stamp[-1])
        return self

    def __exit__(self, *exception: object) -> None:
        self._columns = {}

    @cached_property
    def _groups(self) -> dict[str, dict[str, str]]:
        """Columns of numbers by group and path."""
        groups: dict[str, dict[str, str]] = {}
        for name, column in self._columns.items():
            if _is_number(column.type):
                prefix, _, leaf = _split(name)
                members = groups.setdefault(prefix, {})
                members[_unique(_identifier(leaf), members)] = name
        return groups

    @property
    def topics(self) -> Mapping[str, Topic]:
        """Groups of columns by name; the count is that of the rows."""
        return {name: Topic(name, TABLE_TYPE, len(self._stamp)) for name in self._groups}

    def fields(self, topic: str) -> tuple[list[Field], list[str]]:
        """Return the columns of a group, and sentences about those that are no numbers."""
        left_out = [
            f"column {name!r} holds {column.type}, not numbers"
            for name, column in self._columns.items()
            if not _is_number(column.type) and _split(name)[0] == topic
        ]
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
        column = self._columns[members[path]]
        values = np.asarray(pc.fill_null(column.cast(pa.float64()), math.nan), dtype=float).astype(object)
        values[np.asarray(column.is_null())] = None
        return values[self._order]

    def _stamps(self, table: pa.Table) -> np.ndarray:
        """Stamps (rows,) int64 in nanoseconds; -1 where the time is not known."""
        if self._time is None:
            self._time = _time_column(table, self._path)
        elif self._time not in table.column_names:
            raise RecordingError(
                f"{self._path} has no column {self._time!r} for the time: it has {', '.join(table.column_names)}."
            )
        column = table.column(self._time)
        if pa.types.is_timestamp(column.type):
            stamps = pc.fill_null(column.cast(pa.timestamp("ns")).cast(pa.int64()), -1)
            return np.asarray(stamps)
        if not _is_number(column.type):
            raise RecordingError(
                f"column {self._time!r} of {self._path} holds {column.type}: expected seconds, or dates such as "
                "2024-05-01 12:00:00.5; name another column with --time."
            )
        if pa.types.is_integer(column.type):
            raw = np.asarray(pc.fill_null(column, -1)).astype(np.int64)
            return np.where(raw < 0, -1, raw * round(self._nanoseconds_per_unit(raw)))
        raw = np.asarray(pc.fill_null(column, math.nan), dtype=float)
        good = np.isfinite(raw) & (raw >= 0)
        return np.where(good, np.round(np.where(good, raw, 0.0) * self._nanoseconds_per_unit(raw)), -1).astype(np.int64)

    def _nanoseconds_per_unit(self, raw: np.ndarray) -> float:
        if self._unit != "auto":
            return TIME_UNITS[self._unit]
        largest = float(np.nanmax(raw))
        # Counted from 1970, today is 1.8e9 s; a unit that is a thousand times smaller makes a number so much larger.
        for unit, least in (("ns", 1e17), ("us", 1e14), ("ms", 1e11)):
            if largest > least:
                return TIME_UNITS[unit]
        return float(NANOSECONDS)


def _read(path: Path) -> pa.Table:
    if not path.exists():
        raise RecordingError(f"{path} is not there: expected a CSV file.")
    try:
        with pa.input_stream(path) as stream:
            head = stream.read(65536).decode("utf-8", errors="replace")
        if not head.strip():
            raise RecordingError(f"{path} is empty: expected a header line and rows of numbers.")
        first = head.splitlines()[0]
        delimiter = max(_DELIMITERS, key=first.count)
        table = pa_csv.read_csv(
            path,
            parse_options=pa_csv.ParseOptions(delimiter=delimiter),
            convert_options=pa_csv.ConvertOptions(null_values=_UNKNOWN),
        )
    except (OSError, pa.ArrowInvalid, csv.Error) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise RecordingError(f"{path} is not a readable table ({reason}): expected CSV with a header line.") from error
    if len(set(table.column_names)) < len(table.column_names):
        twice = next(name for name in table.column_names if table.column_names.count(name) > 1)
        raise RecordingError(f"{path} has two columns named {twice!r}: rename one.")
    return table


def _time_column(table: pa.Table, path: Path) -> str:
    for name in table.column_names:
        if name.strip().lower() in TIME_NAMES:
            return name
    first = table.column_names[0]
    if pa.types.is_timestamp(table.column(0).type):
        return first
    if _is_number(table.column(0).type):
        steps = np.diff(np.asarray(table.column(0).cast(pa.float64()), dtype=float))
        if (steps >= 0).all() and steps.any():
            return first
    raise RecordingError(
        f"{path} has no column that looks like time: name one with --time; it has {', '.join(table.column_names)}."
    )


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def _split(name: str) -> tuple[str, str, str]:
    """Group, separator and rest of a column's name."""
    position = max(name.rstrip("/.").rfind("/"), name.rfind("."))
    return (name[:position], name[position], name[position + 1 :]) if position > 0 else (TABLE_TYPE, "", name)


def _identifier(text: str) -> str:
    """Make a field name of whatever heads a column."""
    name = re.sub(r"\W+", "_", text).strip("_")
    return name if name and not name[0].isdigit() else f"column_{name}".rstrip("_")


def _unique(name: str, taken: Mapping[str, str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
