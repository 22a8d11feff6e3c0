"""The effective number of samples of a window, for a pair of autocorrelated streams."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch import Tensor

from infonet_ros.estimator.samples.ranks import normalised, waves
from infonet_ros.series import joint_autocovariances

MIN_EFFECTIVE = 8.0
FINE = 8  # degrees of the waves that show how long the fine details of a stream last
NOISE = 7.76  # times what these last, the levels last in pairs of noise behind a filter of first order
AT_ONCE = 1 << 16  # samples of all channels: with more, their waves do not fit into the cache
BANDS = 6  # of lags in an octave, over which the fine details are averaged


def autocorrelations(ranks: np.ndarray) -> np.ndarray:
    """Return how channels of ranks (N, T), 0 ... T - 1, each once, repeat after 1 to T // 4 samples: (N, K).

    First the autocorrelation of the ranks at each of these lags, then that of their `FINE` waves together, as the mean
    of each band of lags. They are tapered as in Bartlett's formula. They are scaled by roots of the taper,
    ``1 - lag / T``, and of the width of each band, so that the product of two rows has the whole.
    """
    count = ranks.shape[1]
    if len(ranks) > (most := max(1, AT_ONCE // count)):
        return np.concatenate([autocorrelations(ranks[at : at + most]) for at in range(0, len(ranks), most)])
    bands = _Bands.of(count)
    series = _levels_and_waves(count).take(ranks, axis=1)
    tapered = _tapered(np.moveaxis(series, 0, 1), bands.taper, (1,))
    fine = np.add.reduceat(tapered[:, 1], bands.starts, axis=1) / bands.roots
    return np.concatenate([tapered[:, 0], fine], axis=1)


def level_autocorrelations(ranks: np.ndarray) -> np.ndarray:
    """Return `autocorrelations` without the waves, from normalised ranks (N, T) of any distribution: (N, T // 4)."""
    return _tapered((ranks - np.float32(0.5))[:, None], _Bands.of(ranks.shape[1]).taper)[:, 0]


def _tapered(series: np.ndarray, taper: np.ndarray, others: tuple[int, ...] = ()) -> np.ndarray:
    """Return the tapered autocorrelations of series (N, J, T) in sets, see `joint_autocovariances`: (N, S, L)."""
    covariance = joint_autocovariances(series, len(taper), others)
    return np.asarray(covariance[..., 1:] / covariance[..., :1] * taper)


@lru_cache(maxsize=16)
def _levels_and_waves(count: int) -> np.ndarray:
    """Return what each of T ranks adds: its distance from the middle, and its waves; (1 + FINE, T) float32."""
    levels = normalised(np.arange(count)[None])
    return np.concatenate([levels - np.float32(0.5), waves(levels[0], FINE)])


@dataclass(frozen=True, eq=False)
class _Bands:
    """The taper of the lags 1 to L, and the bands of lags over which the fine details are averaged."""

    taper: np.ndarray  # (L,) float32: the root of it
    starts: np.ndarray  # (B,) int64: the first of the lags of each band
    roots: np.ndarray  # (B,) float32: of their numbers of lags

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, count: int) -> "_Bands":
        """Return those of windows of so many samples."""
        lags = np.arange(1, count // 4 + 1)
        octaves = np.log2(len(lags) + 1)
        steps = np.logspace(0.0, octaves, int(BANDS * octaves), endpoint=False, base=2.0)
        starts = np.unique(steps.astype(np.int64)) - 1
        widths = np.diff(starts, append=len(lags)).astype(np.float32)
        return cls(np.sqrt(1.0 - lags / count, dtype=np.float32), starts, np.sqrt(widths))


def effective_samples(left: Tensor, right: Tensor, count: int, details: bool = True) -> Tensor:
    """Return the effective number of samples of pairs, (M,) from 8 to T, by Bartlett's formula on the ranks.

    ``T / (1 + 2 sum_k (1 - k/T) r_x(k) r_y(k))``: the variance of a sample correlation of independent streams with
    `autocorrelations` ``r_x`` and ``r_y``, here (M, K), is that of so many independent samples (Bartlett, J. R. Stat.
    Soc. 1935).

    In filtered noise, fine details are forgotten long before the level is. In steps, lines, smooth curves and what
    rings down, they last as long as the level, so independent streams share more by chance than their levels tell.
    Such a pair has the number of a pair of noise whose details last as long, unless ``details`` do not count.
    """
    products = left * right
    repeated, fine = products[:, : count // 4].sum(dim=1), products[:, count // 4 :].sum(dim=1)
    if details:
        repeated = repeated.maximum(NOISE * fine)
    inflation = 1.0 + 2.0 * repeated
    return (count / inflation.clamp_min(1.0)).clamp(MIN_EFFECTIVE, count)


def at_most_draws(effective: Tensor, pair: Tensor, alike: Tensor) -> Tensor:
    """Return effective samples (M,) of pairs of streams of values, not more than the times at which values were drawn.

    Two streams of states that change at the same events have as many independent pairs of values as events, which
    their autocorrelations do not tell. An event is seen if the pair of values changes by it, as two samples of chance
    do. ``pair`` (M, T) is the number of each sample's pair of values, ``alike`` (M, T) how many samples have it.
    """
    count = pair.shape[1]
    changes = (pair[:, 1:] != pair[:, :-1]).sum(dim=1)
    differing = (count - alike.mean(dim=1)) / (count - 1.0)
    return effective.minimum(1.0 + changes / differing.clamp_min(1.0 / count)).clamp_min(MIN_EFFECTIVE)
