"""The network of short views, compared with the network of pairs that it imitates."""

import numpy as np
import pytest
import torch

from infonet_ros import InfoNet
from infonet_ros.estimator.network.blocks import PairBlock, sketch_together
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.short_network import MOST_SHORT, SKETCH_CELLS, ShortNetwork, ShortShape
from infonet_ros.estimator.network.weights import SHIPPED, base_of, load_short, load_weights, save_weights
from infonet_ros.estimator.samples.ranks import rank


@pytest.fixture(scope="module")
def runner():
    return Runner(load_weights()[0], "cpu", short=load_short())


def pairs(rng, count, correlations, curved=False):
    """Pairs of Gaussian streams, or of one and its square with as much noise."""
    a, e = rng.standard_normal((2, len(correlations), count))
    rho = np.asarray(correlations)[:, None]
    b = rho * ((a**2 - 1.0) / np.sqrt(2.0) if curved else a) + np.sqrt(1.0 - rho**2) * e
    return PairBlock.pairs(RankedChannels.from_ranks(rank(np.stack([a, b], axis=1).reshape(-1, count))))


def test_a_sketch_counts_samples_in_coarse_cells(rng):
    x, y = (rng.permutation(128) for _ in range(2))
    (block,) = [PairBlock.pairs(RankedChannels.from_ranks(np.stack([x, y])))]
    wanted = np.histogram2d(x // 4, y // 4, bins=SKETCH_CELLS, range=[[0, SKETCH_CELLS]] * 2)[0]
    seen = sketch_together([block])
    np.testing.assert_array_equal(seen.counts[0], wanted)
    assert seen.samples.tolist() == [128.0]


@pytest.mark.parametrize("curved", [False, True])
@pytest.mark.parametrize("count", [100, MOST_SHORT])
def test_it_says_almost_what_the_network_of_pairs_says(runner, rng, count, curved):
    block = pairs(rng, count, np.tile([0.0, 0.5, 0.9, 0.98], 50), curved)
    imitated, wanted = (
        np.concatenate([found for _, found in read([block])]) for read in (runner.short_features, runner.features)
    )
    off = np.abs(imitated[:, 1] - wanted[:, 1])
    assert off.mean() < 0.06 and off[wanted[:, 1] < 0.1].mean() < 0.02
    spread = wanted[:, 3:].std(axis=0)
    assert np.mean((imitated - wanted)[:, 3:] ** 2) < 0.15 * np.mean(spread**2)


def test_neither_order_nor_sign_of_the_streams_matters(runner, rng):
    ranks = rank(rng.standard_normal((2, 200)).cumsum(axis=0))
    ways = [ranks, ranks[::-1], np.stack([199 - ranks[0], ranks[1]]), np.stack([ranks[1], 199 - ranks[0]])]
    blocks = [PairBlock.pairs(RankedChannels.from_ranks(np.ascontiguousarray(way))) for way in ways]
    (first, *others) = [found for _, found in runner.short_features(blocks)]
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-5)


def test_without_it_the_network_of_pairs_describes_the_slices(net, rng):
    x, e, given = rng.standard_normal((3, 800))
    own = InfoNet(load_weights()[0], "own", "cpu")
    without, shipped = (one.estimate(x + given, x + e + given, given=given).mi for one in (own, net))
    assert without == pytest.approx(shipped, abs=0.03) and shipped == pytest.approx(np.log(2.0) / 2.0, abs=0.1)


def test_it_belongs_to_the_network_that_it_imitates(tmp_path):
    network, path = ShortNetwork(ShortShape(features=259, width=8)), tmp_path / "short.safetensors"
    save_weights(network, path, "test", base=base_of())
    loaded = load_short(path=path)
    assert loaded is not None and torch.equal(loaded.first.weight, network.first.weight)
    save_weights(network, path, "test", base="0" * 64)
    assert load_short(SHIPPED, path) is None
