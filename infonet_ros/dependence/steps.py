"""Steps of series: how sure they are in spite of drift and autocorrelation, and whether they differ from other times.

A series is given by the means of its blocks. Slow changes are not steps, so a trend and a bend are removed first.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from infonet_ros.series import memory

BLOCKS = 256
"""Of a series, at most."""

_LEAST_BLOCK = 4  # samples
_EDGE = 10  # a step is searched between the first and the last tenth, and compared over a tenth on either side
_BEND = 2  # degree of the polynomial that describes drift


def block_edges(count: int) -> np.ndarray:
    """Return the starts of the blocks of a series, and the end of the last block: (B + 1,)."""
    return np.linspace(0, count, min(BLOCKS, count // _LEAST_BLOCK) + 1).astype(int)


def block_means(series: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the means of the blocks of series (..., T): (..., B)."""
    return np.add.reduceat(series, edges[:-1], axis=-1) / np.diff(edges)


def step_sizes(means: np.ndarray) -> np.ndarray:
    """Return the size of a step before each block, without drift, in K series of B blocks: (K, B).

    For uncorrelated blocks of variance 1, a size has variance 1; it is 0 near the edges.
    """
    return means @ _steps(means.shape[1]).steps


def noise(rests: np.ndarray) -> np.ndarray:
    """Return the standard deviation (K,) of the sizes of steps by chance, from series (K, B) without a step.

    It includes their autocorrelation. It is infinite for a constant series.
    """
    found, some = np.full(len(rests), np.inf), np.ptp(rests, axis=1) > 0.0
    rests = rests - _smooth(rests)
    found[some] = np.sqrt(np.square(rests[some]).mean(axis=1) * memory(rests[some]))
    return found


def without_step(means: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Remove the largest step from each series (K, B)."""
    largest = np.abs(sizes).argmax(axis=1)
    size = np.take_along_axis(sizes, largest[:, None], axis=1)
    return means - size * _steps(means.shape[1]).steps[:, largest].T


class Contrast(NamedTuple):
    """The difference between the means after a time and before it, and its usual size at other times."""

    size: float
    usual: float


def contrast(means: np.ndarray, place: int) -> Contrast:
    """Compare a series (B,) on either side of a block with itself at other times."""
    width = max(1, len(means) // _EDGE)
    sums = np.r_[0.0, np.cumsum(means)]
    middle = np.arange(width, len(means) - width + 1)
    apart = (sums[middle + width] - 2.0 * sums[middle] + sums[middle - width]) / width
    away = np.abs(middle - place) >= width
    at = int(np.clip(place - width, 0, len(apart) - 1))
    return Contrast(float(apart[at]), float(np.median(np.abs(apart[away]))) if away.any() else np.inf)


class _Steps(NamedTuple):
    """An orthonormal basis of smooth series (B, D), and steps (B, B) without their smooth parts, of length 1 or 0."""

    smooth: np.ndarray
    steps: np.ndarray


@lru_cache
def _steps(count: int) -> _Steps:
    smooth = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, count), _BEND + 1))[0]
    steps = np.tri(count)  # column k: 1 from block k on
    steps -= smooth @ (smooth.T @ steps)
    places, edge = np.arange(count), max(1, count // _EDGE)
    inside = (places >= edge) & (places < count - edge)
    length = np.linalg.norm(steps, axis=0)
    return _Steps(smooth, np.divide(steps, length, out=np.zeros_like(steps), where=inside & (length > 1e-9)))


def _smooth(series: np.ndarray) -> np.ndarray:
    smooth = _steps(series.shape[1]).smooth
    return (series @ smooth) @ smooth.T
