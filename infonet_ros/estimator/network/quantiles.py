"""The quantiles of the mutual information that the networks return, computed from their outputs."""

import torch
from torch import Tensor
from torch.nn import functional

QUANTILES = (0.05, 0.5, 0.95)
RESOLUTION = 1e-3  # nats
TRAINED_EFFECTIVE = 12.0  # samples: effective number of the slowest streams of training
BY_CHANCE = 0.8  # nats: the lower ends of independent steps and waves hardly reach it, as `benchmarks.level` shows
LEAST = 1e-4  # nats: of estimates whose logarithm is taken
CORRECTION = (-5.0, 3.0)  # of the logarithm of a mean


def corrected_mean(estimates: Tensor, weights: Tensor, correction: Tensor) -> Tensor:
    """Return the weighted mean of estimates (M, K), times the exponential of a correction (M,): (M,) nats.

    The weights (M, K) are any numbers; their softmax is used.
    """
    mean = (torch.softmax(weights, dim=-1) * estimates).sum(dim=-1)
    return mean * torch.exp(correction.clamp(*CORRECTION))


def without_chance(quantiles: Tensor, effective: Tensor) -> Tensor:
    """Return quantiles (M, 3) whose lower ends leave out what few effective samples (M,) can share by chance.

    Up to `TRAINED_EFFECTIVE` that is `BY_CHANCE` at most, and from twice as many on nothing; in between, it is a part.
    Training has noise behind filters: with the same number of effective samples, two independent streams of steps or
    waves share more.
    """
    few = (2.0 - effective / TRAINED_EFFECTIVE).clamp(0.0, 1.0)
    lower = quantiles[:, :1]
    return torch.cat([lower - few[:, None] * lower.clamp_max(BY_CHANCE), quantiles[:, 1:]], dim=1)


def stretched_quantiles(median: Tensor, below: Tensor, above: Tensor, stretch: Tensor) -> Tensor:
    """Return three quantiles around each median (M,), in increasing order and not negative: (M, 3) nats.

    ``below`` and ``above`` (M,) are any numbers: how far the interval reaches below and above it. The ``stretch`` (2,)
    widens it there, see `validation.calibrate`.
    """
    # A lower end below RESOLUTION cannot be distinguished from 0, so it is 0.
    lower = functional.relu(median - stretch[0] * median * torch.sigmoid(-below) - RESOLUTION)
    upper = median + stretch[1] * functional.softplus(above)
    return torch.stack([lower, median, upper], dim=-1)
