"""Streams that share a steady period, so that circular shifts cannot test them given others or the past."""

import numpy as np

from infonet_ros.series import lowest_ranks

LEVEL = 0.01  # of the test of one channel
LOBE = 3  # bins: those nearer to a line contain it
BESIDE = 12  # bins on either side of a line that show the noise about it


def sharing_period(channels: np.ndarray) -> np.ndarray:
    """Return which channels (N, T) have a steady period in common, (N, N) bool; False on the diagonal.

    Two waves of one period tell each other's phase, whatever their cause: a few noisy samples of a wave do not fix its
    phase, so the past of one wave tells more about the other than that one's own past. A circular shift does not test
    this, because the data are nearer to one phase than the surrogates are.

    A steady period is a line in the spectrum: one frequency with more power than those about it explain (Fisher, Proc.
    R. Soc. A 1929). Unknown samples are NaN. They, and the mean, add nothing.
    """
    lines = np.stack([_lines(values) for values in channels])
    near = lines.copy()
    near[:, 1:] |= lines[:, :-1]
    near[:, :-1] |= lines[:, 1:]
    shared = (lines.astype(np.float32) @ near.T.astype(np.float32)) > 0.0
    np.fill_diagonal(shared, False)
    return shared | shared.T


def _lines(values: np.ndarray) -> np.ndarray:
    """Return which frequencies of a stream (T,) are lines, (F,) bool."""
    known = np.isfinite(values)
    deviations = np.zeros(len(values))
    if known.any():
        ranks = lowest_ranks(values[known])
        deviations[known] = ranks - ranks.mean()
    if len(values) < 4 * (LOBE + BESIDE):  # too short to tell a line from what is about it
        return np.zeros(len(values) // 2 + 1, dtype=bool)
    power = np.square(np.abs(np.fft.rfft(np.hanning(len(values)) * deviations)))
    beside = np.ones(2 * (LOBE + BESIDE) - 1)
    beside[BESIDE : len(beside) - BESIDE] = 0.0
    counts = np.convolve(np.ones(len(power)), beside, mode="same")
    about = np.convolve(power, beside, mode="same") / counts
    # Powers of noise are exponential, and the window leaves two of three independent: the ratio has an F distribution.
    independent = 2.0 / 3.0 * counts
    ratio = power / np.maximum(about, 1e-12 * power.max() + np.finfo(np.float64).tiny)
    return (1.0 + ratio / independent) ** -independent * len(power) < LEVEL
