import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import bilinear, lfilter

from infonet_ros.estimator.measures.gains import gain_changes
from infonet_ros.series import shared_ranks

RATE, COUNT, EVERY = 100.0, 12000, 5  # of the streams; steps from sample to sample
LATE = 0.1  # s
PURE = {
    "as it is": lambda x: later(x),
    "reversed": lambda x: -later(x),
    "square": lambda x: later(x) ** 2,
    "absolute value": lambda x: np.abs(later(x)),
    "cube": lambda x: later(x) ** 3,
}
FILTERS = {
    "first order": lambda x: low_pass(x, LATE),
    "first order, reversed": lambda x: -low_pass(x, LATE),
    "first order, cube": lambda x: low_pass(x, LATE) ** 3,
    "second order, 0.7": lambda x: second_order(x, 10.0, 0.7),
    "second order, 1": lambda x: second_order(x, 10.0, 1.0),
    "with dead time": lambda x: later(low_pass(x, LATE), LATE / 2),
    "limited rate": lambda x: limited(x, 1.5 / (EVERY * RATE)),
}


def later(x, seconds=LATE):
    return np.roll(x, round(seconds * RATE * EVERY))


def low_pass(x, seconds):
    keep = np.exp(-1.0 / (seconds * RATE * EVERY))
    return lfilter([1.0 - keep], [1.0, -keep], x)


def second_order(x, turns, damping):
    return lfilter(*bilinear([turns**2], [1.0, 2.0 * damping * turns, turns**2], RATE * EVERY), x)


def limited(x, step):
    found = [x[0]]
    for one in x[1:]:
        found.append(found[-1] + min(step, max(-step, one - found[-1])))
    return np.array(found)


def streams_of(seed, follows, every=EVERY, noise=0.05):
    """A motion of up to 2 Hz, what follows it, and the noise of both."""
    rng = np.random.default_rng(seed)
    motion = gaussian_filter1d(rng.standard_normal(EVERY * COUNT), 0.1 * RATE * EVERY, mode="wrap")
    streams = np.stack([motion / motion.std(), follows(motion / motion.std())], axis=1)[::every]
    return streams / streams.std(axis=0) + noise * rng.standard_normal(streams.shape)


def changes(samples, delay):
    return any(gain_changes(samples, shared_ranks(samples), delay))


@pytest.mark.parametrize("follows", PURE.values(), ids=PURE)
def test_behind_a_pure_delay_there_is_one_gain_whatever_the_noise(follows):
    for seed in range(10):
        assert not changes(streams_of(seed, follows), LATE * RATE)
        assert not changes(streams_of(seed, follows, noise=0.5), LATE * RATE)
        assert not changes(streams_of(seed, follows, every=5 * EVERY), LATE * RATE / 5)


@pytest.mark.parametrize("follows", FILTERS.values(), ids=FILTERS)
def test_a_filter_and_an_actuator_make_fast_motions_smaller(follows):
    assert sum(changes(streams_of(seed, follows), LATE * RATE) for seed in range(10)) >= 9


def test_either_way_and_beside_unknown_samples_it_is_a_filter():
    samples = streams_of(0, FILTERS["first order"])
    samples[::50, 0] = np.nan
    samples[2000:2300] = np.nan
    assert changes(samples, LATE * RATE)
    assert changes(samples[:, ::-1], -LATE * RATE)


def test_in_too_few_samples_no_filter_shows():
    samples = streams_of(0, FILTERS["first order"])
    assert not changes(samples[:500], LATE * RATE)
    samples[::2] = np.nan
    assert not changes(samples, LATE * RATE)
