"""The delay of a pair, finer than a sample, from its MI over the lag."""

from dataclasses import dataclass

import numpy as np

SAME = 1e-6  # nats
SHOULDER = 0.9  # of its top: where the peak is a parabola


@dataclass(frozen=True)
class Peak:
    """Where the MI of a pair is largest, in the unit of the lags.

    Attributes
    ----------
    delay : float
        Vertex of a parabola through the top; NaN where there is none between the lags.
    lower, upper : float
        Beyond these the MI falls below the lower end of its 90 % interval at the top; NaN where it does not within
        the lags.
    """

    delay: float
    lower: float
    upper: float

    @classmethod
    def of(cls, lags: np.ndarray, mi: np.ndarray, least: np.ndarray) -> "Peak":
        """Find it for increasing lags (L,), the MI (L,), and the lower ends of its intervals (L,); NaN where unknown.

        The shape is that of ``sqrt(1 - exp(-2 MI))``, the correlation of Gaussian variables of that MI: over the lag
        it is that of an autocorrelation, round at the top, where the MI of a strong dependence is a spike.
        """
        known = np.flatnonzero(np.isfinite(mi))
        nowhere = cls(np.nan, np.nan, np.nan)
        if len(known) < 3:
            return nowhere
        known, places = _steps(known, lags[known].astype(np.float64), mi[known])
        heights = correlation(mi[known])
        top = int(heights.argmax())
        reach = min(top, len(known) - 1 - top)
        if reach <= 0:
            return nowhere
        shoulder = heights >= SHOULDER * heights[top]
        while reach > 1 and not shoulder[top - reach : top + reach + 1].all():
            reach -= 1
        near = slice(top - reach, top + reach + 1)
        bend, slope, _ = np.polyfit(places[near] - places[top], heights[near], 2)
        if bend >= 0.0:
            return nowhere
        delay = float(np.clip(places[top] - slope / (2.0 * bend), places[top - 1], places[top + 1]))
        level = float(correlation(least[known[top]]))
        # The top of the curve may lie between two lags, above all of them: its own width counts, too.
        half = np.sqrt((heights[top] - level) / -bend)
        before = _fall(places[top::-1], heights[top::-1], level)
        after = _fall(places[top:], heights[top:], level)
        return cls(delay, float(np.minimum(before, delay - half)), float(np.maximum(after, delay + half)))  # NaN stays


def correlation(mi: np.ndarray) -> np.ndarray:
    """Return the correlation of Gaussian variables with an MI in nats (Linfoot, Inf. Control 1957)."""
    return np.sqrt(-np.expm1(-2.0 * np.maximum(mi, 0.0)))


def _steps(known: np.ndarray, places: np.ndarray, mi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one place (K,), in the middle, for each run of neighbours with the same MI (L,), and its first number.

    Two held streams have a step for each hold: the same updates meet at all its lags.
    """
    starts = np.flatnonzero(np.append(True, np.abs(np.diff(mi)) > SAME))
    ends = np.append(starts[1:], len(mi)) - 1
    return known[starts], (places[starts] + places[ends]) / 2.0


def _fall(places: np.ndarray, heights: np.ndarray, level: float) -> float:
    """Return where heights, followed outwards from the top, first fall below a level; NaN if they never do."""
    below = np.flatnonzero(heights < level)
    if not len(below):
        return np.nan
    end = below[0]
    share = (heights[end - 1] - level) / (heights[end - 1] - heights[end])
    return float(places[end - 1] + share * (places[end] - places[end - 1]))
