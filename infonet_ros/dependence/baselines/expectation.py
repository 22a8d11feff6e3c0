"""The value that each channel of a pair predicts for the other, and the distance of samples from it.

The table of a pair is no finer than its cells, and holds nothing beyond the known range. The residual, a sample minus
its expected value, shows small offsets of strong pairs, and values that one channel reaches without the other.
"""

from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.baselines.forms import channel_quantiles, ranks_among

KNOTS = 34
"""Of a curve: the middles of 32 groups of samples, and both ends."""

_POWER = 0.25  # the outermost ranks p of faulty residuals have the density _POWER p**(_POWER - 1)
_LEAST_SPREAD = 0.1  # times the mean spread: with few samples it may look smaller


@dataclass(frozen=True, eq=False)
class Expectation:
    """A pair (x, y) without faults."""

    curves: np.ndarray
    """(2, 3, KNOTS) float64: for x: values of y, the mean of x at each, and the mean distance of x from this mean. The
    same for y. Linear in between."""
    residuals: np.ndarray
    """(2, Q) float64: quantiles of the distance of x from its expected value, in units of the mean distance there; the
    same for y."""

    @classmethod
    def of(cls, pair: np.ndarray) -> "Expectation":
        """Learn from samples (2, T), NaN where unknown."""
        known = pair[:, np.isfinite(pair).all(axis=0)]
        curves = np.stack([_curve(known[1], known[0]), _curve(known[0], known[1])])
        return cls(curves, channel_quantiles(_residuals(curves, known).T))

    def expected(self, pair: np.ndarray) -> np.ndarray:
        """Return the value (2, T) that each channel predicts for the other; NaN beyond its known range."""
        return np.stack([_read(curve, 1, given) for curve, given in zip(self.curves, pair[::-1], strict=True)])

    def log_ratios(self, pair: np.ndarray) -> np.ndarray:
        """Return log likelihood ratios (T,) of "as before" against "far from what is expected" for samples (2, T).

        Residuals as before have evenly spread ranks. Twice as far away is little evidence: another day may be noisier.
        """
        ranks = ranks_among(self.residuals, _residuals(self.curves, pair).T)
        outer = np.maximum(2.0 * np.minimum(ranks, 1.0 - ranks), 1.0 / self.residuals.shape[1])
        p = np.minimum(1.0, 2.0 * np.fmin(*outer.T))  # of the two sides the one that is farther out
        return (1.0 - _POWER) * np.log(p) - np.log(_POWER)


def _residuals(curves: np.ndarray, pair: np.ndarray) -> np.ndarray:
    sides = zip(pair, pair[::-1], curves, strict=True)
    return np.stack([(own - _read(curve, 1, given)) / _read(curve, 2, given) for own, given, curve in sides])


def _read(curve: np.ndarray, row: int, given: np.ndarray) -> np.ndarray:
    return np.interp(given, curve[0], curve[row], left=np.nan, right=np.nan)


def _curve(given: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return knots (3, KNOTS): values of ``given`` (T,), the mean of ``wanted`` at each, and the distance from it."""
    values, groups = np.unique(given, return_inverse=True)
    if len(values) > KNOTS - 2:
        edges = np.quantile(given, np.linspace(0.0, 1.0, KNOTS - 1))
        groups = np.searchsorted(edges[1:-1], given, side="right")
    knots = _with_ends(_means(groups, given), _means(groups, wanted), values[[0, -1]])
    distance = np.abs(wanted - np.interp(given, *knots))
    spread = np.maximum(_means(groups, distance), _LEAST_SPREAD * distance.mean() + np.finfo(float).tiny)
    knots = np.vstack([knots, np.pad(spread, 1, mode="edge")])
    return np.pad(knots, ((0, 0), (0, KNOTS - knots.shape[1])), mode="edge")


def _means(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    count = np.bincount(groups)
    return np.bincount(groups, weights=values)[count > 0] / count[count > 0]


def _with_ends(middles: np.ndarray, means: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Continue a curve (K,) of means to both ends (2,): along its first two knots, and its last two."""
    slopes = np.diff(means)[[0, -1]] / np.diff(middles)[[0, -1]] if len(middles) > 1 else np.zeros(2)
    first, last = means[[0, -1]] + slopes * (ends - middles[[0, -1]])
    return np.stack([np.r_[ends[0], middles, ends[1]], np.r_[first, means, last]])
