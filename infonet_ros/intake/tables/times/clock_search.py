"""Find the time columns of a table, by their names and their content."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.names import NUMBERS_OF_RUNS, words_of
from infonet_ros.intake.tables.cells.time_units import is_named_time, is_unit, named_unit
from infonet_ros.intake.tables.sheet import Rate, Sheet, as_floats, is_number, is_whole
from infonet_ros.intake.tables.times.calendars import calendar_columns, week_columns
from infonet_ros.intake.tables.times.clock import Clock, no_known_time
from infonet_ros.intake.tables.times.clock_reading import read_clock
from infonet_ros.intake.tables.times.column_stamps import below_a_second, dates_of, day_times_of
from infonet_ros.intake.tables.times.units import unit_since_1970
from infonet_ros.text import did_you_mean, listed, shorten, unique_name

_TIME_WORDS = {
    *("time", "timestamp", "stamp", "date", "datetime", "elapsed", "clock", "utc", "tow"),
    *("zeit", "datum", "uhrzeit", "temps", "heure", "tiempo", "hora", "fecha", "tempo"),
}
_COUNTED = {"packet", "packets", "counter", "count", "frame", "sample", "seq", "sequence", "number", "record", "row"}
_OF_SENSOR = re.compile(r"(?i)(?:header[\W_]*stamp|source[\W_]*(?:time|timestamp))$")
_TICKS = re.compile(r"(?i)(?<![a-z])ticks?(?![a-z])")
_MOST_COLUMNS = 1000  # to look for dates in
_FEWEST_ROWS = 10  # that show a count
_FINE = 0.1  # different times for each row
_MOST = 0.9  # of the rows have a time, else another column may be the time of all rows
_LONGEST_SYMBOL = 3  # of a unit, letters
_SECONDS = re.compile(r"(.*?)(secs?|seconds?|s)", re.IGNORECASE)


def find_clock(sheet: Sheet, path: Path, wanted: str | None, rate: float | None) -> Clock:
    """Find the time of a sheet, by the ``wanted`` name, else by usual names and by the content of columns.

    If none holds times, the rate that the file gives, else this one, tells them. The rows of a sheet that begins with
    the newest are turned round, before clocks that wrap around are continued.
    Raises RecordingError if the wanted column does not exist or holds no times, or no column looks like time.
    """
    if sheet.rate is None and rate and not any(map(_TICKS.search, sheet.columns)):
        sheet.rate = Rate(rate, f"--rate {rate:g}")
    clock = _clock_of(sheet, path, wanted)
    if clock.falls:
        sheet.turn_round()
        clock = _clock_of(sheet, path, wanted)
        clock.notes.append("its rows begin with the newest: they are read from the last to the first")
    return clock


def _clock_of(sheet: Sheet, path: Path, wanted: str | None) -> Clock:
    every = sheet.names
    if wanted is not None and wanted not in every:
        hint = did_you_mean(wanted, every)
        raise RecordingError(f"{path} has no column {wanted!r} for the time{hint}: it has {listed(every)}.")
    named = _named(sheet) if wanted is None else _partners(sheet, wanted)
    unfit: list[RecordingError] = []
    partial: list[Clock] = []
    again: list[Clock] = []
    for names in named:
        try:
            clock = read_clock(sheet, path, names)
        except RecordingError as error:
            unfit.append(error)
            continue
        full = clock.varies and clock.rows_known >= _MOST * sheet.rows
        if wanted is not None or (full and not again and not clock.restarts) or (again and _goes_on(clock)):
            return clock
        if full:
            again.append(clock)
        elif clock.varies:
            partial.append(clock)
        else:
            unfit.append(no_known_time(path, clock))
    if again:
        other = _by_contents(sheet, path)
        return other if other and _goes_on(other) and any(map(_fits, other.names)) else again[0]
    if partial:  # such as the stamps of those messages that have a header
        other = _by_contents(sheet, path)
        if other and any(map(_fits, other.names)):
            partial.append(other)
        return max(partial, key=lambda clock: clock.rows_known)
    if wanted is None and (found := _by_contents(sheet, path) or _by_rate(sheet, path)):
        return found
    if unfit:
        raise unfit[0]
    raise RecordingError(
        f"{path} has no column that looks like time: name one with --time; it has {listed(every)}; "
        "expected one named time or timestamp, one with dates, or a first column that grows; a constant rate may be "
        "given with --rate, above a table of text as 'sampling rate: 100 Hz', or in a file of arrays as 'fs'."
    )


def _goes_on(clock: Clock) -> bool:
    """Return whether a clock may replace one that restarts: it does not, and few rows share its times."""
    times = clock.known_times()[0]
    return not clock.restarts and len(np.unique(times)) >= _FINE * len(times)


def _named(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    """Go through the columns with usual names of times; times of a sensor come before times of a recorder."""
    names = sheet.names
    calendars = [*calendar_columns(sheet)]
    seconds = [name for name in names if not any(name in parts for parts in calendars)]
    halves = [(name, other) for name in seconds if (other := _fraction_of(sheet, name))]
    yield from sorted(halves, key=lambda pair: "stamp" not in pair[0].lower())
    yield from ((name,) for name in names if _OF_SENSOR.search(name))
    dates = [name for name in sheet.columns if words_of(name) & {"date", "datum", "fecha"}]
    pairs = [(date, time) for date in dates if (time := _time_beside(sheet, date))]
    if pairs:  # a column of date and time comes before two columns
        yield from ((name,) for name in sheet.columns if is_named_time(name) and _has_date_and_clock(sheet, name))
    yield from pairs
    yield from calendars
    yield from week_columns(sheet)
    yield from ((name,) for name in names if is_named_time(name))
    yield from ((name,) for name in sheet.columns if _counts_a_unit(sheet, name))


def _has_date_and_clock(sheet: Sheet, name: str) -> bool:
    dates = dates_of(sheet.columns[name])
    return dates is not None and dates.with_clock


def _partners(sheet: Sheet, name: str) -> Iterator[tuple[str, ...]]:
    """Join a column with the column that holds the other part of its time, if there is one."""
    other = _fraction_of(sheet, name) or _time_beside(sheet, name)
    yield (name, other) if other else (name,)


def _by_contents(sheet: Sheet, path: Path) -> Clock | None:
    """Find a time by content: dates, or numbers that hardly ever fall, in a column with a fitting name or the first."""
    filled = (name for name, column in sheet.columns.items() if _fits(name) or 2 * column.null_count < len(column))
    filled = (name for name in filled if not NUMBERS_OF_RUNS.fullmatch(name))
    first, second = next(filled, ""), next(filled, "")
    again: Clock | None = None
    for name in sorted(islice(sheet.columns, _MOST_COLUMNS), key=partial(_may_count, sheet, first)):
        column = sheet.columns[name]
        if again and _may_count(sheet, first, name):
            break
        if is_number(column):
            leads = name == first or (name == second and _is_behind_count(sheet, first, second))
            named = leads or _fits(name) or unit_since_1970(Clock((name,), numbers=column))
            if not named or (sheet.rate and (_TICKS.search(name) or _numbers_rows(sheet, name))):
                continue
            if name == first and (other := _nanoseconds_beside(sheet, name)):
                return read_clock(sheet, path, (name, other))
            if not grows(column, 0.9 if _fits(name) else 1.0):
                continue
        elif pa.types.is_string(column.type) and (other := _time_beside(sheet, name)):
            return read_clock(sheet, path, (name, other))
        try:
            clock = read_clock(sheet, path, (name,))
        except RecordingError:
            continue
        if clock.varies and clock.restarts:
            again = again or clock
        elif clock.varies:
            if not clock.unit and (_counts_rows(column) or _is_count(name, column)):
                clock.counts = True
                clock.notes.append(
                    f"column {name!r} counts the rows, and no other column holds times: a count is read as a second, "
                    "which --rate changes"
                )
            return clock
    return again


def _by_rate(sheet: Sheet, path: Path) -> Clock | None:
    """Add a column of times to a sheet whose rate is known: from a first column that numbers the rows, else of all."""
    first = next(iter(sheet.columns), "")
    if sheet.rate is None or not first:
        return None
    numbers = as_floats(sheet.columns[first]) if _numbers_rows(sheet, first) else np.arange(sheet.rows)
    steps = np.diff(numbers)
    step = np.nanmin(steps, initial=sheet.rows)  # of a device that sends every third sample, 3
    # Several rows of one frame, or other packets between those of a row.
    if not step or np.nanmedian(np.append(steps, step)) > step:
        numbers, step = np.arange(sheet.rows), 1
    name = unique_name("time", sheet.columns)
    sheet.columns[name] = pa.chunked_array([(numbers - np.nanmin(numbers)) / step / sheet.rate.hertz])
    sheet.units[name] = "s"
    text = shorten(sheet.rate.text, 40)
    sheet.notes.append(f"the times are computed from {text!r}: {sheet.rate.hertz:.6g} Hz")
    return read_clock(sheet, path, (name,))


def _numbers_rows(sheet: Sheet, name: str) -> bool:
    """Return whether a column, which is not named as times are, grows by one from row to row, but for gaps.

    Several rows may have one number, as those of a force plate for each frame of cameras.
    """
    column = sheet.columns[name]
    if _fits(name) or not is_whole(column) or not grows(column, 1.0):
        return False
    if _is_count(name, column):
        return True
    steps = np.diff(as_floats(column))
    return bool(np.nanmedian(steps[steps > 0]) == 1)


def _is_count(name: str, column: pa.ChunkedArray) -> bool:
    """Return whether a column is a count by its name, such as ``Packet number``, and holds whole numbers.

    A device that sends every third sample counts three from row to row: these are no milliseconds.
    """
    counts = words_of(name) & _COUNTED and not _fits(name) and is_whole(column)
    return bool(counts and not unit_since_1970(Clock((name,), numbers=column)))


def _fits(name: str) -> bool:
    """Return whether a name contains a word for time."""
    return bool(words_of(name) & _TIME_WORDS)


def _counts_a_unit(sheet: Sheet, name: str) -> bool:
    """Return whether the name of a column is only a unit, such as ``millis``, and its numbers grow, but for turns."""
    column, unit = sheet.columns[name], named_unit(name)
    if not (unit and is_unit(name) and is_number(column)):
        return False
    if unit not in ("ns", "us", "ms"):
        return len(name) > _LONGEST_SYMBOL and grows(column, 1.0)  # "min" may be the least of something
    return grows(column, 1.0 if below_a_second(column, unit) else 0.9)  # else the fraction of another column


def _may_count(sheet: Sheet, first: str, name: str) -> bool:
    """Return whether a column may count rows or ticks, which have no known unit: it is tried last."""
    if _TICKS.search(name):
        return True
    return name == first and is_number(sheet.columns[name]) and not _fits(name)


def _counts_rows(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_integer(column.type) or column.null_count or len(column) < _FEWEST_ROWS:
        return False
    numbers = column.to_numpy()
    return bool(numbers[0] in (0, 1) and (np.diff(numbers) == 1).all())


def _is_behind_count(sheet: Sheet, first: str, second: str) -> bool:
    """Return whether a column without a name follows the numbers of the rows, and grows in like steps, not by ones."""
    count, column = sheet.columns[first], sheet.columns[second]
    if not (re.fullmatch(r"column_\d+", second) and is_number(count) and _counts_rows(count) and is_number(column)):
        return False
    steps = np.diff(as_floats(column))
    low, middle, high = np.quantile(steps, (0.05, 0.5, 0.95))
    return bool((steps > 0.0).all() and middle != 1.0 and high < 2.0 * low)


def _nanoseconds_beside(sheet: Sheet, name: str) -> str | None:
    """Return the column of nanoseconds behind a column of seconds, whatever its name: both grow only together.

    ``ros2 topic echo --csv`` writes stamps in this way.
    """
    names = list(sheet.columns)
    other = next(iter(names[names.index(name) + 1 :]), "")
    if not all(n in names and pa.types.is_integer(sheet.columns[n].type) for n in (name, other)):
        return None
    seconds, below = as_floats(sheet.columns[name]), as_floats(sheet.columns[other])
    steps, turns = np.diff(seconds), np.diff(below)
    together = (steps > 0) | ((steps == 0) & (turns >= 0))
    fits = below_a_second(sheet.columns[other], "ns") and together.all() and (turns < 0).any() and (steps == 0).any()
    return other if fits and np.nanmax(below) > 1e6 else None


def grows(column: pa.ChunkedArray, share: float) -> bool:
    """Return whether at least this share of the steps from number to number are not negative, and some are positive."""
    numbers = as_floats(column)
    with np.errstate(invalid="ignore"):  # of infinite numbers
        steps = np.diff(numbers[~np.isnan(numbers)])
    return bool(len(steps) and np.mean(steps >= 0) >= share and (steps > 0).any())


def _fraction_of(sheet: Sheet, name: str) -> str | None:
    """Return the column of fractions for a column of whole seconds: ``nanosec`` for ``sec``."""
    match = _SECONDS.fullmatch(name)
    if not match or name not in sheet.columns or not is_whole(sheet.columns[name]):
        return None
    for other, column in sheet.columns.items():
        unit = named_unit(other[len(match[1]) :]) if other != name and other.startswith(match[1]) else None
        if unit in ("ns", "us", "ms") and is_whole(column) and below_a_second(column, unit):
            return other
    return None


def _time_beside(sheet: Sheet, date: str) -> str | None:
    """Return the column of times of day that belongs to a column of dates without times."""
    dates = dates_of(sheet.columns[date]) if date in sheet.columns else None
    if dates is None or dates.with_clock:
        return None
    names = list(sheet.columns)
    place = names.index(date)
    nearest = [*names[place + 1 :], *names[:place][::-1]]
    return next((name for name in nearest if day_times_of(sheet.columns[name], dates.stamps) is not None), None)
