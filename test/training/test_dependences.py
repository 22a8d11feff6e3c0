import numpy as np
import pytest
import torch
from scipy import stats

from infonet_ros.training.examples import FAMILIES
from infonet_ros.training.simulation.copulas import Clayton, Frank, GaussianCopula, Gumbel, Student
from infonet_ros.training.simulation.drivers import DRIVERS, EvenDrivers, independent_drivers, remembering_drivers
from infonet_ros.training.simulation.regressions import NoisyFunction, noise_of
from infonet_ros.training.simulation.tables import ProbabilityTable

BATCH = 3
CELLS = 240  # along each axis of the histogram


def drawn(kind, seed=0):
    return kind(np.random.default_rng(seed), BATCH)


def draw_of(name):
    return FAMILIES[name][0]


@pytest.mark.parametrize("name", FAMILIES)
def test_evenly_spread_points_and_random_ones_give_the_same_information(name):
    dependence = drawn(draw_of(name))
    even = dependence.information(*dependence.sample(EvenDrivers(0).draw(np.random.default_rng(0), BATCH)))
    drivers = independent_drivers(np.random.default_rng(1), BATCH, 60000)
    random = dependence.information(*dependence.sample(drivers))
    assert even.shape == (BATCH,) and torch.isfinite(even).all()
    torch.testing.assert_close(even, random, rtol=0.0, atol=0.03)


@pytest.mark.parametrize("name", FAMILIES)
def test_information_agrees_with_a_fine_histogram(name):
    """A plug-in estimate on 200,000 samples, corrected for its bias (Miller and Madow), is an independent witness."""
    dependence = drawn(draw_of(name), seed=4)
    x, y = dependence.sample(independent_drivers(np.random.default_rng(2), BATCH, 200_000))
    truth = dependence.information(x, y)
    for a, b, information in zip(x.numpy(), y.numpy(), truth.tolist(), strict=True):
        if information > 0.9:
            continue  # beyond what the cells resolve
        u, v = (np.argsort(np.argsort(z)) * CELLS // len(z) for z in (a, b))
        counts = np.bincount(CELLS * u + v, minlength=CELLS**2)
        joint = counts / counts.sum()
        plug_in = float((joint[joint > 0] * np.log(joint[joint > 0] * CELLS**2)).sum())
        bias = ((counts > 0).sum() - 2 * CELLS + 1) / (2 * counts.sum())
        assert information == pytest.approx(plug_in - bias, abs=0.05)


@pytest.mark.parametrize("kind", [GaussianCopula, Clayton, Frank, Gumbel])
def test_copula_densities_integrate_to_one_and_fit_their_samples(kind):
    copula = drawn(kind)
    nodes = torch.from_numpy(np.polynomial.legendre.leggauss(400)[0]).float() * 0.5 + 0.5
    weights = torch.from_numpy(np.polynomial.legendre.leggauss(400)[1]).float() * 0.5
    u, v = (grid.reshape(1, -1).expand(BATCH, -1) for grid in torch.meshgrid(nodes, nodes, indexing="ij"))
    mass = (copula.log_density(u, v).exp() * torch.outer(weights, weights).reshape(1, -1)).sum(dim=1)
    torch.testing.assert_close(mass, torch.ones(BATCH), rtol=0.0, atol=0.05)
    samples = copula.sample(independent_drivers(np.random.default_rng(3), BATCH, 20000))
    for side in samples:
        assert all(stats.kstest(z.numpy(), "uniform").statistic < 0.015 for z in side)


def test_student_information_agrees_with_quadrature():
    dependence = drawn(Student, seed=1)
    nu, rho = dependence.degrees, float(dependence.correlation[0])
    nodes, weights = np.polynomial.legendre.leggauss(1000)
    single = stats.t(df=nu)
    quantiles = single.ppf(0.5 * nodes + 0.5)
    pair = stats.multivariate_t(shape=[[1, rho], [rho, 1]], df=nu)
    ratio = pair.pdf(np.stack(np.meshgrid(quantiles, quantiles), axis=-1)) / np.outer(*[single.pdf(quantiles)] * 2)
    expected = 0.25 * np.outer(weights, weights).ravel() @ (ratio * np.log(ratio)).ravel()
    assert float(dependence.information(None, None)[0]) == pytest.approx(expected, abs=0.01)


def noisy_function(seed, noise, **settings):
    function = drawn(NoisyFunction, seed)
    exponents = np.exp(np.random.default_rng(seed).uniform(np.log(0.75), np.log(3.0), BATCH))
    function.noise = noise_of(noise, torch.from_numpy(exponents).float()[:, None])
    for name, value in settings.items():
        setattr(function, f"_{name}", value if isinstance(value, str) else torch.full((BATCH, 1), value))
    return function, *function.sample(EvenDrivers(0).draw(np.random.default_rng(seed), BATCH))


@pytest.mark.parametrize("level", [0.04, 0.4])
def test_a_line_with_even_noise_has_its_closed_form(level):
    """The sum of two uniform variables of widths a > b has the entropy ``log a + b / 2 a``."""
    function, x, y = noisy_function(0, inputs="uniform", function="line", noise="uniform", uneven=0.0, level=level)
    ratio = 3.4 / (2.0 * level)
    expected = torch.full((BATCH,), np.log(ratio) + 0.5 / ratio)
    torch.testing.assert_close(function.information(x, y), expected, rtol=0.0, atol=0.01)


@pytest.mark.parametrize("noise", ["uniform", "weibull", "normal"])
@pytest.mark.parametrize("inputs", ["weibull", "bimodal"])
def test_faint_noise_around_a_steep_function_leaves_no_gaps(inputs, noise):
    """The density of y as a mean over inputs so dense that the smallest noise covers the step between two."""
    function, x, y = noisy_function(5, inputs=inputs, function="polynomial", noise=noise, uneven=0.0, level=0.08)
    nodes = function.input_of(torch.special.ndtri((torch.arange(1 << 16) + 0.5).double() / (1 << 16)).float()[None])
    means = function.mean_at(nodes.expand(BATCH, -1))
    some = y.sort(dim=1).values[:, 32::64]
    noises = ((value[:, None, None] - means[..., None]) / 0.08 for value in some.T)
    densities = [function.noise.density(noise).mean(dim=(1, 2)) / 0.08 for noise in noises]
    entropy = -torch.log(torch.stack(densities).clamp_min(1e-12)).mean(dim=0)
    expected = entropy - np.log(0.08) - function.noise.entropy
    torch.testing.assert_close(function.information(x, y), expected.float(), rtol=0.0, atol=0.03)


def test_a_table_that_is_a_permutation_has_the_logarithm_of_its_size():
    table = drawn(ProbabilityTable)
    table.joint = torch.eye(8, dtype=torch.float64)[None] / 8
    assert float(table.information(None, None)[0]) == pytest.approx(np.log(8.0))


def test_drivers_with_memory_are_standard_normal_and_remember():
    drivers = remembering_drivers(np.random.default_rng(0), 40, 4000)
    assert drivers.shape == (40, DRIVERS, 4000)
    assert float(drivers.var()) == pytest.approx(1.0, abs=0.1)
    following = (drivers[..., 1:] * drivers[..., :-1]).mean(dim=-1)
    assert float(following.median()) > 0.5
    fresh = independent_drivers(np.random.default_rng(0), 40, 4000)
    assert float((fresh[..., 1:] * fresh[..., :-1]).mean().abs()) < 0.01
