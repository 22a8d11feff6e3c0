import math

import numpy as np

from infonet_ros.intake.topic_log import StampLog

MILLISECOND = 1_000_000


def summary(milliseconds):
    log = StampLog()
    log.extend("imu", np.array(milliseconds) * MILLISECOND, np.ones((len(milliseconds), 2), dtype=bool))
    return log.summary("imu")


def test_a_steady_stream():
    figures = summary(range(0, 1000, 20))
    assert figures.count == 50
    assert figures.rate == 50.0
    assert (figures.gaps, figures.out_of_order) == (0, 0)
    assert figures.longest_gap == 0.02


def test_gaps_and_disorder_are_counted():
    figures = summary([0, 20, 40, 30, 60, 200, 220, 210, 240])
    assert figures.gaps == 1
    assert figures.longest_gap == 0.14
    assert figures.out_of_order == 2


def test_a_topic_that_was_not_read():
    figures = StampLog().summary("imu")
    assert (figures.count, figures.gaps, figures.out_of_order) == (0, 0, 0)
    assert math.isnan(figures.rate)
    assert math.isnan(figures.longest_gap)


def test_the_messages_of_a_channel_are_those_that_contain_it():
    log = StampLog()
    log.extend("tf", np.array([30, 10, 20]), np.array([[True, False], [True, True], [True, True]]))
    log.extend("tf", np.array([10, 40]), np.array([[False, True], [False, True]]))
    assert log.of_channel("tf", 0).tolist() == [10, 20, 30]
    assert log.of_channel("tf", 1).tolist() == [10, 20, 40]
    assert len(log.of_channel("imu", 0)) == 0
