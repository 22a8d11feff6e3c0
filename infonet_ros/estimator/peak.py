"""The delay of a pair below one sample, from its MI over the lag."""

from dataclasses import dataclass

import numpy as np

SAME = 1e-6  # nats
_SHOULDER = 0.9  # of the maximum: above it the peak is nearly a parabola


@dataclass(frozen=True)
class Peak:
    """The delay with the largest MI of a pair, in the unit of the lags."""

    delay: float  # vertex of a parabola through the maximum; NaN if there is none between the lags
    lower: float
    upper: float
    """``lower``, ``upper``: beyond these the MI is below the lower end of its 90 % interval at the maximum; NaN if that
    does not happen within the lags."""

    @classmethod
    def of(cls, lags: np.ndarray, mi: np.ndarray, least: np.ndarray) -> "Peak":
        """Find the peak for increasing lags (L,), the MI (L,), and the lower ends of its intervals (L,).

        The parabola is fitted to ``sqrt(1 - exp(-2 MI))``, the correlation of Gaussian variables with that MI. Over the
        lag it has the shape of an autocorrelation and is round at the maximum, while the MI of a strong dependence is a
        spike.
        """
        known = np.flatnonzero(np.isfinite(mi))
        nowhere = cls(np.nan, np.nan, np.nan)
        if len(known) < 3:
            return nowhere
        known, places = _steps(known, lags[known].astype(np.float64), mi[known])
        heights = correlation_of(mi[known])
        top = int(heights.argmax())
        if not 0 < top < len(known) - 1:
            return nowhere
        near = around_peak(heights, top)
        vertex, bend = (float(one[0]) for one in parabolas(places[near], heights[None, near]))
        if np.isnan(vertex):
            return nowhere
        delay = float(np.clip(vertex, places[top - 1], places[top + 1]))
        level = float(correlation_of(least[known[top]]))
        # The maximum of the curve may lie between two lags, above all of them, so its own width counts, too.
        half = np.sqrt((heights[top] - level) / -bend)
        before = _fall(places[top::-1], heights[top::-1], level)
        after = _fall(places[top:], heights[top:], level)
        return cls(delay, float(np.minimum(before, delay - half)), float(np.maximum(after, delay + half)))  # NaN stays


def correlation_of(mi: np.ndarray) -> np.ndarray:
    """Return the correlation of Gaussian variables with an MI in nats: ``mi = -log(1 - rho^2) / 2`` (Linfoot 1957)."""
    return np.sqrt(-np.expm1(-2.0 * np.maximum(mi, 0.0)))


def around_peak(heights: np.ndarray, top: int) -> np.ndarray:
    """Return the places around a maximum of heights (L,) that are nearly as high: as many on each side, at least one.

    The maximum is neither the first nor the last of them.
    """
    high = heights >= _SHOULDER * heights[top]
    reach = 1
    while reach < min(top, len(heights) - 1 - top) and high[top - reach - 1] and high[top + reach + 1]:
        reach += 1
    return np.arange(top - reach, top + reach + 1)


def parabolas(places: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices (P,) of the parabolas that fit heights (P, K) at places (K,), and their bends (P,).

    NaN stands for the vertex of one without a top.
    """
    middle = places[len(places) // 2]
    bend, slope, _ = np.polyfit(places - middle, heights.T, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bend < 0.0, middle - slope / (2.0 * bend), np.nan), bend


def _steps(known: np.ndarray, places: np.ndarray, mi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle (K,) of each run of neighbours with the same MI (L,), and the index of its first.

    Two held streams have a step for each hold, because the same updates are paired at all its lags.
    """
    starts = np.flatnonzero(np.append(True, np.abs(np.diff(mi)) > SAME))
    ends = np.append(starts[1:], len(mi)) - 1
    return known[starts], (places[starts] + places[ends]) / 2.0


def _fall(places: np.ndarray, heights: np.ndarray, level: float) -> float:
    """Return where heights, from the maximum outwards, first fall below a level; NaN if they never do."""
    below = np.flatnonzero(heights < level)
    if not len(below):
        return np.nan
    end = below[0]
    share = (heights[end - 1] - level) / (heights[end - 1] - heights[end])
    return float(places[end - 1] + share * (places[end] - places[end - 1]))
