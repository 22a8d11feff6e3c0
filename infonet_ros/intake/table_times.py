"""Which columns of a table are its time, in which unit, and what stamps they give."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.errors import RecordingError
from infonet_ros.intake.cells import trimmed
from infonet_ros.intake.clock_turns import going_on, turns_of
from infonet_ros.intake.dates import (
    BEYOND,
    DAY,
    FARTHEST,
    UNKNOWN,
    Dates,
    past_midnight,
    stamps_of_dates,
    times_of_day,
    times_of_digits,
)
from infonet_ros.intake.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.split_times import calendar_columns, stamps_of_columns, week_columns
from infonet_ros.intake.table_layout import TIME_NAMES
from infonet_ros.text import NANOSECONDS, counted, did_you_mean, listed, shorten

UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9}
"""Nanoseconds of each unit of time."""

_UNIT_WORDS = {
    "s": r"s|secs?|seconds?",
    "ms": r"ms|msecs?|millis|millisecs?|milliseconds?",
    "us": r"[uµμ]s|[uµμ]secs?|micros|microsecs?|microseconds?",
    "ns": r"ns|nsecs?|nanos|nanosecs?|nanoseconds?",
    "min": r"mins?|minutes?",
    "h": r"h|hrs?|hours?",
}
# A unit stands behind something that parts it from the name, or begins with a capital: "times" holds none.
_UNIT = {
    unit: re.compile(rf"(?:^|[\s_.,/\[({{-]+|(?<=[a-z])(?=[A-Z]))(?i:{words})\s*[\])}}]?$")
    for unit, words in _UNIT_WORDS.items()
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TIME_WORDS = {
    *("time", "timestamp", "stamp", "date", "datetime", "elapsed", "clock", "utc", "tow"),
    *("zeit", "datum", "uhrzeit", "temps", "heure", "tiempo", "hora", "fecha", "tempo"),
}
_SECONDS = re.compile(r"(.*?)(secs?|seconds?|s)", re.IGNORECASE)

_EPOCH = 946_684_800.0, 4_102_444_800.0  # seconds from 1970 to 2000, and to 2100
_SLOWEST_EPOCH = 100.0  # seconds between rows, for numbers that may count from 1970
_USUAL_STEP = 1 / 30  # seconds between rows
# Days from another day than 1970, as spreadsheets and others count them: least, most, and 1970.
_SERIAL_DAYS = {
    "a spreadsheet": (20_000, 80_000, 25_569.0),
    "MATLAB": (693_962, 766_000, 719_529.0),
    "an astronomer (Julian)": (2_415_020, 2_488_070, 2_440_587.5),
}
_RUN_SHARE = 0.1  # of the rows: more of them, at times that were there before, are another run


@dataclass
class Clock:
    """The time of a sheet.

    Attributes
    ----------
    names : tuple of str
        Its columns.
    stamps : (rows,) int64, or None
        Nanoseconds, `UNKNOWN` or `BEYOND` where there is none; None as long as the unit of ``numbers`` is not known.
    numbers : pa.ChunkedArray, optional
        Times in a unit that is not known yet.
    unit : str, optional
        Where the file names it.
    fraction : (str, (rows,) int64), optional
        A column that counts what is below a second, and its nanoseconds: for stamps that are whole seconds.
    notes : list of str
    """

    names: tuple[str, ...]
    stamps: np.ndarray | None = None
    numbers: Any = None
    unit: str | None = None
    fraction: tuple[str, np.ndarray] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Columns in words."""
        return " and ".join(map(repr, self.names))

    @property
    def step(self) -> float:
        """Usual step between rows, in the unit of the numbers; NaN where they do not vary."""
        times = pc.drop_null(self.numbers).to_numpy()  # whole numbers as such: 2**60 + 1 is no float
        steps = np.diff(np.sort(times[np.isfinite(times)]))
        return float(np.median(steps[steps > 0])) if (steps > 0).any() else float("nan")

    @property
    def varies(self) -> bool:
        """More than one time is known, or there is but one row."""
        if self.stamps is None:
            return bool(np.isfinite(self.step)) or len(self.numbers) - self.numbers.null_count == 1
        known = self.stamps[self.stamps > BEYOND]
        return len(known) == 1 or bool(len(known) and known.min() < known.max())


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
            clock = _clock(sheet, path, names)
        except RecordingError as error:
            unfit.append(error)
            continue
        if clock.varies or wanted is not None:
            return clock
        unfit.append(_no_known_time(path, clock))
    if wanted is None and (found := _by_contents(sheet, path)):
        return found
    if unfit:
        raise unfit[0]
    raise RecordingError(
        f"{path} has no column that looks like time: name one with --time; it has {listed(every)}; "
        "expected one named time or timestamp, one with dates, or a first column that grows."
    )


