"""The tasks that estimators are compared on, with their true mutual information; no code of the training is used."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.truths.mixtures import GaussianMixture

Sampler = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
Pointwise = Callable[[np.ndarray, np.ndarray], np.ndarray]
Transform = Callable[[np.ndarray], np.ndarray]

PUBLISHED, SHARP = "mixture", "sharp mixture"  # families of random mixtures, see `GaussianMixture`
COMPONENTS = (1, 3, 10)


@dataclass(frozen=True)
class Distribution:
    """A joint distribution of two scalars.

    Attributes
    ----------
    family, name : str
    sample : callable
        From a generator and T to x and y, each (T,).
    truth : float
        MI in nats.
    pointwise : callable, optional
        From x and y to ``log p(x, y) / (p(x) p(y))``, (T,), where its form is known.
    view : callable, optional
        Increasing function through which estimators see both variables; the MI stays.
    """

    family: str
    name: str
    sample: Sampler
    truth: float
    pointwise: Pointwise | None = None
    view: Transform | None = None

    def draw(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Draw T samples of x and y, and the estimate of an oracle: the mean of the true pointwise MI."""
        x, y = self.sample(rng, count)
        oracle = float("nan") if self.pointwise is None else float(self.pointwise(x, y).mean())
        return (x, y, oracle) if self.view is None else (self.view(x), self.view(y), oracle)


def standard_tasks() -> list[Distribution]:
    """Nine one-by-one tasks after Czyz et al., Beyond Normal (NeurIPS 2023)."""
    gaussian = gaussian_pair(0.75)
    cauchy = student_pair(0.75, 1.0)
    views: list[tuple[str, Transform | None]] = [
        ("as it is", None),
        ("normal cdf", stats.norm.cdf),
        ("half cube", lambda z: np.sign(z) * np.abs(z) ** 1.5),
        ("wiggly", lambda z: z + 0.4 * np.sin(z) + 0.2 * np.sin(1.7 * z + 1.0) + 0.03 * np.sin(3.3 * z - 2.5)),
    ]
    return [
        *(Distribution("Gaussian", f"Gaussian 0.75, {name}", *gaussian, view) for name, view in views),
        Distribution("bimodal", "bimodal 0.75", *gaussian, to_bimodal),
        Distribution("Student t", "Student t, 1 d.o.f.", *cauchy),
        Distribution("Student t", "asinh of Student t", *cauchy, np.arcsinh),
        *(Distribution("additive noise", f"additive noise {width}", *uniform_noise(width)) for width in (0.1, 0.75)),
    ]


def random_mixtures(kind: str, count: int, seed: int = 2024) -> list[Distribution]:
    """Draw ``count`` mixtures each of 1, 3 and 10 Gaussians; kind is `PUBLISHED` or `SHARP`."""
    rng = np.random.default_rng(seed)
    return [
        of_mixture(f"{kind} of {components}", draw_mixture(kind, rng, components))
        for components in COMPONENTS
        for _ in range(count)
    ]


def draw_mixture(kind: str, rng: np.random.Generator, components: int) -> GaussianMixture:
    """Draw a mixture of two variables."""
    if kind == SHARP:
        return GaussianMixture.sharp(rng, components, dimensions=2)
    return GaussianMixture.published(rng, components).marginal(0, 1)


def of_mixture(family: str, mixture: GaussianMixture) -> Distribution:
    """Make a task of a mixture of two variables."""

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = mixture.sample(generator, count).T
        return x, y

    return Distribution(family, family, sample, mixture.information(), mixture.pointwise)


def independent() -> Distribution:
    """Nothing in common."""
    return Distribution("independent", "independent", gaussian_pair(0.0)[0], 0.0, lambda x, y: np.zeros(len(x)))


def gaussian_pair(rho: float) -> tuple[Sampler, float, Pointwise]:
    """Two normal variables of that correlation."""

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = rng.standard_normal((2, count))
        return x, rho * x + np.sqrt(1.0 - rho**2) * noise

    truth = float(-0.5 * np.log1p(-(rho**2)))

    def pointwise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return truth - (rho**2 * (x * x + y * y) - 2.0 * rho * x * y) / (2.0 * (1.0 - rho**2))

    return sample, truth, pointwise


def student_pair(rho: float, degrees: float) -> tuple[Sampler, float, Pointwise]:
    """Bivariate Student t: the MI of the normal pair, and what the common scale adds to it."""
    single, pair = stats.t(degrees), stats.multivariate_t(shape=[[1.0, rho], [rho, 1.0]], df=degrees)
    normal = gaussian_pair(rho)[0]

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = normal(rng, count)
        scale = np.sqrt(degrees / rng.chisquare(degrees, count))
        return x * scale, y * scale

    def pointwise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return pair.logpdf(np.column_stack([x, y])) - single.logpdf(x) - single.logpdf(y)

    return sample, float(2.0 * single.entropy() - pair.entropy()), pointwise


def uniform_noise(width: float) -> tuple[Sampler, float, Pointwise]:
    """Add n, uniform on (-width, width), to x, uniform on (0, 1)."""

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.random(count)
        return x, x + rng.uniform(-width, width, count)

    def pointwise(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return -np.log(np.minimum(1.0, y + width) - np.maximum(0.0, y - width))

    return sample, width - np.log(2.0 * width) if width <= 0.5 else 1.0 / (4.0 * width), pointwise


def to_bimodal(z: np.ndarray) -> np.ndarray:
    """Increasing map of a standard normal variable to one with two modes."""
    grid = np.linspace(-8.0, 8.0, 4001)
    return np.interp(stats.norm.cdf(z), 0.3 * stats.norm.cdf(grid + 2.5) + 0.7 * stats.norm.cdf(grid - 1.5), grid)
