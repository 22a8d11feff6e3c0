"""Spikes: single samples that stand out from those before and after them, as after a bit error or at a loose contact.

A pair can hardly show them: one sample is little evidence. So they are compared with those of the good recordings. The
highest of these show how much rarer higher ones are.
"""

from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.tails import Tail

REACH = 2
"""Samples from a spike to those it is compared with. One wrong message changes two samples of the clock at most."""

_HIGHER = 2.0  # times the highest spike of the good recordings
_RANGE = 0.25  # of the range of the good values: lower spikes are not searched


@dataclass(frozen=True)
class Spikes:
    """The spikes of a good channel.

    Attributes
    ----------
    highest : float
        Of all.
    least : float
        No lower one is an alarm.
    height, spacing : float
        One that is higher comes once in so many seconds.
    tail : float
        Beyond, spikes by x higher are exp(tail x) times as rare, or rarer.
    """

    highest: float
    least: float
    height: float = 0.0
    spacing: float = 1.0
    tail: float = np.inf

    @classmethod
    def of(cls, heights: np.ndarray, spread: float, seconds: float) -> "Spikes":
        """Learn them from `spike_heights` (T,) of some time, of a channel whose values cover a range of ``spread``."""
        highest = float(heights.max(initial=0.0))
        least = max(_HIGHER * highest, _RANGE * spread)
        tail = Tail.of(heights[heights > 0.0])
        return cls(highest, least, tail.height, seconds / tail.above, tail.steepness) if tail else cls(highest, least)

    def threshold(self, interval: float) -> float:
        """Return the height that good spikes pass once in ``interval`` seconds, or less often."""
        return max(self.least, self.height + max(0.0, float(np.log(interval / self.spacing))) / self.tail)


def spike_heights(values: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Return by how much samples stand out from those before and after them: (T - 2 REACH, N) of samples (T, N).

    Unknown samples do not stand out. Of the channels that are ``angles`` (N,) whole turns do not count.
    """
    middle = values[REACH:-REACH]
    before, after = (_differences(middle, other, angles) for other in (values[: -2 * REACH], values[2 * REACH :]))
    return np.where(before * after > 0.0, np.minimum(np.abs(before), np.abs(after)), 0.0)


def _differences(values: np.ndarray, other: np.ndarray, angles: np.ndarray) -> np.ndarray:
    differences = values - other
    return np.where(angles, np.remainder(differences + np.pi, 2.0 * np.pi) - np.pi, differences)