def set_stamps(clock: Clock, path: Path, unit: str, others: Sequence[Clock] = ()) -> None:
    """Give a clock its stamps, in the unit that was given, is named or is likely; tell which.

    Raises
    ------
    RecordingError
        No row has a time that stamps can hold.
    """
    factor = None
    if clock.stamps is None:
        if unit != "auto":
            factor = UNITS[unit]
            clock.stamps = _scaled(clock.numbers, factor)
        elif (days := _serial_days(clock)) is not None:
            clock.stamps = days
        else:
            alike = [clock, *(other for other in others if other.numbers is not None)]
            found, source = (clock.unit, "as its name says") if clock.unit else _likely_unit(alike)
            factor = UNITS[found]
            clock.stamps = _scaled(clock.numbers, factor)
            clock.notes.append(f"time is column {clock.label}, in {found} {source}; --time and --time-unit change that")
    _add_fraction(clock)
    stamps = clock.stamps
    if not (stamps > BEYOND).any():
        raise _no_known_time(path, clock)
    for mark, reason in ((UNKNOWN, "empty or not known"), (BEYOND, "more than 292 years from zero")):
        if count := np.count_nonzero(stamps == mark):
            clock.notes.append(f"{count} of {len(stamps)} rows are left out: their time {clock.label} is {reason}")
    stamps, turns = going_on(stamps, turns_of(factor))
    if turns:
        clock.notes.append(
            f"time {clock.label} falls back {counted(turns, 'time')} by a whole turn of its clock: it is taken to go on"
        )
    clock.stamps = _one_run(clock, stamps)


def _add_fraction(clock: Clock) -> None:
    """Add what another column counts below a second, where the stamps leave it out."""
    assert clock.stamps is not None
    known = clock.stamps > BEYOND
    if clock.fraction is None or (clock.stamps[known] % NANOSECONDS).any():
        return
    name, below = clock.fraction
    known &= below > BEYOND
    clock.stamps = np.where(known, clock.stamps + np.where(known, below, 0), UNKNOWN)
    clock.names = (*clock.names, name)
    clock.notes.append(f"what column {name!r} counts below a second is added to the time")


