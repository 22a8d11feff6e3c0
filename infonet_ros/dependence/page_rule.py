"""Page's rule (Biometrika 1954): evidence is summed sample by sample, and restarts at zero.

The mean log ratio f of a block of samples measures how well a pair fits the baseline. Without a fault the mean of
exp(-f) is 1, and so is that of (1 + exp(-f)) / 2, the e-value of the block. The sum of the logarithms of independent
e-values rises by h at most once in exp(h) times. Autocorrelated samples make it rise more often: the highest rises of a
sound pair show how much more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_HIGHEST = 0.1  # share of the rises whose heights tell how often higher ones come
_LEAST_RISES = 10  # of those
_LEAST_TAIL = 0.8  # of that of independent samples; below it samples are taken together
_STARTS = 16
_CARE = 2.0  # standard errors by which the tail is taken to be heavier than it looks


def block_evidence(ratios: np.ndarray, block: int) -> np.ndarray:
    """Return the log e-values (..., K) of blocks of log ratios (..., K block): 0 where most of a block is unknown.

    The mean of the e-value with 1 bounds what one block can say in favour of a pair: log 2.
    """
    blocks = ratios.reshape(*ratios.shape[:-1], -1, block)
    known = np.isfinite(blocks)
    count = known.sum(axis=-1)
    means = np.where(known, blocks, 0.0).sum(axis=-1) / np.maximum(count, 1)
    return np.where(2 * count > block, np.logaddexp(0.0, -means) - np.log(2.0), 0.0)


def mean_wait(evidence: np.ndarray, height: float) -> float:
    """Return the mean number of blocks until the sum reaches a height, from starts all over the evidence; inf if never.

    Evidence (K,) is that of each block, nats, as is the height. The height divided by the mean evidence would be too
    short a wait: evidence that grows fast at times and slowly at others, as in bursts, lets some starts wait long.
    """
    values, waits = evidence.tolist(), []
    for start in np.linspace(0, len(values), _STARTS, endpoint=False).astype(int):
        total = 0.0
        for number, one in enumerate(values[start:] + values[:start], start=1):
            total = max(0.0, total + one)
            if total >= height:
                waits.append(number)
                break
        else:
            return np.inf
    return float(np.mean(waits))


class PageSums:
    """Page's sums of the log e-values of blocks, of several views of one length of block.

    Parameters
    ----------
    block : int
        Samples.
    most : (V,) float
        The sums are held below these.

    Attributes
    ----------
    values : (V,) float
    """

    def __init__(self, block: int, most: np.ndarray) -> None:
        self._block, self._most = block, most
        self._rest = np.empty((len(most), 0))
        self._rest_stamps = np.empty(0, dtype=np.int64)
        self.values = np.zeros(len(most))
        self._since = np.zeros(len(most), dtype=np.int64)

    def add(self, ratios: np.ndarray, stamps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add the log ratios (V, T) of new samples; return the largest sums (V,) among them, since when they grew."""
        ratios, stamps = np.concatenate([self._rest, ratios], axis=1), np.concatenate([self._rest_stamps, stamps])
        cut = len(stamps) // self._block * self._block
        self._rest, self._rest_stamps = ratios[:, cut:], stamps[cut:]
        peaks, since = self.values, self._since
        for evidence, begin in zip(
            block_evidence(ratios[:, :cut], self._block).T, stamps[: cut : self._block], strict=True
        ):
            self._since = np.where(self.values == 0.0, begin, self._since)
            self.values = np.clip(self.values + evidence, 0.0, self._most)
            higher = self.values > peaks
            peaks, since = np.where(higher, self.values, peaks), np.where(higher, self._since, since)
        return peaks, since


@dataclass(frozen=True)
class Rises:
    """How high the evidence of a sound pair rises from nothing.

    Attributes
    ----------
    block : int
        Samples that count as one.
    height, samples : float
        Evidence, nats, that is reached once in so many samples.
    tail : float
        Beyond that height, rises x nats higher are exp(tail x) times as rare, or rarer; 1 for independent samples.
    """

    block: int
    height: float
    samples: float
    tail: float

    @classmethod
    def of(cls, pieces: Sequence[np.ndarray]) -> "Rises | None":
        """Learn it from log ratios (T,) of a sound pair; None where too few are known.

        Samples are taken together in the smallest power of two with which rises are nearly as rare as those of
        independent samples; what memory is left makes the tail heavier. Hill's estimate of the tail (1975) has a
        standard error of one by the root of the number of rises.
        """
        found, block = None, 1
        while len(heights := _heights(pieces, block)) > 2 * _LEAST_RISES:
            count = max(_LEAST_RISES, round(_HIGHEST * len(heights)))
            *highest, height = np.sort(heights)[::-1][: count + 1]
            tail = (count - 1) / max(1e-9, float(np.subtract(highest, height).sum()))
            careful = float(min(1.0, tail * (1.0 - _CARE / np.sqrt(count))))
            found = cls(block, float(height), sum(map(len, pieces)) / count, careful)
            if tail >= _LEAST_TAIL:
                break
            block *= 2
        return found


def _heights(pieces: Sequence[np.ndarray], block: int) -> np.ndarray:
    """Return the height of each rise from nothing."""
    heights: list[float] = []
    for ratios in pieces:
        total = np.r_[0.0, np.cumsum(block_evidence(ratios[: len(ratios) // block * block], block))]
        sums = total - np.minimum.accumulate(total)
        starts = np.flatnonzero((sums[1:] > 0.0) & (sums[:-1] == 0.0))
        if len(starts):
            heights.extend(np.maximum.reduceat(sums, starts + 1))
    return np.array(heights)
