import numpy as np
import pytest

from infonet_ros.estimator.peak import Peak, correlation_of

LAGS = np.arange(-10, 11)


def band_limited(delay, strength=0.9):
    """MI of a band-limited Gaussian stream with itself, ``delay`` later, and noise: by its autocorrelation."""
    return -0.5 * np.log1p(-((strength * np.sinc(0.35 * (LAGS - delay))) ** 2))


@pytest.mark.parametrize("delay", [-3.5, -0.2, 0.0, 1.37, 7.25])
@pytest.mark.parametrize("strength", [0.3, 0.99])
def test_it_is_found_to_a_twentieth_of_a_sample(delay, strength):
    mi = band_limited(delay, strength)
    peak = Peak.of(LAGS, mi, 0.8 * mi)
    assert peak.delay == pytest.approx(delay, abs=0.05)
    assert peak.lower < delay < peak.upper


def test_its_ends_are_where_the_mi_falls_below_the_lower_end_at_the_top():
    mi = np.interp(LAGS, [-10, 0, 10], [0.0, 1.0, 0.0])
    peak = Peak.of(LAGS, mi, mi - 0.4)
    assert np.interp([peak.lower, peak.upper], LAGS, correlation_of(mi)) == pytest.approx(correlation_of(0.6), abs=0.01)


def test_there_is_none_at_the_edge_nor_on_a_plateau_nor_without_an_estimate():
    assert np.isnan(Peak.of(LAGS, 0.1 * (LAGS + 11), 0.09 * (LAGS + 11)).delay)
    assert np.isnan(Peak.of(LAGS, np.ones(21), np.ones(21)).lower)
    assert np.isnan(Peak.of(LAGS, np.full(21, np.nan), np.full(21, np.nan)).delay)
    flat = Peak.of(LAGS, band_limited(2.0), np.zeros(21))
    assert flat.delay == pytest.approx(2.0, abs=0.05)
    assert np.isnan([flat.lower, flat.upper]).all()


def test_of_steps_the_middle_counts():
    """Two streams held for 4 samples meet at the same updates at 4 lags each."""
    mi = np.repeat([0.1, 0.5, 1.5, 0.5, 0.1, 0.05], 4)[: len(LAGS)]
    assert Peak.of(LAGS, mi, 0.8 * mi).delay == pytest.approx(-0.5, abs=0.01)
