import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.offline.whole_recording.wrong_clocks import ClockDrift, apart, clock_drifts
from infonet_ros.series import average_ranks

RATE, SECONDS = 25.0, 600.0
TIMES = np.arange(0.0, SECONDS, 1.0 / RATE)
STAMPS = (TIMES * 1e9).astype(np.int64)


def ranks_of(*streams):
    return np.column_stack([(average_ranks(one) - 0.5) / len(one) for one in streams])


def two_sensors(rng, later):
    """One motion of up to 3 Hz, measured by two noisy sensors; the second is late by ``delay`` at each time."""
    frequencies, phases = rng.uniform(0.05, 3.0, 100), rng.uniform(0.0, 2 * np.pi, 100)
    motion = [np.cos(2 * np.pi * np.outer(at, frequencies) + phases).sum(axis=1) for at in (TIMES, TIMES - later)]
    return ranks_of(*(one + 2.0 * rng.standard_normal(len(one)) for one in motion))


def drifts_of(ranks, topics=("/imu", "/gyro")):
    return clock_drifts([(0, 1)], topics, ranks, STAMPS, RATE, 25)


@pytest.mark.parametrize("drift", [500e-6, -500e-6])
def test_a_drift_is_found_with_its_sign_and_its_size(rng, drift):
    (found,) = drifts_of(two_sensors(rng, 0.1 + drift * TIMES))
    assert (found.fast, found.slow) == ((1, 0) if drift > 0 else (0, 1))
    assert abs(found.rate - 500e-6) < 2.0 * found.error < 100e-6
    assert found.seconds == pytest.approx(500e-6 * SECONDS, rel=0.1)


@pytest.mark.parametrize("drift", [50e-6, 70e-6])
def test_a_drift_by_one_sample_is_found(drift):
    """Parabolas through whole lags draw each delay to the nearest one: the median is 8 % off then."""
    found = [drifts_of(two_sensors(np.random.default_rng(seed), 0.1 + drift * TIMES))[0] for seed in range(6)]
    assert np.median([one.rate for one in found]) == pytest.approx(drift, rel=0.05)
    assert max(one.error for one in found) < 10e-6


def test_the_interval_of_a_drift_holds_for_rough_streams_too():
    """Their autocorrelation bends within a sample, and sums of waves do not show where."""
    times, drift = np.arange(0.0, 600.0, 1.0 / RATE), 20e-6
    fine = np.arange(-1.0, 601.0, 0.002)
    held = 0
    for seed in range(8):
        rough = np.random.default_rng(seed).standard_normal(len(fine))
        for _ in range(2):
            rough = lfilter([1.0], [1.0, -np.exp(-0.002 / 0.12)], rough)
        streams = (np.interp(at, fine, rough / rough.std()) for at in (times, times * (1 - drift)))
        noise = 0.03 * np.random.default_rng(seed + 100).standard_normal((2, len(times)))
        (found,) = drifts_of(ranks_of(*(one + own for one, own in zip(streams, noise, strict=True))))
        held += abs(found.rate - drift) <= found.error
    assert held >= 7


def test_all_channels_of_two_topics_drift_apart():
    found = apart([ClockDrift(2, 0, 5e-4, 1e-4, 0.3)], ["/imu", "/imu", "/gyro", "/odom"])
    assert np.argwhere(found).tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]


def test_what_is_late_by_the_same_time_or_jitters_or_is_of_one_topic_does_not_drift(rng):
    jitter = np.repeat(0.05 * rng.standard_normal(60), len(TIMES) // 60)
    assert not drifts_of(two_sensors(rng, 0.2))
    assert not drifts_of(two_sensors(rng, 0.2 + jitter))
    assert not drifts_of(ranks_of(*rng.standard_normal((2, len(TIMES)))))
    assert not drifts_of(two_sensors(rng, 500e-6 * TIMES), topics=("/imu", "/imu"))
