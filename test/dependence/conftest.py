"""A baseline that several files look at."""

import pytest
from gaussian_pairs import NAMES, RATE, pair

from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.matrix import LaggedPair


@pytest.fixture(scope="session")
def baseline(net):
    good = pair(0, 4000)
    learnt, left_out = learn(
        net, Lesson(NAMES, (good[:1500], good[1500:]), RATE), [LaggedPair(0, 1, 3)], parameters="", recordings=("good",)
    )
    assert not left_out
    return learnt
