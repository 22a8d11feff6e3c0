"""Autocovariances of a stream, and its memory (integrated autocorrelation time)."""

import numpy as np
from scipy import fft


def memory(deviations: np.ndarray) -> float:
    """Integrated autocorrelation time in samples, ``1 + 2 sum_k r(k)`` up to the first pair of lags below 0.

    Parameters
    ----------
    deviations : (T,) float64
        From their mean.

    Returns
    -------
    float
        1 or more (Geyer, Statistical Science 1992: the initial positive sequence).
    """
    count, covariance = len(deviations), autocovariances(deviations)
    correlation = covariance / covariance[0]
    pairs = correlation[: count // 2 * 2].reshape(-1, 2).sum(axis=1)
    below = np.flatnonzero(pairs <= 0.0)
    return max(1.0, 2.0 * float(pairs[: below[0] if len(below) else None].sum()) - 1.0)


def autocovariances(deviations: np.ndarray) -> np.ndarray:
    """Return the sums of products at lags 0 ... T - 1, of deviations from means (..., T): (..., T)."""
    count = deviations.shape[-1]
    length = fft.next_fast_len(2 * count, real=True)
    return fft.irfft(np.abs(fft.rfft(deviations, n=length)) ** 2, n=length)[..., :count]
