"""Whether the relation of two channels stays the same over a recording, however the robot moves.

It stays the same if y does not change for the same x. So y is compared with its mean given x over the whole recording.
If the relation changes, the residual takes a step, also if the MI stays the same. Another motion, such as other
speeds, causes no step. The relation before the step then shows the kind of the change: another sign, factor or offset.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from infonet_ros.dependence.steps import block_edges, block_means, contrast, noise, step_sizes, without_step
from infonet_ros.series import average_ranks

LEAST_SAMPLES = 128
"""Samples of a pair; shorter pairs are not judged."""

STANDS_OUT = 5.0
"""Times its usual size at other times that a step must have: drifting and wandering channels take many steps."""

_BINS = 24  # of x, for the mean of y given x
_A_BIN = 20  # samples at least
_EDGE = 0.02  # of the samples of x at either end, where the means are not known
_LEAST_COMMON = 0.02  # of the samples must have values of x that occur before and after
_LEAST_SHARE = 0.25  # of the variance that a relation explains: with less, its slope is not reliable
_LEAST_FACTOR = 1.25
_LEAST_OFFSET = 1.0  # of the standard deviation about the relation
_LEAST_NOISE = 0.02  # of the standard deviation of y: beside a relation without noise, any offset would be large
_SAME_OFFSET = 0.7  # of the standard deviation about the relation: up to here the relation is the same


class Outcome(Enum):
    """The change of a relation."""

    SAME = "same"
    SIGN = "sign"
    FACTOR = "factor"
    OFFSET = "offset"
    OTHER = "other"
    UNCLEAR = "unclear"


CHANGED = {Outcome.SIGN, Outcome.FACTOR, Outcome.OFFSET, Outcome.OTHER}


class Verdict(NamedTuple):
    """The change of a channel relative to another: its kind, and the factor or offset if it is one of these."""

    kind: Outcome
    value: float = np.nan


@dataclass(frozen=True, eq=False)
class Relation:
    """Two channels in the rows in which both are known.

    Attributes
    ----------
    rows : (n,) int
        Numbers of these rows.
    values, ranks : (2, n) float64
    """

    rows: np.ndarray
    values: np.ndarray
    ranks: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray) -> "Relation | None":
        """Take two channels (T,), NaN where unknown; None if too few samples are known, or one is constant."""
        rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        values = np.stack([x[rows], y[rows]])
        if len(rows) < LEAST_SAMPLES or not np.ptp(values, axis=1).all():
            return None
        return cls(rows, values, np.stack([average_ranks(one) - 0.5 for one in values]) / len(rows))

    def change(self, least_sigmas: float) -> tuple[int, float] | None:
        """Return the row at which the relation changes, and how sure that is; None if it is less sure, or unclear."""
        row = self._likeliest()
        sigmas = self.sigmas(row)
        changed = sigmas > least_sigmas and any(self.verdict(row, side).kind in CHANGED for side in (0, 1))
        return (row, sigmas) if changed else None

    def _likeliest(self) -> int:
        """Return the row at which the relation most likely changes, if it does."""
        sizes = np.concatenate([step_sizes(means) for means in self._means])
        chance = np.concatenate([noise(without_step(means, step_sizes(means))) for means in self._means])
        return int(self.rows[self._edges[(np.abs(sizes) / chance[:, None]).max(axis=0).argmax()]])

    def sigmas(self, row: int) -> float:
        """Return how sure a change at a row is, in standard errors: the larger one of the two directions.

        The errors come from the residuals of separate relations before and after.
        """
        place = self._place(row)
        cut, largest = self._edges[place], 0.0
        for side in (0, 1):
            parts = (_residuals(*self._ordered(self.ranks[:, part], side)) for part in (slice(cut), slice(cut, None)))
            chance = noise(block_means(np.concatenate([*parts], axis=1), self._edges))
            largest = max(largest, float((np.abs(step_sizes(self._means[side])[:, place]) / chance).max()))
        return largest

    def verdict(self, row: int, side: int) -> Verdict:
        """Return the change at a row of the first channel relative to the second (``side`` 0), or of the second."""
        place = self._place(row)
        gap = int(np.diff(self._edges)[place])  # the change may lie within a block on either side
        before, after = self.rows < row - gap, self.rows >= row + gap
        x, y = self._ordered(self.values, side)
        least, most = np.transpose([np.quantile(x[part], (_EDGE, 1.0 - _EDGE)) for part in (before, after)])
        common = (x >= least.max()) & (x <= most.min())
        if any((common & part).sum() < max(_A_BIN, _LEAST_COMMON * part.sum()) for part in (before, after)):
            return Verdict(Outcome.UNCLEAR)
        expected = _mean_given(x[before & common], y[before & common])(x)
        return _Parts(x, expected, y, before & common, after & common).verdict()

    @cached_property
    def _edges(self) -> np.ndarray:
        return block_edges(len(self.rows))

    @cached_property
    def _means(self) -> list[np.ndarray]:
        """Block means of the residuals of the first channel given the second, and of the second given the first."""
        return [block_means(_residuals(*self._ordered(self.ranks, side)), self._edges) for side in (0, 1)]

    def _place(self, row: int) -> int:
        """Return the block that begins nearest to a row."""
        last = len(self._edges) - 2
        return int(np.clip(np.abs(self.rows[self._edges[:-1]] - row).argmin(), 1, last))

    @staticmethod
    def _ordered(pair: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the given channel, and the channel of ``side``."""
        return pair[1 - side], pair[side]


