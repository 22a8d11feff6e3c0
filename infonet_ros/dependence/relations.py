"""Whether the relation of two channels stays the same over a recording, however the robot moves.

It stays the same if y does not change for the same x. So y is compared with its mean given x over the whole recording.
If the relation changes, the residual takes a step, also if the MI stays the same; or it has another level for a while.
Another motion, such as other speeds, causes no step. The relation at other times then shows the kind of the change:
another sign, factor or offset, or no relation at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from infonet_ros.dependence.steps import (
    Stretch,
    block_edges,
    block_means,
    blocks_of,
    contrast,
    near,
    noise,
    stretch_size,
    stretch_sizes,
    stretches,
    without_stretch,
)
from infonet_ros.series import average_ranks

LEAST_SAMPLES = 128
"""Samples of a pair; shorter pairs are not judged."""

STANDS_OUT = 5.0
"""Times its usual size at other times that a step must have: drifting and wandering channels take many steps."""

_BINS = 24  # of x, for the mean of y given x
_A_BIN = 20  # samples at least
_EDGE = 0.02  # of the samples of x at either end, where the means are not known
_LEAST_COMMON = 0.02  # of the samples must have values of x that occur outside and inside
_LEAST_SHARE = 0.25  # of the variance that a relation explains: with less, its slope is not reliable
_FIRST = 10  # parts of a recording, of which the first is too short to compare all the others with it
_PASSES = 0.8  # as sure a change lasts rather than passes: before a late step the relation looks like another, too
_LITTLE_LEFT = 0.2  # of the share of the variance that a relation explains: in a short time, some does by chance
_MOVES = 0.5  # of its usual spread: a channel moves enough to move the other
_LEAST_FACTOR = 1.25
_LEAST_OFFSET = 1.0  # of the standard deviation about the relation
_LEAST_NOISE = 0.02  # of the standard deviation of y: beside a relation without noise, any offset would be large
_SAME_OFFSET = 0.7  # of the standard deviation about the relation: up to here the relation is the same


Middles = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Means or medians of values (n,) in each of their bins (n,)."""


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

    def change(self, least_sigmas: float) -> tuple[Stretch, float] | None:
        """Return the rows in which the relation is another, and how sure that is; None if less sure, or unclear."""
        last = int(self._starts[-1])
        asked = {rows for about in (self._about_means, self._about(_medians)) for rows in self._likeliest(about)}
        sure = {rows: self.sigmas(rows) for rows in asked}
        rows = max(asked, key=lambda one: (sure[one] if one.end < last else sure[one] / _PASSES, one))
        sigmas = sure[rows]
        if sigmas > least_sigmas and rows.begin > self.rows[-1] // _FIRST:  # does it end?
            lasts = rows._replace(end=last)
            sigmas, rows = max((sigmas, rows), (self.sigmas(lasts), lasts))
        changed = sigmas > least_sigmas and any(self.verdict(rows, side).kind in CHANGED for side in (0, 1))
        return (rows, sigmas) if changed else None

    def _likeliest(self, residuals: list[np.ndarray]) -> Iterator[Stretch]:
        """Yield the rows in which the relation is most likely another, by residuals `_about` middles.

        First those that end before the recording does, then those that do not.
        """
        sizes = np.concatenate([stretch_sizes(means) for means in residuals])
        chance = np.concatenate([noise(without_stretch(means, stretch_sizes(means))) for means in residuals])
        found, last = stretches(len(self._edges) - 1), len(self._edges) - 1
        sure = (np.abs(sizes) / chance[:, None]).max(axis=0)
        means = np.concatenate(residuals) / chance[:, None]
        for kind in (found[:, 1] < last, found[:, 1] == last):
            likeliest = Stretch(*found[np.where(kind, sure, -1.0).argmax()].tolist())
            exact = max(near(likeliest, last), key=lambda one: np.abs(stretch_size(means, one)).max())
            yield Stretch(*self._starts[[*exact]].tolist())

    def sigmas(self, rows: Stretch) -> float:
        """Return how sure it is that the relation is another in some rows, in standard errors: the surer of both sides.

        The errors come from the residuals of separate relations in these rows and in the others.
        """
        blocks = blocks_of(self._starts, rows)
        inside = np.zeros(len(self.rows), dtype=bool)
        inside[slice(*self._edges[[*blocks]])] = True
        largest = 0.0
        for means, side in zip(self._about_means, (0, 1), strict=True):
            rests = np.empty((len(means), len(self.rows)))
            for part in (inside, ~inside):
                rests[:, part] = _residuals(*self._ordered(self.ranks[:, part], side), _means)
            chance = noise(block_means(rests, self._edges))
            largest = max(largest, float((np.abs(stretch_size(means, blocks)) / chance).max()))
        return largest

    def verdict(self, rows: Stretch, side: int) -> Verdict:
        """Return the change in some rows of the first channel relative to the second (``side`` 0), or of the second."""
        begin, end = blocks_of(self._starts, rows)
        gap = int(np.diff(self._edges)[begin])  # the change may lie within a block on either side
        lasts = end == len(self._edges) - 1
        outside = (self.rows < rows.begin - gap) | (self.rows >= rows.end + gap)
        inside = (self.rows >= rows.begin + gap) & ((self.rows < rows.end - gap) | lasts)
        if min(outside.sum(), inside.sum()) < _A_BIN:  # rows of another pair: one of this may be unknown in them
            return Verdict(Outcome.UNCLEAR)
        x, y = self._ordered(self.values, side)
        least, most = np.transpose([np.quantile(x[part], (_EDGE, 1.0 - _EDGE)) for part in (outside, inside)])
        common = (x >= least.max()) & (x <= most.min())
        if any((common & part).sum() < max(_A_BIN, _LEAST_COMMON * part.sum()) for part in (outside, inside)):
            return Verdict(Outcome.UNCLEAR)
        expected = _mean_given(x[outside & common], y[outside & common])(x)
        return _Parts(x, expected, y, outside & common, inside & common).verdict()

    @cached_property
    def _edges(self) -> np.ndarray:
        return block_edges(len(self.rows))

    @cached_property
    def _starts(self) -> np.ndarray:
        """Rows (B + 1,) at which the blocks begin, and the row after the last."""
        return np.append(self.rows[self._edges[:-1]], self.rows[-1] + 1)

    @cached_property
    def _about_means(self) -> list[np.ndarray]:
        return self._about(_means)

    def _about(self, middles: Middles) -> list[np.ndarray]:
        """Return block means (6, B) of the residuals of the first channel given the second, and the other way round.

        They are about the middles of a channel for the same values of the other.
        """
        pairs = (self._ordered(self.ranks, side) for side in (0, 1))
        return [block_means(_residuals(*pair, middles), self._edges) for pair in pairs]

    @staticmethod
    def _ordered(pair: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the given channel, and the channel of ``side``."""
        return pair[1 - side], pair[side]


@dataclass(frozen=True, eq=False)
class _Parts:
    """Samples x and y (n,), the y expected by the relation outside a stretch, and masks of outside and inside."""

    x: np.ndarray
    expected: np.ndarray
    y: np.ndarray
    outside: np.ndarray
    inside: np.ndarray

    def verdict(self) -> Verdict:
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
            return self._if_abrupt(Verdict(Outcome.FACTOR, float(slope * np.sqrt(share_outside / share))), line, tilt)
        return self._offset(line, min(1.0, slope), max(1.0 / share_outside, most))

    def _offset(self, line: np.ndarray, least: float, most: float) -> Verdict:
        """Judge an offset, at any slope between two."""
        level, moved = (one[self.inside].mean() - one[self.outside].mean() for one in (self.y, self.expected))
        offsets = level - np.array([least, most]) * moved
        usual = max((self.y - self.expected)[self.outside].std(), _LEAST_NOISE * self.y[self.outside].std())
        if offsets.prod() > 0.0 and np.abs(offsets).min() > _LEAST_OFFSET * usual:
            return self._if_abrupt(Verdict(Outcome.OFFSET, float(offsets.mean())), line, np.ones_like(line))
        same = np.abs(offsets).max() < _SAME_OFFSET * usual
        return Verdict(Outcome.SAME if same else Outcome.UNCLEAR)

    def _other(self, share: float, share_outside: float) -> Verdict:
        """Judge whether y has another relation to x, which explains much more than the relation outside."""
        x, y = self.x[self.inside], self.y[self.inside]
        mean = _mean_given(x, y)
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

    def _if_abrupt(self, verdict: Verdict, now: np.ndarray, weight: np.ndarray) -> Verdict:
        """Keep a verdict if the residual of y takes a sudden step, back as well, and no such step at other times.

        ``now`` (n,) is the y expected by the relation inside. Times ``weight`` (n,), the residual steps in its mean.
        """
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
        unusual = step.size * np.sign(model.size) > STANDS_OUT * rest.usual
        return verdict if sudden and unusual else Verdict(Outcome.UNCLEAR)


def _means(bins: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean of values (n,) in each of their bins (n,)."""
    return np.bincount(bins, values) / np.maximum(np.bincount(bins), 1)


def _medians(bins: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the median of values (n,) in each of their bins (n,).

    A stretch that is less than half of the recording moves the means, and hardly the medians.
    """
    counts = np.bincount(bins)
    middle = np.cumsum(counts) - (counts + 1) // 2
    return values[np.lexsort((values, bins))[np.minimum(middle, len(values) - 1)]]


def _residuals(x: np.ndarray, y: np.ndarray, middles: Middles) -> np.ndarray:
    """Return residuals (6, n) of ranks y (n,) given ranks x, about their middles for each x.

    They are the residuals of level and spread of y, each of them unweighted, times x, and times the distance of x from
    its middle.
    """
    bins = np.minimum((x * _bins(len(x))).astype(int), _bins(len(x)) - 1)
    level, spread = y - 0.5, np.abs(y - 0.5) - 0.25
    left = np.stack([one - middles(bins, one)[bins] for one in (level, spread)])
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
