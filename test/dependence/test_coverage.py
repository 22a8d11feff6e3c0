import numpy as np
import pytest

from infonet_ros.dependence.baselines.coverage import longest_supported, new_values


def test_no_alarm_supports_a_third_of_the_time():
    """An interval of a third of the time leaves none with a probability of exp(-3), 5 %."""
    assert longest_supported(np.zeros(40), 3000.0) == pytest.approx(1000.0, rel=0.01)


def test_alarms_in_the_good_recordings_support_less():
    assert longest_supported(np.array([1e6, 0.0]), 3000.0) == pytest.approx(3000.0 / 4.74, rel=0.01)
    assert longest_supported(np.full(5, 1e6), 3000.0) == pytest.approx(3000.0 / 10.5, rel=0.01)


def test_values_that_one_part_alone_has_are_named():
    slow, fast = np.linspace(-1.0, 1.0, 100), np.linspace(-1.0, 2.0, 100)
    rest = np.full(100, np.nan)
    found = new_values(("v", "w"), {"one": np.stack([slow, rest], axis=1), "two": np.stack([fast, slow], axis=1)})
    assert [(one.channel, one.part) for one in found] == [("v", "two")]
    assert found[0].share == pytest.approx(1.0 / 3.0, abs=0.02)
    assert str(found[0]) == "33% of v in two lies outside the range of the rest"
