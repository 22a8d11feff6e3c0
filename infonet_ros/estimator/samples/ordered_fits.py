"""Places among the neighbours in one given stream: they are a window of the samples in its order.

This gives what `Neighbourhood` does for several streams, in less time: moving sums give the local fits, and no
neighbour is copied.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

COMPARED_AT_ONCE = 1 << 18  # samples with their neighbours, 1 MiB: as much as a fast cache holds

LEAST_VARIANCE = 0.1  # of residuals, relative to their mean near a sample: a line through squares may go below 0
LEAST_SQUARE = 1e-8  # of the distance of a neighbour: neighbours are so near only if they are equal


@dataclass(frozen=True, eq=False)
class Fits:
    """Lines through the neighbours of each sample in order, for N streams."""

    slope: np.ndarray  # slope, level: (N, n) float64; the level is that of the line at the sample
    level: np.ndarray
    spread: np.ndarray  # (N, n) float64: root mean square of the residuals


def places_in_order(
    given: np.ndarray, scores: np.ndarray, size: int, wide: int, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return `Neighbourhood.conditional` of streams, scores (N, n), among ``size`` neighbours in one stream (n,).

    The spread by which the residuals are divided is that among ``wide`` neighbours. Returns the share of the neighbours
    below, and the residuals of the fit, (N, n) float64 both.
    """
    order = np.argsort(given, kind="stable")
    ordered, values = given[order], scores[:, order].astype(np.float64)
    own = values - _fits(ordered, values, size, ridge).level
    squares = np.square(own)
    even = own / spread_from(_fits(ordered, squares, wide, ridge).level, _over_neighbours(squares, wide) / wide)
    fits = _fits(ordered, even, size, ridge)
    near, streams, slope = (torch.from_numpy(part.astype(np.float32)) for part in (ordered, even, fits.slope))
    below = _below(near, streams, slope, size)
    within = torch.special.ndtr(torch.from_numpy((even - fits.level) / np.maximum(fits.spread, 1e-12)))
    places, rest = np.empty((2, *values.shape))
    places[:, order] = (below + within) / (size + 1.0)
    rest[:, order] = own
    return places, rest


def levels_in_order(given: np.ndarray, scores: np.ndarray, size: int, ridge: float) -> np.ndarray:
    """Return the levels (N, n) of lines through ``size`` neighbours in one stream (n,), of streams, scores (N, n)."""
    order = np.argsort(given, kind="stable")
    levels = np.empty(scores.shape)
    levels[:, order] = _fits(given[order], scores[:, order], size, ridge).level
    return levels


def spread_from(line: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the spread of residuals where each sample is: from the line through their squares near it, and their mean.

    Residuals are divided by it before they are ranked. Otherwise two streams whose noise grows with the given stream
    are far out together wherever it is loud. All (N, n).
    """
    return np.sqrt(np.maximum(line, np.maximum(LEAST_VARIANCE * mean, np.finfo(np.float32).tiny)))


def _fits(given: np.ndarray, values: np.ndarray, size: int, ridge: float) -> Fits:
    """Fit lines to values (N, n) by moving sums, with the penalty of `Neighbourhood`; all in order of ``given``."""
    over_neighbours = partial(_over_neighbours, size=size)
    near, total = over_neighbours(given), over_neighbours(values)
    # Distances from the sample itself: their sum, their squares, and their products with the values.
    offset = near - size * given
    square = np.maximum(over_neighbours(given**2) - 2.0 * given * near + size * given**2, 0.0)
    product = over_neighbours(values * given) - given * total
    penalised = square + ridge * np.maximum(square, LEAST_SQUARE * size)
    slope = (size * product - offset * total) / (size * penalised - offset**2)
    level = (total - slope * offset) / size
    explained = 2.0 * (level * total + slope * product - level * slope * offset) - size * level**2 - slope**2 * square
    spread = np.sqrt(np.maximum(over_neighbours(values**2) - explained, 0.0) / size)
    return Fits(slope, level, spread)


def _over_neighbours(numbers: np.ndarray, size: int) -> np.ndarray:
    """Return the sums of numbers (..., n) over the ``size`` neighbours of each, (..., n) float64."""
    count = numbers.shape[-1]
    sums = np.zeros((*numbers.shape[:-1], count + 1))
    np.cumsum(numbers, axis=-1, out=sums[..., 1:])
    found = np.empty(numbers.shape)
    first, last = size // 2, size // 2 + count - size  # those before and after share the window of this one
    np.subtract(sums[..., size:], sums[..., : count + 1 - size], out=found[..., first : last + 1])
    found[..., :first], found[..., last + 1 :] = found[..., first, None], found[..., last, None]
    return found


def _below(given: Tensor, values: Tensor, slope: Tensor, size: int) -> Tensor:
    """Count the neighbours of each sample below it, beside its line: (N, n) float32; all in order of ``given`` (n,)."""
    found = torch.empty_like(values)
    for span, near, places in _windows(given, values, size):
        away = places - given[span, None]  # exactly 0 of the sample itself, which is never below itself
        apart = torch.addcmul(near, slope[:, span, None], away, value=-1.0)
        found[:, span] = apart.lt_(values[:, span, None]).sum(dim=2)
    return found


def _windows(given: Tensor, values: Tensor, size: int) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield spans of samples, and views of the values (N, m, size) and places (m, size) of their neighbours.

    Samples near an end share the first or the last window: m is 1.
    """
    places, near = given.unfold(0, size, 1), values.unfold(1, size, 1)
    first, last = size // 2, size // 2 + len(places)
    step = max(1, COMPARED_AT_ONCE // (size * len(values)))
    for start, stop, window in ((0, first, 0), (first, last, None), (last, len(given), len(places) - 1)):
        for begin in range(start, stop, step):
            end = min(stop, begin + step)
            seen = slice(begin - first, end - first) if window is None else slice(window, window + 1)
            yield slice(begin, end), near[:, seen], places[seen]
