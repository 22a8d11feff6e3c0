"""The time of a table: its columns, read as dates, times of day, or numbers whose unit is not known yet."""

import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.dates import (
    BEYOND,
    FARTHEST,
    UNKNOWN,
    Dates,
    past_midnight,
    stamps_of_dates,
    times_of_day,
    times_of_digits,
    times_within_dates,
)
from infonet_ros.intake.tables.cells.numbers import trimmed
from infonet_ros.intake.tables.cells.time_units import DAY, UNITS, is_unit, named_unit, origin_in, unit_of_program
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number, is_whole
from infonet_ros.intake.tables.times.split_times import shared_prefix, stamps_of_columns
from infonet_ros.text import NANOSECONDS, shorten

_LEAST_FRACTION = NANOSECONDS // 10
_MINUTE = 60 * NANOSECONDS
_MINUTES_AND_SECONDS = re.compile(r"(?i)\bm{1,2}:s{1,2}\b|\bmin\w*\s*:\s*s")
_FALLING = 0.9  # of the steps: then the rows begin with the newest


@dataclass
class Clock:
    """The time of a sheet."""

    names: tuple[str, ...]  # its columns
    stamps: np.ndarray | None = None
    """(rows,) int64, or None: nanoseconds, `UNKNOWN` or `BEYOND` without a time; None as long as the unit of
    ``numbers`` is not known."""
    numbers: Any = None  # times in a unit that is not known yet
    unit: str | None = None  # given if the file names it
    origin: str = ""  # the date from which numbers count, if the file names it
    fraction: tuple[str, np.ndarray] | None = None
    """(str, (rows,) int64): a column that counts the parts of a second, and its nanoseconds: for stamps that are whole
    seconds."""
    notes: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The names of the columns, in words."""
        return " and ".join(map(repr, self.names))

    @cached_property
    def middle(self) -> float:
        """Median distance from zero, which one wrong time does not change; 0 if no time is known."""
        times = np.abs(as_floats(self.numbers))
        return float(np.median(times[np.isfinite(times)])) if np.isfinite(times).any() else 0.0

    @cached_property
    def step(self) -> float:
        """Median step between times, in the unit of the numbers; NaN if they do not vary."""
        times = pc.drop_null(self.numbers).to_numpy()  # whole numbers as such: 2**60 + 1 is no float
        steps = np.diff(np.sort(times[np.isfinite(times)]))
        return float(np.median(steps[steps > 0])) if (steps > 0).any() else float("nan")

    @property
    def step_of_rows(self) -> float:
        """Mean step from row to row where times stand in several rows, because they lost their last digits."""
        times = self.numbers.drop_null()
        return self.step * pc.count_distinct(times).as_py() / max(1, len(times))

    @property
    def varies(self) -> bool:
        """Whether more than one time is known, or there is only one row."""
        if self.stamps is None:
            return bool(np.isfinite(self.step)) or len(self.numbers) - self.numbers.null_count == 1
        known = self.stamps[self.stamps > BEYOND]
        return len(known) == 1 or bool(len(known) and known.min() < known.max())

    def known_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the known times (K,), as stamps or in their own unit, and their rows (K,)."""
        if self.stamps is not None:
            rows = np.flatnonzero(self.stamps > BEYOND)
            return self.stamps[rows], rows
        there = pc.is_finite(self.numbers).fill_null(False)
        return self.numbers.filter(there).to_numpy(), np.flatnonzero(there.to_numpy())

    @property
    def falls(self) -> bool:
        """Whether nearly all times are earlier than the one of the row before."""
        steps = np.diff(self.known_times()[0])
        return bool(np.count_nonzero(steps < 0) > _FALLING * np.count_nonzero(steps))

    def of_rows(self, rows: np.ndarray | slice) -> "Clock":
        """Return the time of some rows, given by their numbers or a slice."""
        numbers = self.numbers
        if numbers is not None:
            numbers = numbers[rows] if isinstance(rows, slice) else numbers.take(pa.array(rows))
        return Clock(
            self.names,
            None if self.stamps is None else self.stamps[rows],
            numbers,
            self.unit,
            self.origin,
            self.fraction and (self.fraction[0], self.fraction[1][rows]),
            list(self.notes),
        )


