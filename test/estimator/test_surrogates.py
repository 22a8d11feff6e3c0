import numpy as np

from infonet_ros.estimator.samples.surrogates import p_value, surrogate_shifts


def test_shifts_are_distinct_and_far_from_none():
    shifts = surrogate_shifts(1000, 200, seed=0)
    assert len(set(shifts)) == 200
    assert shifts.min() >= 100 and shifts.max() <= 900


def test_shifts_stay_clear_of_the_lags():
    assert surrogate_shifts(1000, 50, seed=0, longest_lag=300).min() > 300


def test_short_windows_and_long_lags_have_few_shifts_and_no_shift_twice():
    shifts = surrogate_shifts(64, 500, seed=0)
    assert len(shifts) == len(set(shifts)) == 53
    assert len(surrogate_shifts(200, 19, seed=0, longest_lag=99)) == 3


def test_p_value_counts_the_observation():
    p = p_value(np.array([1.0, 1.0, np.nan]), np.array([0, 19, 0]), 19)
    np.testing.assert_allclose(p, [0.05, 1.0, np.nan])
