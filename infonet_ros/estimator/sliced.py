"""Sliced mutual information of vector streams: the mean MI of random pairs of one-dimensional projections."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.pairwise import MIN_SAMPLES, constant_channels
from infonet_ros.estimator.projections import content_key, project
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import PairwiseEstimate, SlicedEstimate
from infonet_ros.estimator.runner import Runner
from infonet_ros.estimator.surrogates import p_value, surrogate_shifts

NORMAL_95 = 1.6449  # 95 % quantile of the standard normal


@dataclass(frozen=True)
class Slicing:
    """How to slice: number of random pairs of projections, of surrogates, and the seed of both."""

    projections: int
    surrogates: int
    seed: int


def estimate_sliced(runner: Runner, x: np.ndarray, y: np.ndarray, slicing: Slicing) -> SlicedEstimate:
    """Estimate the sliced MI of vectors x (dx, T) and y (dy, T), NaN where unknown."""
    keys = content_key(x), content_key(y)
    if keys[1] < keys[0]:
        x, y = y, x
    rows = np.flatnonzero(np.isfinite(x).all(axis=0) & np.isfinite(y).all(axis=0))
    projections = slicing.projections if max(len(x), len(y)) > 1 else 1
    p_unknown = np.nan if slicing.surrogates else None
    if len(rows) < MIN_SAMPLES:
        return SlicedEstimate(np.nan, np.nan, np.nan, p_unknown, len(rows), projections)
    x, y = x[:, rows], y[:, rows]
    if constant_channels(x).all() or constant_channels(y).all():
        return SlicedEstimate(0.0, 0.0, 0.0, 1.0 if slicing.surrogates else None, len(rows), projections)
    left = _projected(x, projections, slicing.seed, occurrence=0)
    right = _projected(y, projections, slicing.seed, occurrence=int(keys[0] == keys[1]))
    quantiles = _quantiles(runner, left, right, slicing)
    lower, mi, upper = _mean_quantiles(quantiles[0])
    p = None
    if slicing.surrogates:
        means = quantiles[..., 1].mean(axis=1, dtype=np.float64)
        p = float(p_value(means[0], (means[1:] >= means[0]).sum(), slicing.surrogates))
    return SlicedEstimate(mi, lower, upper, p, len(rows), projections)


def estimate_pairwise_sliced(
    runner: Runner, channels: np.ndarray, groups: list[np.ndarray], slicing: Slicing
) -> PairwiseEstimate:
    """Estimate the sliced MI of all pairs of groups of channels (N, T)."""
    size = len(groups)
    mi, lower, upper = (np.full((size, size), np.nan, dtype=np.float32) for _ in range(3))
    p = np.full((size, size), np.nan)
    samples = np.zeros((size, size), dtype=np.int32)
    for a, b in _pairs(size):
        estimate = estimate_sliced(runner, channels[groups[a]], channels[groups[b]], slicing)
        for i, j in ((a, b), (b, a)):
            mi[i, j], lower[i, j], upper[i, j], samples[i, j] = (
                estimate.mi,
                estimate.lower,
                estimate.upper,
                estimate.samples,
            )
            if estimate.p_value is not None:
                p[i, j] = estimate.p_value
    np.fill_diagonal(samples, [np.isfinite(channels[group]).all(axis=0).sum() for group in groups])
    constant = np.array([bool(constant_channels(channels[group]).all()) for group in groups])
    lag = np.zeros((size, size), dtype=np.int32)
    return PairwiseEstimate(mi, lower, upper, p if slicing.surrogates else None, lag, samples, constant)


def _pairs(size: int) -> Iterator[tuple[int, int]]:
    return ((a, b) for a in range(size) for b in range(a + 1, size))


def _projected(vector: np.ndarray, projections: int, seed: int, occurrence: int) -> Ordering:
    return Ordering.from_channels(project(vector, projections, seed, occurrence), seed)


def _quantiles(runner: Runner, left: Ordering, right: Ordering, slicing: Slicing) -> np.ndarray:
    """Quantiles (1 + S, K, 3) of all K pairs of projections: those of the data, and those of S surrogates."""
    numbers = np.arange(len(left.keys))
    parts = thinned(np.arange(left.orders.shape[1]))
    shifts = np.append(0, surrogate_shifts(len(parts[-1]), slicing.surrogates, slicing.seed))

    def blocks() -> Iterator[PairBlock]:
        for rows in parts:
            u, v = (Copulas.from_ranks(side.ranks(rows), runner.device) for side in (left, right))
            yield PairBlock.scanned(u, v, numbers, numbers, shifts)

    quantiles = np.zeros((len(shifts), len(numbers), 3), dtype=np.float32)
    for block, found in runner.quantiles(blocks()):
        quantiles[block.scans, block.rows] += found / len(parts)
    return quantiles


def _mean_quantiles(quantiles: np.ndarray) -> tuple[float, float, float]:
    """Mean of quantiles (K, 3) over projections, widened by the error of that mean.

    The projections share their samples, so that the errors of their estimates do not average out.
    """
    error = NORMAL_95 * quantiles[:, 1].std() / np.sqrt(len(quantiles))
    lower, mi, upper = quantiles.mean(axis=0, dtype=np.float64)
    spread = np.hypot([mi - lower, upper - mi], error)
    return max(0.0, float(mi - spread[0])), float(mi), float(mi + spread[1])
