"""The time to the alarm of each fault, which is known before one happens."""

import numpy as np
import pytest
from gaussian_pairs import INTERVAL, NAMES, RATE, pair, run, seconds

from infonet_ros.dependence.baselines.forms import Form
from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson, planted
from infonet_ros.dependence.matrix import LaggedPair


@pytest.mark.parametrize(
    ("fault", "change"), [("sign", lambda x: -x), ("late", lambda x: np.roll(x, 10)), ("offset", lambda x: x + 1.0)]
)
def test_the_time_to_an_alarm_is_that_of_new_recordings_with_the_fault(baseline, fault, change):
    waits = []
    for seed in range(10, 22):
        for side in (0, 1):
            samples = pair(seed, 600)
            samples[:, side] = change(samples[:, side])
            waits.append(seconds(run(baseline, samples, step=1)[0][0]))
    (expected,) = baseline.detection_times(INTERVAL, fault)
    first = baseline.pairs[0].lag / RATE  # of the first samples only one of the two is known
    assert expected / 2.0 < np.mean(waits) - first < 1.5 * expected


def test_a_fault_that_a_pair_cannot_show_has_no_time(net):
    """The size of a turn is the same to the left and to the right: a gyroscope with the wrong sign does not show."""
    gyro, load = pair(0, 4000, lag=0).T
    lesson = Lesson(NAMES, (np.c_[gyro, np.abs(load)],), RATE)
    learnt, _ = learn(net, lesson, [LaggedPair(0, 1, 0)], parameters="", recordings=("g",))
    times = [float(learnt.detection_times(INTERVAL, fault)[0]) for fault in ("decoupled", "sign", "offset")]
    assert np.isfinite(times).tolist() == [True, False, True]


def test_a_fault_is_put_into_the_samples_before_their_form_is_taken():
    """Innovations of a channel that remembers nothing, and moves about 5: an offset of one moves them as far."""
    good = 5.0 + np.random.default_rng(0).standard_normal((1000, 2))
    lesson = Lesson(NAMES, (good,), RATE)
    (first,), (second,) = planted(lesson, LaggedPair(0, 1, 0), Form.INNOVATIONS, "offset")
    usual = lesson.forms[Form.INNOVATIONS].pieces[0]
    moved = (1.0 - lesson.memory) * good.std(axis=0)
    assert np.nanmean(first - usual.T, axis=1) == pytest.approx([moved[0], 0.0])
    assert np.nanmean(second - usual.T, axis=1) == pytest.approx([0.0, moved[1]])