def _no_known_time(path: Path, clock: Clock) -> RecordingError:
    return RecordingError(
        f"{path} has no row whose time {clock.label} is known and within 292 years of zero, or all have the same: name "
        "another column with --time, or its unit with --time-unit."
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
    unit = named_unit(name) if not re.search(r".[/.]", name) else None  # stamp.nanosec alone is no time
    return bool({name.lower(), _UNIT[unit].sub("", name).lower() if unit else ""} & TIME_NAMES)


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
            return _clock(sheet, path, (name, other))
        try:
            clock = _clock(sheet, path, (name,))
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
            if unit in ("ns", "us", "ms") and _below_a_second(column, unit):
                return other
    return None


def _fraction_beside(sheet: Sheet, names: tuple[str, ...]) -> tuple[str, np.ndarray] | None:
    """Return a column whose name is a unit below a second, such as ``millis``, and what it counts."""
    for name, column in sheet.columns.items():
        unit = named_unit(name)
        alone = unit in ("ns", "us", "ms") and _UNIT[unit].fullmatch(name) and name not in names
        if unit and alone and pa.types.is_integer(column.type) and _below_a_second(column, unit):
            return name, _scaled(column, UNITS[unit])
    return None


def _below_a_second(column: pa.ChunkedArray, unit: str) -> bool:
    limits = pc.min_max(column).as_py()
    return limits["min"] is not None and limits["min"] >= 0 and limits["max"] < NANOSECONDS / UNITS[unit]


def _time_beside(sheet: Sheet, date: str) -> str | None:
    """Return the column of times of day that goes with one of dates without a clock."""
    dates = _dates_of(sheet.columns[date]) if date in sheet.columns else None
    if dates is None or dates.with_clock:
        return None
    names = list(sheet.columns)
    place = names.index(date)
    nearest = [*names[place + 1 :], *names[:place][::-1]]
    return next((name for name in nearest if _times_of_day(sheet.columns[name]) is not None), None)


def _clock(sheet: Sheet, path: Path, names: tuple[str, ...]) -> Clock:
    """Read the columns of a time.

    Raises
    ------
    RecordingError
        They hold something else.
    """
    clock = Clock(names, fraction=_fraction_beside(sheet, names))
    if (stamps := stamps_of_columns(sheet, names)) is not None:
        clock.stamps = stamps
        clock.notes = [f"time is columns {clock.label} together; --time changes that"]
        return clock
    if len(names) == 2:
        first, second = (sheet.columns[name] for name in names)
        clock.stamps, order = _of_two(first, second, named_unit(names[1]))
        clock.notes = [f"time is columns {clock.label} together; --time changes that", *_on_order(names[0], order)]
        return clock
    (name,) = names
    column = sheet.columns.get(name)
    if column is None:
        raise _no_time(path, name, sheet.texts[name])
    if (dates := _dates_of(column)) is not None:
        clock.stamps, clock.notes = dates.stamps, _on_order(name, dates.order)
    elif is_number(column) and (digits := times_of_digits(as_floats(column))) is not None:
        clock.stamps = digits
        clock.notes = [f"time is column {name!r}, of hours, minutes and seconds as in 235959.9; --time changes that"]
    elif (times := _times_of_day(column)) is not None:
        clock.stamps = times
    elif is_number(column):
        clock.numbers = column
        clock.unit = named_unit(name) or named_unit(sheet.units.get(name, ""))
    else:
        raise _no_time(path, name, next((cell for cell in column.to_pylist() if cell is not None), ""))
    return clock


def _no_time(path: Path, name: str, cell: str) -> RecordingError:
    return RecordingError(
        f"column {name!r} of {path} holds {shorten(str(cell), 40)!r}: expected seconds or dates such as "
        "2024-05-01 12:00:00.5; name another column with --time."
    )


def _of_two(first: pa.ChunkedArray, second: pa.ChunkedArray, unit: str | None) -> tuple[np.ndarray, str]:
    """Return the stamps of seconds with what is below them, or of dates with times of day; and the order of dates."""
    dates, times = _dates_of(first), _times_of_day(second)
    if dates is None or times is None:
        whole, below, order = _scaled(first, UNITS["s"]), _scaled(second, UNITS[unit or "ns"]), ""
    else:
        whole, below, order = dates.stamps, times, dates.order
    known = (whole > BEYOND) & (below > BEYOND)
    if times is not None:  # a single date is that at which the recording began
        one_date = len(np.unique(whole[known])) == 1
        below = past_midnight(below, known) if one_date else np.where(known, below % DAY, below)
    return np.where(known, whole + np.where(known, below, 0), np.minimum(whole, below)), order


def _on_order(name: str, order: str) -> list[str]:
    if not order:
        return []
    words = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}[order]
    return [f"the dates of column {name!r} could be read in several ways, and are taken for {words}"]


def _dates_of(column: pa.ChunkedArray) -> Dates | None:
    """Read a column as dates; None where it holds something else."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        stamps = pc.cast(pc.cast(column, pa.timestamp("ns"), safe=False), pa.int64())
        return Dates(_filled(stamps), with_clock=pa.types.is_timestamp(kind))
    if pa.types.is_integer(kind):
        least, most = (pc.min_max(column)[edge].as_py() for edge in ("min", "max"))
        # 20240501, and 20240501120000 with or without milliseconds
        spans = ((19_700_101, 21_001_231), *((19_700_101 * 10**n, 21_001_231 * 10**n) for n in (6, 9)))
        if least is None or not any(low <= least and most <= high for low, high in spans):
            return None
        dates = stamps_of_dates(pc.cast(column, pa.string()))
        return dates if dates and (dates.stamps > BEYOND).all() else None
    return stamps_of_dates(trimmed(column)) if pa.types.is_string(kind) else None


def _times_of_day(column: pa.ChunkedArray) -> np.ndarray | None:
    """Read a column as times of day or lengths of time, nanoseconds (rows,); None where it holds something else."""
    kind = column.type
    if pa.types.is_time(kind):
        return _filled(pc.cast(pc.cast(column, pa.time64("ns")), pa.int64()))
    if pa.types.is_duration(kind):
        return _filled(pc.cast(pc.cast(column, pa.duration("ns")), pa.int64()))
    if is_number(column):
        return times_of_digits(as_floats(column))
    return times_of_day(trimmed(column)) if pa.types.is_string(kind) else None


def _filled(stamps: pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(stamps, UNKNOWN).to_numpy()


def _scaled(numbers: pa.ChunkedArray, factor: float) -> np.ndarray:
    """Return stamps (rows,) int64 of times in a unit of so many nanoseconds."""
    times = as_floats(numbers)
    good = np.abs(times) < FARTHEST / factor
    stamps = np.where(np.isnan(times), UNKNOWN, BEYOND)
    if pa.types.is_integer(numbers.type):  # beyond 2**53 a float no longer holds every nanosecond
        whole = pc.fill_null(numbers, 0).to_numpy().astype(np.int64)
        stamps[good] = whole[good] * round(factor)
    else:
        stamps[good] = np.round(times[good] * factor).astype(np.int64)
    return stamps


def named_unit(name: str) -> str | None:
    """Return the unit that a column's name ends in; None without one."""
    return next((unit for unit, pattern in _UNIT.items() if pattern.search(name)), None)