def read_clock(sheet: Sheet, path: Path, names: tuple[str, ...]) -> Clock:
    """Read the columns of a time. Raises RecordingError if they do not hold times."""
    clock = Clock(names)
    if (stamps := stamps_of_columns(sheet, names)) is not None:
        clock.stamps = stamps
        clock.notes = [f"time is columns {clock.label} together; --time changes that"]
    elif len(names) == 2:
        _read_two(clock, sheet)
    else:
        _read_one(clock, sheet, path)
    clock.fraction = fraction_beside(sheet, names)
    return clock


def _read_one(clock: Clock, sheet: Sheet, path: Path) -> None:
    (name,) = clock.names
    column = sheet.columns.get(name)
    if column is None:
        raise _no_time(path, name, sheet.texts[name])
    if (dates := dates_of(column, sheet.style.decimal == ",")) is not None:
        clock.stamps, clock.notes = dates.stamps, _on_dates(name, dates)
    elif (times := day_times_of(column)) is not None:
        clock.stamps = times
        if is_number(column):
            clock.notes = [f"time is column {name!r}, hours, minutes and seconds as in 235959.9; --time changes that"]
        elif not (times[times > BEYOND] % _MINUTE).any():
            _read_two_numbers(clock, f"{name} {sheet.units.get(name, '')}")
    elif is_number(column):
        clock.numbers = column
        unit = sheet.units.get(name, "")
        clock.unit = named_unit(name) or named_unit(unit) or unit_of_program(sheet.columns, name)
        clock.origin = origin_in(name) or origin_in(unit)
    else:
        raise _no_time(path, name, next((cell for cell in column.to_pylist() if cell is not None), ""))


