"""Autocovariances of a stream, and its memory (integrated autocorrelation time)."""

import numpy as np
from scipy import fft


def memory(deviations: np.ndarray) -> np.ndarray:
    """Integrated autocorrelation time in samples, ``1 + 2 sum_k r(k)`` up to the first pair of lags below 0.

    Parameters
    ----------
    deviations : (..., T) float64
        From their mean, not all 0.

    Returns
    -------
    (...) float64
        1 or more (Geyer, Statistical Science 1992: the initial positive sequence).
    """
    covariance = autocovariances(deviations)
    correlation = covariance / covariance[..., :1]
    pairs = correlation[..., : correlation.shape[-1] // 2 * 2 : 2] + correlation[..., 1::2]
    positive = np.logical_and.accumulate(pairs > 0.0, axis=-1)
    return np.maximum(1.0, 2.0 * (pairs * positive).sum(axis=-1) - 1.0)


def autocovariances(deviations: np.ndarray) -> np.ndarray:
    """Return the sums of products at lags 0 ... T - 1, of deviations from means (..., T): (..., T)."""
    count = deviations.shape[-1]
    length = fft.next_fast_len(2 * count, real=True)
    return fft.irfft(np.abs(fft.rfft(deviations, n=length)) ** 2, n=length)[..., :count]
