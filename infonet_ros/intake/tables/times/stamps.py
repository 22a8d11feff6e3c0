"""Stamps for the time of a table: its numbers in their unit, without strays, continued where a clock wraps around."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.dates import BEYOND, UNKNOWN
from infonet_ros.intake.tables.cells.time_units import DAY
from infonet_ros.intake.tables.times.clock import Clock, no_known_time
from infonet_ros.intake.tables.times.units import read_numbers
from infonet_ros.intake.times_apart import usual_times
from infonet_ros.text import NANOSECONDS, counted

_FEWEST_TIMES, _MOST_FALLS = 3, 2
_COARSE, _UNEVEN = (NANOSECONDS, 60 * NANOSECONDS), 0.2  # times without seconds, or parts of them
_NEARBY = 5  # times that stand in about as many rows as the one in the middle
_ALIKE = 0.95  # of the times stand in the same number of rows
_MANY, _VERY_MANY = 10, 100  # rows of one time; no stamp stands for so many devices
_CALENDAR = (3600 * NANOSECONDS, DAY, 7 * DAY)  # turns of a time of day or week, and the end of summer time
_COUNTERS = (2**16, 2**24, 2**32)  # turns of counters, in their unit
_LONGEST_TURN = 2**62  # nanoseconds; 64 bits hold no turn of minutes
_LONGEST_STEP = 10  # usual steps, from before a turn to after it


def set_stamps(clock: Clock, path: Path, unit: str, others: Sequence[Clock] = ()) -> None:
    """Give a clock its stamps, in the unit that is given, named or likely, and note the unit.

    Raises RecordingError if no row has a time that a stamp can hold.
    """
    factor = None if clock.has_stamps else read_numbers(clock, unit, others)
    _add_fraction(clock)
    stamps = clock.stamps
    if not (stamps > BEYOND).any():
        raise no_known_time(path, clock)
    for mark, reason in ((UNKNOWN, "empty or not known"), (BEYOND, "more than 292 years from zero")):
        if count := np.count_nonzero(stamps == mark):
            clock.notes.append(f"{count} of {len(stamps)} rows are left out: their time {clock.label} is {reason}")
    stamps, turns = _continued(stamps, _turns_of(factor))
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
    known = clock.stamps > BEYOND
    if clock.fraction is None or (clock.stamps[known] % NANOSECONDS).any():
        return
    name, below = clock.fraction
    known &= below > BEYOND
    clock.stamps = np.where(known, clock.stamps + np.where(known, below, 0), UNKNOWN)
    clock.names = (*clock.names, name)
    clock.notes.append(f"column {name!r} counts the fractions of a second, and is added to the time")


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
    first, last = known.min(), known.max()
    times = 1 + int(first < last)
    if len(known) >= _MANY * times and ((known == first) | (known == last)).all():
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
    coarse = _COARSE if clock.has_numbers else (*_COARSE, NANOSECONDS // 10)
    nearby = ndimage.median_filter(sizes[1:-1], _NEARBY, mode="nearest")  # the rate may change
    alike = np.abs(sizes[1:-1] - nearby) <= np.maximum(1, _UNEVEN * nearby)
    of_a_clock = unit in coarse and not (stamps[rows] % unit).any()
    if usual < 2 or not (of_a_clock or usual >= _VERY_MANY) or alike.mean() < 1 - _UNEVEN:
        return stamps
    whole = sizes.astype(float)
    whole[[0, -1]] = np.maximum(whole[[0, -1]], nearby[[0, -1]])  # the recording begins and ends within them
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


def _turns_of(factor: float | None) -> list[int]:
    """Return the turns, in nanoseconds, of a clock; ``factor`` is its unit in nanoseconds, None for dates."""
    counters = [] if factor is None else [round(count * factor) for count in _COUNTERS]
    return [turn for turn in (*_CALENDAR, *counters) if turn < _LONGEST_TURN]


def _continued(stamps: np.ndarray, turns: Sequence[int]) -> tuple[np.ndarray, int]:
    """Continue a clock, stamps (rows,), after each fall by one of the ``turns``; also return how often it wraps around.

    All are nanoseconds; stamps without a time are `BEYOND` or less. The clock falls by a whole turn, minus a
    usual step, and then continues. Any other fall begins another run.
    """
    known = stamps > BEYOND
    steps = np.diff(stamps[known])
    if not (steps < 0).any() or not (steps > 0).any():
        return stamps, 0
    usual = int(np.median(steps[steps > 0]))
    longest = _LONGEST_STEP * usual
    added = np.zeros(len(steps), dtype=np.int64)
    for turn in turns:
        if np.count_nonzero(steps < 0) == 1:  # such as the end of summer time, between slow rows
            added[(steps < 0) & (steps + turn == usual)] = turn
        if turn > _LONGEST_STEP * longest:
            added[(steps < 0) & (steps + turn >= 0) & (steps + turn <= longest)] = turn
    result = stamps.copy()
    result[known] += np.concatenate([[0], np.cumsum(added)])
    return result, int(np.count_nonzero(added))
