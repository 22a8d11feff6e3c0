"""Clocks that wrap around: counters of 16 or 32 bits, times of a day or week, the end of summer time.

The time falls by one whole turn, minus a usual step, and then continues. Any other fall begins another run.
"""

from collections.abc import Sequence

import numpy as np

from infonet_ros.intake.tables.cells.dates import BEYOND
from infonet_ros.intake.tables.cells.time_units import DAY
from infonet_ros.text import NANOSECONDS

_CALENDAR = (3600 * NANOSECONDS, DAY, 7 * DAY)
_COUNTERS = (2**16, 2**32)
_LONGEST_TURN = 2**62  # nanoseconds; 64 bits hold no turn of minutes
_LONGEST_STEP = 10  # usual steps, from before a turn to after it


def turns_of(factor: float | None) -> list[int]:
    """Return the turns, in nanoseconds, of a clock; ``factor`` is its unit in nanoseconds, None for dates."""
    counters = () if factor is None else _COUNTERS
    turns = [*_CALENDAR, *(round(count * factor) for count in counters if factor is not None)]
    return [turn for turn in turns if turn < _LONGEST_TURN]


def continued(stamps: np.ndarray, turns: Sequence[int]) -> tuple[np.ndarray, int]:
    """Continue a clock where it wraps around.

    Parameters
    ----------
    stamps : (rows,) int64
        Nanoseconds, in the order of the rows; `BEYOND` or less without a time.
    turns : sequence of int
        Nanoseconds after which the clock may wrap around.

    Returns
    -------
    stamps : (rows,) int64
    count : int
        How often it wraps around.
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
