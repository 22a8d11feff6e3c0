"""Functions with noise: y = f(x) + g(x) e, and the noises."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor
from torch.special import ndtr, ndtri

from infonet_ros.training.simulation.dependence import Dependence, column, uniform

TINY = 1e-12
CELLS = 1024  # of equal probability in x, over which the density of y is summed
ORDINATES = 384  # quantiles of y at which this density is needed
SHORT = 0.02  # noise levels; if the mean moves less within a cell, differences would be lost to rounding


class Noise(NamedTuple):
    """A distribution: the same for all of a batch, or one for each of B examples."""

    sample: Callable[[Tensor], Tensor]  # maps a standard normal driver (B, T) to noise
    density: Callable[[Tensor], Tensor]  # density, distribution: of values (B, K, T)
    distribution: Callable[[Tensor], Tensor]
    entropy: float | Tensor  # float or (B,): nats


NORMAL = Noise(
    sample=lambda driver: driver,
    density=lambda values: torch.exp(-0.5 * values * values) / np.sqrt(2.0 * np.pi),
    distribution=ndtr,
    entropy=0.5 * np.log(2 * np.pi * np.e),
)

UNIFORM = Noise(
    sample=lambda driver: 2.0 * uniform(driver) - 1.0,
    density=lambda values: 0.5 * (values.abs() <= 1.0),
    distribution=lambda values: 0.5 * (values.clamp(-1.0, 1.0) + 1.0),
    entropy=np.log(2.0),
)


def _laplace_sample(driver: Tensor) -> Tensor:
    centred = uniform(driver) - 0.5
    return -torch.sign(centred) * torch.log1p(-2.0 * centred.abs())


def _laplace_distribution(values: Tensor) -> Tensor:
    tail = 0.5 * torch.exp(-values.abs())
    return torch.where(values < 0.0, tail, 1.0 - tail)


LAPLACE = Noise(
    sample=_laplace_sample,
    density=lambda values: 0.5 * torch.exp(-values.abs()),
    distribution=_laplace_distribution,
    entropy=1.0 + np.log(2.0),
)


def _student_sample(driver: Tensor) -> Tensor:
    p = uniform(driver)
    return (2.0 * p - 1.0) / torch.sqrt(2.0 * p * (1.0 - p))


STUDENT = Noise(  # two degrees of freedom: the distribution function has a closed inverse
    sample=_student_sample,
    density=lambda values: (2.0 + values * values) ** -1.5,
    distribution=lambda values: 0.5 + 0.5 * values / torch.sqrt(2.0 + values * values),
    entropy=float(stats.t(2).entropy()),
)


def weibull(exponents: Tensor) -> Noise:
    """Return noise that is never negative, and exponential where its exponent (B, 1) is 1."""
    wide, each = exponents[..., None], exponents[:, 0]

    def density(values: Tensor) -> Tensor:
        positive = values.clamp_min(TINY)
        hazard = positive ** (wide - 1.0)
        return wide * hazard * torch.exp(-hazard * positive) * (values >= 0.0)

    return Noise(
        sample=lambda driver: (-torch.log(uniform(driver))) ** (1.0 / exponents),
        density=density,
        distribution=lambda values: -torch.expm1(-(values.clamp_min(0.0) ** wide)),
        entropy=np.euler_gamma * (1.0 - 1.0 / each) - torch.log(each) + 1.0,
    )


def noise_of(name: str, exponents: Tensor) -> Noise:
    """Return the noise of a name; ``exponents`` (B, 1) are those of Weibull noise."""
    fixed = {"normal": NORMAL, "uniform": UNIFORM, "laplace": LAPLACE, "student": STUDENT}
    return fixed[name] if name in fixed else weibull(exponents)


class NoisyFunction(Dependence):
    """Lines, polynomials, waves, zigzags, absolute values and steps, with even or uneven noise of several shapes.

    "flat" has no mean at all: only the size of the noise depends on x. Inputs and noise that follow Weibull's
    distribution are never negative, and exponential where the exponent is 1: durations, ranges, loads.
    """

    NOISES: tuple[str, ...] = ("normal", "uniform", "uniform", "laplace", "weibull", "student")
    FUNCTIONS: tuple[str, ...] = ("line", "line", "wave", "wave", "zigzag", "polynomial", "absolute", "step", "flat")

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._inputs = str(rng.choice(["normal", "uniform", "uniform", "bimodal", "weibull"]))
        self._function = str(rng.choice(self.FUNCTIONS))
        noise = str(rng.choice(self.NOISES))
        self._coefficients = column(rng.standard_normal((batch, 3)))[:, 0]
        self._frequency = column(rng.uniform(0.5, 4.0, batch))
        self._uneven = column(rng.choice([0.0, 1.0], batch) * rng.uniform(-1.2, 1.2, batch))
        if self._function == "flat":
            self._uneven = column(rng.choice([-1.0, 1.0], batch) * rng.uniform(0.2, 3.0, batch))
        self._level = column(np.exp(rng.uniform(np.log(0.04), np.log(4.0), batch)))
        exponents = np.exp(rng.uniform(np.log(0.75), np.log(3.0), (2, batch)))
        self._input_exponent, self.noise = column(exponents[0]), noise_of(noise, column(exponents[1]))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Drive x by the first stream and the noise by the second."""
        x = self.input_of(drivers[:, 0])
        return x, self.mean_at(x) + self._scale(x) * self.noise.sample(drivers[:, 1])

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the entropy of y, by quadrature over x, less that of the noise."""
        inside = torch.tensor([1e-3, 0.5, 1.0 - 1e-3])[:, None]  # of each cell; not its edge, where x may jump
        low, middle, high = (
            self.input_of(nodes.expand(len(x), -1)) for nodes in ndtri((torch.arange(CELLS) + inside) / CELLS)
        )
        places = ((torch.arange(ORDINATES) + 0.5) / ORDINATES * y.shape[1]).long()
        outputs = y.sort(dim=1).values[:, places]
        scale = self._scale(middle)[..., None]
        start, length = self.mean_at(low)[..., None], (self.mean_at(high) - self.mean_at(low))[..., None] / scale
        noise = (outputs[:, None] - start) / scale
        # The mean of the density of the noise over a cell, or ordinates between two nodes would have none.
        spread = (self.noise.distribution(noise) - self.noise.distribution(noise - length)) / length
        at_once = self.noise.density(noise - 0.5 * length)
        density = (torch.where(length.abs() > SHORT, spread, at_once) / scale).mean(dim=1)
        conditional = torch.log(self._scale(x)).mean(dim=1) + self.noise.entropy
        return -torch.log(density.clamp_min(TINY)).mean(dim=1) - conditional

    def input_of(self, driver: Tensor) -> Tensor:
        """Map a driver to x, of about unit scale."""
        if self._inputs == "uniform":
            return 3.4 * uniform(driver) - 1.7
        if self._inputs == "bimodal":
            return torch.sign(driver) + 0.6 * driver
        if self._inputs == "weibull":
            return (-torch.log(1.0 - uniform(driver))) ** (1.0 / self._input_exponent) - 1.0
        return driver

    def mean_at(self, x: Tensor) -> Tensor:
        """Return the mean of y at x, f(x), in the shape of x (B, T)."""
        a, b, c = (self._coefficients[:, k, None] for k in range(3))
        if self._function == "wave":
            return torch.sin(self._frequency * x + a)
        if self._function == "zigzag":
            return torch.asin(torch.sin(self._frequency * x + a)) / (0.5 * np.pi)
        if self._function == "polynomial":
            return (0.5 * a * x + 0.5 * b * (x * x - 1.0) + 0.3 * c * (x**3 - x)) / 1.5
        if self._function == "absolute":
            return torch.abs(x - 0.5 * a)
        if self._function == "step":
            return torch.tanh(2.0 * self._frequency * (x - 0.5 * a))
        return x if self._function == "line" else torch.zeros_like(x)

    def _scale(self, x: Tensor) -> Tensor:
        """Noise level at x; in waves it stays above what the quadrature resolves."""
        plain = self._function in ("line", "absolute", "flat")
        level = self._level if plain else self._level.clamp_min(0.08)
        return level * torch.exp(self._uneven * torch.tanh(x))


class Line(NoisyFunction):
    """The output follows the input."""

    FUNCTIONS = ("line",)


class Bounded(NoisyFunction):
    """Noise with sharp edges."""

    NOISES = ("uniform",)
