"""The truths of the benchmark's triples, compared with another estimate from their draws."""

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from benchmarks.truths.driven_systems import autoregression, linear_truth
from benchmarks.truths.triples import FAMILIES


def gaussian(x, y, given):
    """Conditional MI of jointly Gaussian streams, nats, from their covariance."""
    covariance = np.cov(np.vstack([x, y, given]))
    rest = list(range(2, len(covariance)))
    parts = [[0, *rest], [1, *rest], [0, 1, *rest], rest]
    logs = [np.linalg.slogdet(covariance[np.ix_(part, part)])[1] for part in parts]
    return 0.5 * (logs[0] + logs[1] - logs[2] - logs[3])


@pytest.mark.parametrize("name", ["linear driver", "coupled noise", "collider"])
def test_of_gaussian_families_the_covariance_gives_the_true_value(name, rng):
    x, y, given = FAMILIES[name].draw(rng, 100_000)
    assert gaussian(x, y, given.T) == pytest.approx(FAMILIES[name].truth, abs=0.01)


def test_of_modes_the_covariance_in_each_gives_the_true_value(rng):
    x, y, given = FAMILIES["three modes"].draw(rng, 100_000)
    inside = [given[:, 0] == mode for mode in range(3)]
    found = sum(part.mean() * -0.5 * np.log1p(-(np.corrcoef(x[part], y[part])[0, 1] ** 2)) for part in inside)
    assert found == pytest.approx(FAMILIES["three modes"].truth, abs=0.01)


@pytest.mark.parametrize("name", ["coupling that turns", "product with what is given"])
def test_of_couplings_that_change_thin_slices_give_the_true_value(name, rng):
    x, y, given = FAMILIES[name].draw(rng, 200_000)
    slices = np.array_split(np.argsort(given[:, 0]), 200)
    found = np.mean([-0.5 * np.log1p(-(np.corrcoef(x[part], y[part])[0, 1] ** 2)) for part in slices])
    assert found == pytest.approx(FAMILIES[name].truth, abs=0.02)


def test_of_heavy_tails_a_kernel_estimate_comes_near_the_truth(rng):
    x, y, given = FAMILIES["heavy tails"].draw(rng, 4000)
    a, b = x - given[:, 0], y - given[:, 0] ** 2
    both = np.vstack([np.arcsinh(a), np.arcsinh(b)])
    log = np.log(gaussian_kde(both)(both)) - sum(np.log(gaussian_kde(one)(one)) for one in both)
    assert log.mean() == pytest.approx(FAMILIES["heavy tails"].truth, abs=0.03)


@pytest.mark.parametrize("strength", [0.2, 0.8])
def test_transfer_of_linear_systems_is_that_of_their_regressions(strength, rng):
    x, y = autoregression(rng, strength, 100_000)
    found = gaussian(x[:-1], y[1:], y[None, :-1])
    assert found == pytest.approx(linear_truth(strength), abs=0.005)
