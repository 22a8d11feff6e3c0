"""Streams of different rates onto one regular clock.

    ticks = clock_ticks(end, count, period)                         # (T,) int64, whole multiples of the period
    values = resample(stamps, values, ticks, interpolation="linear", max_gap=30_000_000)

The ticks are whole multiples of the period since the epoch, so that they depend on sensor time alone: not on when the
node started, nor on the order in which messages arrived. All stamps, periods and gaps are in nanoseconds.
"""

import math

import numpy as np

GAP_PERIODS = 3
"""A stream may miss so many periods before its gap counts as one, when no ``max_gap`` is given."""


FASTEST_CLOCK = 1e5
"""Hz. Stamps that lie closer than its period are damaged, and a clock that followed them would fill the memory."""


def clock_ticks(end: int, count: int, period: int) -> np.ndarray:
    """Return the last ``count`` multiples of ``period`` up to and including ``end``, (count,) int64."""
    last = end // period
    return np.arange(last - count + 1, last + 1, dtype=np.int64) * period


def stream_period(stamps: np.ndarray) -> float:
    """Return the median time between samples, nanoseconds; NaN with fewer than three of them."""
    return float(np.median(np.diff(stamps))) if len(stamps) >= 3 else math.nan


def clock_rate(periods: list[float]) -> float:
    """Return the rate in Hz that suits streams of these periods: that of the slowest, NaN when none is known.

    At most `FASTEST_CLOCK`. Two significant digits: jitter of the stamps must not move the grid from one run to the
    next.
    """
    known = [period for period in periods if math.isfinite(period) and period > 0]
    return min(FASTEST_CLOCK, float(f"{1e9 / max(known):.1e}")) if known else math.nan


def gap_limit(max_gap: int, period: int, stamps: np.ndarray) -> float:
    """Return the longest gap to bridge: ``max_gap``, or if 0 three periods of the slower of stream and clock."""
    if max_gap:
        return float(max_gap)
    own = stream_period(stamps)
    return GAP_PERIODS * (max(own, period) if math.isfinite(own) else period)


def resample(
    stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, interpolation: str, max_gap: float
) -> np.ndarray:
    """Read a stream off at the ticks of a clock.

    Parameters
    ----------
    stamps : (M,) int64
        Strictly increasing.
    values : (M, K) float64
        NaN where not known.
    ticks : (T,) int64
        Increasing.
    interpolation : str
        "linear", or "hold" for the last sample up to the tick.
    max_gap : float
        A tick between two samples that are farther apart than this is unknown; with "hold", one that is farther than
        this from the sample before it.

    Returns
    -------
    (T, K) float64
        NaN where not known.
    """
    result = np.full((len(ticks), values.shape[1]), np.nan)
    if not len(stamps):
        return result
    after = np.searchsorted(stamps, ticks, side="right")
    before = np.maximum(after - 1, 0)
    age = ticks - stamps[before]
    if interpolation == "hold":
        known = (after > 0) & (age <= max_gap)
        result[known] = values[before[known]]
        return result
    following = np.minimum(after, len(stamps) - 1)
    gap = stamps[following] - stamps[before]
    between = (after > 0) & (after < len(stamps)) & (age > 0) & (gap <= max_gap)
    low, high = values[before[between]], values[following[between]]
    result[between] = low + (high - low) * (age[between] / gap[between])[:, None]
    on_tick = (after > 0) & (age == 0)
    result[on_tick] = values[before[on_tick]]
    return result


def unwrapped(angles: np.ndarray) -> np.ndarray:
    """Take the jumps of a full turn out of angles (M,) in radians, across unknown ones too."""
    result = angles.copy()
    known = np.isfinite(angles)
    result[known] = np.unwrap(angles[known])
    return result
