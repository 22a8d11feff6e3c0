"""Parametric copulas: Gaussian, Student t, Archimedean, and copulas that are active only part of the time."""

from typing import Protocol

import numpy as np
import torch
from scipy.special import betaln, digamma, gammaln
from scipy.stats import chi2, norm
from torch import Tensor
from torch.special import ndtri

from infonet_ros.estimator.peak import correlation_of
from infonet_ros.training.simulation.dependence import Dependence, column, correlated, draw_information, uniform


class Independent(Dependence):
    """Two independent streams, in steps of a digital sensor."""

    FEWEST_STEPS, MOST_STEPS = 0.5, 40.0  # in a standard deviation
    levelled = (True, True)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        logarithms = rng.uniform(np.log(self.FEWEST_STEPS), np.log(self.MOST_STEPS), (2, batch))
        self._steps = [column(steps) for steps in np.exp(logarithms)]
        self._batch = batch

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Scale the first two drivers."""
        return self._steps[0] * drivers[:, 0], self._steps[1] * drivers[:, 1]

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return zeros."""
        return torch.zeros(self._batch)


class Gaussian(Dependence):
    """Two normal variables of a correlation (B, 1); near-deterministic up to 5 nats."""

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._information = draw_information(rng, batch)
        self.correlation = column(correlation_of(self._information))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Correlate the first two drivers."""
        return drivers[:, 0], correlated(drivers[:, 0], drivers[:, 1], self.correlation)

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the closed form."""
        return torch.from_numpy(self._information).float()


class Student(Gaussian):
    """Bivariate Student t of some degrees of freedom: dependent in the tails even without correlation."""

    DEGREES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        super().__init__(rng, batch)
        self.degrees = self._draw_degrees(rng)
        nodes = np.linspace(-6.0, 6.0, 4001)
        self._scale = np.sqrt(self.degrees / chi2.ppf(norm.cdf(nodes), self.degrees))
        self._nodes = nodes

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Divide a correlated normal pair by a common random scale, made from the third driver."""
        scale = np.interp(drivers[:, 2].numpy(), self._nodes, self._scale).astype(np.float32)
        x, y = super().sample(drivers)
        return x * torch.from_numpy(scale), y * torch.from_numpy(scale)

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the closed form: the entropies of the marginals less that of the pair."""
        nu = self.degrees
        single = (nu + 1) / 2 * (digamma((nu + 1) / 2) - digamma(nu / 2)) + np.log(np.sqrt(nu)) + betaln(nu / 2, 0.5)
        scale = np.log(nu * np.pi) + gammaln(nu / 2) - gammaln((nu + 2) / 2)
        pair = (nu + 2) / 2 * (digamma((nu + 2) / 2) - digamma(nu / 2)) + scale
        return super().information(x, y) + float(2 * single - pair)

    def _draw_degrees(self, rng: np.random.Generator) -> float:
        return float(rng.choice(self.DEGREES))


class Tails(Student):
    """Bivariate Student t with little or no correlation: most of the dependence is a common scale."""

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        super().__init__(rng, batch)
        self._information = rng.choice([0.0, 1.0], batch) * rng.exponential(0.05, batch)
        self.correlation = column(correlation_of(self._information))

    def _draw_degrees(self, rng: np.random.Generator) -> float:
        return float(np.exp(rng.uniform(0.0, 2.5)))


class Copula(Protocol):
    """A copula given by its density and a sampler on the unit square."""

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Map drivers (B, 5, T) to u and v, each (B, T)."""

    def log_density(self, u: Tensor, v: Tensor) -> Tensor:
        """Return log c(u, v), (B, T)."""


class GaussianCopula:
    """Correlated normal ranks."""

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self.correlation = column(correlation_of(draw_information(rng, batch, most=3.5)))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Correlate the first two drivers."""
        return uniform(drivers[:, 0]), uniform(correlated(drivers[:, 0], drivers[:, 1], self.correlation))

    def log_density(self, u: Tensor, v: Tensor) -> Tensor:
        """Return `gaussian_log_density` of these ranks."""
        return gaussian_log_density(u, v, self.correlation)


def gaussian_log_density(u: Tensor, v: Tensor, correlation: Tensor) -> Tensor:
    """Return the log density of Gaussian copulas: of the pair's normal density over those of its marginals."""
    a, b, rest = ndtri(u), ndtri(v), 1.0 - correlation**2
    form = correlation**2 * (a * a + b * b) - 2.0 * correlation * a * b
    return -0.5 * torch.log(rest) - form / (2.0 * rest)


