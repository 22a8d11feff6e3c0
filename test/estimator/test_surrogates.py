import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.estimator.samples.surrogates import ShiftsByContent, cycles, p_value, surrogate_shifts

COUNT = 600
TIME = np.arange(COUNT)


def wave(rng, period, noise):
    return np.sin(2.0 * np.pi * (TIME / period + rng.random())) + noise * rng.standard_normal(COUNT)


def test_a_stream_begins_again_where_it_continues_as_it_began(rng):
    clean, noisy = wave(rng, 50.0, 0.0), wave(rng, 50.0, 0.5)
    found = cycles(np.stack([clean - clean.mean(), noisy - noisy.mean()]))
    assert (np.abs(found / 50.0 - np.round(found / 50.0)) < 0.05).all()
    assert (found >= 0.75 * COUNT).all() and (found < COUNT).all()


def test_slow_waves_in_noise_are_cut_too(rng):
    period = COUNT / 2.4
    waves = np.stack([wave(rng, period, 0.7) for _ in range(50)])
    apart = np.abs(cycles(waves - waves.mean(axis=1, keepdims=True)) / period - 2.0)
    assert (apart < 0.1).mean() > 0.8


PERIODIC = {
    "one period for both": lambda rng: (wave(rng, 23.7, 0.3), wave(rng, 23.7, 0.3)),
    "slow waves": lambda rng: tuple(wave(rng, COUNT / rng.uniform(5.0, 7.0), 0.7) for _ in "xy"),
    "two or three waves": lambda rng: tuple(wave(rng, COUNT / rng.uniform(2.0, 3.0), 0.7) for _ in "xy"),
}


@pytest.mark.parametrize("pair", PERIODIC.values(), ids=PERIODIC)
def test_streams_of_a_period_are_not_called_dependent_for_it(net, pair):
    rng = np.random.default_rng(6)
    windows = (np.stack(pair(rng), axis=1) for _ in range(120))
    p = [pairs.p_value[0, 1] for pairs in net.pairwise_windows(windows, surrogates=19)]
    assert np.mean(np.array(p) < 0.051) < 0.12  # with a jump in their phases, 0.2 to 0.35


def test_streams_of_a_period_that_depend_beside_it_are_found(net):
    rng = np.random.default_rng(7)
    common = 0.9 * lfilter([1.0], [1.0, -0.5], rng.standard_normal((20, COUNT)))
    windows = (np.stack([wave(rng, 23.7, 0.4) + one, wave(rng, 23.7, 0.4) + one], axis=1) for one in common)
    assert np.mean([pairs.p_value[0, 1] < 0.051 for pairs in net.pairwise_windows(windows, surrogates=19)]) > 0.9


def test_surrogates_leave_the_estimate_as_it_is(net):
    rng = np.random.default_rng(8)
    slow = np.stack([wave(rng, COUNT / 6.0, 0.2) for _ in "xy"])
    assert (cycles(slow - slow.mean(axis=1, keepdims=True)) < COUNT).all()
    alone, tested = (net.sliced(slow[0, :, None], slow[1, :, None], surrogates=many) for many in (0, 19))
    assert tested.mi == pytest.approx(alone.mi, abs=1e-5)  # batches of other sizes round otherwise


def test_each_part_of_the_window_has_one_shift_and_the_part_around_the_data_has_none():
    shifts = np.sort(surrogate_shifts(1000, 19, seed=0))
    np.testing.assert_array_equal((shifts + 25) // 50, np.arange(1, 20))
    assert len(set(surrogate_shifts(1000, 200, seed=0))) == 200


def test_shifts_depend_on_the_content_of_a_pair_alone():
    alone, among = (ShiftsByContent(np.array(keys, dtype=np.uint64), 1000, 19, 0)[:] for keys in ([7], [3, 7]))
    np.testing.assert_array_equal(alone[:, 0], among[:, 1])
    assert (among[:, 0] != among[:, 1]).mean() > 0.8


def smooth(rng, memory):
    """Estimates of 6000 pairs of slow streams at all shifts of a circle of 960 samples."""
    weight = np.exp(-0.5 * np.square(2.0 * np.pi * memory * np.fft.rfftfreq(960)))
    noise = rng.standard_normal((2, 6000, len(weight)))
    return np.fft.irfft(weight * (noise[0] + 1j * noise[1]), 960)


def of_a_period(rng, period):
    return np.cos(2.0 * np.pi * (np.arange(960) / period + rng.random((6000, 1))))


AT_ALL_SHIFTS = {
    "slow": lambda rng: smooth(rng, 20.0),
    "slower": lambda rng: smooth(rng, 60.0),
    **{f"period {period:g}": lambda rng, period=period: of_a_period(rng, period) for period in (3.2, 24, 48, 192)},
}


@pytest.mark.parametrize("estimates", AT_ALL_SHIFTS.values(), ids=AT_ALL_SHIFTS)
def test_the_estimate_of_independent_data_is_the_largest_in_one_of_twenty(rng, estimates):
    """With 19 shifts anywhere beyond a tenth of the window, in up to one of ten; in more for some periods."""
    found = estimates(rng)
    contents = rng.integers(1 << 63, size=len(found), dtype=np.uint64)
    shifts = ShiftsByContent(contents, 960, 19, seed=0)[:].T
    assert (found[:, 0] > np.take_along_axis(found, shifts, axis=1).max(axis=1)).mean() == pytest.approx(
        0.05, abs=0.015
    )


def test_shifts_stay_clear_of_the_lags():
    assert surrogate_shifts(1000, 50, seed=0, longest_lag=300).min() > 300


def test_short_windows_and_long_lags_have_few_shifts_and_no_shift_twice():
    shifts = surrogate_shifts(64, 500, seed=0)
    assert len(shifts) == len(set(shifts)) == 61
    assert len(surrogate_shifts(200, 19, seed=0, longest_lag=99)) == 1
    assert not len(surrogate_shifts(200, 0, seed=0))


def test_p_value_counts_the_observation():
    p = p_value(np.array([1.0, 1.0, np.nan]), np.array([0, 19, 0]), 19)
    np.testing.assert_allclose(p, [0.05, 1.0, np.nan])
