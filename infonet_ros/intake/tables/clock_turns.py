"""Clocks that wrap around: counters of 16 or 32 bits, times of a day or week, the end of summer time.

Such a fall is of one whole turn but for a usual step, and time goes on behind it. Any other fall is another run.
"""

from collections.abc import Sequence

import numpy as np

from infonet_ros.intake.tables.dates import BEYOND, DAY
from infonet_ros.text import NANOSECONDS

_CALENDAR = (3600 * NANOSECONDS, DAY, 7 * DAY)
_COUNTERS = (2**16, 2**32)
_LONGEST_TURN = 2**62  # nanoseconds; 64 bits hold no turn of minutes
_LONGEST_STEP = 10  # of the usual one, from before a turn to behind it


def turns_of(factor: float | None) -> list[int]:
    """Return the turns, in nanoseconds, of a clock that counts so many of them at a time; None for dates."""
    counters = () if factor is None else _COUNTERS
    turns = [*_CALENDAR, *(round(count * factor) for count in counters if factor is not None)]
    return [turn for turn in turns if turn < _LONGEST_TURN]


def going_on(stamps: np.ndarray, turns: Sequence[int]) -> tuple[np.ndarray, int]:
    """Let a clock go on where it began again.

    Parameters
    ----------
    stamps : (rows,) int64
        Nanoseconds, in the order of the rows; `BEYOND` or less where there is none.
    turns : sequence of int
        Nanoseconds after which the clock may begin again.

    Returns
    -------
    stamps : (rows,) int64
    count : int
        How often it began again.
    """
    known = stamps > BEYOND
    steps = np.diff(stamps[known])
    if not (steps < 0).any() or not (steps > 0).any():
        return stamps, 0
    longest = _LONGEST_STEP * int(np.median(steps[steps > 0]))
    added = np.zeros(len(steps), dtype=np.int64)
    for turn in turns:
        if turn > _LONGEST_STEP * longest:
            added[(steps < 0) & (steps + turn >= 0) & (steps + turn <= longest)] = turn
    result = stamps.copy()
    result[known] += np.concatenate([[0], np.cumsum(added)])
    return result, int(np.count_nonzero(added))
