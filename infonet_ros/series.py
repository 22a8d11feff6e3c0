"""Ranks, means, integrals, gains, runs, autocovariances, memory and lags of series, for every part of the package."""

from collections.abc import Sequence

import numpy as np
from scipy import fft

_LEAST_GAINS = 64
_NOISY = 0.4  # of the steps go back on the step before


def memory(deviations: np.ndarray) -> np.ndarray:
    """Return the integrated autocorrelation time (...) of deviations (..., T) from their mean, not all 0.

    It is in samples, 1 or more: ``1 + 2 sum_k r(k)`` up to the first pair of lags below 0 (Geyer, Statistical Science
    1992: the initial positive sequence).
    """
    return memory_of(autocovariances(deviations))


def memory_of(covariance: np.ndarray) -> np.ndarray:
    """Return the `memory` of series with autocovariances (..., T), also with the sum of those of several series."""
    correlation = covariance / covariance[..., :1]
    pairs = correlation[..., : correlation.shape[-1] // 2 * 2 : 2] + correlation[..., 1::2]
    positive = np.logical_and.accumulate(pairs > 0.0, axis=-1)
    return np.maximum(1.0, 2.0 * (pairs * positive).sum(axis=-1) - 1.0)


def autocovariances(deviations: np.ndarray) -> np.ndarray:
    """Return the sums of products at lags 0 ... T - 1, of deviations from means (..., T): (..., T)."""
    return joint_autocovariances(deviations[..., None, :], deviations.shape[-1] - 1)[..., 0, :]


def joint_autocovariances(deviations: np.ndarray, lags: int, others: Sequence[int] = ()) -> np.ndarray:
    """Return the `autocovariances` of J series (..., J, T), added up, at lags 0 ... ``lags``: (..., S, 1 + lags).

    They are added up in S sets: the second and each later one begins at one of ``others``. One transform of all is
    faster than one for each set.
    """
    # The shortest length with a fast FFT and without wrap-around at these lags.
    length = fft.next_fast_len(deviations.shape[-1] + lags, real=True)
    spectrum = fft.rfft(deviations, n=length)
    powers = np.split(spectrum.real**2 + spectrum.imag**2, others, axis=-2)
    sums = np.stack([power.sum(axis=-2) for power in powers], axis=-2)
    return np.asarray(fft.irfft(sums, n=length)[..., : lags + 1])


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Rank values (T,), equal ones alike: (T,) float64, from 1 to T.

    As `scipy.stats.rankdata`, whose module takes half a second to import.

    Examples
    --------
    >>> average_ranks(np.array([3.0, 1.0, 3.0, 2.0]))
    array([3.5, 1. , 3.5, 2. ])
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def lowest_ranks(values: np.ndarray) -> np.ndarray:
    """Rank values (T,), equal ones by the lowest of their ranks: (T,) float64, from 0 to T - 1.

    Faster than `average_ranks`; good where few values are equal.

    Examples
    --------
    >>> lowest_ranks(np.array([3.0, 1.0, 3.0, 2.0]))
    array([2., 0., 2., 1.])
    """
    return np.searchsorted(np.sort(values), values).astype(np.float64)


def shared_ranks(samples: np.ndarray) -> np.ndarray:
    """Rank the known samples of each channel of (T, N), equal ones alike: (T, N) float32, 0 to 1, NaN where unknown."""
    ranks = np.full(samples.shape, np.nan, dtype=np.float32)
    for column, channel in enumerate(samples.T):
        known = np.isfinite(channel)
        ranks[known, column] = (average_ranks(channel[known]) - 0.5) / max(1, known.sum())
    return ranks


def mean_of_known(values: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Return the mean of values (T, ...) over the first axis, of those that are ``known``; 0 if none is.

    By default the finite values are known. `numpy.nanmean` gives NaN and a warning if none is.
    """
    known = np.isfinite(values) if known is None else known
    return np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def has_noise(values: np.ndarray) -> bool:
    """Return whether a channel (T,) goes back on its last step again and again, as only noise makes it."""
    steps = np.diff(values)
    signs = np.sign(steps[np.isfinite(steps) & (steps != 0.0)])
    return len(signs) > 1 and bool((signs[1:] != signs[:-1]).mean() >= _NOISY)


def runs(mask: np.ndarray) -> np.ndarray:
    """Return where each run of a mask (T,) begins and ends, (R, 2).

    Examples
    --------
    >>> runs(np.array([False, True, True, False, True])).tolist()
    [[1, 3], [4, 5]]
    """
    return np.flatnonzero(np.diff(mask, prepend=False, append=False)).reshape(-1, 2)


def paired_at_lag(x: np.ndarray, y: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of x (T,) and y (T,) that pair ``x[t]`` with ``y[t + lag]``, for ``lag`` of either sign.

    Examples
    --------
    >>> paired_at_lag(np.array([1, 2, 3]), np.array([4, 5, 6]), lag=1)
    (array([1, 2]), array([5, 6]))
    """
    count = len(x)
    return x[max(0, -lag) : max(0, count - max(0, lag))], y[max(0, lag) : max(0, count - max(0, -lag))]


def moved(series: np.ndarray, later: int) -> np.ndarray:
    """Return a series (T,) so many samples later, or earlier if negative: (T,) float64, NaN where that is outside.

    Examples
    --------
    >>> moved(np.array([1.0, 2.0, 3.0]), 1)
    array([nan,  1.,  2.])
    """
    found = np.full(len(series), np.nan)
    old, new = paired_at_lag(series, found, later)
    new[:] = old
    return found


def spans_of_gains(length: int) -> list[int]:
    """Return the spans, 1, 2, 4, ... samples, over which the gains of two series of a length are compared.

    The longest is a 64th of it at most: so many gains seldom agree by chance.

    Examples
    --------
    >>> spans_of_gains(300)
    [1, 2, 4]
    """
    return [1 << doublings for doublings in range((length // _LEAST_GAINS).bit_length())]


def cumulative_integral(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the integral (M,) of straight lines between values (M,), whose distances are ``steps`` (M - 1,).

    As `scipy.integrate.cumulative_trapezoid`, whose module takes a tenth of a second to import.

    Examples
    --------
    >>> cumulative_integral(np.array([1.0, 2.0]), np.array([0.0, 1.0, 1.0]))
    array([0. , 0.5, 2.5])
    """
    return np.r_[0.0, np.cumsum(steps * (values[1:] + values[:-1]) / 2.0)]
