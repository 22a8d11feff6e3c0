"""Conformal calibration: stretch the interval until it covers what it says, on examples that training did not see."""

import torch

from infonet_ros.estimator.network import QUANTILES, Network
from infonet_ros.training.examples import Examples
from infonet_ros.training.validation import all_quantiles

ALLOWANCE = 1.1  # for families that training does not know, and nobody can calibrate on


@torch.inference_mode()
def calibrate(network: Network, examples: Examples) -> None:
    """Set the network's ``stretch`` a tenth above that by which 5 % of the true values pass each end of the interval.

    Split conformal prediction with the distance from the median, in units of the interval's own half, as the score
    (Romano, Patterson and Candes, NeurIPS 2019).
    """
    network.stretch.fill_(1.0)
    lower, median, upper = all_quantiles(network, examples).unbind(dim=1)
    truth, tiny = examples.information, torch.finfo(torch.float32).tiny
    level = QUANTILES[2]
    below = torch.quantile((median - truth) / (median - lower).clamp_min(tiny), level)
    above = torch.quantile((truth - median) / (upper - median).clamp_min(tiny), level)
    network.stretch.copy_(ALLOWANCE * torch.stack([below, above]).clamp_min(0.0))  # the median stays inside
