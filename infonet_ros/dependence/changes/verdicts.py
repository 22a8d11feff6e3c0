"""How a relation changed in a stretch: another sign, factor or offset, another relation, or none.

The samples inside the stretch are compared with the relation of those outside. What changes gradually, or as the
residual does at other times, is no change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from infonet_ros.dependence.changes.steps import Stretch, block_edges, block_means, blocks_of, contrast

BINS = 24
"""Of x, for the mean of y given x."""

A_BIN = 20
"""Samples of a bin, at least."""

_LEAST_SHARE = 0.25  # of the variance that a relation explains: with less, its slope is not reliable
_LITTLE_LEFT = 0.2  # of the share of the variance that a relation explains: in a short time, some does by chance
_MOVES = 0.5  # of its usual spread: a channel moves enough to move the other
_LEAST_FACTOR = 1.25
_LEAST_OFFSET = 1.0  # of the standard deviation about the relation
_LEAST_NOISE = 0.02  # of the standard deviation of y: beside a relation without noise, any offset would be large
_STANDS_OUT = 5.0  # times its usual size at other times that a step must have: drifting channels take many steps
_SAME_OFFSET = 0.7  # of the standard deviation about the relation: up to here the relation is the same


class Outcome(Enum):
    """The change of a relation."""

    SAME = "same"
    SIGN = "sign"
    FACTOR = "factor"
    OFFSET = "offset"
    OTHER = "other"
    LOST = "lost"
    HELD = "held"
    UNCLEAR = "unclear"


CHANGED = {Outcome.SIGN, Outcome.FACTOR, Outcome.OFFSET, Outcome.OTHER, Outcome.LOST}


class Verdict(NamedTuple):
    """The change of a channel relative to another: its kind, and the factor or offset if it is one of these.

    If the relation is the same, ``offset`` is the largest offset that it would hide in its noise, and ``factors`` are
    the least and the largest factor. A factor is the more exact, the larger the ``share`` of the variance that it
    explains.
    """

    kind: Outcome
    value: float = np.nan
    offset: float = 0.0
    factors: tuple[float, float] = (1.0, 1.0)
    share: float = 1.0

    def excludes(self, change: "Verdict") -> bool:
        """Return whether the channel cannot have another verdict's change: here it would exceed the noise."""
        if change.kind is Outcome.OFFSET:
            return self.kind is Outcome.SAME and abs(change.value) > self.offset
        if change.kind is Outcome.FACTOR:
            return self.kind is Outcome.SAME and not self.factors[0] <= change.value <= self.factors[1]
        return True


