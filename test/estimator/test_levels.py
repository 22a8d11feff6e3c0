import numpy as np
import pytest
import torch

from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.counts import BINS
from infonet_ros.estimator.network.ranked_channels import EVEN, RankedChannels
from infonet_ros.estimator.samples.ranks import Ordering


def seen(x, y):
    """Observe one pair of streams (T,)."""
    values = np.stack([x, y]).astype(float)
    channels = RankedChannels.from_ranks(Ordering.from_channels(values, seed=0).ranks(), values=values)
    return PairBlock.pairs(channels).observe()


def levels_of(values):
    ranks = Ordering.from_channels(values, seed=0).ranks()
    return RankedChannels.from_ranks(ranks, values=values).levels


def test_few_values_are_cells_and_many_are_bins():
    rng = np.random.default_rng(0)
    kinds = rng.standard_normal(1000), rng.integers(-3, 4, 1000), rng.integers(300, size=1000)
    levels = levels_of(np.stack(kinds).astype(float))
    assert levels.few.tolist() == [False, True, False]
    assert levels.cells[1].tolist() == (kinds[1] + 3).tolist()
    assert int(levels.cells[2].max()) == BINS - 1
    np.testing.assert_allclose(levels.sizes[:, 0], [EVEN, np.log(7), EVEN], atol=0.01)
    np.testing.assert_allclose(levels.sizes[:, 1], [EVEN, np.log(7), EVEN], atol=0.1)


@pytest.mark.parametrize("working", [0.01, 0.1, 0.5])
def test_a_sensor_that_sticks_has_no_levels(working):
    rng = np.random.default_rng(0)
    assert not levels_of(np.where(rng.random((1, 1000)) < working, rng.standard_normal((1, 1000)), 0.5)).few.any()


def test_values_that_hardly_recur_are_no_levels():
    assert not levels_of(np.repeat(np.random.default_rng(0).standard_normal((1, 50)), 3, axis=1)).few.any()


@pytest.mark.parametrize(("levels", "count"), [(8, 64), (16, 500), (100, 8000), (2, 8192)])
def test_levels_in_pairs_share_their_logarithm(levels, count):
    rng = np.random.default_rng(levels)
    x = rng.integers(levels, size=count)
    exact, _, _ = seen(x, rng.permutation(levels)[x]).by_level[0].tolist()
    assert exact == pytest.approx(np.log(levels), abs=0.03)


def rounded(rng, correlation):
    """A hundred samples of two streams of about twenty values."""
    x, own = rng.standard_normal((2, 100))
    return np.round(5.0 * np.stack([x, correlation * x + np.sqrt(1.0 - correlation**2) * own]))


def test_values_whose_pairs_hardly_recur_are_ranked():
    x, y = rounded(np.random.default_rng(0), 0.7)
    assert levels_of(np.stack([x, y])).few.all()
    assert seen(x, y).by_level[0, 1:].tolist() == pytest.approx([EVEN, EVEN])
    assert max(seen(x, x + 3.0).by_level[0, 1:].tolist()) < 0.7 * EVEN  # the pairs of these recur as the values do


def test_rounded_readings_depend_as_those_that_are_not_rounded(net):
    """By their values alone independent ones shared 0.24 nats, and 0.3 of the coupled ones were called dependent."""
    rng = np.random.default_rng(1)
    independent = [one.mi[0, 1] for one in net.pairwise_windows(rounded(rng, 0.0).T for _ in range(20))]
    coupled = net.pairwise_windows((rounded(rng, 0.7).T for _ in range(20)), surrogates=19)
    assert np.mean(independent) < 0.06
    assert np.mean([one.p_value[0, 1] < 0.051 for one in coupled]) > 0.8


def test_independent_levels_share_almost_nothing():
    x, y = np.random.default_rng(1).integers(8, size=(2, 2000))
    assert float(seen(x, y).by_level[0, 0]) == pytest.approx(0.0, abs=0.01)


def test_without_equal_values_the_finest_bins_are_the_cells():
    of = seen(*np.random.default_rng(2).standard_normal((2, 700)))
    np.testing.assert_allclose(of.by_level[0], [float(of.ladder[0, -1]), EVEN, EVEN], rtol=1e-5)


def test_neither_the_order_nor_the_sign_of_streams_matters():
    rng = np.random.default_rng(3)
    x = rng.integers(5, size=600)
    y = x + rng.standard_normal(600)
    expected = seen(x, y).by_level
    for pair in ((y, x), (-x, y), (np.exp(x), 3.0 * y)):
        torch.testing.assert_close(seen(*pair).by_level, expected, rtol=1e-5, atol=2e-3)


def test_shifted_pairs_are_counted_shifted():
    values = np.random.default_rng(4).integers(6, size=500).astype(float)
    both = np.stack([values, np.roll(values, -7)])
    ranks = Ordering.from_channels(both, seed=0).ranks()
    channels = RankedChannels.from_ranks(ranks, values=both)
    one = np.array([0])
    as_they_are, turned = PairBlock.of(channels, channels, one, one + 1, np.array([0, 7])).observe().by_level[:, 0]
    assert float(as_they_are) < 0.1 and float(turned) == pytest.approx(np.log(6), abs=0.02)
