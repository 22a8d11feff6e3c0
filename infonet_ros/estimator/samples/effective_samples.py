"""The effective number of samples of a window, for a pair of autocorrelated streams."""

import numpy as np
from scipy import fft
from torch import Tensor

MIN_EFFECTIVE = 8.0


def autocorrelations(ranks: np.ndarray) -> np.ndarray:
    """Return the autocorrelation of normalised ranks (N, T) at lags 1 to T // 4, tapered as in Bartlett's formula.

    They are scaled by the square root of ``1 - lag / T``, so that the product of two rows has the whole taper.
    """
    count = ranks.shape[1]
    lags = count // 4
    # The shortest length with a fast FFT and without wrap-around at these lags.
    length = fft.next_fast_len(count + lags, real=True)
    spectrum = fft.rfft(ranks - np.float32(0.5), n=length, axis=1)
    covariance = fft.irfft(spectrum.real**2 + spectrum.imag**2, n=length, axis=1)[:, : lags + 1]
    taper = np.sqrt(1.0 - np.arange(1, lags + 1, dtype=np.float32) / count)
    return covariance[:, 1:] / covariance[:, :1] * taper


def effective_samples(left: Tensor, right: Tensor, count: int) -> Tensor:
    """Return the effective number of samples of pairs, (M,) from 8 to T, by Bartlett's formula on the ranks.

    ``T / (1 + 2 sum_k (1 - k/T) r_x(k) r_y(k))``: the variance of a sample correlation of independent streams with
    `autocorrelations` ``r_x`` and ``r_y``, here (M, K), is that of so many independent samples (Bartlett, J. R. Stat.
    Soc. 1935).
    """
    inflation = 1.0 + 2.0 * (left * right).sum(dim=1)
    return (count / inflation.clamp_min(1.0)).clamp(MIN_EFFECTIVE, count)
