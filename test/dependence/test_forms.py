"""Innovations, and innovations in units of their recent size."""

import numpy as np
import pytest

from infonet_ros.dependence.baselines.forms import RECENT, Form, in_form, lag_one_autocorrelations


@pytest.fixture
def stream():
    """AR(1) of memory 0.8 about 5, T x 1."""
    noise, values = np.random.default_rng(0).standard_normal(3000), np.empty(3000)
    values[0] = noise[0]
    for k in range(1, len(noise)):
        values[k] = 0.8 * values[k - 1] + 0.6 * noise[k]
    return 5.0 + values[:, None], noise


def test_innovations_are_the_noise_that_drives_the_stream(stream):
    values, noise = stream
    assert lag_one_autocorrelations([values]) == pytest.approx(0.8, abs=0.03)
    found = in_form(values, Form.INNOVATIONS, np.array([0.8]), np.array([5.0]))[:, 0]
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(0.6 * noise[1:])


def test_the_size_of_a_stream_does_not_change_its_standardized_innovations(stream):
    values, noise = stream
    memory, middle = np.array([0.8]), np.array([5.0])
    found = in_form(values, Form.STANDARDIZED, memory, middle)[:, 0]
    k = 100
    assert found[k] == pytest.approx(noise[k] / np.sqrt(np.mean(noise[k - RECENT : k] ** 2)))
    larger = in_form(5.0 + 30.0 * (values - 5.0), Form.STANDARDIZED, memory, middle)[:, 0]
    assert larger == pytest.approx(found, nan_ok=True)


def test_what_rests_or_is_not_known_has_no_size():
    values = np.r_[np.zeros(50), np.random.default_rng(1).standard_normal(50)][:, None]
    values[80:90] = np.nan
    found = in_form(values, Form.STANDARDIZED, np.zeros(1), np.zeros(1))[:, 0]
    assert np.isnan(found[:50]).all()
    assert np.isfinite(found[60:80]).all()
    assert np.isnan(found[80:91]).all()
