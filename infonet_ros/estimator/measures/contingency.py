"""How much all pairs of streams have in common at each lag, by FFT: cheap, and good enough to say where to look.

The same products over all circular shifts tell how often so much is in common by chance.

The mean-square contingency of two variables with ranks u and v is ``phi^2 = sum_jk E[f_j(u) f_k(v)]^2`` over functions
f_1, f_2, ... that are orthonormal on the unit interval (Lancaster, Ann. Math. Stat. 1958); for weak dependence it is
twice the MI. Here ``f_k(u) = sqrt(2) cos(pi k u)``: the first follows monotone couplings, the second even ones, such as
a square or an absolute value.
"""

import numpy as np
from scipy import fft, ndimage

from infonet_ros.estimator.samples.surrogates import NEAREST_FRACTION

DEGREES = 3
TESTED_DEGREES = 6  # the more, the finer the couplings that a test sees, and the weaker it is for the plain ones
_LEAST_SHIFTS = 19  # that resolve a p-value of 0.05
_LAGS_FRACTION = 50  # longer lags than so much of the samples leave a few dozen shifts that differ
_TAIL = 0.1  # of the shifts, those with the largest contingency
_CAUTION = 1.64  # standard errors
_LEAST_P = 1e-6
_BLOCK = 4  # times the longest lag: samples of each block


def lagged_contingency(ranks: np.ndarray, longest: int) -> np.ndarray:
    """Return the mean-square contingency of all pairs at all lags, cut off after `DEGREES` functions.

    Parameters
    ----------
    ranks : (T, N) float
        Normalised ranks in the unit interval, equal values alike, NaN where unknown.
    longest : int
        L, samples.

    Returns
    -------
    (N, N, 2 L + 1) float32
        ``[a, b, L + lag]`` compares ``a[t]`` with ``b[t + lag]``. 0 where no sample is common.
    """
    count, channels = ranks.shape
    features = _features(ranks, DEGREES)  # (N, DEGREES + 1, T), whether it is known last
    block = max(_BLOCK * longest, 256)
    blocks = -(-count // block)
    length = fft.next_fast_len(block + 2 * longest, real=True)
    padded = np.pad(features, ((0, 0), (0, 0), (longest, blocks * block - count + longest)))
    inner = padded[..., longest : longest + blocks * block].reshape(*features.shape[:2], blocks, block)
    outer = np.lib.stride_tricks.sliding_window_view(padded, block + 2 * longest, axis=-1)[..., ::block, :]
    left = np.moveaxis(fft.rfft(inner, length, axis=-1).conj(), -1, 0)  # (F, N, DEGREES + 1, blocks)
    right = np.moveaxis(fft.rfft(outer, length, axis=-1), -1, 0).reshape(-1, channels * (DEGREES + 1), blocks)
    found = np.empty((channels, channels, 2 * longest + 1), dtype=np.float32)
    for a in range(channels):
        spectrum = (left[:, a] @ right.transpose(0, 2, 1)).reshape(-1, DEGREES + 1, channels, DEGREES + 1)
        products = fft.irfft(spectrum, length, axis=0)[: 2 * longest + 1]
        common = np.maximum(products[:, DEGREES, :, DEGREES], 1.0)  # samples
        moments = products[:, :DEGREES, :, :DEGREES] / common[:, None, :, None]
        found[a] = np.square(moments).sum(axis=(1, 3)).T
    return found


def shift_p_values(ranks: np.ndarray, longest: int, workers: int = 1) -> tuple[np.ndarray, int]:
    """Judge the largest contingency of each pair over its lags by that over the lags around every circular shift.

    A shift keeps the memory of both streams and undoes what they share. All shifts cost little more than one.

    Parameters
    ----------
    ranks : (T, N) float
        As for `lagged_contingency`.
    longest : int
        L, samples: lags from -L to L are compared, but no longer ones than leave enough shifts to judge by.
    workers : int
        Threads.

    Returns
    -------
    p_values : (N, N) float64
        NaN on the diagonal, and where no sample is common.
    shifts : int
        0 where the streams are too short to be shifted.
    """
    count = _fast_length(len(ranks))
    channels = ranks.shape[1]
    longest = min(longest, count // _LAGS_FRACTION)
    nearest = max(count // NEAREST_FRACTION, 2 * longest + 1)
    shifts = np.arange(nearest, count - nearest + 1)
    found = np.full((channels, channels), np.nan)
    if len(shifts) < _LEAST_SHIFTS:
        return found, 0
    spectra = fft.rfft(_features(ranks[:count], TESTED_DEGREES), axis=-1, workers=workers)
    for a in range(channels):
        for b in range(a + 1, channels):
            products = spectra[a].conj()[:, None] * spectra[b]
            waves = fft.irfft(products[:-1, :-1], count, axis=-1, workers=workers)
            common = fft.irfft(products[-1, -1], count)
            contingency = np.square(waves).sum(axis=(0, 1)) / np.square(np.maximum(common, 1.0))
            over_lags = ndimage.maximum_filter1d(contingency, 2 * longest + 1, mode="wrap")
            if contingency[0] > 0.0 and common[0] > 0.5:
                found[a, b] = found[b, a] = _upper_tail(float(over_lags[0]), over_lags[shifts])
    return found, len(shifts)


def _upper_tail(observed: float, by_chance: np.ndarray) -> float:
    """Return the probability of a contingency of ``observed`` or more, by those of all shifts (S,).

    Beyond all but the largest tenth of them the tail is taken to fall exponentially, as that of a sum of squares does:
    so a p-value can be smaller than one over the number of shifts, most of which tell the same as their neighbours. How
    fast it falls is told by a few runs of shifts only, and is taken to be as slow as they allow.
    """
    middle, start = np.quantile(by_chance, (0.5, 1.0 - _TAIL))
    above = by_chance > start
    if observed <= start or not above.any():
        return float((1 + np.count_nonzero(by_chance >= observed)) / (1 + len(by_chance)))
    runs = np.count_nonzero(np.diff(above.astype(np.int8), prepend=0) == 1)
    fall = max(by_chance[above].mean() - start, (start - middle) / np.log(0.5 / _TAIL))
    return max(_LEAST_P, float(_TAIL * np.exp(-(observed - start) / (fall * (1.0 + _CAUTION / np.sqrt(runs))))))


def _fast_length(count: int) -> int:
    """Return the largest length up to ``count`` of which an FFT is fast: a few samples are no loss."""
    return next(length for length in range(count, 0, -1) if fft.next_fast_len(length, real=True) == length)


def _features(ranks: np.ndarray, degrees: int) -> np.ndarray:
    """Functions of the ranks with mean 0 and variance 1, and 1 where they are known: (N, degrees + 1, T) float32."""
    known = np.isfinite(ranks.T)
    orders = np.arange(1, degrees + 1)[:, None]
    waves = np.cos(np.pi * orders * np.where(known, ranks.T, 0.0)[:, None]) * known[:, None]
    samples = np.maximum(known.sum(axis=1), 1)[:, None, None]
    waves = (waves - waves.sum(axis=2, keepdims=True) / samples) * known[:, None]
    spread = np.sqrt(np.square(waves).sum(axis=2, keepdims=True) / samples)
    waves = np.divide(waves, spread, out=np.zeros_like(waves), where=spread > 1e-6)
    return np.concatenate([waves, known[:, None]], axis=1).astype(np.float32)
