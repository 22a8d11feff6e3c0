"""One pair over many lags, all of them in the same passes."""

from collections.abc import Iterator

import numpy as np

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.meetings import MIN_SAMPLES
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.estimator.runner import Runner

_TOGETHER = 16  # lags that are ranked at a time


def estimate_lagged(runner: Runner, channels: np.ndarray, lags: np.ndarray, seed: int) -> LaggedEstimate:
    """Estimate the MI of ``channels[0, t]`` with ``channels[1, t + lag]`` for channels (2, T), NaN where unknown.

    Both are sorted once; each lag ranks the samples that meet there.
    """
    good = np.isfinite(channels)
    ordering = Ordering.from_channels(channels, seed)
    # The same order of the two as for any other estimate of this pair, so that the bits are the same too.
    order = ordering.canonical()
    sides = [ordering[order[[place]]] for place in (0, 1)]
    common = [_common(good, int(lag)) for lag in lags]
    samples = np.array([rows.shape[1] for rows in common])
    quantiles = np.where(samples >= MIN_SAMPLES, 0.0, np.nan)[:, None].repeat(3, axis=1).astype(np.float32)

    def blocks() -> Iterator[PairBlock]:
        for alike in _of_one_length(samples, _known_and_changing(channels, common, samples)):
            parts = [zip(*map(thinned, common[number][order]), strict=True) for number in alike]
            for part in zip(*parts, strict=True):
                ranks = np.concatenate(
                    [side.ranks(rows) for pair in part for side, rows in zip(sides, pair, strict=True)]
                )
                yield PairBlock.pairs(Copulas.from_ranks(ranks, runner.device), alike)

    for block, found in runner.quantiles(blocks()):
        numbers = block.tag[block.rows // 2]
        quantiles[numbers] += found / len(thinned(common[numbers[0]][0]))
    lower, mi, upper = quantiles.T
    return LaggedEstimate(lags, mi, lower, upper, samples)


def _known_and_changing(channels: np.ndarray, common: list[np.ndarray], samples: np.ndarray) -> np.ndarray:
    """Return the numbers of the lags that leave enough samples, of which neither channel's are all the same."""
    numbers = np.flatnonzero(samples >= MIN_SAMPLES)
    return np.array([n for n in numbers if not any(map(_still, channels, common[n]))], dtype=np.int64)


def _still(values: np.ndarray, rows: np.ndarray) -> bool:
    chosen = values[rows]
    return bool((chosen == chosen[0]).all())


def _of_one_length(samples: np.ndarray, numbers: np.ndarray) -> Iterator[np.ndarray]:
    """Group lags by their number of samples: a lag and its opposite go together."""
    for count in np.unique(samples[numbers]):
        alike = numbers[samples[numbers] == count]
        yield from np.split(alike, range(_TOGETHER, len(alike), _TOGETHER))


def _common(good: np.ndarray, lag: int) -> np.ndarray:
    """Return the samples (2, R) of each channel at which both are known, the second ``lag`` samples later."""
    count = good.shape[1]
    first = max(0, -lag) + np.flatnonzero(
        good[0, max(0, -lag) : count - max(0, lag)] & good[1, max(0, lag) : count - max(0, -lag)]
    )
    return np.stack([first, first + lag])
