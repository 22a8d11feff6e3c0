"""Validation and calibration: errors of the weights on held-out examples, and intervals that cover 90 % of them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch

from infonet_ros.estimator.network.discriminant import donsker_varadhan
from infonet_ros.estimator.network.pair_network import Network
from infonet_ros.estimator.network.quantiles import QUANTILES
from infonet_ros.training.examples import FAMILIES, Examples
from infonet_ros.training.losses import importance, pinball_loss

ALLOWANCE = 1.1  # for families that are not in training, for which no calibration is possible


@torch.inference_mode()
def validate(network: Network, examples: Examples) -> dict[str, float]:
    """Measure errors in nats: over all, by family, of the bound, and the coverage of the 90 % interval.

    The result is that of `errors` by family, and ``bound_error``, of the bound on fresh samples.
    """
    truth = examples.information
    quantiles, bounds = [], []
    for part in examples.chunks():
        quantile, table = network(part.observation)
        quantiles.append(quantile)
        bounds.append(donsker_varadhan(table, part.judges))
    bound = torch.cat(bounds)
    found = errors(torch.cat(quantiles), truth, importance(examples.effective), examples.family, FAMILIES)
    return found | {"bound_error": (bound - truth).abs().mean().item()}


def errors(
    quantiles: torch.Tensor,
    truth: torch.Tensor,
    weights: torch.Tensor,
    kind: torch.Tensor,
    kinds: Iterable[str],
    tolerance: float = 0.0,
) -> dict[str, float]:
    """Measure the errors of quantiles (M, 3), nats, given the truth (M,) and the weights (M,) of the loss.

    ``kind`` (M,) are indices into ``kinds``, and ``tolerance`` the nats that the lower end of the interval may lie
    above the truth. The result has ``loss_held_out`` (the weighted quantile loss), ``error`` (mean absolute error of
    the median), ``coverage``, and ``error_<kind>``.
    """
    error = (quantiles[:, 1] - truth).abs()
    inside = (quantiles[:, 0] <= truth + tolerance) & (truth <= quantiles[:, 2])
    present = {name: kind == k for k, name in enumerate(kinds) if (kind == k).any()}
    return {
        "loss_held_out": (weights * pinball_loss(quantiles, truth)).mean().item(),
        "error": error.mean().item(),
        "coverage": inside.float().mean().item(),
        **{f"error_{name}": error[chosen].mean().item() for name, chosen in present.items()},
    }


def log_errors(path: Path, entry: Mapping[str, float]) -> None:
    """Append the errors of a run to its log, one line of JSON."""
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")


@torch.inference_mode()
def calibrate(network: Network, examples: Examples) -> None:
    """Set the network's ``stretch`` by examples that it was not trained on, see `stretches`."""
    network.stretch.fill_(1.0)
    quantiles = examples.outputs(lambda part: network(part.observation, tables=False)[0])
    network.stretch.copy_(ALLOWANCE * stretches(quantiles, examples.information))


def stretches(quantiles: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the factors for the two halves of intervals, (2,), that leave 5 % of the truth (M,) beyond each end.

    Split conformal prediction with the distance from the median, in units of the interval's own half, as the score
    (Romano, Patterson and Candes, NeurIPS 2019). The quantiles (M, 3) are not stretched.
    """
    lower, median, upper = quantiles.unbind(dim=1)
    level, tiny = QUANTILES[2], torch.finfo(torch.float32).tiny
    below = torch.quantile((median - truth) / (median - lower).clamp_min(tiny), level)
    above = torch.quantile((truth - median) / (upper - median).clamp_min(tiny), level)
    return torch.stack([below, above]).clamp_min(0.0)  # the median stays inside
