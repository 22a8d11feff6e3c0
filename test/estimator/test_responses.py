"""Given streams as channels follow them, compared with filters that are known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.estimator.samples.responses import Drivers, Place


def low_pass(stream, samples):
    keep = np.exp(-1.0 / samples)
    return lfilter([1.0 - keep], [1.0, -keep], stream)


def held(rng, count, samples=10):
    return np.repeat(rng.standard_normal(-(-count // samples)), samples)[:count]


def drivers_of(stream, channel, delay=0):
    return Drivers(stream[None], channel[None], np.array([[delay]]))


@pytest.mark.parametrize("samples", [3.0, 11.0, 40.0])
def test_a_slow_channel_responds_to_the_past(rng, samples):
    command = held(rng, 4000)
    wheel = low_pass(np.roll(command, 4), samples)
    found = drivers_of(command, wheel, delay=6).response(0, 0)
    assert np.corrcoef(found[100:], wheel[100:])[0, 1] > 0.995
    assert drivers_of(command, wheel, delay=6).information(0, 0) > 2.0


def test_a_channel_that_follows_at_once_gets_a_copy(rng):
    command, noise = low_pass(rng.standard_normal((2, 3000)), 8.0)
    for channel in (command + 0.1 * noise, 20.0 * command**2, np.tanh(20.0 * command)):
        assert drivers_of(command, channel).response(0, 0) is None
        assert drivers_of(command, np.roll(channel, 7), 7).response(0, 0) is None
    drivers = drivers_of(command, np.roll(command, 7), 7)
    assert drivers.place(0, 0, later=2) == Place(0, -1, -5) and drivers.information(0, 0) == 0.0
    np.testing.assert_array_equal(drivers.at([Place(0, -1, -5)])[0, 5:], command[:-5])


def test_slow_streams_that_share_nothing_have_no_response(rng):
    streams = low_pass(rng.standard_normal((40, 1000)), 20.0)
    found = [drivers_of(*pair).response(0, 0) for pair in streams.reshape(20, 2, 1000)]
    assert sum(one is not None for one in found) <= 1


def test_a_response_is_unknown_where_the_stream_is(rng):
    command = held(rng, 2000)
    wheel = low_pass(command, 12.0)
    command[500:520], wheel[900:950] = np.nan, np.nan
    found = drivers_of(command, wheel).response(0, 0)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(command))
    known = np.isfinite(found) & np.isfinite(wheel)
    known[500:600] = False
    assert np.corrcoef(found[known], wheel[known])[0, 1] > 0.99


def test_what_does_not_change_has_no_response(rng):
    moving = rng.standard_normal(300)
    for pair in ((moving, np.ones(300)), (np.ones(300), moving), (np.full(300, np.nan), moving)):
        assert drivers_of(*pair).response(0, 0) is None


@pytest.mark.parametrize("samples", [1.0, 8.0, 64.0])
def test_a_filter_of_a_constant_that_is_tried_is_found_exactly(rng, samples):
    """It begins at rest, as if the command had been there before."""
    command, keep = held(rng, 4000), np.exp(-1.0 / samples)
    wheel, _ = lfilter([1.0 - keep], [1.0, -keep], command, zi=[keep * command[0]])
    np.testing.assert_allclose(drivers_of(command, wheel).response(0, 0), wheel, atol=1e-9)
