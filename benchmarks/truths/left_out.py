"""Families that training does not draw, to judge intervals by: their truths in closed form or by quadrature."""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special, stats

from benchmarks.streams.pairs import correlation_of
from benchmarks.truths.distributions import Distribution, gaussian_pair


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

    return Distribution("Plackett copula", f"Plackett copula {odds:.1f}", sample, copula_information(density))


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

    return Distribution("Joe copula", f"Joe copula {theta:.1f}", sample, copula_information(density))


def logistic_map(rng: np.random.Generator) -> Distribution:
    """One step of the logistic map with normal noise: a parabola over a U-shaped marginal."""
    noise = float(np.exp(rng.uniform(np.log(0.05), np.log(1.0))))
    inputs = np.sin(0.5 * np.pi * (np.arange(1000) + 0.5) / 1000) ** 2
    outputs = 4.0 * inputs * (1.0 - inputs)

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = np.sin(0.5 * np.pi * generator.random(count)) ** 2
        return x, 4.0 * x * (1.0 - x) + noise * generator.standard_normal(count)

    grid = np.linspace(-6.0 * noise, 1.0 + 6.0 * noise, 1000)
    density = stats.norm.pdf((grid[:, None] - outputs) / noise).mean(axis=1) / noise
    entropy = float(np.trapezoid(special.entr(density), grid))
    truth = entropy - float(stats.norm(0, noise).entropy())
    return Distribution("logistic map", f"logistic map {noise:.2f}", sample, truth)


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

    counts = np.arange(1000)
    marginal = stats.nbinom(shape, 1.0 / (1.0 + rate / shape)).pmf(counts)
    levels = stats.gamma(shape, scale=rate / shape).ppf((np.arange(300) + 0.5) / 300)
    conditional = special.entr(stats.poisson(levels[:, None]).pmf(counts)).sum(axis=1).mean()
    truth = float(special.entr(marginal).sum() - conditional)
    return Distribution("Poisson counts", f"Poisson counts {rate:.1f}", sample, truth)


def product_of_normals(rng: np.random.Generator) -> Distribution:
    """Multiplicative noise: y = x e^(s z) with a random sign now and then; the truth by quadrature over log |x|."""
    spread, flips = float(np.exp(rng.uniform(np.log(0.2), np.log(1.5)))), float(rng.uniform(0.0, 0.5))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = generator.standard_normal((2, count))
        return x, x * np.exp(spread * z) * np.where(generator.random(count) < flips, -1.0, 1.0)

    # log|y| = log|x| + s z, and the signs agree but for flips: two independent parts add up.
    logs = np.log(np.abs(stats.norm.ppf((np.arange(20000) + 0.5) / 20000)))
    grid = np.linspace(logs.min() - 1.0, logs.max() + 6.0 * spread, 1500)
    weights, _ = np.histogram(logs, bins=grid)
    centres = 0.5 * (grid[1:] + grid[:-1])
    density = (weights / 20000) @ stats.norm.pdf((centres[:, None] - centres) / spread).T / spread
    entropy = float(np.trapezoid(special.entr(density), centres))
    signs = np.log(2.0) - special.entr([flips, 1.0 - flips]).sum()
    truth = float(entropy - stats.norm(0, spread).entropy() + signs)
    return Distribution("product of normals", f"product of normals {spread:.2f}", sample, truth)


def copula_information(density: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
    """MI of a copula density by Gauss-Legendre quadrature on the unit square, finer towards its corners."""
    u, weights = quadrature()
    c = density(u[:, None], u[None, :])
    return float(weights @ special.xlogy(c, c) @ weights)


@cache
def quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on the unit interval."""
    nodes, weights = np.polynomial.legendre.leggauss(600)
    # The substitution u = t^2 (3 - 2 t) crowds the nodes where tails meet.
    t = 0.5 * nodes + 0.5
    return t**2 * (3.0 - 2.0 * t), 0.5 * weights * 6.0 * t * (1.0 - t)


def order_statistics(rng: np.random.Generator) -> Distribution:
    """Two order statistics of uniform variables, such as the nearest and the farthest return: one bounds the other."""
    count = int(rng.integers(2, 13))
    low, high = sorted(int(k) for k in 1 + rng.permutation(count)[:2])
    between, above = high - low, count - high + 1

    def sample(generator: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        ordered = np.sort(generator.random((samples, count)), axis=1)
        return ordered[:, low - 1], ordered[:, high - 1]

    # The density is C x^(low - 1) (y - x)^(between - 1) (1 - y)^(above - 1), and x, y - x, 1 - y are beta variables.
    powers = np.array([low, between, above])
    log_means = special.digamma(powers) - special.digamma(count + 1)
    log_constant = special.gammaln(count + 1) - special.gammaln(powers).sum()
    singles = stats.beta(low, count - low + 1).entropy() + stats.beta(high, above).entropy()
    truth = float(singles + log_constant + (powers - 1) @ log_means)
    return Distribution("order statistics", f"order statistics {low}, {high} of {count}", sample, truth)


def coupled_phases(rng: np.random.Generator) -> Distribution:
    """Two phases coupled by their sines (Singh et al. 2002): dependent over the square's edges, in one mode or two."""
    own, other = rng.uniform(0.0, 3.0, 2)
    coupling = float(rng.choice([-1.0, 1.0]) * np.exp(rng.uniform(np.log(0.7), np.log(15.0))))
    angles = np.linspace(-np.pi, np.pi, 721)

    def given(angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Direction and concentration of the second phase, which is a von Mises variable."""
        return np.arctan2(coupling * np.sin(angle), other), np.hypot(other, coupling * np.sin(angle))

    direction, concentration = given(angles)
    logarithms = own * np.cos(angles) + concentration + np.log(special.i0e(concentration))
    single = np.exp(logarithms - logarithms.max())
    distribution = np.concatenate([[0.0], np.cumsum(0.5 * (single[1:] + single[:-1]))])

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        angle = np.interp(generator.random(count) * distribution[-1], distribution, angles)
        return angle, generator.vonmises(*given(angle))

    first = single[1:] / single[1:].sum()
    cell = angles[1] - angles[0]
    second = cell * stats.vonmises(concentration[1:, None], direction[1:, None]).pdf(angles[1:])  # given the first
    truth = float(special.entr(first @ second).sum() - first @ special.entr(second).sum(axis=1))
    return Distribution("coupled phases", f"coupled phases {coupling:.1f}", sample, truth)


def stuck_sensor(rng: np.random.Generator) -> Distribution:
    """Let the second of a normal pair read one fixed value now and then: MI only where it does not."""
    working, rho = float(rng.uniform(0.2, 0.95)), correlation_of(rng.uniform(0.1, 2.0))
    pair, information, _ = gaussian_pair(rho)

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = pair(generator, count)
        return x, np.where(generator.random(count) < working, y, 0.5)

    return Distribution("stuck sensor", f"stuck sensor {working:.2f}", sample, working * information)


FAMILIES: tuple[Callable[[np.random.Generator], Distribution], ...] = (
    plackett,
    joe,
    logistic_map,
    gamma_sum,
    poisson_counts,
    product_of_normals,
    order_statistics,
    coupled_phases,
    stuck_sensor,
)
