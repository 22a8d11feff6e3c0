"""Independent streams that move at common times are not called dependent for it."""

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from infonet_ros.estimator.measures.plan import Plan, Requests
from infonet_ros.estimator.samples.channels import Channels
from infonet_ros.estimator.samples.common_times import Coincidence, evidence_at_common_times, often_interrupted
from infonet_ros.estimator.samples.ranks import normalised, rank
from infonet_ros.series import shared_ranks

COUNT = 1000
FILTER = butter(2, 0.1, output="sos")


def ranks(*streams):
    return normalised(rank(np.stack(streams)))


def set_points(rng, run=20.0, noise=0.2, correlation=0.0, count=COUNT):
    """Steps of two streams at common times, in noise."""
    own, common = rng.standard_normal((2, count)), rng.standard_normal(count)
    heights = np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
    lasting = np.repeat(heights, rng.geometric(1.0 / run, size=count), axis=1)[:, :count]
    return lasting + noise * rng.standard_normal((2, count))


def coupled(rng, correlation):
    x, own = lfilter([1.0], [1.0, -0.9], rng.standard_normal((2, COUNT)))
    return x, correlation * x + np.sqrt(1.0 - correlation**2) * own


def together(*streams):
    return Coincidence.of(ranks(*streams)).together[0, 1]


def share(*streams):
    return Coincidence.of(ranks(*streams)).share[0, 1]


def test_common_times_are_told_from_a_dependence(rng):
    steps = [together(*set_points(rng)) for _ in range(50)]
    steps_of_one = [together(set_points(rng)[0], set_points(rng)[1]) for _ in range(50)]
    dependent = [together(*coupled(rng, 0.7)) for _ in range(50)]
    assert np.mean(steps) > 0.95 and np.mean(steps_of_one) < 0.2 and np.mean(dependent) < 0.2


def test_moves_coincide_less_in_more_noise(rng):
    steps = (set_points(rng, noise=noise, count=10 * COUNT) for noise in (0.1, 0.4, 1.0, 4.0))
    found = [share(*one) for one in steps]
    assert found == sorted(found, reverse=True) and found[0] > 0.4 and found[-1] < 0.1
    assert share(*coupled(rng, 0.7)) < 0.15
    assert share(*rng.standard_normal((2, 4))) == 0.0


@pytest.mark.parametrize("filtered", [False, True])
def test_evidence_at_common_times_is_as_large_in_the_data_as_after_a_shift(rng, filtered):
    """Among 19 shifts the data are the largest in one case of twenty; by contingency alone, in most of them."""
    shifts = np.linspace(0.05, 0.95, 19) * COUNT
    largest = []
    for _ in range(200):
        steps = set_points(rng, noise=0.0 if filtered else 0.2)
        steps = sosfilt(FILTER, steps) if filtered else steps
        evidence = evidence_at_common_times(*ranks(*steps), shifts.astype(int))
        largest.append(evidence.argmax() == 0)
    assert np.mean(largest) < 0.11


def test_evidence_finds_a_dependence_at_common_times(rng):
    shifts = (np.linspace(0.05, 0.95, 19) * COUNT).astype(int)
    found = [evidence_at_common_times(*ranks(*set_points(rng, correlation=0.8)), shifts).argmax() for _ in range(40)]
    assert np.mean(np.array(found) == 0) > 0.9


def test_evidence_finds_rare_events_that_coincide(rng):
    """Their products are large where they coincide, so they are divided by their memory and not by their spread."""
    shifts = (np.linspace(0.05, 0.95, 19) * COUNT).astype(int)
    events = (np.stack(coupled(rng, 0.7)) for _ in range(40))
    found = [evidence_at_common_times(*shared_ranks((one > 3.5).T).T, shifts).argmax() for one in events]
    assert np.mean(np.array(found) == 0) > 0.9


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("correlation, least, most", [(0.0, 0.0, 0.2), (0.95, 0.9, 1.0)])
def test_set_points_at_common_times(net, given, correlation, least, most):
    """Behind a filter of second order, too; 0.9 of independent ones are called dependent by shifts alone."""
    rng = np.random.default_rng(9)
    steps = (set_points(rng, noise=0.0, correlation=correlation) for _ in range(5 if given else 40))
    windows = [sosfilt(FILTER, one).T for one in steps]
    other = rng.standard_normal(COUNT) if given else None
    p = np.array([net.pairwise(window, given=other, surrogates=19).p_value[0, 1] for window in windows])
    assert least <= np.mean(p[np.isfinite(p)] < 0.051) <= most


def rests_at_times(rng, correlation=0.7):
    """Two streams held for 10 samples that rest at common times."""
    x, own = rng.standard_normal((2, COUNT))
    new = rng.random(COUNT // 10) > 0.3
    places = np.repeat(np.maximum.accumulate(np.where(new, np.arange(len(new)), 0)), 10)
    return np.stack([x, correlation * x + np.sqrt(1.0 - correlation**2) * own])[:, places]


def test_samples_that_follow_gaps_are_told_from_regular_ones():
    rows = np.arange(0, COUNT, 10)
    assert not often_interrupted(rows) and not often_interrupted(np.delete(rows, [20, 40]))
    assert not often_interrupted(rows[:1])
    assert often_interrupted(np.delete(rows, np.arange(5, 95, 10)))


def test_held_streams_that_rest_at_times_are_judged_by_their_evidence(rng):
    for _ in range(20):
        plan = Plan.of(Channels.from_values(rests_at_times(rng), 0), Requests.all_pairs(2, np.array([0])))
        assert [batch.moving_together(np.array([0])).tolist() for batch in plan.batches] == [[0]]
