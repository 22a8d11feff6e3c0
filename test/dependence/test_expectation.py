import numpy as np
import pytest

from infonet_ros.dependence.baselines.expectation import Expectation

COUNT = 20_000


@pytest.fixture(scope="module")
def streams():
    """Speed at a few levels, and a wheel of which noise and curvature grow with it."""
    rng = np.random.default_rng(0)
    speed = rng.choice([0.0, 2.0, 5.0, 6.0], COUNT) + rng.uniform(0.0, 1.0, COUNT)
    return np.stack([speed, 3.0 * speed + speed**2 + 0.1 * (1.0 + speed) * rng.standard_normal(COUNT)])


def test_each_channel_is_expected_where_the_other_one_puts_it(streams):
    expected = Expectation.of(streams).expected(np.array([[0.5, 2.5, 5.5], [1.75, 13.75, 46.75]]))
    assert expected[0] == pytest.approx([0.5, 2.5, 5.5], abs=0.1)
    assert expected[1] == pytest.approx([1.75, 13.75, 46.75], abs=0.5)


def test_beyond_the_known_range_of_one_the_other_decides(streams):
    learnt, beyond = Expectation.of(streams), np.array([[5.5, 9.0], [200.0, 200.0]])
    assert np.isnan(learnt.expected(beyond)[0]).all()
    ratios = learnt.log_ratios(beyond)
    assert ratios[0] < -3.0  # a wheel that is much too fast for this speed
    assert np.isnan(ratios[1])  # both faster than ever


def test_evidence_of_sound_samples_is_an_e_value_at_every_speed(streams):
    learnt = Expectation.of(streams[:, : COUNT // 2])
    later = streams[:, COUNT // 2 :]
    for slow in (later[0] < 4.0, later[0] > 4.0):
        assert np.nanmean(np.exp(-learnt.log_ratios(later[:, slow]))) < 1.2


def test_a_small_offset_of_a_strong_pair_is_far_from_what_is_expected(streams):
    learnt = Expectation.of(streams)
    shifted = streams + np.array([[0.0], [4.0]])  # a seventh of its standard deviation
    assert np.nanmean(learnt.log_ratios(shifted)) < 0.0 < np.nanmean(learnt.log_ratios(streams))


def test_a_channel_of_two_values_can_be_learnt():
    rng = np.random.default_rng(1)
    switch = rng.integers(2, size=1000).astype(float)
    learnt = Expectation.of(np.stack([switch, 5.0 * switch + rng.standard_normal(1000)]))
    assert learnt.expected(np.array([[0.0, 1.0], [0.0, 0.0]]))[1] == pytest.approx([0.0, 5.0], abs=0.3)
