import weakref

import numpy as np
import pytest
import torch

from infonet_ros.estimator.blocks import Copulas
from infonet_ros.estimator.meetings import MIN_SAMPLES, Meeting, Panel
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.runner import Runner

NAN = np.nan


def panel(channels):
    return Panel.from_channels(channels, Ordering.from_channels(channels, seed=0), torch.device("cpu"))


@pytest.fixture
def channels(rng):
    """Two that know all, one that misses the first samples, one that stands still."""
    values = rng.standard_normal((4, 200))
    values[2, :30] = NAN
    values[3] = 1.0
    return values


def test_channels_that_share_their_good_samples_are_one_group(channels):
    assert [group.index.tolist() for group in panel(channels).groups] == [[0, 1, 3], [2]]


@pytest.mark.parametrize("lag", [0, 10])
def test_a_meeting_is_of_the_samples_that_both_know(channels, lag):
    made = panel(channels)
    full, late = made.groups
    (rows,) = Meeting.of(made, full, late, lag).parts()
    assert rows.tolist() == list(range(30 - lag, 200 - lag))


def test_pairs_with_a_constant_channel_are_known_without_the_network(channels):
    made = panel(channels)
    meeting = Meeting.of(made, made.groups[0], made.groups[0], 0)
    assert meeting.wanted.tolist() == [[False, True, False], [False] * 3, [False] * 3]
    assert meeting.constant.tolist() == [[False, False, True], [False, False, True], [False] * 3]


def test_a_group_meets_itself_once_at_lag_0_and_both_ways_else(channels):
    made = panel(channels[:2])
    (both,) = made.groups
    assert [int(Meeting.of(made, both, both, lag).wanted.sum()) for lag in (0, 5)] == [1, 2]


def test_too_few_common_samples_are_no_meeting(channels):
    made = panel(channels)
    full, late = made.groups
    assert Meeting.of(made, full, late, 200 - MIN_SAMPLES)
    assert not Meeting.of(made, full, late, 201 - MIN_SAMPLES)


@pytest.mark.parametrize("surrogates", [0, 3])
def test_no_more_ranks_are_held_for_many_lags_than_for_few(net, rng, monkeypatch, surrogates):
    """What waits for the network is bounded, whatever the number of lags and of channels that miss samples."""
    samples = rng.standard_normal((150, 8))
    samples[np.arange(8), np.arange(8)] = NAN
    monkeypatch.setattr("infonet_ros.estimator.runner.CPU_CHUNK", 16)
    monkeypatch.setattr(net, "_runner", Runner(net._runner.network, "cpu"))
    alive: weakref.WeakSet[Copulas] = weakref.WeakSet()
    most: dict[int, int] = {}
    make = Copulas.from_ranks

    def watched(ranks, device):
        made = make(ranks, device)
        alive.add(made)
        most[lags] = max(most.get(lags, 0), len(alive))
        return made

    monkeypatch.setattr(Copulas, "from_ranks", watched)
    for lags in (3, 9):
        net.pairwise(samples, lags=range(lags), surrogates=surrogates)
    assert most[9] <= 1.5 * most[3]  # a few more or less wait for the threads, but not three times as many
