"""How good the weights are on examples that training did not draw."""

import torch

from infonet_ros.estimator.grid import donsker_varadhan
from infonet_ros.estimator.network import Network
from infonet_ros.training.examples import FAMILIES, Examples
from infonet_ros.training.losses import importance, pinball_loss

CHUNK = 1024


@torch.inference_mode()
def validate(network: Network, examples: Examples) -> dict[str, float]:
    """Measure errors in nats: over all, by family, of the bound, and the coverage of the 90 % interval.

    Returns
    -------
    dict
        ``loss_held_out`` (the weighted quantile loss), ``error`` (mean absolute error of the median), ``bound_error``
        (of the bound on fresh samples), ``coverage``, and ``error_<family>``.
    """
    quantiles, bounds = [], []
    for start in range(0, len(examples), CHUNK):
        part = examples[start : start + CHUNK]
        quantile, table = network(part.seen.float(), part.summary)
        quantiles.append(quantile)
        bounds.append(donsker_varadhan(table, part.fresh.float()))
    quantile, bound, truth = torch.cat(quantiles), torch.cat(bounds), examples.information
    error = (quantile[:, 1] - truth).abs()
    inside = (quantile[:, 0] <= truth) & (truth <= quantile[:, 2])
    families = {
        f"error_{name}": error[examples.family == k].mean().item()
        for k, name in enumerate(FAMILIES)
        if (examples.family == k).any()
    }
    return {
        "loss_held_out": (importance(examples.effective) * pinball_loss(quantile, truth)).mean().item(),
        "error": error.mean().item(),
        "bound_error": (bound - truth).abs().mean().item(),
        "coverage": inside.float().mean().item(),
        **families,
    }
