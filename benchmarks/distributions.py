"""Distributions of known mutual information to judge estimators by; none of this code is used in training."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

Sampler = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
MONTE_CARLO = 400_000


@dataclass(frozen=True)
class Distribution:
    """A joint distribution of two scalars: its family, a name, a sampler of (T,) pairs, and the true MI in nats."""

    family: str
    name: str
    sample: Sampler
    truth: float


def standard_tasks() -> list[Distribution]:
    """Nine one-by-one tasks after Czyz et al., Beyond Normal (NeurIPS 2023)."""
    rho = 0.75
    gaussian = -0.5 * np.log1p(-(rho**2))
    cauchy = gaussian + student_excess(1.0)
    transforms = {
        "as it is": lambda z: z,
        "normal cdf": stats.norm.cdf,
        "half cube": lambda z: np.sign(z) * np.abs(z) ** 1.5,
        "wiggly": lambda z: z + 0.4 * np.sin(z) + 0.2 * np.sin(1.7 * z + 1.0) + 0.03 * np.sin(3.3 * z - 2.5),
    }
    tasks = [
        Distribution("gaussian", f"gaussian 0.75, {name}", transformed(gaussian_pair(rho), change), gaussian)
        for name, change in transforms.items()
    ]
    tasks.append(Distribution("bimodal", "bimodal 0.75", transformed(gaussian_pair(rho), to_bimodal), gaussian))
    tasks.append(Distribution("student", "student t, 1 d.o.f.", student_pair(rho, 1.0), cauchy))
    tasks.append(Distribution("student", "asinh of student t", transformed(student_pair(rho, 1.0), np.arcsinh), cauchy))
    tasks.append(Distribution("additive noise", "additive noise 0.1", uniform_noise(0.1), 0.1 - np.log(0.2)))
    tasks.append(Distribution("additive noise", "additive noise 0.75", uniform_noise(0.75), 1.0 / 3.0))
    return tasks


def random_mixture(rng: np.random.Generator, components: int) -> Distribution:
    """Mixture of Gaussians with random weights, means and covariances; its truth by Monte Carlo from its densities."""
    weights = rng.dirichlet(np.ones(components))
    means = rng.normal(0.0, 2.0, (components, 2))
    roots = rng.normal(0.0, 1.0, (components, 2, 2)) + 0.2 * np.eye(2)
    covariances = roots @ roots.transpose(0, 2, 1) + 0.01 * np.eye(2)

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = generator.choice(components, size=count, p=weights)
        factors = np.linalg.cholesky(covariances)[chosen]
        points = means[chosen] + np.einsum("tij,tj->ti", factors, generator.standard_normal((count, 2)))
        return points[:, 0], points[:, 1]

    x, y = sample(np.random.default_rng(0), MONTE_CARLO)
    points = np.stack([x, y], axis=1)
    pair = sum(
        w * stats.multivariate_normal(m, c).pdf(points) for w, m, c in zip(weights, means, covariances, strict=True)
    )
    singles = [
        sum(w * stats.norm(m[k], np.sqrt(c[k, k])).pdf(z) for w, m, c in zip(weights, means, covariances, strict=True))
        for k, z in ((0, x), (1, y))
    ]
    truth = float(np.mean(np.log(pair) - np.log(singles[0]) - np.log(singles[1])))
    return Distribution(f"mixture of {components}", f"mixture of {components}", sample, max(truth, 0.0))


def independent() -> Distribution:
    """Nothing in common."""
    return Distribution("independent", "independent", lambda rng, count: tuple(rng.standard_normal((2, count))), 0.0)


def held_out(rng: np.random.Generator) -> Distribution:
    """Draw from families of which training had none."""
    maker = (plackett, joe, logistic_map, gamma_sum, poisson_counts, product_of_normals)[rng.integers(6)]
    return maker(rng)


def plackett(rng: np.random.Generator) -> Distribution:
    """Plackett's copula: a constant odds ratio."""
    odds = float(np.exp(rng.uniform(0.5, 4.5)))

    def density(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        root = (1.0 + (odds - 1.0) * (u + v)) ** 2 - 4.0 * odds * (odds - 1.0) * u * v
        return odds * (1.0 + (odds - 1.0) * (u + v - 2.0 * u * v)) / root**1.5

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        u, t = generator.random((2, count))
        a = t * (1.0 - t)
        b = odds + a * (odds - 1.0) ** 2
        c = 2.0 * a * (u * odds**2 + 1.0 - u) + odds * (1.0 - 2.0 * a)
        d = np.sqrt(odds * (odds + 4.0 * a * u * (1.0 - u) * (1.0 - odds) ** 2))
        return u, (c - (1.0 - 2.0 * t) * d) / (2.0 * b)

    return Distribution("plackett", f"plackett {odds:.1f}", sample, copula_information(density))


def joe(rng: np.random.Generator) -> Distribution:
    """Joe's copula: dependent in one tail only, more sharply than Clayton's or Gumbel's."""
    theta = float(1.0 + np.exp(rng.uniform(-1.5, 1.8)))

    def density(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = (1.0 - u) ** theta, (1.0 - v) ** theta
        total = a + b - a * b
        return total ** (1.0 / theta - 2.0) * a * b / ((1.0 - u) * (1.0 - v)) * (theta - 1.0 + total)

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        u, t = generator.random((2, count))
        low, high = np.zeros(count), np.ones(count)
        for _ in range(50):  # bisection of the conditional distribution
            v = 0.5 * (low + high)
            a, b = (1.0 - u) ** theta, (1.0 - v) ** theta
            below = (a + b - a * b) ** (1.0 / theta - 1.0) * (1.0 - u) ** (theta - 1.0) * (1.0 - b) < t
            low, high = np.where(below, v, low), np.where(below, high, v)
        return u, v

    return Distribution("joe", f"joe {theta:.1f}", sample, copula_information(density))


def logistic_map(rng: np.random.Generator) -> Distribution:
    """One step of the logistic map with normal noise: a parabola over a U-shaped marginal."""
    noise = float(np.exp(rng.uniform(np.log(0.05), np.log(1.0))))
    inputs = np.sin(0.5 * np.pi * (np.arange(4000) + 0.5) / 4000) ** 2
    outputs = 4.0 * inputs * (1.0 - inputs)

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = np.sin(0.5 * np.pi * generator.random(count)) ** 2
        return x, 4.0 * x * (1.0 - x) + noise * generator.standard_normal(count)

    grid = np.linspace(-6.0 * noise, 1.0 + 6.0 * noise, 3000)
    density = stats.norm.pdf((grid[:, None] - outputs) / noise).mean(axis=1) / noise
    entropy = float(np.trapezoid(special.entr(density), grid))
    return Distribution("logistic map", f"logistic map {noise:.2f}", sample, entropy - stats.norm(0, noise).entropy())


def gamma_sum(rng: np.random.Generator) -> Distribution:
    """Pair a gamma variable with its sum with another of the same scale, which is gamma again: a closed form."""
    own, other = float(np.exp(rng.uniform(-0.5, 2.0))), float(np.exp(rng.uniform(-0.5, 2.0)))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = generator.gamma(own, size=count)
        return x, x + generator.gamma(other, size=count)

    truth = float(stats.gamma(own + other).entropy() - stats.gamma(other).entropy())
    return Distribution("gamma sum", f"gamma sum {own:.1f}, {other:.1f}", sample, truth)


def poisson_counts(rng: np.random.Generator) -> Distribution:
    """Pair a gamma distributed rate with its counts: tied data, negative binomial."""
    shape, rate = float(np.exp(rng.uniform(-0.3, 1.5))), float(np.exp(rng.uniform(0.0, 3.5)))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        intensity = generator.gamma(shape, rate / shape, size=count)
        return intensity, generator.poisson(intensity).astype(float)

    counts = np.arange(4000)
    marginal = stats.nbinom(shape, 1.0 / (1.0 + rate / shape)).pmf(counts)
    levels = stats.gamma(shape, scale=rate / shape).ppf((np.arange(2000) + 0.5) / 2000)
    conditional = np.mean([special.entr(stats.poisson(level).pmf(counts)).sum() for level in levels[::4]])
    return Distribution(
        "poisson counts", f"poisson {rate:.1f}", sample, float(special.entr(marginal).sum() - conditional)
    )


def product_of_normals(rng: np.random.Generator) -> Distribution:
    """Multiplicative noise: y = x e^(s z) with a random sign now and then; the truth by quadrature over log |x|."""
    spread, flips = float(np.exp(rng.uniform(np.log(0.2), np.log(1.5)))), float(rng.uniform(0.0, 0.5))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = generator.standard_normal((2, count))
        return x, x * np.exp(spread * z) * np.where(generator.random(count) < flips, -1.0, 1.0)

    # log|y| = log|x| + s z, and the signs agree but for flips: two independent parts add up.
    logs = np.log(np.abs(stats.norm.ppf((np.arange(20000) + 0.5) / 20000)))
    grid = np.linspace(logs.min() - 1.0, logs.max() + 6.0 * spread, 4000)
    weights, _ = np.histogram(logs, bins=grid)
    centres = 0.5 * (grid[1:] + grid[:-1])
    density = (weights / 20000) @ stats.norm.pdf((centres[:, None] - centres) / spread).T / spread
    entropy = float(np.trapezoid(special.entr(density), centres))
    signs = np.log(2.0) - special.entr([flips, 1.0 - flips]).sum()
    return Distribution("product", f"product {spread:.2f}", sample, entropy - stats.norm(0, spread).entropy() + signs)


def copula_information(density: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
    """MI of a copula density by Gauss-Legendre quadrature on the unit square, finer towards its corners."""
    nodes, weights = np.polynomial.legendre.leggauss(600)
    # The substitution u = t^2 (3 - 2 t) crowds the nodes where tails meet.
    t = 0.5 * nodes + 0.5
    u, weights = t**2 * (3.0 - 2.0 * t), 0.5 * weights * 6.0 * t * (1.0 - t)
    c = density(u[:, None], u[None, :])
    return float(weights @ special.xlogy(c, c) @ weights)


def gaussian_pair(rho: float) -> Sampler:
    """Two normal variables of that correlation."""

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = rng.standard_normal((2, count))
        return x, rho * x + np.sqrt(1.0 - rho**2) * noise

    return sample


def student_pair(rho: float, degrees: float) -> Sampler:
    """Bivariate Student t."""

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = gaussian_pair(rho)(rng, count)
        scale = np.sqrt(degrees / rng.chisquare(degrees, count))
        return x * scale, y * scale

    return sample


def student_excess(degrees: float) -> float:
    """MI of uncorrelated bivariate Student t variables, by their entropies."""
    pair = stats.multivariate_t(shape=np.eye(2), df=degrees).entropy()
    return float(2.0 * stats.t(degrees).entropy() - pair)


def uniform_noise(width: float) -> Sampler:
    """Add n, uniform on (-width, width), to x, uniform on (0, 1)."""

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.random(count)
        return x, x + rng.uniform(-width, width, count)

    return sample


def transformed(sampler: Sampler, change: Callable[[np.ndarray], np.ndarray]) -> Sampler:
    """Pass both variables through an increasing function: the MI stays."""

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = sampler(rng, count)
        return change(x), change(y)

    return sample


def to_bimodal(z: np.ndarray) -> np.ndarray:
    """Increasing map of a standard normal variable to one with two modes."""
    grid = np.linspace(-8.0, 8.0, 4001)
    return np.interp(stats.norm.cdf(z), 0.3 * stats.norm.cdf(grid + 2.5) + 0.7 * stats.norm.cdf(grid - 1.5), grid)
