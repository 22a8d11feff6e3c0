"""Quantiles of the mutual information: which ones, and how a network's numbers become such."""

import torch
from torch import Tensor
from torch.nn import functional

QUANTILES = (0.05, 0.5, 0.95)
RESOLUTION = 1e-3  # nats
LEAST = 1e-4  # nats: of estimates whose logarithm is taken
CORRECTION = (-5.0, 3.0)  # of the logarithm of a mean


def corrected_mean(estimates: Tensor, weights: Tensor, correction: Tensor) -> Tensor:
    """Return the weighted mean of estimates (M, K), times a correction: (M,) nats.

    Parameters
    ----------
    estimates, weights : (M, K)
        Weights are any numbers: their softmax counts.
    correction : (M,)
        Logarithm.
    """
    mean = (torch.softmax(weights, dim=-1) * estimates).sum(dim=-1)
    return mean * torch.exp(correction.clamp(*CORRECTION))


def stretched_quantiles(median: Tensor, below: Tensor, above: Tensor, stretch: Tensor) -> Tensor:
    """Put quantiles around medians: increasing ones that are not negative, (M, 3) nats.

    Parameters
    ----------
    median : (M,)
        Not negative.
    below, above : (M,)
        Any numbers: how far the interval reaches below and above it.
    stretch : (2,)
        Widens the interval below and above, see `calibration`.
    """
    # An interval that reaches down to what nobody could tell from nothing holds nothing, too.
    lower = functional.relu(median - stretch[0] * median * torch.sigmoid(-below) - RESOLUTION)
    upper = median + stretch[1] * functional.softplus(above)
    return torch.stack([lower, median, upper], dim=-1)
