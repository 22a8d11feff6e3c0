"""Whether the relation of two channels stays the same over a recording, however the robot moves.

It stays the same if y does not change for the same x. So y is compared with its mean given x over the whole recording.
If the relation changes, the residual takes a step, also if the MI stays the same; or it has another level for a while.
Another motion, such as other speeds, causes no step. The relation at other times then shows the kind of the change:
another sign, factor or offset, or no relation at all (see `verdicts`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.changes.steps import (
    Stretch,
    block_edges,
    block_means,
    blocks_of,
    likeliest_rows,
    near,
    noise,
    stretch_size,
    stretch_sizes,
    stretches,
    without_stretch,
)
from infonet_ros.dependence.changes.verdicts import A_BIN, BINS, CHANGED, Outcome, Parts, Verdict, mean_given
from infonet_ros.series import average_ranks

LEAST_SAMPLES = 128
"""Samples of a pair, or of a lone channel; with fewer it is not judged."""

_EDGE = 0.02  # of the samples of x at either end, where the means are not known
_LEAST_COMMON = 0.02  # of the samples must have values of x that occur outside and inside
_FIRST = 10  # parts of a recording, of which the first is too short to compare all the others with it
_PASSES = 0.8  # as sure a change lasts rather than passes: before a late step the relation looks like another, too

UNCLEAR = 2.0
"""Times as sure must a change be of which the kind, or the channel at fault, is not known."""

_ONE_SIGN = 0.8  # more of the samples are above 0 than at other times, or less
_CLOSE = 0.5  # of the variance of the ranks of a channel, at most, does not follow from the other

Middles = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Means or medians of values (n,) in each of their bins (n,)."""


@dataclass(frozen=True, eq=False)
class Relation:
    """Two channels in the rows in which both are known."""

    rows: np.ndarray  # (n,) int: numbers of these rows
    values: np.ndarray  # values, ranks: (2, n) float64
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
        """Return the rows in which the relation is another, and how sure that is; None if less sure, or unclear.

        What is `UNCLEAR` times as sure, and passes, need not be clear: a belt slips at a speed that it seldom has.
        """
        last = int(self._starts[-1])
        asked = {rows for about in (self._about_means, self._about(_medians)) for rows in self._likeliest(about)}
        sure = {rows: self.sigmas(rows) for rows in asked}
        rows = max(asked, key=lambda one: (sure[one] if one.end < last else sure[one] / _PASSES, one))
        sigmas = sure[rows]
        if sigmas > least_sigmas and rows.begin > self.rows[-1] // _FIRST:  # does it end?
            lasts = rows._replace(end=last)
            sigmas, rows = max((sigmas, rows), (self.sigmas(lasts), lasts))
        surely = rows.end < last and sigmas > UNCLEAR * least_sigmas
        known = surely or any(self.verdict(rows, side).kind in CHANGED for side in (0, 1))
        return (rows, sigmas) if known and sigmas > least_sigmas else None

    @cached_property
    def close(self) -> bool:
        """Whether one of the two channels shows the other well."""
        rests = [_residuals(*self._ordered(self.ranks, side), _means)[0].var() for side in (0, 1)]
        return min(rests) < _CLOSE / 12.0  # the variance of all ranks

    def turns(self, rows: Stretch) -> bool:
        """Return whether the sign of the relation is another in some rows, or that of one of its channels."""
        inside = (self.rows >= rows.begin) & (self.rows < rows.end)
        above = [(self.values[:, part] > 0.0).mean(axis=1) for part in (inside, ~inside)]
        opposite = np.abs(above[0] - above[1]) > _ONE_SIGN
        return bool(opposite.any()) or any(self.verdict(rows, side).kind is Outcome.SIGN for side in (0, 1))

    def without(self, rows: Stretch) -> float:
        """Return how much is left of the residuals without some rows, the more of both sides.

        While a wheel slips, it shows the motion of slower times badly: but those times alone leave all the rest.
        """
        outside = (self.rows < rows.begin) | (self.rows >= rows.end)
        both = [self._ordered(self.ranks, side) for side in (0, 1)]
        left = [_residuals(x[outside], y[outside], _means)[0] for x, y in both]
        every = [_residuals(x, y, _means)[0] for x, y in both]
        return max(float(np.square(some).sum() / np.square(all_).sum()) for some, all_ in zip(left, every, strict=True))

    def nearer(self, rows: Stretch) -> Stretch:
        """Return the stretch around some rows whose samples are nearer to the relation inside than to that outside.

        In these rows the relation is another. While x is where both relations are the same, as that of a wheel that
        slips and the other at rest, the residuals alone do not show that the relation is another.
        """
        side = int(self.verdict(rows, 0).kind not in CHANGED)
        x, y = self._ordered(self.values, side)
        inside = (self.rows >= rows.begin) & (self.rows < rows.end)
        outside = mean_given(x[~inside], y[~inside])(x)
        line = np.stack([outside, np.ones_like(outside)], axis=1)
        fitted = line @ np.linalg.lstsq(line[inside], y[inside], rcond=None)[0]  # also if x does not vary there
        gains = np.square(y - outside) - np.square(y - fitted)
        lasts = rows.end > self.rows[-1]
        begin, end = likeliest_rows(gains, lasts)
        exact = Stretch(int(self.rows[begin]), rows.end if lasts else int(self.rows[end - 1]) + 1)
        return exact if rows.begin < exact.end and exact.begin < min(rows.end, exact.end) else rows

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
        if min(outside.sum(), inside.sum()) < A_BIN:  # rows of another pair: one of this may be unknown in them
            return Verdict(Outcome.UNCLEAR)
        x, y = self._ordered(self.values, side)
        least, most = np.transpose([np.quantile(x[part], (_EDGE, 1.0 - _EDGE)) for part in (outside, inside)])
        common = (x >= least.max()) & (x <= most.min())
        if any((common & part).sum() < max(A_BIN, _LEAST_COMMON * part.sum()) for part in (outside, inside)):
            return Verdict(Outcome.UNCLEAR)
        expected = mean_given(x[outside & common], y[outside & common])(x)
        return Parts(x, expected, y, outside & common, inside & common).verdict()

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
    return int(np.clip(count // (2 * A_BIN), 2, BINS))
