"""Validation: errors of the weights on held-out examples."""

from collections.abc import Iterator

import torch

from infonet_ros.estimator.network.discriminant import donsker_varadhan
from infonet_ros.estimator.network.pair_network import Network
from infonet_ros.training.examples import FAMILIES, Examples
from infonet_ros.training.losses import importance, pinball_loss

CHUNK = 1024


@torch.inference_mode()
def all_quantiles(network: Network, examples: Examples) -> torch.Tensor:
    """Return the quantiles of all M examples, (M, 3) nats."""
    return torch.cat([network(part.observation, tables=False)[0] for part in _chunks(examples)])


@torch.inference_mode()
def validate(network: Network, examples: Examples) -> dict[str, float]:
    """Measure errors in nats: over all, by family, of the bound, and the coverage of the 90 % interval.

    Returns
    -------
    dict
        ``loss_held_out`` (the weighted quantile loss), ``error`` (mean absolute error of the median), ``bound_error``
        (of the bound on fresh samples), ``coverage``, and ``error_<family>``.
    """
    truth = examples.information
    quantiles, bounds = [], []
    for part in _chunks(examples):
        found, table = network(part.observation)
        quantiles.append(found)
        bounds.append(donsker_varadhan(table, part.judges))
    quantile, bound = torch.cat(quantiles), torch.cat(bounds)
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


def _chunks(examples: Examples) -> Iterator[Examples]:
    for start in range(0, len(examples), CHUNK):
        yield examples[start : start + CHUNK]
