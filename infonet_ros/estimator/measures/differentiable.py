"""Mutual information with a gradient, for training other networks with it."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.measures.conditional import pairwise_given
from infonet_ros.estimator.measures.pairwise import PairwiseOptions
from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.discriminant import read_table
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.views import Side
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering, normalised, rank

SOFT_RANK_WIDTH = 0.1  # of the logistic kernel, in standard deviations: wide enough to see neighbours at T = 100


def differentiable_information(runner: Runner, x: Tensor, y: Tensor) -> Tensor:
    """MI (B,) of pairs (B, T), nats: the value is that of any other estimate, the gradient that of the bound.

    At its optimum the Donsker-Varadhan bound does not change with the discriminant (the envelope theorem). Its second
    term is constant, because ranks stay uniform. So its gradient is that of the mean of the discriminant over the
    samples, and no gradient through the network is needed.
    """
    pairs = len(x)
    channels = torch.stack([x, y], dim=1).detach().cpu().double().numpy()
    orderings = [Ordering.from_channels(pair, seed=0) for pair in channels]  # each pair separately, as in `estimate`
    # The same order of the two as in other estimates of this pair, so that the results are identical.
    canonical = np.stack([ordering.canonical() for ordering in orderings], axis=1)  # (2, B)
    first, second = canonical * pairs + np.arange(pairs)
    ranks = np.stack([ordering.ranks() for ordering in orderings], axis=1).reshape(2 * pairs, -1)
    ranked = RankedChannels.from_ranks(ranks, runner.device, channels.swapaxes(0, 1).reshape(ranks.shape))
    block = PairBlock.of(ranked, ranked, first, second, shifts=np.array([0]))
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


def differentiable_given(runner: ConditionalRunner, x: Tensor, y: Tensor, given: np.ndarray) -> Tensor:
    """Return the conditional MI of one pair (T,) given streams (D, T), nats; see `differentiable_information`.

    The gradient is that of the bound in each slice of the given streams, through soft conditional ranks.
    """
    channels = torch.stack([x, y]).detach().cpu().double().numpy()
    value = float(pairwise_given(runner, channels, given, PairwiseOptions(np.zeros(1, dtype=np.int64), 0, 0)).mi[0, 1])
    result = torch.tensor(value, dtype=torch.float32, device=x.device)
    if not (torch.is_grad_enabled() and (x.requires_grad or y.requires_grad)) or not value > 0.0:
        return result
    seen, rows = Given.from_channels(given, np.arange(given.shape[1]))
    ranks = Side(Ordering.from_channels(channels, seed=0).ranks(rows), seen).conditional[0]
    soft = [_soft_conditional(values.cpu()[torch.from_numpy(rows)], seen) for values in (x, y)]
    total = torch.zeros(())
    for inside in seen.slices:
        exact = rank(ranks[:, inside])
        tables = runner.pairs.estimate(PairBlock.pairs(RankedChannels.from_ranks(exact, runner.pairs.device)))[1]
        u, v = (
            torch.from_numpy(place) + part[inside] - part[inside].detach()
            for place, part in zip(normalised(exact), soft, strict=True)
        )
        total = total + read_table(tables[0].clone(), u, v).sum()  # the copy allows gradients
    mean = (total / seen.count).to(x.device)
    return result + mean - mean.detach()


def _soft_conditional(values: Tensor, given: Given) -> Tensor:
    """Return conditional ranks (R,) with the gradient of a kernel estimate."""
    soft = torch.zeros(len(values))
    for neighbourhood in given.neighbourhoods[0]:
        rows = torch.from_numpy(neighbourhood.rows)
        own = values[rows].float()
        if not neighbourhood.near.shape[1]:
            soft = soft.index_put((rows,), _soft_ranks(own[None], torch.zeros(1, len(rows)))[0])
            continue
        residuals, rest = neighbourhood.beside(own.detach()[:, None], torch.arange(len(rows)))
        apart = own[:, None] - own[neighbourhood.near]
        beside = rest - residuals[..., 0]  # apart, but for what the fit explains
        width = SOFT_RANK_WIDTH * residuals.std(dim=1).clamp_min(1e-30)  # of each neighbourhood: noise may grow with it
        soft = soft.index_put((rows,), torch.sigmoid((apart + (beside - apart.detach())) / width).mean(dim=1))
    return soft


def _soft_ranks(values: Tensor, ranks: Tensor) -> Tensor:
    """Ranks (B, T) in (0, 1) whose gradient is that of a kernel estimate of the distribution function.

    A straight-through estimator: the value is what the estimate uses, only the gradient is smoothed.
    """
    values = values.float()
    width = SOFT_RANK_WIDTH * values.detach().std(dim=1, keepdim=True).clamp_min(1e-30)
    scaled = values / width
    smooth = torch.sigmoid(scaled.unsqueeze(2) - scaled.unsqueeze(1)).mean(dim=2)
    return ranks + smooth - smooth.detach()
