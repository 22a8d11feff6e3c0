import numpy as np
import pytest
import torch

from infonet_ros.estimator.network.blocks import COUNTED_AT_ONCE, PairBlock, observe_together
from infonet_ros.estimator.network.counts import GRID, RESOLUTIONS
from infonet_ros.estimator.network.observation import SUMMARIES
from infonet_ros.estimator.network.plug_ins import LOCAL_RESOLUTIONS, TILES
from infonet_ros.estimator.network.ranked_channels import RankedChannels


def block(pairs, count=300):
    ranks = np.stack([np.random.default_rng(k).permutation(count) for k in range(pairs + 1)])
    channels = RankedChannels.from_ranks(ranks)
    return PairBlock.of(channels, channels, np.zeros(pairs, int), 1 + np.arange(pairs), np.array([0]))


def parts_of(seen):
    return seen.counts, seen.unit, seen.local, seen.summary


def test_an_observation_of_many_pairs_is_those_of_each():
    pairs = COUNTED_AT_ONCE + 3
    together = block(pairs).observe()
    assert len(together) == pairs
    assert together.counts.shape == (pairs, GRID, GRID)
    assert together.local.shape == (pairs, len(LOCAL_RESOLUTIONS), TILES, TILES)
    assert together.summary.shape == (pairs, SUMMARIES)
    one_by_one = observe_together([block(pairs)[k : k + 1] for k in range(pairs)])
    for many, each in zip(parts_of(together), parts_of(one_by_one), strict=True):
        torch.testing.assert_close(many, each)


def test_without_a_ladder_all_else_is_the_same():
    seen, less = block(3).observe(), observe_together([block(3)], ladder=False)
    assert seen.ladder.shape == (3, len(RESOLUTIONS)) and less.ladder.shape == (3, 0)
    assert all(torch.equal(*parts) for parts in zip(parts_of(seen), parts_of(less), strict=True))


def test_local_estimates_add_up_to_those_of_the_summary():
    seen = block(4).observe()
    torch.testing.assert_close(seen.local.mean(dim=(2, 3)), seen.summary[:, -len(LOCAL_RESOLUTIONS) :])


def test_padding_leaves_the_pairs_as_they_are():
    seen = block(3).observe()
    padded = seen.padded(8)
    assert len(padded) == 8
    for whole, more in zip(parts_of(seen), parts_of(padded), strict=True):
        assert torch.equal(more[:3], whole) and not more[3:].any()


@pytest.mark.parametrize("step", [1, -1])
def test_the_summary_contains_samples_and_correlation(step):
    order = np.arange(1000)[::step]
    channels = RankedChannels.from_ranks(np.stack([np.arange(1000), order]))
    samples, _, correlation, *_ = PairBlock.pairs(channels).observe().summary[0].tolist()
    assert samples == pytest.approx(np.log(1000) - 7.0, abs=1e-4)
    assert correlation == pytest.approx(1.0, abs=1e-4)
