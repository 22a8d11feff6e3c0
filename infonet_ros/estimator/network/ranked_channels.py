"""Ranked channels in the forms from which the inputs of the networks are made, each computed once for all its pairs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.network.counts import bins_of_ranks
from infonet_ros.estimator.network.levels import Levels
from infonet_ros.estimator.samples.effective_samples import autocorrelations
from infonet_ros.estimator.samples.ranks import normal_scores, normalised
from infonet_ros.estimator.samples.surrogates import cycles


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
            autocorrelations=torch.from_numpy(autocorrelations(normalised(ranks))).to(device),
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
