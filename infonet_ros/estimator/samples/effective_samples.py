"""The effective number of samples of a window, for a pair of autocorrelated streams."""

import numpy as np
from torch import Tensor

from infonet_ros.estimator.samples.ranks import waves
from infonet_ros.series import joint_autocovariances

MIN_EFFECTIVE = 8.0
FINE = 8  # degrees of the waves that show how long the fine details of a stream last
NOISE = 7.76  # times what these last, the levels last in pairs of noise behind a filter of first order
BANDS = 6  # of lags in an octave, over which the fine details are averaged


def autocorrelations(ranks: np.ndarray, details: bool = True) -> np.ndarray:
    """Return how normalised ranks (N, T) repeat after 1 to T // 4 samples, tapered as in Bartlett's formula: (N, K).

    First the autocorrelation of the ranks at each of these lags, then, with ``details``, that of their `FINE` waves
    together, as the mean of each band of lags. They are scaled by roots of the taper, ``1 - lag / T``, and of the width
    of each band, so that the product of two rows has the whole.
    """
    count = ranks.shape[1]
    lags = np.arange(1, count // 4 + 1)
    taper = np.sqrt(1.0 - lags / count, dtype=np.float32)
    level = _tapered((ranks - np.float32(0.5))[:, None], taper)
    if not details:
        return level
    octaves = np.log2(len(lags) + 1)
    starts = np.unique(np.logspace(0.0, octaves, int(BANDS * octaves), endpoint=False, base=2.0).astype(np.int64)) - 1
    widths = np.diff(starts, append=len(lags)).astype(np.float32)
    fine = np.add.reduceat(_tapered(waves(ranks, FINE), taper), starts, axis=1) / np.sqrt(widths)
    return np.concatenate([level, fine], axis=1)


def _tapered(series: np.ndarray, taper: np.ndarray) -> np.ndarray:
    """Return the autocorrelation of series (N, J, T) together, at lags 1 to L, times a taper (L,): (N, L)."""
    covariance = joint_autocovariances(series, len(taper))
    return np.asarray(covariance[:, 1:] / covariance[:, :1] * taper)


def effective_samples(left: Tensor, right: Tensor, count: int) -> Tensor:
    """Return the effective number of samples of pairs, (M,) from 8 to T, by Bartlett's formula on the ranks.

    ``T / (1 + 2 sum_k (1 - k/T) r_x(k) r_y(k))``: the variance of a sample correlation of independent streams with
    `autocorrelations` ``r_x`` and ``r_y``, here (M, K), is that of so many independent samples (Bartlett, J. R. Stat.
    Soc. 1935).

    In filtered noise, fine details are forgotten long before the level is. In steps, lines, smooth curves and what
    rings down, they last as long as the level, so independent streams share more by chance than their levels tell.
    Such a pair has the number of a pair of noise whose details last as long.
    """
    products = left * right
    level, fine = products[:, : count // 4].sum(dim=1), products[:, count // 4 :].sum(dim=1)
    inflation = 1.0 + 2.0 * level.maximum(NOISE * fine)
    return (count / inflation.clamp_min(1.0)).clamp(MIN_EFFECTIVE, count)
