"""One pair over many lags, all of them in the same passes."""

from collections.abc import Iterator

import numpy as np

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.meetings import MIN_SAMPLES
from infonet_ros.estimator.pairwise import constant_channels
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.estimator.runner import Runner


def estimate_lagged(runner: Runner, channels: np.ndarray, lags: np.ndarray, seed: int) -> LaggedEstimate:
    """Estimate the MI of ``channels[0, t]`` with ``channels[1, t + lag]`` for channels (2, T), NaN where unknown."""
    overlaps = [_overlap(channels, int(lag)) for lag in lags]
    long_enough = [number for number, overlap in enumerate(overlaps) if overlap.shape[1] >= MIN_SAMPLES]
    quantiles = np.full((len(lags), 3), np.nan, dtype=np.float32)
    quantiles[long_enough] = 0.0

    def blocks() -> Iterator[PairBlock]:
        for number in long_enough:
            if constant_channels(overlaps[number]).any():
                continue
            ordering = Ordering.from_channels(overlaps[number], seed)
            # The same order of the two as for any other estimate of this pair, so that the bits are the same too.
            ordering = ordering[ordering.canonical()]
            for rows in thinned(np.arange(overlaps[number].shape[1])):
                copulas = Copulas.from_ranks(ordering.ranks(rows), runner.device)
                yield PairBlock.pair(copulas, number)

    for block, found in runner.quantiles(blocks()):
        quantiles[block.tag] += found[0] / len(thinned(overlaps[block.tag][0]))
    samples = np.array([overlap.shape[1] for overlap in overlaps])
    lower, mi, upper = quantiles.T
    return LaggedEstimate(lags, mi, lower, upper, samples)


def _overlap(channels: np.ndarray, lag: int) -> np.ndarray:
    """Return the (2, R) samples at which both are known, the second ``lag`` samples later."""
    count = channels.shape[1]
    left = channels[0, max(0, -lag) : count - max(0, lag)]
    right = channels[1, max(0, lag) : count - max(0, -lag)]
    good = np.isfinite(left) & np.isfinite(right)
    return np.stack([left[good], right[good]])
