"""Pairs of vector streams: dependent in one, some or all channels, linearly or by squares, or not at all."""

from collections.abc import Callable

import numpy as np

from benchmarks.streams.pairs import slow

Vectors = tuple[np.ndarray, np.ndarray]
Maker = Callable[[np.random.Generator, int, int], Vectors]
"""From a generator, T and d to vectors (T, d) each."""
Task = tuple[Maker, int, int]
"""A maker with T and d."""


def notebook(rng: np.random.Generator, samples: int, channels: int, dependent: bool = True) -> Vectors:
    """Put the sum of all channels of x into every channel of y."""
    x = rng.standard_normal((samples, channels))
    common = x.sum(axis=1) / np.sqrt(channels) if dependent else rng.standard_normal(samples)
    return x, (common[:, None] + rng.standard_normal((samples, channels))) / np.sqrt(2.0)


def mixed(share: float, signal: Callable[[np.ndarray], np.ndarray]) -> Maker:
    """Make each channel of y a function of x with noise; ``share`` is their correlation."""

    def made(rng: np.random.Generator, samples: int, channels: int) -> Vectors:
        x = rng.standard_normal((samples, channels))
        noise = rng.standard_normal((samples, channels))
        return x, share * signal(x) + np.sqrt(1.0 - share**2) * noise

    return made


def square(x: np.ndarray) -> np.ndarray:
    """Square normal values, to mean 0 and variance 1."""
    return (x**2 - 1.0) / np.sqrt(2.0)


def squares_together(x: np.ndarray) -> np.ndarray:
    """Add the squares of all channels up, to mean 0 and variance 1."""
    return square(x).sum(axis=1, keepdims=True) / np.sqrt(x.shape[1])


def one_follows(share: float) -> Maker:
    """Let one channel of y follow one of x."""

    def made(rng: np.random.Generator, samples: int, channels: int) -> Vectors:
        x, y = rng.standard_normal((2, samples, channels))
        y[:, 0] = share * x[:, 0] + np.sqrt(1.0 - share**2) * y[:, 0]
        return x, y

    return made


def unrelated(coefficient: float) -> Maker:
    """Make each channel an AR(1) of its own."""

    def made(rng: np.random.Generator, samples: int, channels: int) -> Vectors:
        x, y = ([slow(rng, samples, coefficient) for _ in range(channels)] for _ in "xy")
        return np.stack(x, axis=1), np.stack(y, axis=1)

    return made


DEPENDENT: dict[str, Task] = {
    "sum of 128 channels": (notebook, 100, 128),
    "linear, weak, 128 channels": (mixed(0.15, lambda x: x), 100, 128),
    "linear, weak, 4 channels": (mixed(0.15, lambda x: x), 200, 4),
    "linear, weak, 16 channels": (mixed(0.12, lambda x: x), 200, 16),
    "square of each of 16 channels": (mixed(0.2, square), 300, 16),
    "sum of squares of 16 channels": (mixed(0.15, squares_together), 300, 16),
    "one channel of 128": (one_follows(0.6), 100, 128),
}

INDEPENDENT: dict[str, Task] = {
    "independent samples, 128 channels": (unrelated(0.0), 100, 128),
    "AR(1) 0.5, 8 channels": (unrelated(0.5), 300, 8),
    "AR(1) 0.8, 3 channels": (unrelated(0.8), 300, 3),
    "AR(1) 0.9, 32 channels": (unrelated(0.9), 500, 32),
    "AR(1) 0.9, 128 channels": (unrelated(0.9), 1000, 128),
}
