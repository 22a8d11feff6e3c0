"""The quantiles of the mutual information that the networks return, computed from their outputs."""

import torch
from torch import Tensor
from torch.nn import functional

QUANTILES = (0.05, 0.5, 0.95)
RESOLUTION = 1e-3  # nats
LEAST = 1e-4  # nats: of estimates whose logarithm is taken
CORRECTION = (-5.0, 3.0)  # of the logarithm of a mean


def corrected_mean(estimates: Tensor, weights: Tensor, correction: Tensor) -> Tensor:
    """Return the weighted mean of estimates (M, K), times the exponential of a correction (M,): (M,) nats.

    The weights (M, K) are any numbers; their softmax is used.
    """
    mean = (torch.softmax(weights, dim=-1) * estimates).sum(dim=-1)
    return mean * torch.exp(correction.clamp(*CORRECTION))


def stretched_quantiles(median: Tensor, below: Tensor, above: Tensor, stretch: Tensor) -> Tensor:
    """Return three quantiles around each median (M,), in increasing order and not negative: (M, 3) nats.

    ``below`` and ``above`` (M,) are any numbers: how far the interval reaches below and above it. The ``stretch`` (2,)
    widens it there, see `validation.calibrate`.
    """
    # A lower end below RESOLUTION cannot be distinguished from 0, so it is 0.
    lower = functional.relu(median - stretch[0] * median * torch.sigmoid(-below) - RESOLUTION)
    upper = median + stretch[1] * functional.softplus(above)
    return torch.stack([lower, median, upper], dim=-1)