def _read_two_numbers(clock: Clock, title: str) -> None:
    """Read times of two numbers as minutes and seconds if their title says so; a note tells what they are else."""
    assert clock.stamps is not None
    known = clock.stamps > BEYOND
    if _MINUTES_AND_SECONDS.search(title):
        clock.stamps = np.where(known, clock.stamps // 60, clock.stamps)
    else:
        clock.notes = [
            f"time is column {clock.label}, in hours and minutes; minutes and seconds need a name with (mm:ss)"
        ]


def _no_time(path: Path, name: str, cell: str) -> RecordingError:
    return RecordingError(
        f"column {name!r} of {path} holds {shorten(str(cell), 40)!r}: expected seconds or dates such as "
        "2024-05-01 12:00:00.5; name another column with --time."
    )


def no_known_time(path: Path, clock: Clock) -> RecordingError:
    """Return the error for a clock without two different times."""
    remedy = "name another column with --time, or its unit with --time-unit"
    numbers = [] if clock.numbers is None else pc.unique(pc.drop_null(clock.numbers)).to_pylist()
    if len(numbers) == 1 and math.isfinite(numbers[0]):
        return RecordingError(
            f"in {path} all times {clock.label} are {numbers[0]:.12g}: expected times that grow; if they lost their "
            f"last digits when they were written, write them again with all digits, else {remedy}."
        )
    return RecordingError(
        f"{path} has no row whose time {clock.label} is known and within 292 years of zero, or all rows have the same "
        f"time: {remedy}."
    )


def _read_two(clock: Clock, sheet: Sheet) -> None:
    """Read seconds with their fractions, or dates with times of day."""
    clock.notes = [f"time is columns {clock.label} together; --time changes that"]
    first, second = (sheet.columns[name] for name in clock.names)
    dates = dates_of(first, sheet.style.decimal == ",")
    times = None if dates is None else day_times_of(second, dates.stamps)
    if dates is None or times is None:
        named = named_unit(clock.names[1]) or "ns"
        unit = _unit_below(first, second, named)
        if unit != named:
            clock.notes.append(f"column {clock.names[1]!r} holds {unit}, not {named}, judging by its numbers")
        whole, below = scaled(first, UNITS["s"]), scaled(second, UNITS[unit])
    else:
        whole, below = dates.stamps, times
        clock.notes += _on_dates(clock.names[0], dates)
    known = (whole > BEYOND) & (below > BEYOND)
    if times is not None:  # a single date is the date at which the recording began
        one_date = len(np.unique(whole[known])) == 1
        below = past_midnight(below, known) if one_date else _within_days(whole, below)
    clock.stamps = np.where(known, whole + np.where(known, below, 0), np.minimum(whole, below))


def _within_days(dates: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return times of day (rows,); 0:00 behind a later time of the same date is its end, as meters write it."""
    behind = np.concatenate([[False], (dates[1:] == dates[:-1]) & (times[:-1] > DAY // 2)])
    return np.where((times == 0) & behind, DAY, np.where(times > DAY, times % DAY, times))


def _unit_below(seconds: pa.ChunkedArray, below: pa.ChunkedArray, named: str) -> str:
    """Return the unit of the fractions of seconds: fields for nanoseconds may hold milliseconds or microseconds.

    They do if several rows share a second, and all of them were at its start in the unit of the name.
    """
    if 2 * pc.count_distinct(seconds).as_py() > len(seconds):
        return named
    most = pc.max(below).as_py() or 0
    coarser = (unit for unit in ("ms", "us") if UNITS[unit] >= UNITS[named] and 0 < most * UNITS[unit] < NANOSECONDS)
    return next(coarser, named)


def _on_dates(name: str, dates: Dates) -> list[str]:
    return [f"the dates of column {name!r} {remark}" for remark in dates.remarks]


def dates_of(column: pa.ChunkedArray, day_first: bool = False) -> Dates | None:
    """Read a column as dates; None if it holds anything else. See `stamps_of_dates`."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Dates(_stamps_of_type(column), with_clock=pa.types.is_timestamp(kind))
    if pa.types.is_integer(kind):
        least, most = (pc.min_max(column)[edge].as_py() for edge in ("min", "max"))
        # 20240501, and behind it the hour, also minutes, seconds and milliseconds
        spans = ((19_700_101 * 10**n, 21_001_232 * 10**n) for n in (0, 2, 4, 6, 9))
        if least is None or not any(low <= least and most < high for low, high in spans):
            return None
        dates = stamps_of_dates(pc.cast(column, pa.string()))
        return dates if dates and (dates.stamps > BEYOND).all() else None
    return stamps_of_dates(trimmed(column), day_first) if pa.types.is_string(kind) else None


def day_times_of(column: pa.ChunkedArray, dates: np.ndarray | None = None) -> np.ndarray | None:
    """Read a column as times of day or lengths of time, nanoseconds (rows,); None if it holds anything else.

    ``dates`` (rows,) are the stamps of dates without times that stand beside it.
    """
    beside_dates = dates is not None
    kind = column.type
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return _stamps_of_type(column)
    if is_number(column):
        numbers = as_floats(column)
        if dates is not None and (times := times_within_dates(numbers, dates)) is not None:
            return times
        return times_of_digits(numbers, beside_dates)
    return times_of_day(trimmed(column), beside_dates) if pa.types.is_string(kind) else None


def _stamps_of_type(column: pa.ChunkedArray) -> np.ndarray:
    """Return the stamps (rows,) of a column of a type for times; `BEYOND` for times that 64 bits do not hold."""
    kind = column.type
    unit = "ms" if pa.types.is_date64(kind) else getattr(kind, "unit", None)
    counts = pc.cast(column, pa.int32() if kind.bit_width == 32 else pa.int64())
    return scaled(pc.cast(counts, pa.int64()), UNITS[unit] if unit else DAY)


def scaled(numbers: pa.ChunkedArray, factor: float) -> np.ndarray:
    """Return stamps (rows,) int64 of times in a unit of ``factor`` nanoseconds."""
    times = as_floats(numbers)
    good = np.abs(times) < FARTHEST / factor
    stamps = np.where(np.isnan(times), UNKNOWN, BEYOND)
    if pa.types.is_integer(numbers.type):  # beyond 2**53 a float no longer holds every nanosecond
        whole = pc.fill_null(numbers, 0).to_numpy().astype(np.int64)
        stamps[good] = whole[good] * round(factor)
    else:
        stamps[good] = np.round(times[good] * factor).astype(np.int64)
    return stamps


def fraction_beside(sheet: Sheet, names: tuple[str, ...]) -> tuple[str, np.ndarray] | None:
    """Return a column whose name is a unit below a second, such as ``millis``, and its numbers in nanoseconds."""
    prefix = shared_prefix(names)
    for name, column in sheet.columns.items():
        unit = named_unit(name)
        alone = unit in ("ns", "us", "ms") and is_unit(name.removeprefix(prefix)) and name not in names
        if unit and alone and is_whole(column) and below_a_second(column, unit):
            below = scaled(column, UNITS[unit])
            if below.max() >= _LEAST_FRACTION:  # else it is something else, such as a percentage called "us"
                return name, below
    return None


def below_a_second(column: pa.ChunkedArray, unit: str) -> bool:
    """Return whether numbers of a unit stay below one second."""
    limits = pc.min_max(column).as_py()
    return limits["min"] is not None and limits["min"] >= 0 and limits["max"] < NANOSECONDS / UNITS[unit]