@dataclass(frozen=True, eq=False)
class _Parts:
    """Samples x and y (n,), the y expected by the relation before, and masks of the samples before and after."""

    x: np.ndarray
    expected: np.ndarray
    y: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def verdict(self) -> Verdict:
        (_, share_before), (slope, share) = self._line(self.before), self._line(self.after)
        if share_before < _LEAST_SHARE:
            return Verdict(Outcome.UNCLEAR)
        if share < _LEAST_SHARE:
            return self._other(share)
        # With noise in both channels the slope lies between that of y on x and that of x on y (Frisch 1934).
        least, most = slope * share_before, slope / share
        line = self.y[self.after].mean() + slope * (self.expected - self.expected[self.after].mean())
        tilt = self.expected - self.expected[self.before].mean()
        if slope < 0.0:
            return self._if_abrupt(Verdict(Outcome.SIGN, -1.0), line, tilt)
        if least > _LEAST_FACTOR or most < 1.0 / _LEAST_FACTOR:
            return self._if_abrupt(Verdict(Outcome.FACTOR, float(slope * np.sqrt(share_before / share))), line, tilt)
        return self._offset(line, min(1.0, slope), max(1.0 / share_before, most))

    def _offset(self, line: np.ndarray, least: float, most: float) -> Verdict:
        """Judge an offset, at any slope between two."""
        level, moved = (one[self.after].mean() - one[self.before].mean() for one in (self.y, self.expected))
        offsets = level - np.array([least, most]) * moved
        usual = max((self.y - self.expected)[self.before].std(), _LEAST_NOISE * self.y[self.before].std())
        if offsets.prod() > 0.0 and np.abs(offsets).min() > _LEAST_OFFSET * usual:
            return self._if_abrupt(Verdict(Outcome.OFFSET, float(offsets.mean())), line, np.ones_like(line))
        same = np.abs(offsets).max() < _SAME_OFFSET * usual
        return Verdict(Outcome.SAME if same else Outcome.UNCLEAR)

    def _other(self, share: float) -> Verdict:
        """Judge whether y has another relation to x, which explains much more than the relation before."""
        x, y = self.x[self.after], self.y[self.after]
        mean = _mean_given(x, y)
        own = 1.0 - np.var(y - mean(x)) / np.var(y) if np.ptp(y) else 0.0
        if own < 2.0 * max(share, _LEAST_SHARE):
            return Verdict(Outcome.UNCLEAR)
        now = mean(self.x)
        return self._if_abrupt(Verdict(Outcome.OTHER), now, now - self.expected)

    def _line(self, part: np.ndarray) -> tuple[float, float]:
        """Return the slope of y over its expected value, and the share of the variance of y that this explains."""
        x, y = self.expected[part], self.y[part]
        if not np.ptp(x) or not np.ptp(y):
            return 0.0, 0.0
        covariance = np.cov(x, y)
        slope = covariance[0, 1] / covariance[0, 0]
        return slope, slope * covariance[0, 1] / covariance[1, 1]

    def _if_abrupt(self, verdict: Verdict, now: np.ndarray, weight: np.ndarray) -> Verdict:
        """Keep a verdict if the residual of y takes a sudden step, and no such step at other times.

        ``now`` (n,) is the y expected by the relation after. Times ``weight`` (n,), the residual steps in its mean.
        """
        kept = self.before | self.after
        edges = block_edges(int(kept.sum()))
        place = int(np.searchsorted(edges, self.before.sum()))
        change = np.where(self.after, now - self.expected, 0.0)
        step, model, rest = (
            contrast(block_means((one * weight)[kept], edges), place)
            for one in (self.y - self.expected, change, self.y - self.expected - change)
        )
        abrupt = step.size * np.sign(model.size) > max(STANDS_OUT * rest.usual, abs(model.size) / 2.0)
        return verdict if abrupt else Verdict(Outcome.UNCLEAR)


def _residuals(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return residuals (6, n) of ranks y (n,) given ranks x, with mean 0 for each x.

    They are the residuals of level and spread of y, each of them unweighted, times x, and times the distance of x from
    its middle.
    """
    bins = np.minimum((x * _bins(len(x))).astype(int), _bins(len(x)) - 1)
    count = np.maximum(np.bincount(bins), 1)
    level, spread = y - 0.5, np.abs(y - 0.5) - 0.25
    left = np.stack([one - (np.bincount(bins, one) / count)[bins] for one in (level, spread)])
    weights = np.stack([np.ones_like(x), x - 0.5, np.abs(x - 0.5) - 0.25])
    return (left[:, None] * weights).reshape(6, -1)


def _bins(count: int) -> int:
    return int(np.clip(count // (2 * _A_BIN), 2, _BINS))


def _mean_given(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the mean of y given x, as a function of x."""
    order = np.argsort(x, kind="stable")
    edges = np.linspace(0, len(x), int(np.clip(len(x) // _A_BIN, 2, _BINS)) + 1).astype(int)
    places, means = block_means(x[order], edges), block_means(y[order], edges)
    return lambda at: np.interp(at, places, means)
