"""Streams of one period: their deviations from it, and those that are nothing else."""

import numpy as np
import pytest

from infonet_ros.estimator.measures.untestable import COMMON_PERIOD
from infonet_ros.estimator.samples.periods import (
    common_period,
    deviations_from_periods,
    sharing_period,
    waves_alone,
)

COUNT = 1000
PHASE = np.arange(COUNT) / 23.7


def waves(rng, noise, periods=PHASE):
    angles = 2.0 * np.pi * (periods + rng.random((2, 1)))
    return np.sin(angles) + noise * rng.standard_normal((2, COUNT))


def both_alone(streams):
    return waves_alone(streams, sharing_period(streams))[0, 1]


def test_deviations_from_a_wave_are_the_noise_about_it(rng):
    angle = 2.0 * np.pi * PHASE
    noise = rng.standard_normal((2, COUNT))
    streams = np.stack([np.sin(angle) + 0.5 * np.cos(2.0 * angle), np.sin(1.003 * angle)]) + noise
    streams[0, 200:230] = np.nan
    found = deviations_from_periods(streams)
    known = np.isfinite(streams)
    assert (np.isfinite(found) == known).all()
    assert all(np.corrcoef(found[k, known[k]], noise[k, known[k]])[0, 1] > 0.98 for k in (0, 1))
    assert not sharing_period(found)[0, 1]


def test_a_stream_without_a_period_deviates_by_itself(rng):
    noise = rng.standard_normal((2, COUNT))
    np.testing.assert_array_equal(deviations_from_periods(noise), noise)
    assert sharing_period(np.empty((0, COUNT))).shape == (0, 0)


@pytest.mark.parametrize(("noise", "alone"), [(0.01, True), (0.1, True), (0.5, False)])
def test_pure_waves_of_one_period_are_alone(rng, noise, alone):
    assert both_alone(waves(rng, noise)) == alone


def test_the_strongest_period_in_common_is_found(rng):
    """Beside a stronger one of one channel alone."""
    channels = waves(rng, 0.3)
    channels[0] += 2.0 * np.sin(2.0 * np.pi * np.arange(COUNT) / 17.0)
    assert common_period(channels) == pytest.approx(23.7, rel=0.01)


def test_sharp_waves_have_more_harmonics_than_can_be_removed(rng):
    saws = (PHASE + rng.random((2, 1))) % 1.0 + 0.05 * rng.standard_normal((2, COUNT))
    assert np.isnan(deviations_from_periods(saws)).all() and both_alone(saws)
    other = waves(rng, 0.01, PHASE * 1.37)[0]
    assert not both_alone(np.stack([saws[0], other]))


def test_pure_waves_of_one_period_have_a_reason_instead_of_a_p_value(net, rng):
    pure, noisy = (net.estimate(*waves(rng, noise), surrogates=5) for noise in (0.01, 0.5))
    assert np.isnan(pure.p_value) and pure.untested == COMMON_PERIOD and pure.mi > 1.0
    assert np.isfinite(noisy.p_value) and not noisy.untested


def test_noisy_waves_of_one_period_are_seldom_called_dependent(net, rng):
    """Those whose noise moves at common times by chance were called dependent in four of ten cases."""
    windows = (waves(rng, 0.3).T for _ in range(60))
    p_values = [one.p_value[0, 1] for one in net.pairwise_windows(windows, surrogates=19)]
    assert np.mean(np.array(p_values) <= 0.05) < 0.15
