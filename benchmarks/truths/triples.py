"""Families of triples with known conditional mutual information.

Written apart from those of the training, which draws drivers of the simplest kinds too, and neither products, colliders
of this form, nor couplings that turn all the way round.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, digamma, gammaln

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]
"""x (T,), y (T,) and what is given (T, D)."""

GRID = (np.arange(100_000) + 0.5) / 100_000


@dataclass(frozen=True)
class Family:
    """How to draw T samples, and the conditional MI in nats."""

    draw: Callable[[np.random.Generator, int], Triple]
    truth: float


def _gaussian(rho: float | np.ndarray) -> float:
    """Mean MI of Gaussian pairs of these correlations."""
    return float(-0.5 * np.log1p(-np.square(rho)).mean())


def _coupled(rng: np.random.Generator, count: int, rho: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, e = rng.standard_normal((2, count))
    return a, rho * a + np.sqrt(1.0 - np.square(rho)) * e


def linear_driver(rng: np.random.Generator, count: int) -> Triple:
    """Share nothing but a Gaussian driver."""
    z, a, b = rng.standard_normal((3, count))
    return z + 0.6 * a, 0.7 * b - z, z[:, None]


def curved_driver(rng: np.random.Generator, count: int) -> Triple:
    """Share nothing but a driver that acts by its square and by a wave."""
    z, a, b = rng.standard_normal((3, count))
    return z**2 + 0.5 * a, np.sin(3.0 * z) + 0.4 * b, z[:, None]


def loud_driver(rng: np.random.Generator, count: int) -> Triple:
    """Share nothing but a driver that makes both louder."""
    z, a, b = rng.standard_normal((3, count))
    return np.exp(z) * a, np.exp(0.8 * z) * b, z[:, None]


def chain(rng: np.random.Generator, count: int) -> Triple:
    """From x through z to y."""
    x, a, b = rng.standard_normal((3, count))
    z = np.tanh(x) + 0.5 * a
    return x, z**3 + z + 0.5 * b, z[:, None]


def four_drivers(rng: np.random.Generator, count: int) -> Triple:
    """Share nothing but four drivers."""
    z, (a, b) = rng.standard_normal((count, 4)), rng.standard_normal((2, count))
    return z.sum(axis=1) + a, z[:, 0] - z[:, 1] * np.abs(z[:, 2]) + z[:, 3] + b, z


def coupled(rng: np.random.Generator, count: int) -> Triple:
    """Share noise beside a linear driver."""
    z = rng.standard_normal(count)
    a, b = _coupled(rng, count, 0.8)
    return 2.0 * z + a, b - z, z[:, None]


def weakly_coupled(rng: np.random.Generator, count: int) -> Triple:
    """Share a little noise beside a strong curved driver."""
    z = rng.standard_normal(count)
    a, b = _coupled(rng, count, 0.4)
    return 3.0 * np.abs(z) + a, 4.0 * z + b, z[:, None]


def uniform_noise(rng: np.random.Generator, count: int) -> Triple:
    """Share uniform noise under a strong driver."""
    z, (a, w) = rng.standard_normal(count), rng.uniform(size=(2, count))
    return 2.0 * z + a, 2.0 * z + a + w, z[:, None]


def heavy_tails(rng: np.random.Generator, count: int) -> Triple:
    """Share Student's noise of 3 degrees of freedom without correlation, beside a driver."""
    z, (a, b) = rng.standard_normal(count), rng.standard_normal((2, count))
    scale = np.sqrt(3.0 / rng.chisquare(3, count))
    return z + a * scale, z**2 + b * scale, z[:, None]


def turning(rng: np.random.Generator, count: int) -> Triple:
    """Correlate as a wave of what is given."""
    z = rng.uniform(size=count)
    return *_coupled(rng, count, 0.9 * np.sin(2.0 * np.pi * z)), z[:, None]


