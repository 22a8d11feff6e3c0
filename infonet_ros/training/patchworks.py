"""Copulas made of others: folded ones, whose signs and sizes are coupled apart, and patchworks of blocks."""

import numpy as np
import torch
from torch import Tensor
from torch.special import ndtri, xlogy

from infonet_ros.training.copulas import Clayton, Copula, Frank, GaussianCopula, Gumbel
from infonet_ros.training.dependence import Dependence, choose, column, correlation_of, draw_information, uniform


class Folded(Dependence):
    """Sizes coupled by a copula, signs coupled by a coin: volatility, gains, and noise that multiplies.

    With independent signs the streams are uncorrelated, whatever their sizes share. Signs and sizes are independent,
    so that their information adds up.
    """

    KINDS = (GaussianCopula, GaussianCopula, Clayton, Frank, Gumbel)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._copula: Copula = self.KINDS[rng.integers(len(self.KINDS))](rng, batch)
        self._agreement = column(np.where(rng.random(batch) < 0.4, 0.5, rng.uniform(0.5, 1.0, batch)))
        self._from_below = bool(rng.random() < 0.5)  # whether the copula's origin lies in the middle of the square

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the copula take all but the third driver, and that one, split in two, decide the signs."""
        sizes = self._copula.sample(drivers)
        coin = uniform(drivers[:, 2])
        positive = coin < 0.5
        agree = torch.where(positive, 2.0 * coin, 2.0 * coin - 1.0) < self._agreement
        signs = torch.where(positive, 1.0, -1.0), torch.where(positive == agree, 1.0, -1.0)
        x, y = (sign * (size if self._from_below else 1.0 - size) for sign, size in zip(signs, sizes, strict=True))
        return x, y

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean log density of the sizes, and the information of the signs."""
        sizes = (z.abs() if self._from_below else 1.0 - z.abs() for z in (x, y))
        p = self._agreement[:, 0]
        return self._copula.log_density(*sizes).mean(dim=1) + np.log(2.0) + xlogy(p, p) + xlogy(1.0 - p, 1.0 - p)


class Patchwork(Dependence):
    """Blocks along a permuted diagonal, each with a Gaussian copula of its own, over an even background.

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
        inside = uniform(drivers[:, 0]), uniform(rho * drivers[:, 0] + torch.sqrt(1.0 - rho**2) * drivers[:, 1])
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
        a, b, rest = ndtri(u), ndtri(v.clamp(1e-6, 1.0 - 1e-6)), 1.0 - rho**2
        log_density = -0.5 * torch.log(rest) - (rho**2 * (a * a + b * b) - 2.0 * rho * a * b) / (2.0 * rest)
        density = torch.where(inside, torch.exp(log_density) / width, 0.0)
        return torch.log(self._background + (1.0 - self._background) * density).mean(dim=1)
