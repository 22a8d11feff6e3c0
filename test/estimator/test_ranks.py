import numpy as np
import pytest
from scipy.stats import rankdata

from infonet_ros.estimator.samples.ranks import Ordering, normalised


def ranked(channels, seed=0, rows=None):
    return Ordering.from_channels(channels, seed).ranks(rows)


def test_untied_ranks_are_those_of_scipy(rng):
    channels = rng.standard_normal((3, 200))
    np.testing.assert_array_equal(ranked(channels), rankdata(channels, axis=1) - 1)
    np.testing.assert_allclose(normalised(ranked(channels)), (rankdata(channels, axis=1) - 0.5) / 200, rtol=1e-6)


def test_every_rank_is_used_once_also_with_ties(rng):
    channels = rng.integers(4, size=(2, 500)).astype(float)
    np.testing.assert_array_equal(np.sort(ranked(channels), axis=1), np.tile(np.arange(500), (2, 1)))


def test_ties_keep_the_order_of_the_values(rng):
    channel = rng.integers(4, size=(1, 500)).astype(float)
    ranks = ranked(channel)[0]
    assert all(ranks[channel[0] == k].max() < ranks[channel[0] == k + 1].min() for k in range(3))


def test_ties_of_two_channels_are_broken_independently(rng):
    a, b = np.repeat([0.0, 1.0], 4000), np.tile([0.0, 1.0], 4000)
    ranks = ranked(np.stack([a, b]))
    assert abs(np.corrcoef(ranks)[0, 1]) < 4.0 / np.sqrt(8000)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_ties_of_a_channel_and_itself_or_its_negative_are_broken_independently(sign):
    channel = np.repeat([0.0, 1.0], 4000)
    ranks = ranked(np.stack([channel, sign * channel]))
    within = [np.corrcoef(ranks[:, channel == k])[0, 1] for k in (0.0, 1.0)]
    assert np.abs(within).max() < 4.0 / np.sqrt(4000)


def test_ties_depend_on_content_and_seed_only(rng):
    a, b = rng.integers(5, size=(2, 300)).astype(float)
    both, swapped = ranked(np.stack([a, b])), ranked(np.stack([b, a]))
    np.testing.assert_array_equal(both, swapped[::-1])
    np.testing.assert_array_equal(ranked(np.exp(a)[None]), ranked(a[None]))
    assert not np.array_equal(ranked(a[None], seed=1), ranked(a[None], seed=2))


def test_ties_of_a_negated_channel_are_broken_in_the_same_way(rng):
    channel = rng.integers(5, size=(1, 300)).astype(float)
    np.testing.assert_array_equal(ranked(-channel), 299 - ranked(channel))
    channel[0, ::7] = np.nan
    rows = np.flatnonzero(np.isfinite(channel[0]))
    np.testing.assert_array_equal(ranked(-channel, rows=rows), len(rows) - 1 - ranked(channel, rows=rows))


def test_rows_are_ranked_among_each_other(rng):
    channels = np.stack([rng.standard_normal(300), rng.integers(3, size=300).astype(float)])
    rows = np.flatnonzero(rng.random(300) < 0.5)
    ranks = ranked(channels, rows=rows)
    np.testing.assert_array_equal(ranks[0], rankdata(channels[0, rows]) - 1)
    values = channels[1, rows]
    assert ranks[1][values == 0].max() < ranks[1][values == 1].min()


def test_unknown_samples_come_last_and_change_no_key(rng):
    channel = rng.integers(6, size=(1, 300)).astype(float)
    channel[0, ::7] = np.nan
    ordering = Ordering.from_channels(channel, seed=0)
    known = np.isfinite(channel[0])
    assert not known[ordering.orders[0, known.sum() :]].any()
    assert ordering.keys == Ordering.from_channels(np.exp(channel), seed=0).keys
    rows = np.flatnonzero(known)
    np.testing.assert_array_equal(np.sort(ordering.ranks(rows)[0]), np.arange(len(rows)))
