"""Sliced mutual information of vector streams: the mean MI of random pairs of one-dimensional projections.

`independence` tests whether two vectors depend at all; with many channels it detects what few projections miss.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations

import numpy as np
import torch

from infonet_ros.estimator.measures.independence import LEAST_ROWS, Vector, independence_p, seam, vector_memory
from infonet_ros.estimator.measures.untestable import reasons
from infonet_ros.estimator.network.blocks import PairBlock, thinned
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.results import PairwiseEstimate, SlicedEstimate
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, Pattern, constant_channels, some_channels
from infonet_ros.estimator.samples.holding import Repetition
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.estimator.samples.stationarity import BOTH_DRIFT, drifting
from infonet_ros.estimator.samples.surrogates import p_value, surrogate_shifts

NORMAL_95 = 1.6449  # 95 % quantile of the standard normal


def project(channels: np.ndarray, directions: int, seed: int, occurrence: int = 0) -> np.ndarray:
    """Project standardised channels (d, T), all finite, on ``directions`` random directions: (K, T) float64.

    The directions depend on the seed and on the content of the channels, not on the order of the vectors. They differ
    between vectors, as in the definition of sliced MI by Goldfeld and Greenewald (2021); ``occurrence`` is the number
    of this vector among vectors of equal content. All is zero if every channel is constant.
    """
    peak = np.abs(channels).max(axis=1, keepdims=True)
    scaled = channels / np.where(peak > 0.0, peak, 1.0)  # squares of very large or small values would overflow
    centred = scaled - scaled.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    varies = deviation[:, 0] > 0.0
    standard = centred[varies] / deviation[varies]
    rng = np.random.default_rng([seed, int.from_bytes(content_key(channels), "little"), occurrence])
    vectors = rng.standard_normal((directions, len(standard)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # With torch, because numpy's threads keep cores busy for a while after a product, which slows the network.
    return (torch.from_numpy(vectors) @ torch.from_numpy(standard)).numpy()


def content_key(channels: np.ndarray) -> bytes:
    """Return a digest of the values (N, T): equal ones get equal projections."""
    return blake2b(np.ascontiguousarray(channels).tobytes(), digest_size=8).digest()


@dataclass(frozen=True)
class SlicedOptions:
    """Options of sliced MI: number of random pairs of projections, number of surrogates, and the seed of both."""

    projections: int
    surrogates: int
    seed: int


class Slicer:
    """Vector streams (d, T), each projected once for all its pairs over the same samples; NaN where unknown."""

    def __init__(self, runner: Runner, vectors: list[np.ndarray], options: SlicedOptions) -> None:
        self._runner = runner
        self._vectors = vectors
        self._options = options
        self._keys = [content_key(vector) for vector in vectors]
        self._patterns = [_pattern(vector) for vector in vectors]
        # A projection contains little of a few drifting channels.
        shares = [drifting(some_channels(vector)).mean() if options.surrogates else 0.0 for vector in vectors]
        self.drifting = np.array(shares) >= 0.5
        self._projected: dict[tuple[int, int, bytes], list[RankedChannels]] = {}
        self._memories: dict[tuple[int, bytes], float] = {}
        self._prepared: dict[tuple[int, int, bytes], Vector] = {}

    def estimate(self, a: int, b: int) -> SlicedEstimate:
        """Estimate the sliced MI of two of the vectors, in either order."""
        if (self._keys[b], b) < (self._keys[a], a):
            a, b = b, a
        options, rows = self._options, self._patterns[a].common_rows(self._patterns[b])
        several = max(len(self._vectors[a]), len(self._vectors[b])) > 1
        projections = options.projections if several else 1
        p = np.nan if options.surrogates else None
        if len(rows) and any(constant_channels(self._vectors[k][:, rows]).all() for k in (a, b)):
            known = len(rows) >= MIN_SAMPLES
            nothing = 0.0 if known else np.nan
            return SlicedEstimate(nothing, nothing, nothing, 1.0 if known and p else p, len(rows), projections)
        both_drift = bool(self.drifting[[a, b]].all())
        testable, why = options.surrogates > 0 and not both_drift, BOTH_DRIFT if both_drift else ""
        if testable and several and len(rows) >= LEAST_ROWS:
            p = self._independence(a, b, rows)
        if len(rows) < self._patterns[a].least_rows(self._patterns[b]):
            return SlicedEstimate(np.nan, np.nan, np.nan, p, len(rows), projections, why)
        quantiles = self._quantiles(a, b, rows, projections, 0 if several or not testable else options.surrogates)
        lower, mi, upper = _mean_quantiles(quantiles[0])
        if testable and not several:
            means = quantiles[..., 1].mean(axis=1, dtype=np.float64)
            p = float(p_value(means[0], (means[1:] >= means[0]).sum(), len(means) - 1))
        return SlicedEstimate(mi, lower, upper, p, len(rows), projections, why)

    def _independence(self, a: int, b: int, rows: np.ndarray) -> float:
        """Return the p-value of two vectors over samples ``rows``; prepared vectors are kept for their other pairs."""
        key = rows.tobytes()
        for index in (a, b):
            if (index, key) not in self._memories:
                self._memories[index, key] = vector_memory(self._vectors[index][:, rows])
        overlap = seam(self._memories[a, key], self._memories[b, key], len(rows))
        if len(self._prepared) > 4 * len(self._vectors):  # every pair uses different samples: nothing to share
            self._prepared.clear()
        for index in (a, b):
            if (index, overlap, key) not in self._prepared:
                self._prepared[index, overlap, key] = Vector.prepare(self._vectors[index][:, rows], overlap)
        left, right = (self._prepared[index, overlap, key] for index in (a, b))
        return independence_p(left, right, self._options.surrogates, self._options.seed)

    def _quantiles(self, a: int, b: int, rows: np.ndarray, projections: int, surrogates: int) -> np.ndarray:
        """Quantiles (1 + S, K, 3) of all K pairs of projections: those of the data, and those of S surrogates."""
        numbers = np.arange(projections)
        left, right = self._parts(a, rows, projections), self._parts(b, rows, projections)
        shifts = np.append(0, surrogate_shifts(left[-1].count, surrogates, self._options.seed))
        blocks = (PairBlock.of(u, v, numbers, numbers, shifts) for u, v in zip(left, right, strict=True))
        quantiles = np.zeros((len(shifts), projections, 3), dtype=np.float32)
        for block, found in self._runner.quantiles(blocks):
            quantiles[block.copies, block.rows] += found / len(left)
        return quantiles

    def _parts(self, index: int, rows: np.ndarray, projections: int) -> list[RankedChannels]:
        """Ranked projections of a vector over samples ``rows``, in the parts of `blocks.thinned`."""
        key = (index, projections, rows.tobytes())
        if key not in self._projected:
            if len(self._projected) > 2 * len(self._vectors):  # every pair uses different samples: nothing to share
                self._projected.clear()
            occurrence = self._keys[:index].count(self._keys[index])
            slices = project(self._vectors[index][:, rows], projections, self._options.seed, occurrence)
            ordering = Ordering.from_channels(slices, self._options.seed)
            parts = map(ordering.ranks, thinned(np.arange(len(rows))))
            self._projected[key] = [RankedChannels.from_ranks(ranks, self._runner.device) for ranks in parts]
        return self._projected[key]


def _pattern(vector: np.ndarray) -> Pattern:
    """Return the known and the new samples of a vector (d, T): all channels are known, one that moves is new."""
    return Pattern(np.isfinite(vector).all(axis=0), Repetition.of_vector(vector[~constant_channels(vector)]))


def estimate_sliced(runner: Runner, x: np.ndarray, y: np.ndarray, options: SlicedOptions) -> SlicedEstimate:
    """Estimate the sliced MI of vectors x (dx, T) and y (dy, T), NaN where unknown."""
    return Slicer(runner, [x, y], options).estimate(0, 1)


def estimate_pairwise_sliced(
    runner: Runner, channels: np.ndarray, groups: list[np.ndarray], options: SlicedOptions
) -> Iterator[PairwiseEstimate]:
    """Estimate the sliced MI of all pairs of groups of channels (N, T): the estimate after each pair."""
    vectors = [channels[group] for group in groups]
    slicer, size = Slicer(runner, vectors, options), len(groups)
    mi, lower, upper = (np.full((size, size), np.nan, dtype=np.float32) for _ in range(3))
    p = np.full((size, size), np.nan)
    samples = np.diag([np.isfinite(vector).all(axis=0).sum() for vector in vectors]).astype(np.int32)
    constant = np.array([bool(constant_channels(vector).all()) for vector in vectors])
    known = p if options.surrogates else None
    lag, untested = np.zeros_like(samples), reasons(slicer.drifting)
    whole = PairwiseEstimate(mi, lower, upper, known, lag, samples, constant, slicer.drifting, untested)
    if size == 1:
        yield whole
    for a, b in combinations(range(size), 2):
        pair = slicer.estimate(a, b)
        for there in ((a, b), (b, a)):
            mi[there], lower[there], upper[there], samples[there] = pair.mi, pair.lower, pair.upper, pair.samples
            p[there] = np.nan if pair.p_value is None else pair.p_value
        yield whole


def _mean_quantiles(quantiles: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of quantiles (K, 3) over projections, widened by the error of that mean.

    The projections share their samples, so the errors of their estimates do not average out.
    """
    error = NORMAL_95 * quantiles[:, 1].std() / np.sqrt(len(quantiles))
    lower, mi, upper = quantiles.mean(axis=0, dtype=np.float64)
    spread = np.hypot([mi - lower, upper - mi], error)
    return max(0.0, float(mi - spread[0])), float(mi), float(mi + spread[1])
