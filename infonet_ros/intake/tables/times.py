"""Finds the time columns of a table, by their names and their content."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.clock import Clock, below_a_second, dates_of, day_times_of, no_known_time, read_clock
from infonet_ros.intake.tables.layout import TIME_NAMES
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.tables.split_times import calendar_columns, week_columns
from infonet_ros.intake.tables.time_units import named_unit, without_unit
from infonet_ros.text import did_you_mean, listed

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TIME_WORDS = {
    *("time", "timestamp", "stamp", "date", "datetime", "elapsed", "clock", "utc", "tow"),
    *("zeit", "datum", "uhrzeit", "temps", "heure", "tiempo", "hora", "fecha", "tempo"),
}
_SECONDS = re.compile(r"(.*?)(secs?|seconds?|s)", re.IGNORECASE)


def find_clock(sheet: Sheet, path: Path, wanted: str | None) -> Clock:
    """Find the time of a sheet, by the name that is wanted, else by usual names and by what columns hold.

    Raises
    ------
    RecordingError
        No column is wanted or looks like time, or the one that is holds something else.
    """
    every = [*sheet.columns, *sheet.texts]
    if wanted is not None and wanted not in every:
        hint = did_you_mean(wanted, every)
        raise RecordingError(f"{path} has no column {wanted!r} for the time{hint}: it has {listed(every)}.")
    named = _named(sheet) if wanted is None else _partners(sheet, wanted)
    unfit: list[RecordingError] = []
    for names in named:
        try:
            clock = read_clock(sheet, path, names)
        except RecordingError as error:
            unfit.append(error)
            continue
        if clock.varies or wanted is not None:
            return clock
        unfit.append(no_known_time(path, clock))
    if wanted is None and (found := _by_contents(sheet, path)):
        return found
    if unfit:
        raise unfit[0]
    raise RecordingError(
        f"{path} has no column that looks like time: name one with --time; it has {listed(every)}; "
        "expected one named time or timestamp, one with dates, or a first column that grows."
    )


def _named(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    """Go through the columns whose names say that they are time; what the sensor stamped before what a recorder did."""
    names = [*sheet.columns, *sheet.texts]
    halves = [(name, other) for name in names if (other := _fraction_of(sheet, name))]
    yield from sorted(halves, key=lambda pair: "stamp" not in pair[0].lower())
    yield from ((name,) for name in names if re.search(r"(?i)header\W*stamp$", name))
    words = {name: {word.lower() for word in _WORDS.findall(name)} for name in names}
    dates = [name for name in sheet.columns if words[name] & {"date", "datum", "fecha"}]
    yield from ((date, time) for date in dates if (time := _time_beside(sheet, date)))
    yield from calendar_columns(sheet)
    yield from week_columns(sheet)
    yield from ((name,) for name in names if is_named_time(name))


def is_named_time(name: str) -> bool:
    """Tell whether a column has a usual name of times, with or without a unit behind it."""
    bare = "" if re.search(r".[/.]", name) else without_unit(name)  # stamp.nanosec alone is no time
    return bool({name.lower(), bare.lower()} & TIME_NAMES)


def _partners(sheet: Sheet, name: str) -> Iterator[tuple[str, ...]]:
    """Join the column that was named with the one that holds the rest of its time, if there is one."""
    other = _fraction_of(sheet, name) or _time_beside(sheet, name)
    yield (name, other) if other else (name,)


def _by_contents(sheet: Sheet, path: Path) -> Clock | None:
    """Find a time by what columns hold: dates, or numbers that hardly ever fall, in a fitting or the first column."""
    first = next(iter(sheet.columns), None)
    for name, column in sheet.columns.items():
        if is_number(column):
            fitting = bool({word.lower() for word in _WORDS.findall(name)} & _TIME_WORDS)
            if not _grows(column, 0.9 if fitting else 1.0) or not (fitting or name == first):
                continue
        elif pa.types.is_string(column.type) and (other := _time_beside(sheet, name)):
            return read_clock(sheet, path, (name, other))
        try:
            clock = read_clock(sheet, path, (name,))
        except RecordingError:
            continue
        if clock.varies:
            return clock
    return None


def _grows(column: pa.ChunkedArray, share: float) -> bool:
    with np.errstate(invalid="ignore"):  # of infinite numbers
        steps = np.diff(as_floats(column))
    return bool(len(steps) and np.mean(steps >= 0) >= share and (steps > 0).any())


def _fraction_of(sheet: Sheet, name: str) -> str | None:
    """Return the column that holds what is below a second, for one of whole seconds: ``nanosec`` beside ``sec``."""
    match = _SECONDS.fullmatch(name)
    if not match or name not in sheet.columns or not pa.types.is_integer(sheet.columns[name].type):
        return None
    for other, column in sheet.columns.items():
        if other != name and other.startswith(match[1]) and pa.types.is_integer(column.type):
            unit = named_unit(other[len(match[1]) :])
            if unit in ("ns", "us", "ms") and below_a_second(column, unit):
                return other
    return None


def _time_beside(sheet: Sheet, date: str) -> str | None:
    """Return the column of times of day that goes with one of dates without a clock."""
    dates = dates_of(sheet.columns[date]) if date in sheet.columns else None
    if dates is None or dates.with_clock:
        return None
    names = list(sheet.columns)
    place = names.index(date)
    nearest = [*names[place + 1 :], *names[:place][::-1]]
    return next((name for name in nearest if day_times_of(sheet.columns[name]) is not None), None)
