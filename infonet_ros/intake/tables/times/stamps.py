"""Stamps for the time of a table: in its unit, and continued where a clock wraps around."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.dates import BEYOND, DAY, UNKNOWN
from infonet_ros.intake.tables.cells.time_units import UNITS, named_unit
from infonet_ros.intake.tables.sheet import as_floats
from infonet_ros.intake.tables.times.clock import Clock, no_known_time, scaled
from infonet_ros.intake.tables.times.clock_turns import continued, turns_of
from infonet_ros.intake.times_apart import usual_times
from infonet_ros.text import NANOSECONDS, counted

_EPOCH = 946_684_800.0, 4_102_444_800.0  # seconds from 1970 to 2000, and to 2100
_ONE_SIZE = 200.0  # between times of one logger in the middle of its files
_SLOWEST_EPOCH = 100.0  # seconds between rows, for numbers that may count from 1970
_USUAL_STEP, _DOUBT = 1 / 30, 1.0  # seconds between rows; and logarithm of a factor between units that may both be
# Days that spreadsheets and others count from another day than 1970: numbers in a day, least day, last day, and 1970.
_TICKS = 864_000_000_000  # of 100 ns in a day
_SERIAL_DAYS = {
    "a spreadsheet": (1, 20_000, 51_000, 25_569),  # to 2039
    "an astronomer (MJD)": (1, 51_000, 80_000, 40_587),  # from 1998
    "MATLAB": (1, 693_962, 766_000, 719_529),
    "an astronomer (Julian)": (1, 2_415_020, 2_488_070, 2_440_587.5),
    "WinCC": (10**6, 20_000, 80_000, 25_569),
    "Windows": (_TICKS, 145_731, 182_622, 134_774),
    ".NET": (_TICKS, 730_119, 767_010, 719_162),
}
_TICKS_OF_XSENS = {"ticks of 0.1 ms": 1e5, "us": 1e3}  # of its column SampleTimeFine; the second by its small devices
_OF_XSENS = ("SampleTimeFine",)
_OF_WINCC = ("Time_ms",)  # a column of WinCC that holds millionths of a day, in spite of its name
_FEWEST_TIMES, _MOST_FALLS = 3, 2
_COARSE, _UNEVEN = (NANOSECONDS, 60 * NANOSECONDS), 0.2  # times without seconds, or parts of them
_ALIKE = 0.95  # of the times stand in the same number of rows
_MANY, _VERY_MANY = 10, 100  # rows of one time; no stamp stands for so many devices


def set_stamps(clock: Clock, path: Path, unit: str, others: Sequence[Clock] = ()) -> None:
    """Give a clock its stamps, in the unit that is given, named or likely, and note the unit.

    Raises
    ------
    RecordingError
        No row has a time that a stamp can hold.
    """
    factor = None
    if clock.stamps is None:
        if unit != "auto":
            factor = UNITS[unit]
            clock.stamps = scaled(clock.numbers, factor)
        elif (days := _serial_days(clock)) is not None:
            clock.stamps = days
        else:
            alike = [clock, *(other for other in others if other.numbers is not None)]
            told = f"as {'its name' if named_unit(clock.names[0]) else 'the file'} says"
            found, source = (clock.unit, told) if clock.unit else _likely_unit(alike)
            factor = (UNITS | _TICKS_OF_XSENS)[found]
            clock.stamps = scaled(clock.numbers, factor)
            clock.notes.append(f"time is column {clock.label}, in {found} {source}; --time and --time-unit change that")
    _add_fraction(clock)
    stamps = clock.stamps
    if not (stamps > BEYOND).any():
        raise no_known_time(path, clock)
    for mark, reason in ((UNKNOWN, "empty or not known"), (BEYOND, "more than 292 years from zero")):
        if count := np.count_nonzero(stamps == mark):
            clock.notes.append(f"{count} of {len(stamps)} rows are left out: their time {clock.label} is {reason}")
    stamps, turns = continued(stamps, turns_of(factor))
    if turns:
        clock.notes.append(
            f"time {clock.label} falls back {counted(turns, 'time')} by a whole turn of its clock, and is continued"
        )
    stamps = _without_strays(clock, stamps)
    _check_whole(clock, path, stamps)
    _check_different(clock, path, stamps)
    clock.stamps = _spread(clock, stamps)


def _without_strays(clock: Clock, stamps: np.ndarray) -> np.ndarray:
    """Remove the few stamps that are far from all others, as of a clock that was not set yet."""
    known = stamps[stamps > BEYOND]
    usual, notes = usual_times(np.sort(known), "row", f"the time {clock.label}")
    clock.notes += notes
    return np.where((stamps < usual[0]) | (stamps > usual[-1]), UNKNOWN, stamps) if notes else stamps


def _add_fraction(clock: Clock) -> None:
    """Add the fractions of a second from another column to stamps that are whole seconds."""
    assert clock.stamps is not None
    known = clock.stamps > BEYOND
    if clock.fraction is None or (clock.stamps[known] % NANOSECONDS).any():
        return
    name, below = clock.fraction
    known &= below > BEYOND
    clock.stamps = np.where(known, clock.stamps + np.where(known, below, 0), UNKNOWN)
    clock.names = (*clock.names, name)
    clock.notes.append(f"column {name!r} counts the fractions of a second, and is added to the time")


def _likely_unit(clocks: Sequence[Clock]) -> tuple[str, str]:
    """Judge the unit of times: by their size if they may count from 1970, else by their steps.

    The unit is the one in which there are between one and a thousand rows a second. Clocks of one kind, such as those
    of several topics of one logger, are judged together.
    """
    if epoch := _unit_since_1970(clocks[0]):
        return epoch, "judging by its size"
    clocks = [clock for clock in clocks if not _unit_since_1970(clock) and _of_one_size(clock, clocks[0])]
    steps = np.array([step for clock in clocks if np.isfinite(step := clock.step)])
    step = float(np.exp(np.mean(np.log(steps)))) if len(steps) else np.nan
    if not np.isfinite(step):
        return "s", "because its unit is not known"
    whole = all(pa.types.is_integer(clock.numbers.type) for clock in clocks)
    units = _TICKS_OF_XSENS if clocks[0].names == _OF_XSENS else {unit: UNITS[unit] for unit in ("s", "ms", "us", "ns")}
    if step <= (1.0 if whole else 3.0) and "s" in units:
        unit, doubt = "s", ""
    else:
        far = {unit: abs(np.log(step * factor / NANOSECONDS / _USUAL_STEP)) for unit, factor in units.items()}
        unit, *others = sorted(far, key=far.__getitem__)
        doubt = others[0] if others and far[others[0]] - far[unit] < _DOUBT else ""
    rates = {name: f"{NANOSECONDS / (step * units[name]):.4g} Hz" for name in (unit, doubt) if name}
    return unit, f"judging by its steps ({rates[unit]}{f', or {rates[doubt]} in {doubt}' if doubt else ''})"


def _of_one_size(clock: Clock, other: Clock) -> bool:
    """Return whether the times of two clocks may be written in one unit: they are not hundreds of times apart."""
    low, high = sorted((clock.middle, other.middle))
    return low <= 0.0 or high < _ONE_SIZE * low


def _unit_since_1970(clock: Clock) -> str | None:
    """Return the unit in which times count from 1970, by their size; None if they do not count from 1970."""
    for unit in ("s", "ms", "us", "ns"):
        seconds = UNITS[unit] / NANOSECONDS
        if _EPOCH[0] < clock.middle * seconds < _EPOCH[1] and not clock.step_of_rows * seconds > _SLOWEST_EPOCH:
            return unit
    return None


def _serial_days(clock: Clock) -> np.ndarray | None:
    """Return the stamps of times that count days as spreadsheets or MATLAB do; None for other times."""
    times = as_floats(clock.numbers)
    middle = np.nanmedian(times) if np.isfinite(times).any() else np.nan
    for program, (per_day, least, most, epoch) in _SERIAL_DAYS.items():
        may_be = clock.names == _OF_WINCC if program == "WinCC" else not clock.unit
        if may_be and least < middle / per_day < most and clock.step / per_day < 1e-3:
            parts = "days" if per_day == 1 else f"parts of a day, 1/{per_day},"
            clock.notes.append(
                f"time is column {clock.label}, in {parts} as {program} counts them; --time changes that"
            )
            first = pa.scalar(epoch * per_day).cast(clock.numbers.type if per_day > 1 else pa.float64(), safe=False)
            return scaled(pc.subtract(clock.numbers, first), DAY / per_day)
    return None


def _check_whole(clock: Clock, path: Path, stamps: np.ndarray) -> None:
    """Reject times that only hold fractions of a second, which begin again each second."""
    known = stamps[stamps > BEYOND]
    below = clock.unit in ("ns", "us", "ms") and known.min() >= 0 and known.max() < NANOSECONDS
    if below and np.count_nonzero(np.diff(known) < 0) > _MOST_FALLS:
        raise RecordingError(
            f"column {clock.label} of {path} holds only fractions of a second: expected seconds, too; name another "
            "column with --time."
        )


def _check_different(clock: Clock, path: Path, stamps: np.ndarray) -> None:
    """Reject times that are only one or two, for many rows."""
    known = stamps[stamps > BEYOND]
    times = len(np.unique(known))
    if times < _FEWEST_TIMES and len(known) >= _MANY * times:
        raise RecordingError(f"in {path}, {_lost_digits(clock, len(known), times)}; else name another with --time.")


def _lost_digits(clock: Clock, rows: int, times: int) -> str:
    return (
        f"{rows} rows have only {counted(times, 'different time')} {clock.label}: if the times lost their last digits "
        "when they were written, write them again with all digits"
    )


def _spread(clock: Clock, stamps: np.ndarray) -> np.ndarray:
    """Spread rows that share a time evenly until the next time.

    A spreadsheet that shows whole seconds writes such rows, and so does a program whose numbers have few digits.
    """
    rows = np.flatnonzero(stamps > BEYOND)
    steps = np.diff(stamps[rows])
    starts = np.concatenate([[0], np.flatnonzero(steps) + 1])
    if len(starts) < _FEWEST_TIMES or (steps < 0).any():
        return stamps
    sizes = np.diff(np.append(starts, len(rows)))
    usual, unit = np.median(sizes[1:-1]), int(np.median(steps[steps > 0]))
    coarse = _COARSE if clock.numbers is not None else (*_COARSE, NANOSECONDS // 10)
    alike = np.abs(sizes[1:-1] - usual) <= max(1, _UNEVEN * usual)
    of_a_clock = unit in coarse and not (stamps[rows] % unit).any()
    if usual < 2 or not (of_a_clock or usual >= _VERY_MANY) or alike.mean() < 1 - _UNEVEN:
        return stamps
    whole = sizes.astype(float)
    whole[[0, -1]] = np.maximum(whole[[0, -1]], usual)  # the recording begins and ends within them
    number = np.arange(len(rows)) - np.repeat(starts, sizes)
    number[: sizes[0]] += int(whole[0]) - sizes[0]
    spread = stamps.copy()
    spread[rows] += np.round(number / np.repeat(whole, sizes) * unit).astype(np.int64)
    clock.notes.append(
        f"time {clock.label} is given in steps of {unit / NANOSECONDS:g} s, each for about {usual:.0f} rows: the rows "
        "are spread evenly over a step"
    )
    return spread


def on_shared_times(clock: Clock, stamps: np.ndarray) -> list[str]:
    """Report that rows share their stamps (rows,), sorted: as of several devices, or because digits were lost."""
    _, counts = np.unique(stamps, return_counts=True)
    usual = int(np.median(counts)) if len(counts) else 1
    if usual < 2 or np.mean(counts == usual) < _ALIKE:
        lost = _MANY * len(counts) <= len(stamps)
        return [_lost_digits(clock, len(stamps), len(counts))] if lost else []
    return [
        f"each time {clock.label} stands in {usual} rows, which are read as one stream: if they come from several "
        "devices, add a column with the names of the devices"
    ]
