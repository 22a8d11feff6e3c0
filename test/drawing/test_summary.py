from dataclasses import replace

import numpy as np
import pytest
from matrices import matrix_of

from infonet_ros.drawing.summary import median_matrix, sentence, strongest_between
from infonet_ros.drawing.view_options import Pair

NAMES = ("imu.gyro", "imu.acceleration", "odom.yaw")


def matrix(mi, lag=0.0, p_value=0.05, valid=(True, True, True), end=10):
    """One window whose pair (0, 2) has these values; the other pairs share nothing."""
    values = np.full((3, 3), 0.01, np.float32)
    values[0, 2] = values[2, 0] = mi
    lags = np.zeros((3, 3), np.float32)
    lags[0, 2], lags[2, 0] = lag, -lag
    p_values = np.full((3, 3), 1.0, np.float32)
    p_values[0, 2] = p_values[2, 0] = p_value
    for array in (values, p_values):
        np.fill_diagonal(array, np.nan)
    return matrix_of(
        values,
        names=NAMES,
        lower=0.5 * values,
        upper=2 * values,
        p_value=p_values,
        lag=lags,
        valid=np.array(valid),
        start=end - 10,
        end=end,
    )


def test_each_number_is_the_median_over_the_windows():
    summary = median_matrix([matrix(0.2, end=10), matrix(0.9, end=20), matrix(0.5, end=30)])

    assert summary.mi[0, 2] == summary.mi[2, 0] == np.float32(0.5)
    assert (summary.lower[0, 2], summary.upper[0, 2]) == (np.float32(0.25), np.float32(1.0))
    assert (summary.start, summary.end) == (0, 30)
    assert np.isnan(np.diag(summary.mi)).all()


def test_windows_in_which_a_row_was_dead_do_not_count():
    summary = median_matrix([matrix(0.8), matrix(0.0, valid=(True, True, False)), matrix(0.8)])

    assert summary.mi[0, 2] == np.float32(0.8)
    assert summary.valid.all()


def test_a_pair_that_was_never_known_stays_unknown():
    summary = median_matrix([matrix(0.8, valid=(True, True, False))] * 2)

    assert np.isnan(summary.mi[0, 2])
    assert not summary.known[0, 2]


def test_the_delay_is_taken_where_the_pair_was_significant():
    chance = [matrix(0.1, lag=-1.0, p_value=0.6), matrix(0.1, lag=0.9, p_value=0.4), matrix(0.1, lag=-0.7, p_value=0.8)]
    summary = median_matrix([*chance, matrix(0.7, lag=0.4), matrix(0.8, lag=0.4)])

    assert summary.lag[0, 2] == np.float32(0.4)
    assert summary.lag[2, 0] == np.float32(-0.4)


def test_without_any_significant_window_all_delays_count():
    nothing = [matrix(0.1, lag=lag, p_value=np.nan) for lag in (0.1, 0.2, 0.9)]

    assert median_matrix(nothing).lag[0, 2] == np.float32(0.2)


def test_the_strongest_pair_is_one_of_two_groups_and_significant():
    group = {name: name.split(".")[0] for name in NAMES}
    one = matrix(0.7, lag=0.4)
    one.mi[0, 1] = one.mi[1, 0] = 0.9
    one.p_value[0, 1] = one.p_value[1, 0] = 0.05

    pair = strongest_between(one, group)

    assert pair is not None
    assert (pair.a, pair.b) == ("imu.gyro", "odom.yaw")
    assert strongest_between(replace(one, p_value=np.full((3, 3), 0.5, np.float32)), group) is None


@pytest.mark.parametrize(
    ("lag", "ending"),
    [
        (0.4, ", with the odometry 0.4 s behind."),
        (-0.4, ", with the gyro 0.4 s behind."),
        (0.0, ", at the same time."),
        (np.nan, "."),
    ],
)
def test_the_sentence_says_who_is_behind_if_that_is_clear(lag, ending):
    pair = Pair("imu.gyro", "odom.yaw", 0.77, 0.5, 1.2, 0.05, 0.7, True, lag)
    words = {"imu.gyro": "gyro", "odom.yaw": "odometry"}

    assert sentence(pair, words) == f"gyro and odometry depend on each other: 0.77 nats (0.50 to 1.20){ending}"
