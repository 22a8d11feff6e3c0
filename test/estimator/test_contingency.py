import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import rankdata

from infonet_ros.estimator.measures.contingency import DEGREES, lagged_contingency, shift_p_values


def ranks_of(samples):
    return (rankdata(samples, axis=0, nan_policy="omit") - 0.5) / np.isfinite(samples).sum(axis=0)


def test_it_is_the_sum_of_squared_moments_at_each_lag_over_the_samples_that_both_know(rng):
    samples = rng.standard_normal((1000, 2))
    samples[100:180, 0] = samples[700:705, 1] = np.nan
    ranks = ranks_of(samples)
    waves = [np.cos(np.pi * k * ranks) for k in range(1, DEGREES + 1)]
    waves = [(wave - np.nanmean(wave, axis=0)) / np.nanstd(wave, axis=0) for wave in waves]
    found = lagged_contingency(ranks, 20)
    assert found.shape == (2, 2, 41)
    for lag in (-20, -3, 0, 7, 20):
        x, y = slice(max(0, -lag), 1000 - max(0, lag)), slice(max(0, lag), 1000 - max(0, -lag))
        direct = sum(np.nanmean(p[x, 0] * q[y, 1]) ** 2 for p in waves for q in waves)
        assert found[0, 1, 20 + lag] == pytest.approx(direct, abs=1e-5)
        assert found[1, 0, 20 - lag] == pytest.approx(direct, abs=1e-5)


@pytest.mark.parametrize("coupling", [np.tanh, np.negative, np.square, np.abs])
def test_it_peaks_at_the_delay_of_any_coupling(rng, coupling):
    x = rng.standard_normal(2000)
    y = coupling(np.roll(x, 13)) + 0.3 * rng.standard_normal(2000)
    assert lagged_contingency(ranks_of(np.stack([x, y], axis=1)), 30)[0, 1].argmax() - 30 == 13


def test_what_never_changes_or_is_not_known_has_none(rng):
    samples = np.stack([rng.standard_normal(300), np.ones(300), np.full(300, np.nan)], axis=1)
    with np.errstate(invalid="ignore"):
        found = lagged_contingency(ranks_of(samples), 5)
    assert (found[:, 1:] == 0.0).all()


# ---- p-values by all circular shifts --------------------------------------------------------------------------------


def autoregressive(rng, shape, past):
    return lfilter([1.0], [1.0, -past], rng.standard_normal((shape[0] + 500, *shape[1:])), axis=0)[500:]


STREAMS = {
    "white, many lags": (lambda rng: rng.standard_normal((2000, 8)), 100),
    "autoregressive": (lambda rng: autoregressive(rng, (3000, 8), 0.95), 10),
    "held": (lambda rng: np.repeat(rng.standard_normal((150, 8)), 20, axis=0), 10),
    "short": (lambda rng: autoregressive(rng, (200, 8), 0.5), 20),
}


@pytest.mark.parametrize("streams", STREAMS)
def test_of_independent_streams_few_have_a_small_p_value(streams, rng):
    make, longest = STREAMS[streams]
    found = []
    for _ in range(12):
        p_values, shifts = shift_p_values(ranks_of(make(rng)), longest)
        assert shifts > 0
        found += p_values[np.triu_indices(8, k=1)].tolist()
    for level, share in ((0.001, 0.006), (0.01, 0.03), (0.05, 0.09), (0.5, 0.62)):
        assert np.mean(np.array(found) <= level) <= share


@pytest.mark.parametrize("coupling", [np.tanh, np.square, np.abs, lambda x: np.cos(4 * x)])
def test_a_coupling_at_a_delay_stands_out_far_enough_to_be_corrected_for(coupling, rng):
    x = autoregressive(rng, (3000,), 0.8)
    y = coupling(np.roll(x / x.std(), 13)) + 0.5 * rng.standard_normal(3000)
    p_values, _ = shift_p_values(ranks_of(np.stack([x, y], axis=1)), 30)
    assert p_values[0, 1] == p_values[1, 0] < 1e-4
    assert np.isnan(np.diag(p_values)).all()


def test_what_is_constant_unknown_or_too_short_has_no_p_value(rng):
    samples = np.stack([rng.standard_normal(300), np.ones(300), np.full(300, np.nan)], axis=1)
    with np.errstate(invalid="ignore"):
        p_values, _ = shift_p_values(ranks_of(samples), 5)
    assert np.isnan(p_values).all()
    assert shift_p_values(ranks_of(samples[:2, :1]), 5)[1] == 0


def test_unknown_samples_neither_make_nor_hide_a_dependence(rng):
    """A shift that leaves fewer common samples has a larger contingency by chance."""
    samples = autoregressive(rng, (3000, 16), 0.9)
    samples[np.arange(3000) % 800 < 300] = np.nan
    found = shift_p_values(ranks_of(samples), 50)[0][np.triu_indices(16, k=1)]
    assert 0.02 < np.mean(found <= 0.05) < 0.09
