"""Losses: the bound on fresh samples, and the quantile loss."""

import torch
from torch import Tensor

from infonet_ros.estimator.network.discriminant import donsker_varadhan
from infonet_ros.estimator.network.quantiles import QUANTILES

TYPICAL_EFFECTIVE = 300.0


def pinball_loss(quantiles: Tensor, truth: Tensor) -> Tensor:
    """Return the loss (M,) of 5, 50 and 95 % quantiles (M, 3) given the truth (M,), nats, summed over the three.

    Its minimum gives the quantiles of the true value given the input (Koenker and Bassett 1978).
    """
    levels = torch.tensor(QUANTILES, device=quantiles.device)
    error = truth.unsqueeze(1) - quantiles
    return torch.maximum(levels * error, (levels - 1.0) * error).sum(dim=1)


def importance(effective: Tensor) -> Tensor:
    """Weight of examples in the loss, (M,), by their effective number of samples (M,).

    Errors fall with its root. With this weight, the few long recordings with exact estimates count as much as the many
    short ones. The optimum does not change, because the weight depends only on inputs of the network.
    """
    return (effective / TYPICAL_EFFECTIVE).sqrt().clamp(0.2, 4.0)


def training_loss(
    quantiles: Tensor, table: Tensor, fresh: Tensor, truth: Tensor, weight: Tensor, quantile_weight: float
) -> Tensor:
    """Return the quantile loss minus the Donsker-Varadhan bound on fresh samples: the weighted mean over the batch.

    ``table`` (M, G, G) are the discriminants, ``fresh`` (M, G, G) the grids of samples that the network has not seen.
    For the quantiles (M, 3) and their truth (M,) see `pinball_loss`, for the weight (M,) `importance`.
    """
    bound = donsker_varadhan(table, fresh)
    return (weight * (quantile_weight * pinball_loss(quantiles, truth) - bound)).mean()
