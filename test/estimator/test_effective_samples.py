import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter, sosfilt

from infonet_ros.estimator.network.quantiles import BY_CHANCE, TRAINED_EFFECTIVE, without_chance
from infonet_ros.estimator.samples.effective_samples import (
    MIN_EFFECTIVE,
    at_most_draws,
    autocorrelations,
    effective_samples,
)


def ranks(streams):
    return np.argsort(np.argsort(streams, axis=1), axis=1)


def effective(streams):
    memory = torch.from_numpy(autocorrelations(ranks(streams)))
    return effective_samples(memory[:1], memory[1:], streams.shape[1]).item()


def autoregressive(rng, coefficient, count=20000):
    return lfilter([1.0], [1.0, -coefficient], rng.standard_normal((2, count)), axis=1)


def test_streams_without_memory_count_in_full(rng):
    assert effective(rng.standard_normal((2, 5000))) > 4500


@pytest.mark.parametrize("coefficient", [0.5, 0.9])
def test_autoregressive_streams_follow_bartlett(rng, coefficient):
    expected = 20000 * (1 - coefficient**2) / (1 + coefficient**2)
    assert effective(autoregressive(rng, coefficient)) == pytest.approx(expected, rel=0.15)


def test_variance_of_the_correlation_is_that_of_the_effective_samples(rng):
    streams = autoregressive(rng, 0.9, count=400 * 500).reshape(2, 500, 400)
    correlations = [np.corrcoef(streams[:, k])[0, 1] for k in range(500)]
    mean = np.mean([effective(streams[:, k]) for k in range(50)])
    assert 1.0 / np.var(correlations) == pytest.approx(mean, rel=0.3)


def test_a_ramp_never_counts_for_less_than_the_least():
    assert effective(np.stack([np.arange(500.0), np.arange(500.0)])) >= MIN_EFFECTIVE


def ringing(rng, count):
    return lfilter([1.0], [1.0, -0.9], rng.standard_normal((2, count)) * (rng.random((2, count)) < 0.1), axis=1)


def steps_in_noise(rng, count):
    steps = [np.repeat(rng.standard_normal(count), 1 + rng.poisson(19, count))[:count] for _ in range(2)]
    return np.stack(steps) + 0.2 * rng.standard_normal((2, count))


@pytest.mark.parametrize("streams", [ringing, steps_in_noise])
def test_streams_whose_details_last_as_long_as_their_level_count_for_less(rng, streams):
    windows = [streams(rng, 1000) for _ in range(200)]
    by_level = 1.0 / np.var([np.corrcoef(ranks(one))[0, 1] for one in windows])
    assert np.mean([effective(one) for one in windows[:30]]) < 0.6 * by_level


def test_intervals_of_independent_streams_that_ring_down_begin_at_zero(net, rng):
    lower = [pairs.lower[0, 1] for pairs in net.pairwise_windows(ringing(rng, 1000).T for _ in range(30))]
    assert np.mean(np.array(lower) > 0.02) <= 0.1  # four in ten if only the level counts


def test_the_lower_end_leaves_out_what_few_effective_samples_share_by_chance():
    effective = TRAINED_EFFECTIVE * torch.tensor([0.7, 1.0, 1.5, 2.0, 50.0])
    found = without_chance(torch.tensor([[2.0, 2.5, 2.9]]).expand(5, 3), effective)
    torch.testing.assert_close(found[:, 0], 2.0 - BY_CHANCE * torch.tensor([1.0, 1.0, 0.5, 0.0, 0.0]))
    assert found[:, 1:].tolist() == [pytest.approx([2.5, 2.9])] * 5
    assert without_chance(torch.tensor([[0.4, 0.6, 0.9]]), effective[:1]).tolist() == [pytest.approx([0.0, 0.6, 0.9])]


def smooth_set_points(rng, count):
    """About a dozen steps of both streams at common times, behind a filter of second order."""
    before, lasting = 100, 1 + rng.poisson(19, count)
    steps = np.repeat(rng.standard_normal((2, count)), lasting, axis=1)[:, : before + count]
    return sosfilt(butter(2, 0.1, output="sos"), steps)[:, before:]


def waves_in_noise(rng, count):
    phases = 2.0 * np.pi * (np.arange(count) / 23.7 + rng.random((2, 1)))
    return np.sin(phases) + 0.3 * rng.standard_normal((2, count))


def draws(left, right):
    """Return the number of draws of values that two streams (T,) of three states tell."""
    pair = 3 * left + right
    alike = np.bincount(pair, minlength=9)[pair].astype(np.float32)
    return at_most_draws(
        torch.tensor([float(len(left))]), torch.from_numpy(pair)[None], torch.from_numpy(alike)[None]
    ).item()


def test_values_without_memory_are_drawn_at_each_sample(rng):
    left, right = rng.integers(3, size=(2, 2000))
    assert draws(left, right) == pytest.approx(2000, rel=0.05)
    assert draws(left, left) == pytest.approx(2000, rel=0.05)  # dependent ones as often


def test_states_are_drawn_at_the_events_of_both(rng):
    events = rng.random(4000) < 0.05
    left, right = rng.integers(3, size=(2, 4000))[:, np.cumsum(events)]
    assert draws(left, right) == pytest.approx(events.sum(), rel=0.15)


def states(rng, count):
    """About 17 states of two machines, which change at the same events."""
    lasting = 3 + rng.exponential(12.0, count).astype(int)
    return np.repeat(rng.integers(4, size=(2, count)), lasting, axis=1)[:, :count]


@pytest.mark.parametrize("streams", [smooth_set_points, waves_in_noise, states])
def test_intervals_of_independent_streams_of_few_moves_begin_at_zero(net, rng, streams):
    """Of the set points seven in ten begin above 0.1 nats if few samples tell as much as many, of the states four."""
    lower = [pairs.lower[0, 1] for pairs in net.pairwise_windows(streams(rng, 256).T for _ in range(40))]
    assert np.mean(np.array(lower) > 0.1) <= 0.05