def _likely_unit(clocks: Sequence[Clock]) -> tuple[str, str]:
    """Judge the unit of times: by their size if they may count from 1970, else by their steps.

    The unit is the one in which there are between one and a thousand rows a second. Clocks of one kind, such as those
    of several topics of one logger, are judged together.
    """
    if epoch := _unit_since_1970(clocks[0]):
        return epoch, "judging by its size"
    clocks = [clock for clock in clocks if not _unit_since_1970(clock)]
    steps = np.array([step for clock in clocks if np.isfinite(step := clock.step)])
    step = float(np.exp(np.mean(np.log(steps)))) if len(steps) else np.nan
    if not np.isfinite(step):
        return "s", "as nothing tells its unit"
    whole = all(pa.types.is_integer(clock.numbers.type) for clock in clocks)
    if step <= (1.0 if whole else 3.0):
        unit = "s"
    else:
        unit = min(("s", "ms", "us", "ns"), key=lambda unit: abs(np.log(step * UNITS[unit] / 1e9 / _USUAL_STEP)))
    return unit, f"judging by its steps ({NANOSECONDS / (step * UNITS[unit]):.3g} Hz)"


def _unit_since_1970(clock: Clock) -> str | None:
    """Return the unit in which times count from 1970, by their size; None where they do not."""
    largest = float(np.nanmax(np.abs(as_floats(clock.numbers)), initial=0.0))
    for unit in ("s", "ms", "us", "ns"):
        seconds = UNITS[unit] / NANOSECONDS
        if _EPOCH[0] < largest * seconds < _EPOCH[1] and not clock.step * seconds > _SLOWEST_EPOCH:
            return unit
    return None


def _serial_days(clock: Clock) -> np.ndarray | None:
    """Return the stamps of times that count days as spreadsheets or MATLAB do; None where they do not."""
    times = as_floats(clock.numbers)
    middle = np.nanmedian(times) if np.isfinite(times).any() else np.nan
    for program, (least, most, epoch) in _SERIAL_DAYS.items():
        if not clock.unit and least < middle < most and clock.step < 1e-3:
            clock.notes.append(f"time is column {clock.label}, in days as {program} counts them; --time changes that")
            return _scaled(pc.subtract(pc.cast(clock.numbers, pa.float64()), epoch), DAY)
    return None


def _one_run(clock: Clock, stamps: np.ndarray) -> np.ndarray:
    """Return the stamps of the longest run where time began again; mixed, two drives would look like one."""
    rows = np.flatnonzero(stamps > BEYOND)
    starts = np.flatnonzero(np.diff(stamps[rows]) < 0) + 1
    if not 0 < len(starts) <= len(rows) // 100 + 1:
        return stamps
    runs = np.split(rows, starts)
    longest = max(runs, key=len)
    low, high = stamps[longest[[0, -1]]]
    others = np.concatenate([run for run in runs if run is not longest])
    mixed = np.count_nonzero((stamps[others] >= low) & (stamps[others] <= high))
    if mixed <= _RUN_SHARE * len(rows):
        return stamps
    clock.notes.append(
        f"time {clock.label} begins again {counted(len(starts), 'time')}: only the longest run of rows is read, "
        f"{len(longest)} of {len(rows)}; split the file to analyse the others"
    )
    alone = np.full_like(stamps, UNKNOWN)
    alone[longest] = stamps[longest]
    return alone
