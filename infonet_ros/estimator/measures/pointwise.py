"""The log density of the copula of two streams: as a table over the unit square of ranks, and at each sample."""

import numpy as np
import torch

from infonet_ros.estimator.measures.plan import Pass, Plan, Requests
from infonet_ros.estimator.network.blocks import PairBlock, parts_of, thinned
from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.counts import GRID
from infonet_ros.estimator.network.discriminant import read_table
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.views import Side
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, Channels, constant_channels
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering, normalised, rank


def discriminants(runner: Runner, channels: np.ndarray, pairs: np.ndarray, lags: np.ndarray, seed: int) -> np.ndarray:
    """Return the log density of the copula of pairs (K, 2) of channels (N, T), NaN where unknown, each at a lag (K,).

    Shape: (K, GRID, GRID) float32, of ``a[t]`` with ``b[t + lag]``; NaN with too few samples, 0 if a channel is
    constant.
    """
    sorted_channels = Channels.from_values(channels, seed)
    first, second = sorted_channels.places()[pairs].T
    plan = Plan.of(sorted_channels, Requests.each_at(first, second, lags))
    found = np.full((len(pairs), GRID, GRID), np.nan, dtype=np.float32)
    parts = np.ones(len(pairs), dtype=np.float32)
    for batch in plan.batches:
        found[batch.numbers] = 0.0 if batch.enough else np.nan
        found[batch.numbers[batch.moving]] = -np.inf  # the logarithm of no part yet
        parts[batch.numbers] = parts_of(batch.samples)
    for block, tables in runner.tables(Pass.of_data(plan).blocks(runner)):
        share = tables - np.log(parts[block.numbers])[:, None, None]
        found[block.numbers] = np.logaddexp(found[block.numbers], share)
    turned = (lags < 0) | (plan.requests.left != first)  # a channel may be compared with itself, later
    found[turned] = found[turned].swapaxes(1, 2)
    return found


def pointwise(runner: Runner, channels: np.ndarray, seed: int) -> np.ndarray:
    """Return the log density of the copula of two channels (2, T) at each sample: (T,) float32 nats, or NaN."""
    (table,) = discriminants(runner, channels, np.array([[0, 1]]), np.zeros(1, dtype=np.int64), seed)
    rows = np.flatnonzero(np.isfinite(channels).all(axis=0))
    u, v = torch.from_numpy(normalised(Ordering.from_channels(channels, seed).ranks(rows)))
    values = np.full(channels.shape[1], np.nan, dtype=np.float32)
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
        seen, rows = Given.from_channels(given[:, part], part)
        if len(rows) < MIN_SAMPLES:
            continue
        side = Side(ordering.ranks(rows), seen)
        if side.determined.any() or constant_channels(channels[:, rows]).any():
            values[rows] = 0.0
            continue
        for inside in seen.slices:
            ranks = rank(side.conditional[0][:, inside])
            tables = runner.pairs.estimate(PairBlock.pairs(RankedChannels.from_ranks(ranks, runner.pairs.device)))[1]
            u, v = torch.from_numpy(normalised(ranks))
            values[rows[inside]] = read_table(tables[0], u, v).numpy()
    return values
