"""Streams that share a steady period, which a circular shift does not remove, and their deviations from it."""

import numpy as np

from infonet_ros.series import lowest_ranks, runs

LEVEL = 0.01  # of the test of one channel
LOBE = 3  # bins: those nearer to a line contain it
BESIDE = 12  # bins on either side of a line that show the noise about it
MOST_WAVES = 8  # of a stream: one with more is sharp, as a sawtooth, and has others that cannot be seen
LEAST_LEFT = 0.1  # share of the variance that a stream has beside its waves, to be more than a wave


def sharing_period(channels: np.ndarray) -> np.ndarray:
    """Return which channels (N, T) have a steady period in common, (N, N) bool; False on the diagonal.

    Two waves of one period tell each other's phase, whatever their cause: a few noisy samples of a wave do not fix its
    phase, so the past of one wave tells more about the other than that one's own past. A circular shift does not test
    this, because the data are nearer to one phase than the surrogates are.

    A steady period is a line in the spectrum: one frequency with more power than those about it explain (Fisher, Proc.
    R. Soc. A 1929). Unknown samples are NaN. They, and the mean, add nothing.
    """
    if not len(channels):
        return np.zeros((0, 0), dtype=bool)
    lines = np.stack([_spectrum(values)[1] for values in channels])
    near = lines.copy()
    near[:, 1:] |= lines[:, :-1]
    near[:, :-1] |= lines[:, 1:]
    shared = (lines.astype(np.float32) @ near.T.astype(np.float32)) > 0.0
    np.fill_diagonal(shared, False)
    return shared | shared.T


def common_period(channels: np.ndarray) -> float:
    """Return the strongest of the periods that channels (N, T) have in common, in samples; see `sharing_period`."""
    powers, lines = (np.stack(parts) for parts in zip(*map(_spectrum, channels), strict=True))
    near = np.array([np.convolve(line, np.ones(3), mode="same") > 0.0 for line in lines])
    power = (powers / powers.sum(axis=1, keepdims=True)).sum(axis=0)
    peak = int(np.where(near.sum(axis=0) > 1, power, 0.0).argmax())
    return 1.0 / _frequency(power, peak, channels.shape[1])


def deviations_from_periods(channels: np.ndarray) -> np.ndarray:
    """Return channels (N, T), NaN where unknown, without the waves of their steady periods.

    A channel is NaN if it is little more than a wave, or has more waves than can be seen. Each wave may grow or fall,
    and be a little slower or faster than the frequency that is found: its amplitudes are straight lines.
    """
    return np.array([_without_waves(values) for values in channels]).reshape(channels.shape)


def waves_alone(channels: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Return which channels (N, T) that have a ``shared`` period, (N, N) bool, are little more in one of both.

    Where the end of such a wave meets its beginning, each shift breaks its phase, and the data are the largest.
    """
    alone = np.asarray(shared.any(axis=0))
    alone[alone] = np.isnan(deviations_from_periods(channels[alone])).all(axis=1)
    return shared & (alone[:, None] | alone)


def _without_waves(values: np.ndarray) -> np.ndarray:
    power, lines = _spectrum(values)
    peaks = [first + int(power[first:end].argmax()) for first, end in runs(lines)]
    if not peaks:
        return values
    known, time = np.isfinite(values), np.linspace(-1.0, 1.0, len(values))
    angles = 2.0 * np.pi * np.outer([_frequency(power, peak, len(values)) for peak in peaks], np.arange(len(values)))
    waves = np.concatenate([np.cos(angles), np.sin(angles)])
    design = np.concatenate([waves, time * waves, np.ones((1, len(values)))]).T
    weights = np.linalg.lstsq(design[known], values[known], rcond=None)[0]
    deviations: np.ndarray = values - design @ weights
    left = deviations[known].var() >= LEAST_LEFT * values[known].var()
    return deviations if left and len(peaks) <= MOST_WAVES else np.full(len(values), np.nan)


def _spectrum(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the powers of the ranks of a stream (T,) under a window, (F,), and which of them are lines, (F,) bool."""
    known = np.isfinite(values)
    deviations = np.zeros(len(values))
    if known.any():
        ranks = lowest_ranks(values[known])
        deviations[known] = ranks - ranks.mean()
    power = np.square(np.abs(np.fft.rfft(np.hanning(len(values)) * deviations)))
    if len(values) < 4 * (LOBE + BESIDE):  # too short to tell a line from what is about it
        return power, np.zeros(len(power), dtype=bool)
    beside = np.ones(2 * (LOBE + BESIDE) - 1)
    beside[BESIDE : len(beside) - BESIDE] = 0.0
    counts = np.convolve(np.ones(len(power)), beside, mode="same")
    about = np.convolve(power, beside, mode="same") / counts
    # Powers of noise are exponential, and the window leaves two of three independent: the ratio has an F distribution.
    independent = 2.0 / 3.0 * counts
    ratio = power / np.maximum(about, 1e-12 * power.max() + np.finfo(np.float64).tiny)
    return power, (1.0 + ratio / independent) ** -independent * len(power) < LEVEL


def _frequency(power: np.ndarray, peak: int, samples: int) -> float:
    """Return the frequency of a line, in periods a sample, from the powers (F,) of so many samples at its peak."""
    before, at, after = np.log(np.maximum(power[[max(peak - 1, 0), peak, min(peak + 1, len(power) - 1)]], 1e-300))
    bend = before - 2.0 * at + after
    off = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return (peak + float(np.clip(off, -0.5, 0.5))) / samples
