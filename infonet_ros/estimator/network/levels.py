"""Streams with few different values: their values are exact cells; random ranks of equal values would blur them."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.network.counts import BINS, unbiased_sums

EVEN = float(np.log(BINS))  # nats: entropy of the bins of a stream whose values all differ
RECURRENCE = 4  # samples of each value in the mean: with fewer, cells of values say little


@dataclass(frozen=True, eq=False)
class Levels:
    """The values of N channels as cells, where they are few and recur; bins of ranks otherwise.

    Attributes
    ----------
    cells : (N, T) uint8
    few : (N,) bool
        Whether the cells are values.
    sizes : (N, 2) float32, on the CPU
        Entropy of the cells, nats, less its bias; then the logarithm of the number of values, as the probability of two
        equal samples gives it. Both are `EVEN` where the cells are bins.
    """

    cells: Tensor
    few: np.ndarray
    sizes: np.ndarray

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
        levels = cls.unknown(bins)
        most = min(BINS, ranks.shape[1] // RECURRENCE)
        for channel, (own, ranked) in enumerate(zip(values, ranks, strict=True)):
            ordered = np.empty_like(own)
            ordered[ranked] = own
            new = ordered[1:] != ordered[:-1]
            if np.count_nonzero(new) < most:
                levels = levels._with(channel, np.append(0, np.cumsum(new)), ranked)
        return levels

    def _with(self, channel: int, number: np.ndarray, ranks: np.ndarray) -> "Levels":
        """Enter a channel by the number of its value at each rank, and its ranks, (T,) both.

        If most values occur only once, as those of a sensor that sticks at one value, they are not levels.
        """
        count, times = len(ranks), np.bincount(number)
        if 2 * np.count_nonzero(times == 1) > len(times):
            return self
        made = self if self.few.any() else replace(self, cells=self.cells.clone())  # they are those of the ranks so far
        made.cells[channel] = torch.from_numpy(number.astype(np.uint8)[ranks])
        made.few[channel] = True
        equal = times @ (times - 1.0) / (count * (count - 1.0))
        made.sizes[channel, 0] = np.log(count) - float(unbiased_sums(torch.from_numpy(times)[None, None])) / count
        made.sizes[channel, 1] = -np.log(equal + 1.0 / BINS)
        return made
