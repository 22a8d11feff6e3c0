"""Read the time of a table from its columns: dates, times of day, or numbers whose unit is not known yet."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.date_forms import ahead_of_utc, zone_in
from infonet_ros.intake.tables.cells.dates import BEYOND, Dates, past_midnight
from infonet_ros.intake.tables.cells.time_units import DAY, UNITS, is_unit, named_unit, origin_in, unit_of_program
from infonet_ros.intake.tables.sheet import Sheet, is_number, is_whole
from infonet_ros.intake.tables.times.calendars import shared_prefix, stamps_of_columns
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.intake.tables.times.column_stamps import below_a_second, dates_of, day_times_of, scaled
from infonet_ros.text import NANOSECONDS, shorten

_LEAST_FRACTION = NANOSECONDS // 10
_MINUTE = 60 * NANOSECONDS
_MINUTES_AND_SECONDS = re.compile(r"(?i)\bm{1,2}:s{1,2}\b|\bmin\w*\s*:\s*s")


def read_clock(sheet: Sheet, path: Path, names: tuple[str, ...]) -> Clock:
    """Read the columns of a time. Raises RecordingError if they do not hold times."""
    clock = Clock(names)
    if (stamps := stamps_of_columns(sheet, names)) is not None:
        clock.stamps = stamps
        form = f"columns {clock.label} together" if len(names) > 1 else f"column {clock.label}, in years"
        clock.notes = [f"time is {form}; --time changes that"]
    elif len(names) == 2:
        _read_two(clock, sheet)
    else:
        _read_one(clock, sheet, path)
    clock.fraction = _fraction_beside(sheet, names)
    return clock


def _read_one(clock: Clock, sheet: Sheet, path: Path) -> None:
    (name,) = clock.names
    column = sheet.columns.get(name)
    if column is None:
        raise _no_time(path, name, sheet.texts[name])
    if (dates := dates_of(column, sheet.style.decimal == ",")) is not None:
        clock.stamps, clock.notes = dates.stamps, _on_dates(name, dates)
        _move_to_utc(clock, dates)
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
        clock.hertz = sheet.rate and sheet.rate.hertz
    else:
        raise _no_time(path, name, next((cell for cell in column.to_pylist() if cell is not None), ""))


def _read_two_numbers(clock: Clock, title: str) -> None:
    """Read times of two numbers as minutes and seconds if their title says so; a note tells what they are else."""
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
    if dates is not None:
        _move_to_utc(clock, dates)


def _move_to_utc(clock: Clock, dates: Dates) -> None:
    """Move stamps to UTC if the name of a column gives the zone of its dates, and the dates do not."""
    zone = next(filter(None, map(zone_in, clock.names)), "")
    if not zone or dates.with_zone:
        return
    ahead = int(ahead_of_utc(pa.array([zone]))[0])
    if ahead:
        clock.stamps = np.where(clock.stamps > BEYOND, clock.stamps - ahead, clock.stamps)
        clock.notes.append(f"the dates of column {clock.label} are in the zone {zone} of its name")


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


def _fraction_beside(sheet: Sheet, names: tuple[str, ...]) -> tuple[str, np.ndarray] | None:
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
