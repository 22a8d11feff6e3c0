"""Whole recordings with a given channel, compared with closed forms."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.progress import silent
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.whole_estimate import estimate_whole
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Modality, Settings

RATE = 100.0


def whole_of(net, samples, names="zxy", given=("m.z",)):
    names = tuple(names)
    chosen = Settings((Modality("m", "/m", names),), window=5.0, hop=5.0, max_lag=0.2, given=given)
    stamps = (np.arange(len(samples)) * 1e9 / RATE).astype(np.int64)
    window = Window(tuple(f"m.{name}" for name in names), samples, int(stamps[0]), int(stamps[-1]), RATE)
    with Workers(net.device, 1) as workers:
        return estimate_whole(net, Overview(window, stamps, True), chosen, workers, silent)


def information(correlation):
    return float(-0.5 * np.log1p(-np.square(correlation)).mean())


def correlated(rng, correlation, count):
    a, e = rng.standard_normal((2, count))
    return a, correlation * a + np.sqrt(1.0 - np.square(correlation)) * e


@pytest.mark.parametrize(("correlation", "count"), [(0.0, 2000), (0.6, 2000), (0.9, 10_000)])
def test_what_is_left_of_gaussian_streams_is_that_of_their_noise(net, rng, correlation, count):
    z = rng.standard_normal(count)
    a, b = correlated(rng, correlation, count)
    matrix = whole_of(net, np.column_stack([z, 2.0 * z + a, b - z])).matrix
    assert matrix.mi[1, 2] == pytest.approx(information(correlation), abs=0.03)
    assert matrix.lower[1, 2] - 1e-3 <= information(correlation) <= matrix.upper[1, 2]
    assert matrix.lag[1, 2] == 0.0 and matrix.samples[1, 2] == count
    assert (matrix.given, matrix.method) == (("m.z",), "conditional")
    assert list(matrix.valid) == [False, True, True]


def test_a_coupling_that_turns_with_what_is_given_is_seen(net, rng):
    z = rng.uniform(size=4000)
    correlation = 0.9 * np.sin(2.0 * np.pi * z)
    whole = whole_of(net, np.column_stack([z, *correlated(rng, correlation, 4000)]))
    assert whole.matrix.mi[1, 2] == pytest.approx(information(correlation), abs=0.05)


def test_a_delay_beside_a_slow_driver_is_that_of_the_noise(net, rng):
    z = lfilter([1.0], [1.0, -0.98], rng.standard_normal(4000))
    a, b = correlated(rng, 0.8, 4000)
    whole = whole_of(net, np.column_stack([z, z + a, np.roll(b, 12) - z]))
    assert whole.clear_delays[1, 2]
    assert whole.matrix.lag[1, 2] == pytest.approx(0.12, abs=1e-3)
    np.testing.assert_array_equal(whole.matrix.lag, -whole.matrix.lag.T)
    assert whole.delay_lower[1, 2] <= 0.12 <= whole.delay_upper[1, 2]
    assert information(0.8) - 0.1 < whole.matrix.mi[1, 2] == whole.matrix.mi[2, 1] < information(0.8) + 0.03
    assert whole.undelayed.mi[1, 2] < 0.02


def test_a_driver_that_acts_later_explains_what_it_drives(net, rng):
    z = lfilter([1.0], [1.0, -0.9], rng.standard_normal(4000))
    x, y = np.roll(z, 6) + rng.standard_normal(4000), np.roll(z, 15) + rng.standard_normal(4000)
    whole = whole_of(net, np.column_stack([z, x, y]))
    assert whole.matrix.mi[1, 2] < 0.01 and whole.matrix.p_value[1, 2] > 0.01
    assert whole.matrix.given == ("m.z",) and whole.matrix.samples[1, 2] == 4000 - 15
    assert whole.notices() == [
        "m.z is given: all numbers are conditional MI.",
        "m.z is taken at the time at which it shows most about m.x (0.060 s before it), m.y (0.15 s before it).",
    ]


def test_two_given_streams_act_at_their_own_delays_on_a_pair_with_a_delay(net, rng):
    first, second = (lfilter([1.0], [1.0, -0.9], rng.standard_normal(2000)) for _ in range(2))
    a, b = correlated(rng, 0.8, 2000)
    x, y = np.roll(first, 6) + a, np.roll(second, 9) + np.roll(first, 4) + np.roll(b, 12)
    whole = whole_of(net, np.column_stack([first, x, y, second]), "zxyw", ("m.z", "m.w"))
    assert whole.matrix.lag[1, 2] == pytest.approx(0.12, abs=2e-3)
    assert whole.matrix.mi[1, 2] == pytest.approx(information(0.8), abs=0.15)
    assert whole.undelayed.mi[1, 2] < 0.02


def test_a_held_command_explains_wheels_that_follow_it_slowly(net, rng):
    command = np.repeat(rng.standard_normal(500), 10)
    left, right = (lfilter([0.1], [1.0, -0.9], command) + 0.05 * rng.standard_normal(5000) for _ in range(2))
    whole = whole_of(net, np.column_stack([command, left, right]))
    assert whole.matrix.mi[1, 2] < 0.03 and whole.matrix.p_value[1, 2] > 0.01
    assert whole.notices()[1:] == ["m.z is taken as m.x, m.y slowly follow it."]
