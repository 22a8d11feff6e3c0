import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from scipy.stats import rankdata

from infonet_ros.estimator.samples.effective_samples import MIN_EFFECTIVE, autocorrelations, effective_samples


def ranks(streams):
    return ((rankdata(streams, axis=1) - 0.5) / streams.shape[1]).astype(np.float32)


def effective(streams):
    memory = torch.from_numpy(autocorrelations(ranks(streams)))
    return effective_samples(memory[:1], memory[1:], streams.shape[1]).item()


def autoregressive(rng, coefficient, count=20000):
    return lfilter([1.0], [1.0, -coefficient], rng.standard_normal((2, count)), axis=1)


def test_streams_without_memory_count_in_full(rng):
    assert effective(rng.standard_normal((2, 5000))) > 4500


@pytest.mark.parametrize("coefficient", [0.5, 0.9])
def test_autoregressive_streams_follow_bartlett(rng, coefficient):
    expected = 20000 * (1 - coefficient**2) / (1 + coefficient**2)
    assert effective(autoregressive(rng, coefficient)) == pytest.approx(expected, rel=0.15)


def test_variance_of_the_correlation_is_that_of_the_effective_samples(rng):
    streams = autoregressive(rng, 0.9, count=400 * 500).reshape(2, 500, 400)
    correlations = [np.corrcoef(streams[:, k])[0, 1] for k in range(500)]
    mean = np.mean([effective(streams[:, k]) for k in range(50)])
    assert 1.0 / np.var(correlations) == pytest.approx(mean, rel=0.3)


def test_a_ramp_never_counts_for_less_than_the_least():
    assert effective(np.stack([np.arange(500.0), np.arange(500.0)])) >= MIN_EFFECTIVE
