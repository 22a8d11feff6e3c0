"""The log density of the copula of two streams: as a table over the unit square of ranks, and at each sample."""

import numpy as np
import torch

from infonet_ros.estimator.measures.plan import Plan
from infonet_ros.estimator.network.blocks import PairBlock, thinned
from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.counts import GRID
from infonet_ros.estimator.network.discriminant import read_table
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.views import Side
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, constant_channels
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering, normalised, rank


def discriminant(runner: Runner, channels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the log density of the copula of two channels (2, T), NaN where unknown.

    Returns
    -------
    table : (GRID, GRID) float32
        NaN with too few samples, 0 if a channel is constant.
    ranks : (2, R) int64
        Of the good samples.
    rows : (R,) int64
        The good samples.
    """
    plan = Plan.of_pair(channels, np.zeros(1, dtype=np.int64), seed)
    (batch,) = plan.batches
    rows = np.flatnonzero(np.isfinite(channels).all(axis=0))
    ordering = plan.channels.ordering[plan.channels.places()]
    ranks = ordering.ranks(rows)
    if not len(batch.moving):
        return np.full((GRID, GRID), 0.0 if batch.enough else np.nan, dtype=np.float32), ranks, rows
    ranked = (RankedChannels.from_ranks(ordering.ranks(part), runner.device) for part in batch.parts())
    tables = torch.cat([runner.estimate(PairBlock.pairs(channels))[1] for channels in ranked])
    return (torch.logsumexp(tables, dim=0) - np.log(len(tables))).numpy(), ranks, rows


def pointwise(runner: Runner, channels: np.ndarray, seed: int) -> np.ndarray:
    """Return the log density of the copula of two channels (2, T) at each sample: (T,) float32 nats, or NaN."""
    table, ranks, rows = discriminant(runner, channels, seed)
    values = np.full(channels.shape[1], np.nan, dtype=np.float32)
    u, v = torch.from_numpy(normalised(ranks))
    values[rows] = read_table(torch.from_numpy(table), u, v).numpy()
    return values


def pointwise_given(runner: ConditionalRunner, channels: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    """Return the log density of the copula given streams (D, T) at each sample: (T,) float32 nats.

    Each sample is read from the table of its slice of the given streams; NaN if it is not known or in no slice.
    """
    values = np.full(channels.shape[1], np.nan, dtype=np.float32)
    known = np.flatnonzero(np.isfinite(channels).all(axis=0) & np.isfinite(given).all(axis=0))
    ordering = Ordering.from_channels(channels, seed)
    for part in thinned(known):
        seen, kept = Given.from_channels(given[:, part])
        rows = part[kept]
        if len(rows) < MIN_SAMPLES:
            continue
        side = Side(ordering.ranks(rows), seen)
        if side.determined.any() or constant_channels(channels[:, rows]).any():
            values[rows] = 0.0
            continue
        for inside in seen.slices():
            ranks = rank(side.conditional[0][:, inside])
            tables = runner.pairs.estimate(PairBlock.pairs(RankedChannels.from_ranks(ranks, runner.pairs.device)))[1]
            u, v = torch.from_numpy(normalised(ranks))
            values[rows[inside]] = read_table(tables[0], u, v).numpy()
    return values
