"""The differentiable way from samples to mutual information."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.blocks import Copulas, PairBlock
from infonet_ros.estimator.discriminant import read_table
from infonet_ros.estimator.ranks import Ordering, normalised
from infonet_ros.estimator.runner import Runner

SOFT_RANK_WIDTH = 0.1  # of the logistic kernel, in standard deviations: wide enough to see neighbours at T = 100


def differentiable_information(runner: Runner, x: Tensor, y: Tensor) -> Tensor:
    """MI (B,) of pairs (B, T), nats: the value is that of any other estimate, the gradient that of the bound.

    At its optimum the Donsker-Varadhan bound does not change with the discriminant, so that its gradient is that of the
    mean of the discriminant over the samples alone (the envelope theorem); the second term of the bound is constant,
    because ranks stay uniform. Nothing has to be traced through the network.
    """
    pairs = len(x)
    channels = torch.stack([x, y], dim=1).detach().cpu().double().numpy()
    orderings = [Ordering.from_channels(pair, seed=0) for pair in channels]  # each by itself, as `estimate` does
    # The same order of the two as for any other estimate of this pair, so that the bits are the same too.
    canonical = np.stack([ordering.canonical() for ordering in orderings], axis=1)  # (2, B)
    first, second = canonical * pairs + np.arange(pairs)
    ranks = np.stack([ordering.ranks() for ordering in orderings], axis=1).reshape(2 * pairs, -1)
    copulas = Copulas.from_ranks(ranks, runner.device)
    block = PairBlock.scanned(copulas, copulas, first, second, shifts=np.array([0]))
    found = [runner.estimate(part) for part in block.spans(runner.chunk)]
    values = torch.cat([torch.from_numpy(quantiles[:, 1]) for quantiles, _ in found]).to(x.device)
    values[torch.from_numpy((channels == channels[..., :1]).all(axis=2).any(axis=1)).to(x.device)] = 0.0
    if not (torch.is_grad_enabled() and (x.requires_grad or y.requires_grad)):
        return values
    tables = torch.cat([tables for _, tables in found]).to(x.device)
    exact = torch.from_numpy(normalised(ranks)).to(x.device)
    soft = torch.cat([_soft_ranks(x, exact[:pairs]), _soft_ranks(y, exact[pairs:])])
    mean = read_table(tables, soft[first], soft[second]).mean(dim=1)
    return values + mean - mean.detach()


def _soft_ranks(values: Tensor, ranks: Tensor) -> Tensor:
    """Ranks (B, T) in (0, 1) whose gradient is that of a kernel estimate of the distribution function.

    A straight-through estimator: the value is what the estimate uses, only the gradient is smoothed.
    """
    values = values.float()
    width = SOFT_RANK_WIDTH * values.detach().std(dim=1, keepdim=True).clamp_min(1e-30)
    scaled = values / width
    smooth = torch.sigmoid(scaled.unsqueeze(2) - scaled.unsqueeze(1)).mean(dim=2)
    return ranks + smooth - smooth.detach()
