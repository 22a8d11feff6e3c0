"""Simulated pairs of coupled streams, with the information that they share per sample.

`information` is the MI of two samples of one time. Streams that remember share less, or the same, with each sample that
comes: the rate at which two Gaussian processes share information is -1/2 the mean of log(1 - coherence) over all
frequencies (Pinsker 1964). No test can tell that they have decoupled much sooner than log(interval) / rate.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from benchmarks.streams.pairs import correlation_of, coupled

MEMORY = 1.0  # s
LONG_MEMORY = 3.0
HELD = 5  # samples
REST = 20.0  # s, after as long a motion

Draw = Callable[[np.random.Generator, float, int, float], np.ndarray]
"""From a generator, the information (nats), the number of samples and their rate (Hz) to a pair (2, T)."""


@dataclass(frozen=True)
class SoundPair:
    """A kind of pair, and the nats that it shares per sample, by its information and rate (Hz)."""

    draw: Draw
    nats_per_sample: Callable[[float, float], float] = lambda information, rate: information


def correlated(rng: np.random.Generator, information: float, count: int) -> np.ndarray:
    """Draw Gaussian samples (2, T) that do not remember."""
    x, own = rng.standard_normal((2, count))
    return np.stack([x, coupled(x, own, information)])


def decoupled(
    draw: Draw, rng: np.random.Generator, information: float, moment: int, count: int, rate: float
) -> tuple[np.ndarray, int]:
    """Draw a pair (2, T) that decouples about a moment; also return when: the second stream goes on as another one.

    The change is where the two are closest within a second: a jump would be another fault, and easier to find.
    """
    pair, other = (draw(rng, information, count, rate) for _ in range(2))
    near = slice(moment, moment + round(rate))
    moment += int(np.abs(pair[1, near] - other[1, near]).argmin())
    pair[1, moment:] = other[1, moment:]
    return pair, moment


def remembering(noise: np.ndarray, memory: float, rate: float) -> np.ndarray:
    """Make streams (..., T) of unit variance out of white noise, AR(1) with a memory in seconds."""
    kept = np.exp(-1.0 / (memory * rate))
    first = noise[..., :1]  # drawn from the stationary distribution
    rest = np.sqrt(1.0 - kept**2) * noise[..., 1:]
    return lfilter([1.0], [1.0, -kept], np.concatenate([first, rest], axis=-1))


def _independent(rng: np.random.Generator, information: float, count: int, rate: float) -> np.ndarray:
    return correlated(rng, information, count)


def _slow(memory: float) -> Draw:
    return lambda rng, information, count, rate: remembering(correlated(rng, information, count), memory, rate)


def _held(rng: np.random.Generator, information: float, count: int, rate: float) -> np.ndarray:
    return np.repeat(correlated(rng, information, count // HELD + 1), HELD, axis=1)[:, :count]


def _resting(rng: np.random.Generator, information: float, count: int, rate: float) -> np.ndarray:
    """Make a robot that moves and rests in turn; at rest there is only sensor noise."""
    moving = (np.arange(count) // round(REST * rate)) % 2 == 0
    motion = remembering(correlated(rng, information, count), MEMORY / 2.0, rate)
    return motion * moving + 0.01 * rng.standard_normal((2, count))


def _bursting(rng: np.random.Generator, information: float, count: int, rate: float) -> np.ndarray:
    """Let both move little and much in turn, by a factor that wanders."""
    size = np.exp(remembering(rng.standard_normal(count), 5.0 * MEMORY, rate))
    return size * remembering(correlated(rng, information, count), MEMORY / 2.0, rate)


def _noisy(rng: np.random.Generator, information: float, count: int, rate: float) -> np.ndarray:
    """Let two sensors, each with its own noise, measure one slow motion."""
    motion = remembering(rng.standard_normal(count), MEMORY, rate)
    return motion + np.sqrt(_noise(information)) * rng.standard_normal((2, count))


def _noise(information: float) -> float:
    """Return the variance of each sensor's noise, beside a motion of variance 1."""
    return float(1.0 / correlation_of(information) - 1.0)


def _noisy_rate(information: float, rate: float) -> float:
    kept = np.exp(-1.0 / (MEMORY * rate))
    frequency = np.linspace(0.0, np.pi, 100_001)
    motion = (1.0 - kept**2) / np.abs(1.0 - kept * np.exp(-1j * frequency)) ** 2
    coherence = (motion / (motion + _noise(information))) ** 2
    return float(-0.5 * np.log1p(-coherence).mean())


SOUND = {
    "independent samples": SoundPair(_independent),
    f"memory of {MEMORY:g} s": SoundPair(_slow(MEMORY)),
    f"memory of {LONG_MEMORY:g} s": SoundPair(_slow(LONG_MEMORY)),
    "slow motion, noisy sensors": SoundPair(_noisy, _noisy_rate),
    f"held for {HELD} samples": SoundPair(_held, lambda information, rate: information / HELD),
    "moving and resting": SoundPair(_resting, lambda information, rate: information / 2.0),
    "bursting": SoundPair(_bursting),
}
