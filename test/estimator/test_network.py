from dataclasses import replace

import numpy as np
import pytest
import torch

from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.pair_network import (
    PATCH,
    QUADRANTS,
    Network,
    NetworkShape,
    join_patches,
    split_patches,
)
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.symmetry import ORIENTATIONS, orient


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network(NetworkShape(width=16, heads=2, blocks=2)).requires_grad_(False)


def observed(ranks):
    pairs = len(ranks) // 2
    channels = RankedChannels.from_ranks(ranks)
    return PairBlock.of(channels, channels, np.arange(pairs), pairs + np.arange(pairs), np.array([0])).observe()


@pytest.fixture
def seen():
    rng = np.random.default_rng(0)
    x, noise = rng.standard_normal((2, 6, 500))
    return observed(np.argsort(np.argsort(np.concatenate([x, np.abs(x) + x + noise])), axis=1))


def turned(seen, orientation):
    turn = torch.full((len(seen),), orientation)
    return replace(seen, counts=orient(seen.counts, turn), local=orient(seen.local, turn))


@pytest.mark.parametrize("orientation", range(ORIENTATIONS))
def test_a_reoriented_pair_has_the_same_estimate_and_its_table_is_oriented_back(network, seen, orientation):
    quantiles, tables = network(seen)
    there, tables_there = network(turned(seen, orientation))
    assert torch.equal(quantiles, there)
    assert torch.equal(orient(tables, torch.full((len(seen),), orientation)), tables_there)


def test_patches_are_cut_by_quadrant_and_joined_again():
    side = 4 * PATCH
    grids = torch.arange(2.0 * side * side).view(2, 1, side, side)
    patches = split_patches(grids).reshape(2, QUADRANTS, -1, PATCH * PATCH)
    assert torch.equal(join_patches(patches), grids[:, 0])
    upper_right = grids[:, 0, : side // 2, side // 2 :].flatten(1)
    assert torch.equal(patches[:, 1].flatten(1).sort(dim=1).values, upper_right)


def test_tables_are_log_densities(network, seen):
    _, tables = network(seen)
    torch.testing.assert_close(tables.exp().mean(dim=(1, 2)), torch.ones(len(seen)))


def test_local_estimates_matter(network, seen):
    changed = replace(seen, local=seen.local + 1.0)
    assert not torch.equal(network(seen, tables=False)[0], network(changed, tables=False)[0])


def test_lower_precision_leaves_the_quantiles_about_the_same(network, seen):
    exact, _ = network(seen, tables=False)
    rounded, _ = network.in_precision(torch.bfloat16)(seen, tables=False)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, exact, rtol=0.02, atol=0.02)
