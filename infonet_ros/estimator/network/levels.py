"""Streams with few different values: their values are exact cells; random ranks of equal values would blur them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.network.counts import BINS
from infonet_ros.estimator.network.plug_ins import unbiased_sums

EVEN = float(np.log(BINS))  # nats: entropy of the bins of a stream whose values all differ
RECURRENCE = 4  # samples of each value in the mean: with fewer, cells of values say little


@dataclass(frozen=True, eq=False)
class Levels:
    """The values of N channels as cells, where they are few and recur; bins of ranks otherwise."""

    cells: Tensor  # (N, T) uint8
    few: np.ndarray  # (N,) bool: whether the cells are values
    sizes: np.ndarray
    """(N, 2) float32, on the CPU: entropy of the cells, nats, less its bias; then the logarithm of the number of
    values, as the probability of two equal samples gives it. Both are `EVEN` where the cells are bins."""

    @classmethod
    def unknown(cls, bins: Tensor) -> "Levels":
        """Take all values as different; ``bins`` (N, T) are those of the ranks."""
        return cls(bins, np.zeros(len(bins), dtype=bool), np.full((len(bins), 2), EVEN, dtype=np.float32))

    def to(self, device: torch.device | str) -> "Levels":
        """Copy the cells to a device."""
        return Levels(self.cells.to(device), self.few, self.sizes)

    @classmethod
    def of(cls, values: np.ndarray, ranks: np.ndarray, bins: Tensor) -> "Levels":
        """Find the levels of channels by their values, all known, and ranks, (N, T) both."""
        levels = cls.unknown(bins.clone())
        for channel, (own, ranked) in enumerate(zip(values, ranks, strict=True)):
            number = _numbered(own, ranked)
            if number is not None:
                levels.cells[channel] = torch.from_numpy(number.astype(np.uint8)[ranked])
                levels.few[channel] = True
                levels.sizes[channel] = _sizes(np.bincount(number))
        return levels


def _numbered(values: np.ndarray, ranks: np.ndarray) -> np.ndarray | None:
    """Return the number of the value at each rank of a channel, (T,); None unless its values are few and recur.

    If most values occur only once, as those of a sensor that sticks at one value, they are not levels.
    """
    ordered = np.empty_like(values)
    ordered[ranks] = values
    new = ordered[1:] != ordered[:-1]
    if np.count_nonzero(new) >= min(BINS, len(ranks) // RECURRENCE):
        return None
    number = np.append(0, np.cumsum(new))
    times = np.bincount(number)
    return None if 2 * np.count_nonzero(times == 1) > len(times) else number


def _sizes(times: np.ndarray) -> tuple[float, float]:
    """Return the two `Levels.sizes` of a channel whose values occur so many times each, (K,)."""
    count = times.sum()
    equal = times @ (times - 1.0) / (count * (count - 1.0))
    entropy = np.log(count) - float(unbiased_sums(torch.from_numpy(times)[None, None])) / count
    return entropy, -np.log(equal + 1.0 / BINS)
