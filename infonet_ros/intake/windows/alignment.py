"""Resampling of streams of different rates onto one regular clock.

    ticks = clock_ticks(end, count, period)                         # (T,) int64, whole multiples of the period
    values = resample(stamps, values, ticks, interpolation="linear", max_gap=30_000_000)
    rates = rates_of_change(stamps, values, ticks, span=10_000_000, max_gap=30_000_000)     # per second

The ticks are whole multiples of the period since the epoch. So they depend on sensor time alone: not on when the node
started, nor on the order in which messages arrived. All stamps, periods and gaps are in nanoseconds.
"""

import math

import numpy as np

from infonet_ros.series import cumulative_integral
from infonet_ros.settings import FASTEST_CLOCK
from infonet_ros.text import NANOSECONDS

GAP_PERIODS = 3
"""A time between two samples that is longer than so many periods is a gap, if no ``max_gap`` is given."""

_FEWEST = 16  # samples of a stream whose period may be bridged: a few straight lines resemble any slow stream
_BURST = 32  # samples that may come at once
_MOST_LEVELS = 32  # of a stream whose values are levels, each of which
_LEAST_VISITS = 4  # occurs so often


def clock_ticks(end: int, count: int, period: int) -> np.ndarray:
    """Return the last ``count`` multiples of ``period`` up to and including ``end``, (count,) int64."""
    last = end // period
    return np.arange(last - count + 1, last + 1, dtype=np.int64) * period


def stream_period(stamps: np.ndarray) -> float:
    """Return the median time between samples, nanoseconds, from their stamps (M,); NaN with fewer than three.

    If samples come in bursts, from a network or from two publishers in step, that is the time within a burst. So if
    the mean time over many samples is several times longer, it is returned instead.
    """
    if len(stamps) < 3:
        return math.nan
    median = float(np.median(np.diff(stamps)))
    if len(stamps) < 2 * _BURST:
        return median
    mean = float(np.median(stamps[_BURST:] - stamps[:-_BURST])) / _BURST
    return mean if mean > GAP_PERIODS * median else median


def clock_rate(periods: list[float]) -> float:
    """Return the rate in Hz that suits streams of these periods: that of the slowest, NaN when none is known.

    At most `FASTEST_CLOCK`. Two significant digits: jitter of the stamps must not move the grid from one run to the
    next.
    """
    known = [period for period in periods if math.isfinite(period) and period > 0]
    return min(FASTEST_CLOCK, float(f"{NANOSECONDS / max(known):.1e}")) if known else math.nan


def gap_limit(max_gap: int, period: int, stamps: np.ndarray) -> float:
    """Return the longest gap to bridge, ns: ``max_gap``, or if 0 three periods of the slower of stream and clock.

    ``period`` is that of the clock, ``stamps`` (M,) are those of the stream. With only a few samples, three periods of
    the clock.
    """
    if max_gap:
        return float(max_gap)
    own = stream_period(stamps) if len(stamps) >= _FEWEST else math.nan
    return GAP_PERIODS * (max(own, period) if math.isfinite(own) else period)


def resample(
    stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, interpolation: str, max_gap: float
) -> np.ndarray:
    """Resample a stream, values (M, K) at strictly increasing stamps (M,), at the ticks (T,) of a clock: (T, K).

    All times are nanoseconds. Values are NaN where not known. A tick between two samples that are farther apart than
    ``max_gap`` is unknown. The interpolation "hold" takes the last sample up to the tick, unless it is farther away.

    With "linear", streams of few levels, such as gears, switches and coarsely rounded readings, take the value of the
    nearest sample. Interpolated between two levels, all streams of a message would share their fraction of the way.
    """
    if interpolation == "hold":
        return _held(stamps, values, ticks, max_gap)
    return _interpolated(stamps, values, ticks, max_gap, _are_levels(values))


def _held(stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, max_gap: float) -> np.ndarray:
    after = np.searchsorted(stamps, ticks, side="right")
    result = np.full((len(ticks), values.shape[1]), np.nan)
    known = after > 0
    known[known] = ticks[known] - stamps[after[known] - 1] <= max_gap
    result[known] = values[after[known] - 1]
    return result


