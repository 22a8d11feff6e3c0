"""What a robot may do for the first time, and what is then not called a broken pair."""

import numpy as np
import pytest
from gaussian_pairs import BREAK, learnt_from, pair, run

from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.dependence.baselines.diagnosis.pair_diagnosis import Diagnosis


def test_new_values_of_both_are_not_called_a_fault(baseline):
    samples = pair(4, 1000)
    samples[BREAK:] += (9.0, -9.0)  # both up would fit
    alarms, _ = run(baseline, samples)
    assert alarms[0].kind is Kind.NOT_SEEN_BEFORE


@pytest.mark.parametrize("topics", [("imu", "arm", "odom"), ("table",) * 3])
def test_a_pair_that_differs_while_other_topics_have_new_values_is_not_called_decoupled(net, topics):
    imu, arm, odom = topics
    good, new = (np.c_[pair(seed, count), pair(seed + 1, count)] for seed, count in ((0, 4000), (4, 1000)))
    names = (f"{imu}.gyro", f"{arm}.angle", f"{odom}.x", f"{odom}.y")
    learnt = learnt_from(net, good, names, ((0, 1, 3), (2, 3, 3)))
    new[BREAK:, 0] = pair(77, len(new) - BREAK)[:, 0]
    assert Diagnosis(learnt, 0, new, BREAK).explain().kind is Kind.DECOUPLED
    new[BREAK:, 2] += 9.0  # one field alone may be broken, too
    assert Diagnosis(learnt, 0, new, BREAK).explain().kind is Kind.DECOUPLED
    new[BREAK:, 3] += 9.0
    fault = Diagnosis(learnt, 0, new, BREAK).explain()
    assert fault.kind is Kind.NOT_SEEN_BEFORE
    assert fault.words.endswith(f"{odom}.x, {odom}.y have values that the good recordings do not contain")


def test_a_pair_that_shares_less_is_not_called_decoupled(baseline):
    """The odometry has noise of its own that the good recording did not have: 0.7 nats are left of 1.03."""
    samples = pair(5, 1500)
    own = pair(6, 1500)[:, 0]
    samples[BREAK:, 1] = 0.93 * samples[BREAK:, 1] + 0.36 * own[BREAK:]
    fault = Diagnosis(baseline, 0, samples, BREAK).explain()
    assert (fault.kind, fault.words.partition(",")[0]) == (
        Kind.NOT_SEEN_BEFORE,
        "gyro and odom still depend on each other",
    )
    samples[BREAK:, 1] = own[BREAK:]
    assert Diagnosis(baseline, 0, samples, BREAK).explain().kind is Kind.DECOUPLED


def test_a_pair_that_moves_less_is_not_called_decoupled(baseline):
    """A slower robot: both move a fifth as much as ever, so that their ranks among the good samples tell little."""
    samples, other = 0.2 * pair(5, 1500), 0.2 * pair(6, 1500)
    for broken, kind in [(samples, Kind.NOT_SEEN_BEFORE), (np.c_[samples[:, 0], other[:, 1]], Kind.DECOUPLED)]:
        assert Diagnosis(baseline, 0, broken, BREAK).explain().kind is kind


def test_values_that_the_good_recordings_hardly_show_are_no_broken_pair(net):
    """A robot slows down in its turns; in the good recordings it drives fast, but for a slow start of 2 s."""

    def drive(seed, seconds, speed):
        rng = np.random.default_rng(seed)
        turn = np.convolve(rng.standard_normal(round(10 * seconds) + 9), np.ones(10) / np.sqrt(10.0), "valid")
        return np.c_[speed - 0.1 * np.abs(turn) + 0.01 * rng.standard_normal(len(turn)), turn]

    good = drive(1, 400.0, 1.0)
    good[:20, 0] *= np.linspace(0.2, 1.0, 20)
    learnt = learnt_from(net, good, ("odom.speed", "odom.turn"), [(0, 1, 0)])
    slow = drive(3, 6.0, 0.5) * (1.0, 0.2)
    for later in (drive(3, 24.0, 0.5), drive(4, 24.0, 1.0)):  # fast again: the alarm was not for that
        alarms, _ = run(learnt, np.r_[drive(2, 20.0, 1.0), slow, later])
        assert alarms[0].kind is Kind.NOT_SEEN_BEFORE
        assert alarms[0].words == "odom.speed is at values that the good recordings hardly show"
