"""Stretches of series with another level: how sure they are in spite of drift and autocorrelation, and how unusual.

A stretch that lasts to the end is a step. A series is given by the means of its blocks. Slow changes are no stretches,
so a trend and a bend are removed first.

`OtherMotion` tells whether a channel moves in another way for a while: what else changes then may follow from that.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from infonet_ros.dependence.changes.matrix_changes import OTHER_MOTION
from infonet_ros.series import memory

BLOCKS = 256
"""Of a series, at most."""

SHORTEST = 6
"""Blocks of a stretch that ends before the series, at least."""

_LEAST_BLOCK = 4  # samples
_EDGE = 10  # a step is searched between the first and the last tenth, and compared over a tenth on either side
_LONGEST = 1.0 / 3.0  # of all blocks: a stretch that ends before the series
_PLACES = 8  # at which stretches begin, within the length of one
_WIDER = 1.15  # than the next shorter one
_BEND = 2  # degree of the polynomial that describes drift

_MOVES = 4.0  # times the usual difference at other times: the motion of a channel changes
_NEW = 0.1  # of the other blocks reach so far: what another motion explains would happen then, too
_STILL = 1e-3  # of the standard deviation of a channel: it rests


class Stretch(NamedTuple):
    """A part of a series, from ``begin`` to before ``end``, in blocks or in samples."""

    begin: int
    end: int


def block_edges(count: int) -> np.ndarray:
    """Return the starts of the blocks of a series, and the end of the last block: (B + 1,)."""
    return np.linspace(0, count, min(BLOCKS, count // _LEAST_BLOCK) + 1).astype(int)


def block_means(series: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the means of the blocks of series (..., T): (..., B)."""
    return np.add.reduceat(series, edges[:-1], axis=-1) / np.diff(edges)


def blocks_of(starts: np.ndarray, rows: Stretch) -> Stretch:
    """Return the blocks that begin nearest to some rows; ``starts`` (B + 1,) are those of all blocks, and the end.

    A stretch with an end is searched only up to some blocks before that of the series: one that ends later lasts.
    """
    last = len(starts) - 1
    begin, end = (int(np.abs(starts - row).argmin()) for row in rows)
    begin = min(max(begin, 1), last - 1)
    return Stretch(begin, max(end, begin + 1) if end <= last - SHORTEST else last)


def stretches(count: int) -> np.ndarray:
    """Return the stretches (P, 2) of a series of blocks that are searched, see `Stretch`."""
    return _steps(count).stretches


def stretch_sizes(means: np.ndarray) -> np.ndarray:
    """Return by how much each of the `stretches` has another level, without drift, in K series of B blocks: (K, P).

    For uncorrelated blocks of variance 1, a size has variance 1.
    """
    _, steps, found, scale = _steps(means.shape[1])
    begin, end = found.T
    levels = means @ steps
    return (levels[:, begin] - levels[:, end]) * scale


def stretch_size(means: np.ndarray, stretch: Stretch) -> np.ndarray:
    """Return by how much one stretch has another level, as `stretch_sizes` does: (K,)."""
    steps = _steps(means.shape[1]).steps
    level = steps[:, stretch.begin] - steps[:, stretch.end]
    return means @ level / np.linalg.norm(level)


def likeliest_rows(gains: np.ndarray, lasts: bool) -> Stretch:
    """Return the stretch of samples (n,) with the largest sum of gains; up to the last one if it ``lasts``.

    A gain is by how much better another model fits a sample. The larger half of them counts as the median of all, so
    that spikes have no weight.
    """
    farthest = np.median(np.abs(gains[gains != 0.0])) if gains.any() else 0.0
    sums = np.append(0.0, np.cumsum(np.clip(gains, -farthest, farthest)))
    end = len(gains) if lasts else int((sums[1:] - np.minimum.accumulate(sums[:-1])).argmax()) + 1
    return Stretch(int(sums[:end].argmin()), end)


def near(stretch: Stretch, count: int) -> Iterator[Stretch]:
    """Yield a stretch of ``count`` blocks, and those between it and the next ones that `stretches` holds."""
    if stretch.end == count:  # each step is searched
        yield stretch
        return
    by = (stretch.end - stretch.begin) // _PLACES
    for begin, end in product(range(-by, by + 1), repeat=2):
        if stretch.begin + begin >= 1 and stretch.end + end < count:
            yield Stretch(stretch.begin + begin, stretch.end + end)


def noise(rests: np.ndarray) -> np.ndarray:
    """Return the standard deviation (K,) of the sizes of stretches by chance, from series (K, B) without one.

    It includes their autocorrelation. It is infinite for a constant series.
    """
    found, some = np.full(len(rests), np.inf), np.ptp(rests, axis=1) > 0.0
    rests = rests - _smooth(rests)
    found[some] = np.sqrt(np.square(rests[some]).mean(axis=1) * memory(rests[some]))
    return found


