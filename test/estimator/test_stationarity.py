"""Two drifting streams have no p-value; slow streams have a valid one."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.estimator.samples.stationarity import drifting

COUNT = 1000


def noise(rng, coefficient=0.0):
    stream = lfilter([1.0], [1.0, -coefficient], rng.standard_normal(COUNT + 1000))[1000:]
    return stream * np.sqrt(1.0 - coefficient**2)


DRIFT = {
    "trend": lambda rng: noise(rng) + 1.2 * np.arange(COUNT) / COUNT,
    "trend in slow noise": lambda rng: noise(rng, 0.5) + 4.0 * np.arange(COUNT) / COUNT,
    "step": lambda rng: noise(rng) + 2.0 * (np.arange(COUNT) > rng.uniform(0.2, 0.8) * COUNT),
    "counter": lambda rng: np.cumsum(rng.poisson(2.0, COUNT)).astype(float),
    "growing noise": lambda rng: noise(rng) * np.linspace(1.0, 3.0, COUNT),
    "warm-up": lambda rng: noise(rng, 0.5) + 3.0 * np.exp(-np.arange(COUNT) / 100.0),
    "trend at the end": lambda rng: noise(rng) + 3.0 * np.maximum(0.0, np.arange(COUNT) / COUNT - 0.9) / 0.1,
    "one period": lambda rng: np.sin(np.arange(COUNT) / COUNT * 2.0 * np.pi + rng.uniform(0.0, 6.0)) + noise(rng),
}


@pytest.mark.parametrize("stream", DRIFT.values(), ids=DRIFT)
def test_drift_is_recognised(stream):
    rng = np.random.default_rng(3)
    assert drifting(np.array([stream(rng) for _ in range(50)])).mean() >= 0.96


def test_walks_are_mostly_recognised(rng):
    assert drifting(np.cumsum(rng.standard_normal((200, COUNT)), axis=1)).mean() > 0.9


@pytest.mark.parametrize("coefficient, most", [(0.0, 0.01), (0.5, 0.02), (0.9, 0.04), (0.95, 0.1), (0.98, 0.3)])
def test_memory_alone_is_no_drift(coefficient, most):
    rng = np.random.default_rng(5)
    assert drifting(np.array([noise(rng, coefficient) for _ in range(300)])).mean() <= most


def test_levels_and_outliers_are_no_drift(rng):
    outlier = noise(rng)
    outlier[900] = 1e9
    switch = (np.cumsum(rng.random(COUNT) < 0.2) % 2).astype(float)
    still, unknown = np.ones(COUNT), np.full(COUNT, np.nan)
    assert not drifting(np.array([outlier, switch, still, unknown])).any()


def test_a_pair_that_drifts_has_no_p_value_and_says_so(net, rng):
    trend = np.arange(COUNT) / 300.0
    x, y, z = noise(rng) + trend, noise(rng) - trend, noise(rng, 0.9)
    pairs = net.pairwise(np.stack([x, y, z], axis=1), surrogates=19)
    np.testing.assert_array_equal(pairs.drifting, [True, True, False])
    assert np.isnan(pairs.p_value[0, 1]) and np.isfinite(pairs.p_value[[0, 1], [2, 2]]).all()
    alone = net.estimate(x, y, surrogates=19)
    assert alone.drifting and np.isnan(alone.p_value) and alone.mi > 0.02
    assert not net.estimate(x, z, surrogates=19).drifting
