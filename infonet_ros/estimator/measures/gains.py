"""Tells a filter from a late stamp: a filter changes the size of fast motions, and a delay leaves all as they are.

Behind a pure delay there is one gain for all frequencies. Noise in the first stream makes the measured gain too small,
and noise in the second one makes that of the reverse direction too large: the true gain lies between them (Bendat and
Piersol, Random Data, chapter 6). If no gain lies between them at all frequencies, the second stream is no late copy.
"""

from typing import NamedTuple

import numpy as np
from scipy import fft

from infonet_ros.estimator.measures.contingency import DEGREES, features_of
from infonet_ros.series import paired_at_lag

_SEGMENTS = 10  # one after the other, and as many again between them
_SLOWEST = 2  # periods of the slowest motion in a segment
_FASTEST = 0.1  # periods in a sample: interpolation makes faster motions smaller
_UNKNOWN = 0.1  # of the samples of a segment, at most
_SURE = 4.0  # standard errors
_NEARLY = 0.9  # of the correlation of the ranks: samples that correlate so are taken
_LEAST = 0.05  # of the logarithm of the gain: interpolation changes it by as much


class GainChange(NamedTuple):
    """Whether the gain from the first channel to the second surely falls with frequency, and whether it rises."""

    falls: bool
    rises: bool


def gain_changes(samples: np.ndarray, ranks: np.ndarray, delay: float) -> GainChange:
    """Return how the gain of two channels surely changes with frequency.

    Parameters
    ----------
    samples, ranks : (T, 2) float
        NaN where unknown; for the ranks see `lagged_contingency`.
    delay : float
        Samples by which the second channel follows the first.
    """
    lag = round(delay)
    early, late = np.isfinite(ranks).T
    known = np.logical_and(*paired_at_lag(early, late, lag))
    segments = _segments(_proportional(samples, ranks, lag, known), known)
    if len(segments) < _SEGMENTS:
        return GainChange(False, False)
    powers = _powers(segments, delay - lag)
    log_gains = _log_gains(powers.sum(axis=0))
    without_one = _log_gains(powers.sum(axis=0) - powers)
    errors = np.sqrt((len(powers) - 1) * without_one.var(axis=0))
    larger = log_gains > _LEAST + _SURE * errors  # not where either is NaN
    return GainChange(falls=bool(np.triu(larger).any()), rises=bool(np.tril(larger).any()))


def _proportional(samples: np.ndarray, ranks: np.ndarray, lag: int, known: np.ndarray) -> np.ndarray:
    """Return two channels at a lag as streams (2, T) that are most nearly proportional, 0 where not ``known`` (T,).

    These are the samples, or if the second channel follows a square or another function of the first, sums of functions
    of the ranks. In ranks, the noise of a channel that seldom moves is large.
    """
    x, y = samples.T
    values = np.stack(paired_at_lag(x, y, lag)) * np.where(known, 1.0, np.nan)
    values -= np.nanmean(values, axis=1, keepdims=True)
    values /= np.nanstd(values, axis=1, keepdims=True)
    values = np.where(known, values, 0.0)
    first, second = (one[:-1] for one in features_of(ranks, DEGREES))
    first, second = (one.T * known for one in paired_at_lag(first.T, second.T, lag))
    left, shares, right = np.linalg.svd(first @ second.T)
    share = float(values[0] @ values[1])
    if abs(share) >= _NEARLY * shares[0]:
        return np.stack([values[0], np.sign(share) * values[1]])
    return np.stack([left[:, 0] @ first, right[0] @ second])


def _segments(streams: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Cut two streams (2, T), 0 where not ``known`` (T,), into half overlapping segments (S, 2, n) that are known.

    There are none if they do not hold two octaves.
    """
    length = streams.shape[1] // _SEGMENTS
    if length * _FASTEST < 4 * _SLOWEST:
        return np.empty((0, 2, length))
    starts = np.arange(0, streams.shape[1] - length + 1, length // 2)
    known_so_far = np.r_[0, known.cumsum()]
    starts = starts[known_so_far[starts + length] - known_so_far[starts] >= (1.0 - _UNKNOWN) * length]
    segments = streams[:, starts[:, None] + np.arange(length)].swapaxes(0, 1)
    return (segments - segments.mean(axis=2, keepdims=True)) * np.hanning(length)


def _powers(segments: np.ndarray, late: float) -> np.ndarray:
    """Return the power of both streams and their common power, (S, 3, B), of segments (S, 2, n) in octaves.

    The second stream is late by a part of a sample.
    """
    spectra = fft.rfft(segments)
    length = segments.shape[2]
    turn = np.exp(2j * np.pi * np.arange(spectra.shape[2]) / length * late)
    common = (spectra[:, 0].conj() * spectra[:, 1] * turn).real
    powers = np.stack([*np.moveaxis(np.abs(spectra) ** 2, 1, 0), common], axis=1)
    edges = _SLOWEST << np.arange(int(np.log2(length * _FASTEST / _SLOWEST)) + 1)
    return np.add.reduceat(powers, edges, axis=2)[..., :-1]


def _log_gains(powers: np.ndarray) -> np.ndarray:
    """Return by how much the least gain in one octave is larger than the largest in another, (..., B, B) logarithms."""
    first, second, common = np.moveaxis(powers, -2, 0)
    common = np.log(np.where(common > 0.0, common, np.nan))
    least, most = common - np.log(first), np.log(second) - common
    return np.asarray(least[..., :, None] - most[..., None, :])
