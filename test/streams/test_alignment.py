import math

import numpy as np
import pytest

from infonet_ros.streams.alignment import clock_rate, clock_ticks, gap_limit, resample, stream_period, unwrapped

NAN = math.nan


def one(stamps, values, ticks, interpolation="linear", max_gap=100):
    values = np.array(values, dtype=float)[:, None]
    return resample(np.array(stamps), values, np.array(ticks), interpolation, max_gap)[:, 0]


def test_linear_agrees_with_numpy():
    rng = np.random.default_rng(0)
    stamps = np.cumsum(rng.integers(1, 20, 200))
    values = rng.normal(size=200)
    ticks = np.arange(stamps[0], stamps[-1])
    np.testing.assert_allclose(one(stamps, values, ticks), np.interp(ticks, stamps, values))


def test_stamps_of_today_keep_their_nanoseconds():
    start = 1_750_000_000_000_000_000
    result = one([start, start + 10], [0.0, 10.0], start + np.arange(11), max_gap=10)
    np.testing.assert_allclose(result, np.arange(11.0))


def test_nothing_before_the_first_or_after_the_last():
    np.testing.assert_array_equal(one([10, 20], [1, 2], [5, 10, 15, 20, 25]), [NAN, 1, 1.5, 2, NAN])


def test_hold_keeps_the_last_value():
    result = one([10, 20], [1, 2], [5, 10, 19, 20, 25, 31], "hold", max_gap=10)
    np.testing.assert_array_equal(result, [NAN, 1, 1, 2, 2, NAN])


def test_a_gap_is_not_bridged_but_its_ends_are_known():
    result = one([0, 10, 50, 60], [0, 1, 5, 6], [5, 10, 30, 50, 55], max_gap=20)
    np.testing.assert_array_equal(result, [0.5, 1, NAN, 5, 5.5])


def test_what_is_not_known_stays_not_known():
    result = one([0, 10, 20, 30], [0, NAN, 2, 3], [0, 5, 15, 20, 25])
    np.testing.assert_array_equal(result, [0, NAN, NAN, 2, 2.5])


def test_no_samples():
    assert np.isnan(one([], [], [1, 2])).all()


def test_channels_keep_apart():
    values = np.array([[0.0, 5.0], [10.0, NAN]])
    result = resample(np.array([0, 10]), values, np.array([0, 5]), "linear", 10)
    np.testing.assert_array_equal(result, [[0.0, 5.0], [5.0, NAN]])


def test_ticks_are_whole_multiples_of_the_period():
    ticks = clock_ticks(end=109, count=3, period=10)
    np.testing.assert_array_equal(ticks, [80, 90, 100])
    np.testing.assert_array_equal(clock_ticks(100, 1, 10), [100])


def test_the_rate_is_that_of_the_slowest_whatever_the_jitter():
    jitter = np.random.default_rng(0).integers(-2_000_000, 2_000_000, (2, 400))
    slow = stream_period(np.arange(400) * 100_200_000 + jitter[0])
    fast = stream_period(np.arange(400) * 33_333_333 + jitter[1])
    assert clock_rate([fast, slow, NAN]) == 10.0
    assert clock_rate([fast]) == 30.0
    assert math.isnan(clock_rate([NAN]))


def test_stamps_a_nanosecond_apart_do_not_make_a_clock_that_fills_the_memory():
    assert clock_rate([1.0]) == 1e5


def test_gap_limit():
    stamps = np.arange(10) * 50
    assert gap_limit(7, 10, stamps) == 7
    assert gap_limit(0, 10, stamps) == 150
    assert gap_limit(0, 100, stamps) == 300
    assert gap_limit(0, 100, stamps[:2]) == 300


def test_angles_are_unwrapped_before_they_are_interpolated():
    turn = np.linspace(0.0, 20.0, 100)
    wrapped = np.angle(np.exp(1j * turn))
    np.testing.assert_allclose(unwrapped(wrapped), turn)
    wrapped[40] = NAN
    result = unwrapped(wrapped)
    assert math.isnan(result[40])
    np.testing.assert_allclose(np.delete(result, 40), np.delete(turn, 40))


@pytest.mark.parametrize("interpolation", ["linear", "hold"])
def test_a_tick_on_a_sample_reads_that_sample(interpolation):
    np.testing.assert_array_equal(one([0, 10, 20], [3, NAN, 4], [0, 10, 20], interpolation), [3, NAN, 4])
