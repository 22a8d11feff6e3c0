"""Conformal calibration: widens the interval until its coverage is 90 % on examples outside training."""

import torch

from infonet_ros.estimator.network.pair_network import Network
from infonet_ros.estimator.network.quantiles import QUANTILES
from infonet_ros.training.examples import Examples

ALLOWANCE = 1.1  # for families that are not in training, for which no calibration is possible


@torch.inference_mode()
def calibrate(network: Network, examples: Examples) -> None:
    """Set the network's ``stretch`` by examples that it was not trained on, see `stretches`."""
    network.stretch.fill_(1.0)
    quantiles = examples.outputs(lambda part: network(part.observation, tables=False)[0])
    network.stretch.copy_(ALLOWANCE * stretches(quantiles, examples.information))


def stretches(quantiles: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the factors for the two halves of intervals, (2,), that leave 5 % beyond each end.

    Split conformal prediction with the distance from the median, in units of the interval's own half, as the score
    (Romano, Patterson and Candes, NeurIPS 2019).

    Parameters
    ----------
    quantiles : (M, 3)
        Not stretched.
    truth : (M,)
    """
    lower, median, upper = quantiles.unbind(dim=1)
    level, tiny = QUANTILES[2], torch.finfo(torch.float32).tiny
    below = torch.quantile((median - truth) / (median - lower).clamp_min(tiny), level)
    above = torch.quantile((truth - median) / (upper - median).clamp_min(tiny), level)
    return torch.stack([below, above]).clamp_min(0.0)  # the median stays inside
