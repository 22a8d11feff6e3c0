"""Dependences made of other dependences: signs and sizes with separate couplings, and patchworks of blocks."""

import numpy as np
import torch
from torch import Tensor
from torch.special import xlogy

from infonet_ros.estimator.peak import correlation_of
from infonet_ros.training.simulation.copulas import Clayton, Copula, Frank, GaussianCopula, Gumbel, gaussian_log_density
from infonet_ros.training.simulation.dependence import (
    Dependence,
    choose,
    column,
    correlated,
    draw_information,
    uniform,
)
from infonet_ros.training.simulation.regressions import Line


class _Signed(Dependence):
    """Sizes coupled in one way, signs coupled by a coin.

    With independent signs the streams are uncorrelated, whatever their sizes share. Signs and sizes are independent,
    so that their information adds up.
    """

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._agreement = column(np.where(rng.random(batch) < 0.4, 0.5, rng.uniform(0.5, 1.0, batch)))

    def _signs(self, driver: Tensor) -> tuple[Tensor, Tensor]:
        """Split one driver in two, which decide the signs."""
        coin = uniform(driver)
        positive = coin < 0.5
        agree = torch.where(positive, 2.0 * coin, 2.0 * coin - 1.0) < self._agreement
        return torch.where(positive, 1.0, -1.0), torch.where(positive == agree, 1.0, -1.0)

    def _sign_information(self) -> Tensor:
        p = self._agreement[:, 0]
        return np.log(2.0) + xlogy(p, p) + xlogy(1.0 - p, 1.0 - p)


class Folded(_Signed):
    """Sizes coupled by a copula: volatility, gains."""

    KINDS = (GaussianCopula, GaussianCopula, Clayton, Frank, Gumbel)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        super().__init__(rng, batch)
        self._copula: Copula = self.KINDS[rng.integers(len(self.KINDS))](rng, batch)
        self._from_below = bool(rng.random() < 0.5)  # whether the copula's origin lies in the middle of the square

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the copula take all but the third driver."""
        sizes = self._copula.sample(drivers)
        signs = self._signs(drivers[:, 2])
        x, y = (sign * (size if self._from_below else 1.0 - size) for sign, size in zip(signs, sizes, strict=True))
        return x, y

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean log density of the sizes, and the information of the signs."""
        sizes = (z.abs() if self._from_below else 1.0 - z.abs() for z in (x, y))
        return self._copula.log_density(*sizes).mean(dim=1) + self._sign_information()


class Product(_Signed):
    """Noise that multiplies a size: relative errors, gains. The logarithms of the sizes are a line with noise."""

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        super().__init__(rng, batch)
        self._logarithms = Line(rng, batch)
        self._side = float(rng.choice([-1.0, 1.0]))  # which end of the line lies at zero

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the first two drivers make the sizes, which are nearly exponential but never overflow."""
        logarithms = self._logarithms.sample(drivers)
        signs = self._signs(drivers[:, 2])
        x, y = (sign * torch.exp(torch.asinh(self._side * z)) for sign, z in zip(signs, logarithms, strict=True))
        return x, y

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the information of the line and of the signs."""
        logarithms = (self._side * torch.sinh(torch.log(z.abs())) for z in (x, y))
        return self._logarithms.information(*logarithms) + self._sign_information()


class Patchwork(Dependence):
    """Blocks along a permuted diagonal, each with its own Gaussian copula, over an even background.

    Without permutation and background it is an ordinal sum (Nelsen 2006, 3.2.2).
    """

    MOST_BLOCKS = 6

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        blocks = int(rng.integers(2, self.MOST_BLOCKS + 1))
        widths = rng.dirichlet(np.full(blocks, rng.choice([1.0, 4.0])), size=batch)
        self._widths = torch.from_numpy(widths).float()
        orders = np.stack([rng.permutation(blocks) for _ in range(batch)])  # of the blocks from the left, along y
        self._orders = torch.from_numpy(orders)
        self._left = self._widths.cumsum(1) - self._widths
        below = self._widths.gather(1, self._orders)
        self._below = torch.zeros_like(below).scatter(1, self._orders, below.cumsum(1) - below)
        information = draw_information(rng, batch * blocks, most=2.0) * (rng.random(batch * blocks) < 0.5)
        signs = rng.choice([-1.0, 1.0], batch * blocks)
        self._rho = column(signs * correlation_of(information))[:, 0].view(batch, blocks)
        self._background = column(np.where(rng.random(batch) < 0.3, 0.0, rng.uniform(0.0, 0.9, batch)))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the third driver choose the block, the fourth whether it is the background instead."""
        block = choose(drivers[:, 2], self._widths)
        rho = self._rho.gather(1, block)
        inside = uniform(drivers[:, 0]), uniform(correlated(drivers[:, 0], drivers[:, 1], rho))
        width = self._widths.gather(1, block)
        x, y = (
            start.gather(1, block) + width * place
            for start, place in zip((self._left, self._below), inside, strict=True)
        )
        return x, torch.where(uniform(drivers[:, 3]) < self._background, uniform(drivers[:, 4]), y)

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean of the log density."""
        block = (x[:, None] >= self._left[..., None]).sum(dim=1) - 1
        width, rho = (values.gather(1, block) for values in (self._widths, self._rho))
        u = ((x - self._left.gather(1, block)) / width).clamp(1e-6, 1.0 - 1e-6)
        v = (y - self._below.gather(1, block)) / width
        inside = (v > 0.0) & (v < 1.0)
        log_density = gaussian_log_density(u, v.clamp(1e-6, 1.0 - 1e-6), rho)
        density = torch.where(inside, torch.exp(log_density) / width, 0.0)
        return torch.log(self._background + (1.0 - self._background) * density).mean(dim=1)
