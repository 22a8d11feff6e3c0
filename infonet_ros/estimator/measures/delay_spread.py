"""The standard error of the delay of a pair, from leaving out each part of the recording in turn (jackknife).

The MI at two lags comes from the same samples, so their errors are alike: which of the two is larger is known far
better than either value. The jackknife (Tukey, Ann. Math. Stat. 1958) estimates this error, for autocorrelated streams
too, as long as the parts are longer than the memory of the streams.
"""

from dataclasses import dataclass

import numpy as np

from infonet_ros.estimator.measures.contingency import DEGREES, FINER, contingency_of, features_of, lagged_products
from infonet_ros.estimator.peak import around_peak, parabolas

PARTS = 20
T_90 = 1.73
"""Standard errors on either side that contain 90 % of Student's distribution with so many parts."""

_SURE = 4.0  # standard errors from 0, of a delay that is not 0: many pairs are searched for one
_APART = 3.0  # errors
_AS_GOOD = 0.75  # of the contingency at the delay: another peak so high leaves open which of the two is the delay
_RISE = 0.3  # of it, from the valley between the two
_FEWEST_PARTS = 8
_HELD = 0.5  # of the samples of a stream that holds its values are those before
_SAMPLE = 0.5  # samples: error of a lag in whole samples, at most
_JUMP = 0.3  # of a sample: standard error of the place of a jump between two samples, at least
_ALIKE = 0.35  # correlation of the delays of neighbouring parts of the recording
_CHANGING = 0.2  # of a delay: standard deviation of those of the parts
_LEAST_ERROR = 0.05  # of a sample: of streams that were put on one clock


@dataclass(frozen=True)
class DelaySpread:
    """Delay of a pair at the peak of its contingency, and the gain in contingency over lag 0.

    All numbers are NaN if there is no peak between the lags, or if too few parts of the recording have samples.
    """

    delay: float = np.nan  # delay, error: the delay and its standard error, samples
    error: float = np.nan
    height: float = np.nan  # contingency at the peak
    gain: float = np.nan
    gain_error: float = np.nan
    """``gain``, ``gain_error``: how much more that is than the contingency at lag 0, and the standard error of this."""
    on_top: bool = False
    """Whether lag 0 lies near the top of the same peak: how far from it, only the delay tells, and not the gain."""
    rivalled: bool = False
    """Whether another peak is about as high. Examples are two oscillations, and a position with its speed, each of
    which follows the other by a quarter of a period."""
    broad: bool = False
    """Whether there is a peak, but so broad that it may continue beyond the lags: that of slow streams."""
    wanders: bool = False
    """Whether the delay is not the same all the time, as that of a camera whose exposure follows the light."""
    uneven: bool = False
    """Whether slow and fast motions have different delays or gains."""
    smoothed: bool = False
    """Whether fast motions are smaller in the late channel, as behind a filter."""
    held: bool = False
    """Whether one stream holds its values, as a command does."""

    @property
    def physical(self) -> bool:
        """Whether late stamps are not the cause, or no shift of them helps at all times."""
        return self.uneven or self.held or self.wanders

    @property
    def delayed(self) -> bool:
        """Whether the delay clearly differs from 0, and the pair depends more at this delay than at 0."""
        sure = abs(self.delay) > _SURE * self.error and (self.on_top or self.gain > self.gain_error)
        return sure and not self.rivalled

    def agrees(self, other: "DelaySpread") -> bool:
        """Return whether two delays agree within their errors; False if one of them is not known."""
        return abs(self.delay - other.delay) <= _APART * float(np.hypot(self.error, other.error))

    def differs(self, other: "DelaySpread") -> bool:
        """Return whether the 90 % interval of the difference of two delays leaves out 0; False if one is not known."""
        return abs(self.delay - other.delay) > T_90 * float(np.hypot(self.error, other.error))

    def is_at(self, lag: int) -> bool:
        """Return whether the delay may be a lag that was found in whole samples."""
        return abs(self.delay - lag) <= _APART * float(np.hypot(self.error, _SAMPLE))

    @classmethod
    def of(cls, ranks: np.ndarray, longest: int, lag: int, features: np.ndarray | None = None) -> "DelaySpread":
        """Find the peak of two channels near a lag, with its errors; the lag is positive where the second follows.

        For the ranks (T, 2) see `lagged_contingency`; lags up to ``longest`` samples are compared in both directions.
        What is compared are the ``features`` of the channels, see `lagged_products`, by default those of the ranks.
        """
        products = lagged_products(features_of(ranks, DEGREES) if features is None else features, longest, PARTS)
        zero = longest * FINER
        products = products[products[:, zero, -1, -1] > 0.5]
        whole = products.sum(axis=0)
        curve, without_one = contingency_of(whole), contingency_of(whole - products)
        place = uphill(curve, zero + lag * FINER)
        if len(products) < _FEWEST_PARTS or not 0 < place < 2 * zero:
            return cls()
        near = around_peak(np.sqrt(curve), place)
        if near[0] == 0 or near[-1] == 2 * zero:
            return cls(broad=True)
        lags = (near - zero) / FINER
        delays, _ = parabolas(lags, np.sqrt(without_one[:, near]))
        gains = without_one[:, place] - without_one[:, zero]
        delay = float(parabolas(lags, np.sqrt(curve[None, near]))[0][0])
        return cls(
            delay=delay,
            error=float(np.hypot(_jackknife(delays), _JUMP if holds(ranks) else _LEAST_ERROR)),
            height=float(curve[place]),
            gain=float(curve[place] - curve[zero]),
            gain_error=float(_jackknife(gains)),
            on_top=bool(near[0] <= zero <= near[-1]),
            wanders=_wanders(delay, delays),
            rivalled=_rivalled(curve, place),
        )


def holds(ranks: np.ndarray) -> bool:
    """Return whether one of two channels (T, 2) mostly keeps its value, and jumps at other times."""
    return bool((np.diff(ranks, axis=0) == 0.0).mean(axis=0).max() >= _HELD)


def _rivalled(curve: np.ndarray, place: int) -> bool:
    """Return whether a curve falls far beside a peak, and then rises to about the height of the peak."""
    height = curve[place]
    sides = (curve[place:], curve[place::-1])
    rises = (side >= np.maximum(_AS_GOOD * height, np.minimum.accumulate(side) + _RISE * height) for side in sides)
    return any(rise.any() for rise in rises)


def uphill(curve: np.ndarray, place: int) -> int:
    """Return the local maximum that is reached uphill from a place."""
    while place > 0 and curve[place - 1] > curve[place]:
        place -= 1
    while place + 1 < len(curve) and curve[place + 1] > curve[place]:
        place += 1
    return place


def _wanders(delay: float, delays: np.ndarray) -> bool:
    """Return whether the delay changes much and slowly, from the delays (P,) without one part each.

    By chance, neighbouring parts have so similar delays in one pair of twenty, if their delays are uncertain.
    """
    apart = (len(delays) - 1) * (delays - delays.mean())
    slowly = (apart[1:] * apart[:-1]).sum() > _ALIKE * np.square(apart).sum()
    return bool(slowly and apart.std() > _CHANGING * abs(delay))


def _jackknife(values: np.ndarray) -> float:
    """Return the standard error of a number whose values (P,) without one part each are known."""
    return float(np.sqrt((len(values) - 1) * values.var()))