def without_stretch(means: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Remove the stretch of largest size (K, P) from each series (K, B)."""
    _, steps, found, scale = _steps(means.shape[1])
    largest = np.abs(sizes).argmax(axis=1)
    begin, end = found[largest].T
    size = np.take_along_axis(sizes, largest[:, None], axis=1) * scale[largest, None]
    return means - size * (steps[:, begin] - steps[:, end]).T


class Contrast(NamedTuple):
    """What a series gains where a stretch begins, and loses where it ends, and the usual size of the mean of both."""

    ends: tuple[float, ...]
    usual: float

    @property
    def size(self) -> float:
        """Mean of what is gained and lost; the end of the series loses nothing."""
        return sum(self.ends) / len(self.ends)


def contrast(means: np.ndarray, stretch: Stretch) -> Contrast:
    """Compare a series (B,) on either side of the ends of a stretch, and so at other times.

    Up to a tenth of the series on either side is compared.
    """
    count, length = len(means), stretch.end - stretch.begin
    width = max(1, min(count // _EDGE, length))
    sums = np.r_[0.0, np.cumsum(means)]
    places = np.arange(width, count - width + 1)
    gains = (sums[places + width] - 2.0 * sums[places] + sums[places - width]) / width
    begin, end = (int(np.clip(place - width, 0, len(gains) - 1)) for place in stretch)
    if stretch.end == count:
        ends, usual, away = [gains[begin]], gains, np.abs(places - stretch.begin) >= width
    else:
        ends, usual = [gains[begin], -gains[end]], (gains[:-length] - gains[length:]) / 2.0
        first = places[: len(usual)]
        away = np.min([np.abs(one - place) for one in (first, first + length) for place in stretch], axis=0) >= width
    return Contrast(tuple(map(float, ends)), float(np.median(np.abs(usual[away]))) if away.any() else np.inf)


class _Steps(NamedTuple):
    """An orthonormal basis of smooth series (B, D), and steps (B, B + 1) without their smooth parts.

    A stretch is the difference of two steps: ``stretches`` (P, 2) are searched, ``scale`` (P,) is 1 over their length.
    """

    smooth: np.ndarray
    steps: np.ndarray
    stretches: np.ndarray
    scale: np.ndarray


@lru_cache
def _steps(count: int) -> _Steps:
    smooth = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, count), _BEND + 1))[0]
    steps = np.tri(count, count + 1)  # column k: 1 from block k on
    steps -= smooth @ (smooth.T @ steps)
    edge = max(1, count // _EDGE)
    found = [(begin, count) for begin in range(edge, count - edge)]
    width = SHORTEST
    while width <= _LONGEST * count:
        places = range(SHORTEST, count - SHORTEST - width + 1, max(1, width // _PLACES))
        found += [(begin, begin + width) for begin in places]
        width = max(width + 1, int(width * _WIDER))
    begin, end = np.array(found).T
    length = np.linalg.norm(steps[:, begin] - steps[:, end], axis=0)
    return _Steps(smooth, steps, np.array(found), 1.0 / length)


def _smooth(series: np.ndarray) -> np.ndarray:
    smooth = _steps(series.shape[1]).smooth
    return (series @ smooth) @ smooth.T


class OtherMotion(NamedTuple):
    """Whether a channel begins to move about another level, or more or less than before by `OTHER_MOTION`."""

    level: bool
    spread: bool

    @classmethod
    def of(cls, channel: np.ndarray, edges: np.ndarray, stretch: Stretch) -> "OtherMotion":
        """Compare the motion of a channel (T,) at the ends of a stretch of blocks with its motion at other times."""
        known = np.isfinite(channel)
        if not known.any() or not np.ptp(channel[known]):
            return cls(False, False)
        values = np.where(known, channel, np.median(channel[known]))
        size, means = values.std(), block_means(values, edges)
        within = np.sqrt(np.maximum(block_means(np.square(values), edges) - np.square(means), 0.0))
        around = block_means(np.abs(values - np.median(values)), edges)
        spreads = [np.log(np.maximum(one, _STILL * size)) for one in (within, around)]
        return cls(
            _moves_otherwise(means, stretch, size),
            any(_moves_otherwise(one, stretch, np.log(OTHER_MOTION)) for one in spreads),
        )

    @property
    def other(self) -> bool:
        """Whether it moves in another way."""
        return self.level or self.spread


def _moves_otherwise(means: np.ndarray, stretch: Stretch, least: float) -> bool:
    """Return whether a series of blocks (B,) has another, unusual level in a stretch, and hardly ever outside."""
    step = contrast(means, stretch)
    if abs(step.size) <= max(least, _MOVES * step.usual):
        return False
    inside = np.zeros(len(means), dtype=bool)
    inside[slice(*stretch)] = True
    beyond = (means[~inside] - np.median(means[inside])) * np.sign(step.size) > 0.0
    return bool(beyond.mean() < _NEW)
