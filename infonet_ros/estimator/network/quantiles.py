"""The quantiles of the mutual information that the networks return, computed from their outputs."""

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
        The weights are any numbers; their softmax is used.
    correction : (M,)
        Logarithm.
    """
    mean = (torch.softmax(weights, dim=-1) * estimates).sum(dim=-1)
    return mean * torch.exp(correction.clamp(*CORRECTION))


def stretched_quantiles(median: Tensor, below: Tensor, above: Tensor, stretch: Tensor) -> Tensor:
    """Return three quantiles around each median, in increasing order and not negative: (M, 3) nats.

    Parameters
    ----------
    median : (M,)
        Not negative.
    below, above : (M,)
        Any numbers: how far the interval reaches below and above it.
    stretch : (2,)
        Widens the interval below and above, see `validation.calibrate`.
    """
    # A lower end below RESOLUTION cannot be distinguished from 0, so it is 0.
    lower = functional.relu(median - stretch[0] * median * torch.sigmoid(-below) - RESOLUTION)
    upper = median + stretch[1] * functional.softplus(above)
    return torch.stack([lower, median, upper], dim=-1)
