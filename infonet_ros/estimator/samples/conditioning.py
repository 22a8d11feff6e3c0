"""Conditional ranks: the rank of a sample among the samples with similar values of the given streams.

The rank of x among its neighbours in z, beside a local fit of its level and spread, is uniform for every z. So two
streams that depend only through z become independent. The mutual information of conditional ranks is that of the
partial copula; in slices of z, it is that of the conditional copula itself.
"""

from dataclasses import dataclass
from heapq import heapify, heappush, heapreplace

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.special import ndtri

from infonet_ros.caching import cached_property
from infonet_ros.estimator.samples.ordered_fits import levels_in_order, places_in_order, spread_from
from infonet_ros.estimator.samples.ranks import normal_scores, rank
from infonet_ros.series import average_ranks

WIDTHS = (0.7, 2.0)  # of the narrow and the wide neighbourhood, times T to the power below
WIDE = len(WIDTHS) - 1
EXPONENT = 0.62  # of the number of neighbours: bias and noise of a local linear fit then shrink at the same rate
MOST_MODES = 16  # values of a stream of modes; one of more values is a continuous stream
LEAST_IN_MODE = 32  # samples: rarer modes are not used
IN_COMMON_MODES = 0.8  # share of samples in frequent modes; below it, streams of modes count as continuous
MOST_SLICES = 16
LEAST_IN_SLICE = 100  # samples
DETERMINED = 1e-6  # share of the variance: with a smaller rest, a stream is a function of the given streams
MOST_WITH_SPREAD = 2  # given streams: with more, a local spread adds more noise than it explains
RIDGE = 1e-3  # of the local fits, in squared widths of the neighbourhood
AT_ONCE = 1 << 21  # numbers of neighbours held at a time