def product(rng: np.random.Generator, count: int) -> Triple:
    """Multiply x by what is given."""
    x, z, e = rng.standard_normal((3, count))
    return x, x * z + 0.5 * e, z[:, None]


def half_the_time(rng: np.random.Generator, count: int) -> Triple:
    """Couple where the first of two given streams is positive; both drive."""
    z = rng.standard_normal((count, 2))
    a, b = _coupled(rng, count, np.where(z[:, 0] > 0.0, 0.9, 0.0))
    return a + z[:, 0], b + z[:, 1], z


def collider(rng: np.random.Generator, count: int) -> Triple:
    """Act on what is given, independently."""
    x, y, e = rng.standard_normal((3, count))
    return x, y, (x + y + 0.7 * e)[:, None]


def gears(rng: np.random.Generator, count: int) -> Triple:
    """Couple differently in each of three modes, which also shift both."""
    mode = rng.choice(3, size=count, p=(0.5, 0.3, 0.2))
    a, b = _coupled(rng, count, np.array([0.9, 0.0, -0.6])[mode])
    return a + 4.0 * mode, b - np.array([0.0, 3.0, 1.0])[mode], mode[:, None].astype(float)


def gears_and_load(rng: np.random.Generator, count: int) -> Triple:
    """Share noise beside a mode and a stream that acts differently in each mode."""
    mode, load = rng.integers(0, 4, count), rng.standard_normal(count)
    a, b = _coupled(rng, count, 0.7)
    return a + (mode - 1.5) * load, b + mode + np.sin(2.0 * load), np.stack([mode, load], axis=1).astype(float)


def three_drivers(rng: np.random.Generator, count: int) -> Triple:
    """Share noise beside three drivers."""
    z = rng.standard_normal((count, 3))
    a, b = _coupled(rng, count, 0.85)
    return a + z[:, 0] * z[:, 1], b + z[:, 2] + z[:, 0], z


def _student(nu: float) -> float:
    """MI of a bivariate Student t without correlation: the entropies of the marginals less that of the pair."""
    single = (nu + 1) / 2 * (digamma((nu + 1) / 2) - digamma(nu / 2)) + np.log(np.sqrt(nu)) + betaln(nu / 2, 0.5)
    pair = (nu + 2) / 2 * (digamma((nu + 2) / 2) - digamma(nu / 2))
    return float(2 * single - pair - np.log(nu * np.pi) - gammaln(nu / 2) + gammaln((nu + 2) / 2))


def _product_truth() -> float:
    from scipy.special import ndtri

    return float(0.5 * np.log1p(np.square(ndtri(GRID) / 0.5)).mean())


FAMILIES = {
    "linear driver": Family(linear_driver, 0.0),
    "curved driver": Family(curved_driver, 0.0),
    "driver of loudness": Family(loud_driver, 0.0),
    "chain": Family(chain, 0.0),
    "four drivers": Family(four_drivers, 0.0),
    "coupled noise": Family(coupled, _gaussian(0.8)),
    "weakly coupled noise": Family(weakly_coupled, _gaussian(0.4)),
    "uniform noise, strong driver": Family(uniform_noise, 0.5),
    "heavy tails": Family(heavy_tails, _student(3.0)),
    "coupling that turns": Family(turning, _gaussian(0.9 * np.sin(2.0 * np.pi * GRID))),
    "product with what is given": Family(product, _product_truth()),
    "coupled half the time, two given": Family(half_the_time, 0.5 * _gaussian(0.9)),
    "collider": Family(collider, 0.5 * np.log(1.49**2 / (2.49 * 0.49))),
    "three modes": Family(gears, float(0.5 * _gaussian(0.9) + 0.2 * _gaussian(0.6))),
    "modes and a stream": Family(gears_and_load, _gaussian(0.7)),
    "three drivers, coupled": Family(three_drivers, _gaussian(0.85)),
}
NOTHING = [name for name, family in FAMILIES.items() if family.truth == 0.0]