def _interpolated(
    stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, max_gap: float, levels: np.ndarray
) -> np.ndarray:
    """Interpolate a stream linearly; the columns that are ``levels`` (K,) take the value of the nearest sample."""
    if not len(stamps):
        return np.full((len(ticks), values.shape[1]), np.nan)
    after = stamps.searchsorted(ticks, side="right")
    before, following = np.maximum(after - 1, 0), np.minimum(after, len(stamps) - 1)
    age, gap = ticks - stamps[before], stamps[following] - stamps[before]
    way = (age / np.maximum(gap, 1))[:, None]
    low, high = values[before], values[following]
    result = low + (high - low) * np.where(levels, way.round(), way)
    on_tick = age == 0
    result[on_tick] = low[on_tick]
    result[(after == 0) | ~(on_tick | (after < len(stamps)) & (gap <= max_gap))] = np.nan
    return result


def _are_levels(values: np.ndarray) -> np.ndarray:
    """Return which columns (K,) of values (M, K) are few levels, each of which occurs several times."""
    few = _count_distinct(values[: _MOST_LEVELS * _LEAST_VISITS]) <= _MOST_LEVELS
    if few.any():
        few[few] = _count_distinct(values[:, few]) <= min(_MOST_LEVELS, len(values) // _LEAST_VISITS)
    return few


def _count_distinct(values: np.ndarray) -> np.ndarray:
    """Count the different values (K,) of each column (M, K); all NaN are one."""
    ordered = np.sort(values, axis=0)  # NaN last
    return 1 + np.count_nonzero((ordered[1:] != ordered[:-1]) & ~np.isnan(ordered[:-1]), axis=0)


def slope_span(stamps: np.ndarray, period: int) -> int:
    """Return the time, nanoseconds, over which a rate of change is taken: the slower period of stream and clock.

    ``stamps`` (M,) are those of the stream, ``period`` is that of the clock. Over a shorter time the rate would be
    noise; over a longer time it would lose what the clock can resolve.
    """
    own = stream_period(stamps)
    return max(period, round(own)) if math.isfinite(own) else period


def rates_of_change(stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, span: int, max_gap: float) -> np.ndarray:
    """Differentiate a stream at the ticks (T,) of a clock: (T, K) per second; for the other arguments see `resample`.

    The rate at a tick is the mean slope, over ``span`` around it (see `slope_span`), of the straight lines between
    samples. It has no delay, and is exact for a stream that changes evenly, however irregular its stamps are.
    """
    half = span // 2
    lines = np.zeros(values.shape[1], dtype=bool)
    before, after = (_interpolated(stamps, values, at, max_gap, lines) for at in (ticks - half, ticks + half))
    return (after - before) * (NANOSECONDS / (2 * half))


def mean_rates_of_change(
    stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, span: int, max_gap: float
) -> np.ndarray:
    """Differentiate a noisy stream: the rate is that from the mean over half a span before a tick to that after it.

    Parameters and result are those of `rates_of_change`, whose noise is that of two samples. A value that is not known
    is passed over as a gap is.
    """
    half = max(1, span // 2)
    around = np.concatenate([ticks - half, ticks, ticks + half])
    rates = np.full((len(ticks), values.shape[1]), np.nan)
    for column, own in enumerate(values.T):
        known = np.isfinite(own)
        if known.sum() > 1:
            sums, gaps = (one.reshape(3, -1) for one in _integrals(stamps[known], own[known], around, max_gap))
            rates[:, column] = np.where(gaps[0] == gaps[2], sums[0] - 2.0 * sums[1] + sums[2], np.nan)
    return rates * (NANOSECONDS / half) ** 2


def _integrals(
    stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, max_gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the integral of the straight lines between samples (M,) up to each tick (T,), and the gaps before it.

    In units times seconds; NaN within a gap, and beyond the samples.
    """
    seconds, values = np.diff(stamps) / NANOSECONDS, values - values[0]
    gaps = np.diff(stamps) > max_gap
    areas = cumulative_integral(seconds, values)
    place = np.clip(np.searchsorted(stamps, ticks, side="right") - 1, 0, len(stamps) - 2)
    age = (ticks - stamps[place]) / NANOSECONDS
    found = areas[place] + values[place] * age + (np.diff(values) / seconds)[place] * np.square(age) / 2.0
    known = (ticks >= stamps[0]) & (ticks <= stamps[-1]) & (~gaps[place] | (age == 0.0))
    return np.where(known, found, np.nan), np.r_[0, np.cumsum(gaps)][place]


def unwrapped(angles: np.ndarray) -> np.ndarray:
    """Remove the jumps of a full turn from angles (M,) in radians, also across unknown values."""
    result = angles.copy()
    known = np.isfinite(angles)
    result[known] = np.unwrap(angles[known])
    return result
