"""The truths that estimators are judged by, against truths found in another way."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.special import digamma

from benchmarks.peers.estimators import to_normal
from benchmarks.truths import sharp
from benchmarks.truths.distributions import standard_tasks
from benchmarks.truths.left_out import FAMILIES
from benchmarks.truths.mixtures import GaussianMixture


def nearest_neighbours(x, y, k=3):
    """MI by Kraskov's first estimator (2004), after a rank-to-normal transform that breaks ties at random."""
    points = np.column_stack([to_normal(x), to_normal(y)])
    distance = cKDTree(points).query(points, k=k + 1, p=np.inf)[0][:, -1]
    within = []
    for column in points.T:
        ordered = np.sort(column)
        within.append(
            np.searchsorted(ordered, column + distance) - np.searchsorted(ordered, column - distance, "right")
        )
    return digamma(k) + digamma(len(x)) - np.mean(digamma(within[0]) + digamma(within[1]))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_families_left_out_of_training(family):
    rng = np.random.default_rng(3)
    drawn = [family(rng) for _ in range(6)]
    mild = min(drawn, key=lambda distribution: abs(distribution.truth - 0.3))

    assert 0.1 < mild.truth < 1.0
    assert nearest_neighbours(*mild.sample(rng, 20_000)) == pytest.approx(mild.truth, abs=0.03)


@pytest.mark.parametrize("family", sharp.FAMILIES, ids=lambda family: family.__name__)
def test_families_with_sharp_edges(family):
    rng = np.random.default_rng(3)
    mild = min((family(rng) for _ in range(6)), key=lambda distribution: distribution.truth)
    x, y = mild.sample(rng, 40_000)
    if family is sharp.doubled_rows:
        x, y = x[::2], y[::2]
    # Levels, a unit apart, become blocks of the same information.
    x, y = (z + rng.random(len(z)) if (z == z.round()).all() else z for z in (x, y))

    assert nearest_neighbours(x, y) == pytest.approx(mild.truth, abs=0.05)


@pytest.mark.parametrize("task", [t for t in standard_tasks() if t.truth < 1.0], ids=lambda task: task.name)
def test_standard_tasks_and_their_oracle(task):
    x, y, oracle = task.draw(np.random.default_rng(4), 20_000)

    assert nearest_neighbours(x, y) == pytest.approx(task.truth, abs=0.03)
    assert oracle == pytest.approx(task.truth, abs=0.02)


def test_one_gaussian_has_its_closed_form():
    mixture = GaussianMixture.sharp(np.random.default_rng(5), components=1, dimensions=2)
    (covariance,) = mixture.covariances
    rho = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])

    assert mixture.information() == pytest.approx(-0.5 * np.log1p(-(rho**2)), abs=2e-3)


def test_a_mixture_agrees_with_quadrature():
    mixture = GaussianMixture(
        np.array([0.3, 0.7]), np.array([[0.0, 1.0], [2.0, -1.0]]), np.array([np.eye(2), [[1.0, 0.6], [0.6, 0.8]]])
    )
    axis = np.linspace(-9.0, 11.0, 500)
    x, y = (side.ravel() for side in np.meshgrid(axis, axis))
    density = np.exp(mixture.log_density(np.column_stack([x, y])))
    cell = (axis[1] - axis[0]) ** 2

    assert density.sum() * cell == pytest.approx(1.0, abs=1e-6)
    assert mixture.information() == pytest.approx((density * mixture.pointwise(x, y)).sum() * cell, abs=1e-3)


def test_a_marginal_is_what_its_samples_are_drawn_from():
    mixture = GaussianMixture.published(np.random.default_rng(6), components=3)
    samples = mixture.sample(np.random.default_rng(7), 100_000)
    single = mixture.marginal(2)
    axis = np.linspace(*np.quantile(samples[:, 2], [0.001, 0.999]), 200)
    expected = np.exp(single.log_density(axis[:, None])).cumsum() * (axis[1] - axis[0])

    found = np.searchsorted(np.sort(samples[:, 2]), axis) / len(samples)
    assert np.abs(expected - found).max() < 0.02