@dataclass(frozen=True, eq=False)
class Given:
    """The given streams at R samples: a mode, and the normal scores of D continuous streams."""

    modes: np.ndarray  # (R,) int64, 0 ... K - 1
    streams: np.ndarray  # (D, R) float64: normal scores, equal where the values are

    @classmethod
    def from_channels(cls, channels: np.ndarray, samples: np.ndarray) -> tuple["Given", np.ndarray]:
        """Divide channels (D, R), all known, into modes and continuous streams; constant ones are left out.

        ``samples`` (R,) are the numbers of theirs. Also returns those of the result (R',): all except those of modes
        that are too rare.
        """
        modes = np.zeros(channels.shape[1], dtype=np.int64)
        streams: list[np.ndarray] = []
        if not len(modes):
            return cls(modes, np.empty((0, 0))), samples
        for values in channels:
            levels, level = np.unique(values, return_inverse=True)
            joint = np.unique(modes * len(levels) + level, return_inverse=True)[1]
            if len(levels) <= MOST_MODES and _often(joint).mean() >= IN_COMMON_MODES:
                modes = joint
            elif len(levels) > 1:
                streams.append(values)
        rows = np.flatnonzero(_often(modes)) if modes.any() else np.arange(len(modes))
        scores = np.array([_scores(values[rows]) for values in streams]).reshape(len(streams), len(rows))
        return cls(np.unique(modes[rows], return_inverse=True)[1], scores), samples[rows]

    @property
    def count(self) -> int:
        """R, the number of samples."""
        return len(self.modes)

    @cached_property
    def by_mode(self) -> list[np.ndarray]:
        """Return the samples of each mode."""
        order = np.argsort(self.modes, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(self.modes[order])) + 1)

    @cached_property
    def slices(self) -> list[np.ndarray]:
        """Split the samples into up to 16 slices with similar given values, each in the order of time.

        Each mode is a slice; then the largest slice is repeatedly split at the median of its widest stream.
        """
        leaves = [(-len(rows), number, rows) for number, rows in enumerate(self.by_mode)]
        heapify(leaves)
        while len(self.streams) and len(leaves) < MOST_SLICES and -leaves[0][0] >= 2 * LEAST_IN_SLICE:
            _, number, rows = leaves[0]
            near, far = self._halves(rows)
            heapreplace(leaves, (-len(near), number, near))
            heappush(leaves, (-len(far), len(leaves), far))
        largest = sorted(leaves)[:MOST_SLICES]
        return [np.sort(rows) for _, _, rows in sorted(largest, key=lambda leaf: leaf[1])]

    @cached_property
    def neighbourhoods(self) -> tuple[list["Neighbourhood"], ...]:
        """Return the neighbours of every sample, mode by mode, for each of `WIDTHS`."""
        found = [Neighbourhood.of_widths(rows, self.streams[:, rows]) for rows in self.by_mode]
        return tuple(map(list, zip(*found, strict=True)))

    def _halves(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = self.streams[:, rows]
        order = np.argsort(places[np.ptp(places, axis=1).argmax()], kind="stable")
        return rows[order[: len(rows) // 2]], rows[order[len(rows) // 2 :]]


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The samples of one mode, and the nearest neighbours of each in the given streams."""

    rows: np.ndarray  # (n,) int64: among all samples
    places: torch.Tensor  # (n, D) float32
    near: torch.Tensor
    """(n, k) int64: neighbours of each, including itself, as positions in ``rows``; none without streams."""

    @classmethod
    def of_widths(cls, rows: np.ndarray, streams: np.ndarray) -> list["Neighbourhood"]:
        """Find the nearest neighbours of samples ``rows`` (n,) in streams (D, n), for each of `WIDTHS`."""
        count, dimensions = len(rows), len(streams)
        sizes = [neighbours(count, dimensions, width) for width in range(len(WIDTHS))]
        if dimensions == 0:  # all of them, alike
            nearest = [np.empty((count, 0), dtype=np.int64)] * len(WIDTHS)
        elif dimensions == 1:
            nearest = [_next_in_order(streams[0], size) for size in sizes]
        else:
            widest = cKDTree(streams.T).query(streams.T, k=max(sizes))[1].reshape(count, -1)
            nearest = [np.ascontiguousarray(widest[:, :size]) for size in sizes]
        places = torch.from_numpy(np.ascontiguousarray(streams.T, dtype=np.float32))
        return [cls(rows, places, torch.from_numpy(near)) for near in nearest]

    def conditional(self, scores: torch.Tensor, wide: "Neighbourhood") -> tuple[torch.Tensor, torch.Tensor]:
        """Rank each sample of N streams, scores (n, N), among its neighbours.

        Returns the share of the neighbours that lie below, between 0 and 1, and the residuals of the local fit; both
        (n, N). The spread by which the residuals are divided is that among the ``wide`` neighbours; beside more than
        `MOST_WITH_SPREAD` streams, they are not divided.
        """
        if not self.places.shape[1]:
            order = torch.argsort(torch.argsort(scores, dim=0), dim=0)
            return (order.float() + 0.5) / len(scores), scores - scores.mean(dim=0)
        places, rest = self._place(scores)
        if self.places.shape[1] > MOST_WITH_SPREAD:
            return places, rest
        return self._place(rest / wide.spread(rest))[0], rest

    def spread(self, residuals: torch.Tensor) -> torch.Tensor:
        """Return the spread of residuals (n, N) near each sample, (n, N); see `spread_from`."""
        squares = residuals.square()
        fits = (self._planes(squares, span) for span in self._spans(residuals))
        line, mean = map(torch.cat, zip(*((planes[:, 0], near.mean(dim=1)) for near, _, planes in fits), strict=True))
        return torch.from_numpy(spread_from(line.numpy(), mean.numpy()))

    def levels(self, scores: torch.Tensor) -> torch.Tensor:
        """Return the levels of the local fits to scores (n, N) at each sample, (n, N)."""
        if not self.places.shape[1]:
            return scores.mean(dim=0).expand_as(scores)
        parts = [self._weights[span, None] @ _rows(scores, self.near[span]) for span in self._spans(scores)]
        return torch.cat(parts)[:, 0]

    @cached_property
    def _weights(self) -> torch.Tensor:
        """Weights of the neighbours in the level of each sample, (n, k)."""
        level = torch.eye(1 + self.places.shape[1])[:, :1]
        designs = map(self._design, self._spans(self.places))
        return torch.cat([(design @ torch.linalg.solve(gram, level))[..., 0] for design, gram in designs])

    def _spans(self, scores: torch.Tensor) -> list[torch.Tensor]:
        """Divide the samples into spans whose neighbours fit into memory."""
        parts = max(1, self.near.numel() * scores.shape[1] // AT_ONCE)
        return [span for span in torch.arange(len(scores)).tensor_split(parts) if len(span)]

    def _planes(self, scores: torch.Tensor, span: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Fit scores (n, N) by planes around samples ``span`` (m,).

        Returns the scores (m, k, N) of the neighbours of each, their places (m, k, 1 + D) beside it, and the planes
        (m, 1 + D, N), which begin with the level at the sample.
        """
        design, gram = self._design(span)
        values = _rows(scores, self.near[span])
        return values, design, torch.linalg.solve(gram, design.mT @ values)

    def _design(self, span: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the places (m, k, 1 + D) of the neighbours beside each sample, and their penalised products."""
        near = self.near[span]
        offsets = _rows(self.places, near) - self.places[span, None]
        offsets = offsets / offsets.square().mean(dim=1, keepdim=True).sqrt().clamp_min(1e-6)
        design = torch.cat([torch.ones_like(offsets[..., :1]), offsets], dim=2)
        penalty = torch.full((design.shape[2],), RIDGE * near.shape[1])
        penalty[0] = 0.0
        return design, design.mT @ design + torch.diag(penalty)

    def beside(self, scores: torch.Tensor, span: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the residuals (m, k, N) of the neighbours of samples ``span`` (m,), and their own (m, N)."""
        values, design, planes = self._planes(scores, span)
        return torch.baddbmm(values, design, planes, alpha=-1.0), scores[span] - planes[:, 0]

    def _place(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the share of the neighbours below each sample, and its residual, (n, N) both.

        Samples with the same number of neighbours below are ordered by their residuals.
        """
        found = []
        for span in self._spans(scores):
            residuals, own = self.beside(scores, span)
            below = (residuals < own[:, None]).sum(dim=1, dtype=torch.float32)
            spread = residuals.square().mean(dim=1).sqrt().clamp_min(1e-12)
            found.append(((below + torch.special.ndtr(own / spread)) / (residuals.shape[1] + 1.0), own))
        places, rest = zip(*found, strict=True)
        return torch.cat(places), torch.cat(rest)


def conditional_ranks(scores: np.ndarray, given: Given, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the conditional ranks of streams (N, R), and how much is unexplained (N,).

    The ranks are 0 ... R - 1, each once in every stream. The scores (N, R) are normal and without ties, and ``width``
    is which of `WIDTHS`. Unexplained is the share of the variance that remains after the local fit; below `DETERMINED`
    there is nothing to rank.
    """
    places = np.empty(scores.shape, dtype=np.float32)
    squares = np.zeros(len(scores))
    for number, rows in enumerate(given.by_mode):
        if len(given.streams) == 1:
            size, wide = (neighbours(len(rows), 1, one) for one in (width, WIDE))
            place, rest = places_in_order(given.streams[0, rows], scores[:, rows], size, wide, RIDGE)
        else:
            of_mode = torch.from_numpy(np.ascontiguousarray(scores[:, rows].T))
            near, wide_near = (given.neighbourhoods[one][number] for one in (width, WIDE))
            place, rest = (part.T.double().numpy() for part in near.conditional(of_mode, wide_near))
        places[:, rows] = place
        squares += np.square(rest).sum(axis=1)
    return rank(places), squares / given.count


def fitted_again(ranks: np.ndarray, given: Given, width: int) -> np.ndarray:
    """Rank the residuals of streams, ranks (N, R), beside their levels near each sample of the given streams.

    This is for conditional ranks that were shifted in time. The local fits follow the noise of both streams at the same
    neighbours, which makes even independent residuals a little alike. Shifted ones are so only after a new fit.
    """
    scores = normal_scores(ranks)
    levels = np.empty(scores.shape)
    for number, rows in enumerate(given.by_mode):
        if len(given.streams) == 1:
            size = neighbours(len(rows), 1, width)
            levels[:, rows] = levels_in_order(given.streams[0, rows], scores[:, rows], size, RIDGE)
        else:
            of_mode = torch.from_numpy(np.ascontiguousarray(scores[:, rows].T, dtype=np.float32))
            levels[:, rows] = given.neighbourhoods[width][number].levels(of_mode).T
    return rank(scores - levels)


def neighbours(count: int, dimensions: int, width: int) -> int:
    """Return how many of ``count`` samples are near one, with so many given streams; width is which of `WIDTHS`."""
    return min(count, max(int(WIDTHS[width] * count**EXPONENT), 3 * dimensions + 5))


def _rows(values: torch.Tensor, near: torch.Tensor) -> torch.Tensor:
    """Return rows ``near`` (m, k) of values (n, N), (m, k, N); an index in brackets takes three times as long."""
    return values.index_select(0, near.flatten()).unflatten(0, near.shape)


def _next_in_order(values: np.ndarray, size: int) -> np.ndarray:
    """Return the neighbours of each of values (n,) in sorted order, half before and half after: (n, size)."""
    order = np.argsort(values, kind="stable")
    starts = np.clip(np.arange(len(values)) - size // 2, 0, len(values) - size)
    near = np.empty((len(values), size), dtype=np.int64)
    near[order] = order[starts[:, None] + np.arange(size)]
    return near


def _often(modes: np.ndarray) -> np.ndarray:
    """Return for each sample (R,) whether its mode is frequent enough."""
    return np.bincount(modes)[modes] >= LEAST_IN_MODE


def _scores(values: np.ndarray) -> np.ndarray:
    """Return normal scores (R,), equal where values are."""
    return ndtri((average_ranks(values) - 0.5) / len(values))
