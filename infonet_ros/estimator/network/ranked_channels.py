"""Ranked channels in the forms from which the inputs of the networks are made, each computed once for all its pairs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from infonet_ros.caching import cached_property
from infonet_ros.estimator.network.counts import BINS, bins_of_ranks
from infonet_ros.estimator.network.plug_ins import unbiased_sums
from infonet_ros.estimator.samples.effective_samples import autocorrelations
from infonet_ros.estimator.samples.ranks import normal_scores
from infonet_ros.estimator.samples.surrogates import cycles

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


@dataclass(frozen=True, eq=False)
class RankedChannels:
    """N channels over the same T samples, on the network's device."""

    bins: Tensor  # (N, T) uint8: see `counts.count_pairs`
    scores: Tensor  # (N, T) float32: normal scores
    autocorrelations: Tensor  # (N, K) float32: see `effective_samples.autocorrelations`
    levels: Levels

    @classmethod
    def from_ranks(
        cls, ranks: np.ndarray, device: torch.device | str = "cpu", values: np.ndarray | None = None
    ) -> "RankedChannels":
        """Prepare channels by their ranks (N, T), 0 ... T - 1, each once in every channel.

        Where their values (N, T) are not given, they are taken to differ.
        """
        bins = torch.from_numpy(bins_of_ranks(ranks))
        levels = Levels.unknown(bins) if values is None else Levels.of(values, ranks, bins)
        return cls(
            bins=bins.to(device),
            scores=torch.from_numpy(normal_scores(ranks)).to(device),
            autocorrelations=torch.from_numpy(autocorrelations(ranks)).to(device),
            levels=levels.to(device),
        )

    @property
    def count(self) -> int:
        """T, the number of samples."""
        return self.bins.shape[1]

    @cached_property
    def cycles(self) -> Tensor:
        """Return the samples after which each channel begins again when it is shifted, (N,) int64."""
        return torch.from_numpy(cycles(self.scores.cpu().numpy())).to(self.scores.device)

    def __len__(self) -> int:
        return len(self.bins)