class Clayton:
    """Dependent where both are small (Nelsen 2006, 4.2.1)."""

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._theta = column(np.exp(rng.uniform(np.log(0.15), np.log(12.0), batch)))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Invert the conditional distribution."""
        u, w, theta = uniform(drivers[:, 0]), uniform(drivers[:, 1]), self._theta
        v = ((w ** (-theta / (1.0 + theta)) - 1.0) * u ** (-theta) + 1.0) ** (-1.0 / theta)
        return u, v.clamp(1e-6, 1.0 - 1e-6)

    def log_density(self, u: Tensor, v: Tensor) -> Tensor:
        """Return the log density, with the powers kept in range by logarithms."""
        theta, a, b = self._theta, -self._theta * torch.log(u), -self._theta * torch.log(v)
        top = torch.maximum(a, b)
        total = top + torch.log(torch.exp(a - top) + torch.exp(b - top) - torch.exp(-top))
        return torch.log1p(theta) + (1.0 + theta) / theta * (a + b) - (2.0 + 1.0 / theta) * total


class Frank:
    """Equally dependent in both tails and the middle (Nelsen 2006, 4.2.5)."""

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._theta = column(np.exp(rng.uniform(np.log(0.7), np.log(30.0), batch)))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Invert the conditional distribution."""
        u, w, theta = uniform(drivers[:, 0]).double(), uniform(drivers[:, 1]).double(), self._theta.double()
        v = -torch.log1p(w * torch.expm1(-theta) / (w + (1.0 - w) * torch.exp(-theta * u))) / theta
        return u.float(), v.float().clamp(1e-6, 1.0 - 1e-6)

    def log_density(self, u: Tensor, v: Tensor) -> Tensor:
        """Return the log density."""
        u, v, theta = u.double(), v.double(), self._theta.double()
        bottom = -torch.expm1(-theta) - torch.expm1(-theta * u) * torch.expm1(-theta * v)
        return (torch.log(-theta * torch.expm1(-theta)) - theta * (u + v) - 2.0 * torch.log(bottom)).float()


class Gumbel:
    """Dependent where both are large (Nelsen 2006, 4.2.4)."""

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._theta = column(1.0 + np.exp(rng.uniform(np.log(0.05), np.log(5.0), batch)))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Marshall and Olkin's frailty, with a positive stable variable by Chambers, Mallows and Stuck."""
        angle, alpha = np.pi * uniform(drivers[:, 3]), 1.0 / self._theta
        clock = -torch.log(uniform(drivers[:, 4]))
        stable = torch.sin(alpha * angle) / torch.sin(angle) ** (1.0 / alpha)
        stable = stable * (torch.sin((1.0 - alpha) * angle) / clock) ** ((1.0 - alpha) / alpha)
        u, v = (torch.exp(-((-torch.log(uniform(drivers[:, k])) / stable) ** alpha)) for k in (0, 1))
        return u.clamp(1e-6, 1.0 - 1e-6), v.clamp(1e-6, 1.0 - 1e-6)

    def log_density(self, u: Tensor, v: Tensor) -> Tensor:
        """Return the log density."""
        theta, a, b = self._theta, -torch.log(u), -torch.log(v)
        total = (a**theta + b**theta) ** (1.0 / theta)
        powers = (theta - 1.0) * (torch.log(a) + torch.log(b)) + a + b
        return -total + powers + (1.0 - 2.0 * theta) * torch.log(total) + torch.log(total + theta - 1.0)


class Archimedean(Dependence):
    """One of the copulas above; rotations are left to the network's canonical orientation."""

    KINDS = (Clayton, Frank, Gumbel)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._copula: Copula = self.KINDS[rng.integers(len(self.KINDS))](rng, batch)

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Sample the copula."""
        return self._copula.sample(drivers)

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean of the log density."""
        return self._copula.log_density(x, y).mean(dim=1)


class PartTime(Dependence):
    """A copula that holds only part of the time, with independence otherwise: a changing regime."""

    KINDS = (GaussianCopula, GaussianCopula, Clayton, Frank)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._copula: Copula = self.KINDS[rng.integers(len(self.KINDS))](rng, batch)
        self._share = column(rng.uniform(0.1, 0.95, batch))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the third driver decide when the copula holds."""
        u, v = self._copula.sample(drivers)
        return u, torch.where(uniform(drivers[:, 2]) < self._share, v, uniform(drivers[:, 3]))

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean of the log density of the mixture."""
        density = self._share * torch.exp(self._copula.log_density(x, y)) + 1.0 - self._share
        return torch.log(density).mean(dim=1)