@dataclass(frozen=True, eq=False)
class Parts:
    """Samples x and y (n,), the y expected by the relation outside a stretch, and masks of outside and inside."""

    x: np.ndarray
    expected: np.ndarray
    y: np.ndarray
    outside: np.ndarray
    inside: np.ndarray

    def verdict(self) -> Verdict:
        """Return how y changed relative to x."""
        (_, share_outside), (slope, share) = self._line(self.outside), self._line(self.inside)
        if share_outside < _LEAST_SHARE:
            return Verdict(Outcome.UNCLEAR)
        if share < _LEAST_SHARE:
            return self._other(share, share_outside)
        # With noise in both channels the slope lies between that of y on x and that of x on y (Frisch 1934).
        least, most = slope * share_outside, slope / share
        line = self.y[self.inside].mean() + slope * (self.expected - self.expected[self.inside].mean())
        tilt = self.expected - self.expected[self.outside].mean()
        if slope < 0.0:
            return self._if_abrupt(Verdict(Outcome.SIGN, -1.0), line, tilt)
        if least > _LEAST_FACTOR or most < 1.0 / _LEAST_FACTOR:
            factor = Verdict(Outcome.FACTOR, float(slope * np.sqrt(share_outside / share)), share=float(share))
            return self._if_abrupt(factor, line, tilt, np.ones_like(line))  # a wind is never 0: its level steps as well
        return self._offset(line, min(1.0, slope), max(1.0 / share_outside, most))

    def _offset(self, line: np.ndarray, least: float, most: float) -> Verdict:
        """Judge an offset, at any slope between two."""
        level, moved = (one[self.inside].mean() - one[self.outside].mean() for one in (self.y, self.expected))
        offsets = level - np.array([least, most]) * moved
        usual = max((self.y - self.expected)[self.outside].std(), _LEAST_NOISE * self.y[self.outside].std())
        if offsets.prod() > 0.0 and np.abs(offsets).min() > _LEAST_OFFSET * usual:
            return self._if_abrupt(Verdict(Outcome.OFFSET, float(offsets.mean())), line, np.ones_like(line))
        same = np.abs(offsets).max() < _SAME_OFFSET * usual
        hidden = Verdict(Outcome.SAME, offset=float(_LEAST_OFFSET * usual), factors=(float(least), float(most)))
        return hidden if same else Verdict(Outcome.UNCLEAR)

    def _other(self, share: float, share_outside: float) -> Verdict:
        """Judge whether y has another relation to x, which explains much more than the relation outside."""
        x, y = self.x[self.inside], self.y[self.inside]
        mean = mean_given(x, y)
        own = 1.0 - np.var(y - mean(x)) / np.var(y) if np.ptp(y) else 0.0
        if own < 2.0 * max(share, _LEAST_SHARE):
            return self._lost(share / share_outside)
        now = mean(self.x)
        return self._if_abrupt(Verdict(Outcome.OTHER), now, now - self.expected)

    def _lost(self, left: float) -> Verdict:
        """Judge whether y no longer depends on x: little of the share is ``left``, and x moves enough to move y."""
        moved = [self.expected[part].std() for part in (self.inside, self.outside)]
        if left > _LITTLE_LEFT or moved[0] < _MOVES * moved[1]:
            return Verdict(Outcome.UNCLEAR)
        now = np.full(len(self.y), self.y[self.inside].mean())
        return self._if_abrupt(Verdict(Outcome.LOST), now, now - self.expected)

    def _line(self, part: np.ndarray) -> tuple[float, float]:
        """Return the slope of y over its expected value, and the share of the variance of y that this explains."""
        x, y = self.expected[part], self.y[part]
        if not np.ptp(x) or not np.ptp(y):
            return 0.0, 0.0
        covariance = np.cov(x, y)
        slope = covariance[0, 1] / covariance[0, 0]
        return slope, slope * covariance[0, 1] / covariance[1, 1]

    def _if_abrupt(self, verdict: Verdict, now: np.ndarray, *weights: np.ndarray) -> Verdict:
        """Keep a verdict if the residual of y takes a sudden step, back as well, and no such step at other times.

        Most samples inside must be nearer to the new relation than to the old one: a few that jump are no change.
        ``now`` (n,) is the y expected by the relation inside. Times one of the ``weights`` (n,), the residual steps in
        its mean.
        """
        nearer = np.abs(self.y - now) < np.abs(self.y - self.expected)
        changed = nearer[self.inside].mean() > 0.5 and any(self._is_abrupt(now, weight) for weight in weights)
        return verdict if changed else Verdict(Outcome.UNCLEAR)

    def _is_abrupt(self, now: np.ndarray, weight: np.ndarray) -> bool:
        kept = self.outside | self.inside
        edges = block_edges(int(kept.sum()))
        first, last = np.flatnonzero(self.inside[kept])[[0, -1]]
        stretch = blocks_of(edges, Stretch(int(first), int(last) + 1))
        change = np.where(self.inside, now - self.expected, 0.0)
        step, model, rest = (
            contrast(block_means((one * weight)[kept], edges), stretch)
            for one in (self.y - self.expected, change, self.y - self.expected - change)
        )
        ends, expected = np.array(step.ends), np.array(model.ends)
        sudden = bool((ends * np.sign(expected) > np.abs(expected) / 2.0).all())
        unusual = step.size * np.sign(model.size) > _STANDS_OUT * rest.usual
        return sudden and bool(unusual)


def mean_given(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the mean of y given x, as a function of x."""
    order = np.argsort(x, kind="stable")
    edges = np.linspace(0, len(x), int(np.clip(len(x) // A_BIN, 2, BINS)) + 1).astype(int)
    places, means = block_means(x[order], edges), block_means(y[order], edges)
    return lambda at: np.interp(at, places, means)
