"""Losses: the bound on fresh samples, and the quantile loss."""

import torch
from torch import Tensor

from infonet_ros.estimator.network.discriminant import donsker_varadhan
from infonet_ros.estimator.network.quantiles import QUANTILES

TYPICAL_EFFECTIVE = 300.0


def pinball_loss(quantiles: Tensor, truth: Tensor) -> Tensor:
    """Loss whose minimum gives the quantiles of the true value given the input (Koenker and Bassett 1978).

    Parameters
    ----------
    quantiles : (M, 3)
        5, 50 and 95 % quantiles, nats.
    truth : (M,)
        True MI, nats.

    Returns
    -------
    (M,)
        Sum over the three quantiles.
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
    """Minus the Donsker-Varadhan bound on fresh samples, and the quantile loss: weighted mean over the batch.

    Parameters
    ----------
    quantiles : (M, 3)
    table : (M, G, G)
        Discriminants.
    fresh : (M, G, G)
        Grids of samples that the network has not seen.
    truth : (M,)
    weight : (M,)
        See `importance`.
    quantile_weight : float
    """
    bound = donsker_varadhan(table, fresh)
    return (weight * (quantile_weight * pinball_loss(quantiles, truth) - bound)).mean()
