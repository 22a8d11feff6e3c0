import weakref

import numpy as np
import pytest

from infonet_ros.estimator.measures.plan import Plan, Requests
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.weights import load_weights
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, Channels

NAN = np.nan


@pytest.fixture
def channels(rng):
    """Two complete channels, one without its first samples, one that is constant."""
    values = rng.standard_normal((4, 200))
    values[2, :30] = NAN
    values[3] = 1.0
    return values


def plan(values, lags=(0,)):
    return Plan.of(Channels.from_values(values, seed=0), Requests.all_pairs(len(values), np.array(lags)))


def given(made, batch, moving=True):
    """Pairs of a batch, by the places of the channels that were given."""
    chosen = batch.moving if moving else np.setdiff1d(np.arange(len(batch.numbers)), batch.moving)
    order = made.channels.order
    return {frozenset(pair) for pair in zip(order[batch.left[chosen]], order[batch.right[chosen]], strict=True)}


def test_a_pair_is_asked_for_once_at_lag_0_and_both_ways_else():
    requests = Requests.all_pairs(3, np.array([5, 0]))
    asked = list(zip(requests.left.tolist(), requests.right.tolist(), requests.lag.tolist(), strict=True))
    assert asked[:3] == [(0, 1, 0), (0, 2, 0), (1, 2, 0)]
    assert sorted(asked[3:]) == [(a, b, 5) for a in range(3) for b in range(3) if a != b]


def test_of_one_pair_the_earlier_channel_comes_first():
    requests = Requests.each_at(1, 0, np.array([-4, 0, 4]))
    assert requests.left.tolist() == [0, 0, 1] and requests.right.tolist() == [1, 1, 0]
    assert requests.lag.tolist() == [4, 0, 4]


def test_pairs_over_the_same_samples_are_one_batch(channels):
    made = plan(channels)
    batches = {batch.samples: len(batch.numbers) for batch in made.batches if batch.samples == 200}
    assert batches == {200: 3}
    assert sum(len(batch.numbers) for batch in made.batches if batch.samples == 170) == 3


@pytest.mark.parametrize("lag", [0, 10])
def test_a_batch_is_of_the_samples_that_both_know(channels, lag):
    made = plan(channels, [lag])
    late = int(np.flatnonzero(made.channels.order == 2)[0])
    for batch in made.batches:
        (rows,) = batch.parts()
        first, last = (30 if late in batch.left else 0), 200 - lag
        first = max(first, 30 - lag) if late in batch.right else first
        assert rows.tolist() == list(range(first, last))


def test_pairs_with_a_constant_channel_are_known_without_the_network(channels):
    made = plan(channels)
    (batch,) = (batch for batch in made.batches if batch.samples == 200)
    assert given(made, batch) == {frozenset((0, 1))}
    assert given(made, batch, moving=False) == {frozenset((0, 3)), frozenset((1, 3))}


def test_a_channel_that_changes_in_between_only_is_not_constant(rng):
    values = rng.standard_normal((2, 200))
    values[1] = 1.0
    values[1, 60] = 2.0  # neither first, nor last, nor in the middle
    assert len(plan(values).batches[0].moving) == 1


@pytest.mark.parametrize(("lag", "enough"), [(200 - MIN_SAMPLES, True), (201 - MIN_SAMPLES, False)])
def test_too_few_common_samples_are_not_enough(channels, lag, enough):
    (batch,) = plan(channels[:2], [lag]).batches
    assert batch.enough == enough and len(batch.moving) == (2 if enough else 0)


@pytest.mark.parametrize("surrogates", [0, 3])
def test_no_more_ranks_are_held_for_many_lags_than_for_few(net, rng, monkeypatch, surrogates):
    """The memory of pairs that wait for the network is bounded, for any number of lags and of gaps."""
    samples = rng.standard_normal((150, 8))
    samples[np.arange(8), np.arange(8)] = NAN
    monkeypatch.setattr("infonet_ros.estimator.network.runner.CPU_CHUNK", 16)
    monkeypatch.setattr(net, "_runner", Runner(load_weights()[0], "cpu"))
    alive: weakref.WeakSet[RankedChannels] = weakref.WeakSet()
    most: dict[int, int] = {}
    make = RankedChannels.from_ranks

    def watched(*arguments):
        made = make(*arguments)
        alive.add(made)
        most[lags] = max(most.get(lags, 0), len(alive))
        return made

    monkeypatch.setattr(RankedChannels, "from_ranks", watched)
    for lags in (3, 9):
        net.pairwise(samples, lags=range(lags), surrogates=surrogates)
    assert most[9] <= 1.5 * most[3]  # a few more or less wait for the threads, but not three times as many
