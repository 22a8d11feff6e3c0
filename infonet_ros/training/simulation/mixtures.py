"""Mixtures of Gaussians: random, along a curve, and of a discrete with a continuous variable."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.training.simulation.dependence import Dependence, choose, correlated, uniform

COLUMNS = (2, 2, 3, 4)  # to choose from, of the random matrices whose products are covariances


class GaussianMixture(Dependence):
    """1 to 20 components, some of them near-deterministic (Hu et al. 2024, section 4.1)."""

    MOST_COMPONENTS = 20

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        count = int(rng.integers(1, self.MOST_COMPONENTS + 1))
        spread = rng.uniform(0.0, 5.0, (batch, 1, 1))
        weights = rng.dirichlet(np.full(count, rng.choice([0.7, 1.0, 5.0])), size=batch)
        shapes = self._stretched if rng.random() < 0.4 else self._random
        self._set(weights, spread * rng.standard_normal((batch, count, 2)), *shapes(rng, batch, count))

    @staticmethod
    def _stretched(rng: np.random.Generator, batch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return scales (B, K, 2) and correlations (B, K); each example has its own maximum strength."""
        scales = np.exp(rng.normal(-0.3, 0.6, (batch, count, 2)))
        slack = 10.0 ** -(rng.uniform(0.0, 3.0, (batch, count)) * rng.uniform(0.0, 1.0, (batch, 1)))
        return scales, rng.choice([-1.0, 1.0], (batch, count)) * (1.0 - slack) * rng.uniform(0.3, 1.0, (batch, 1))

    @staticmethod
    def _random(rng: np.random.Generator, batch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Scales (B, K, 2) and correlations (B, K) of products of random matrices.

        Square ones are often nearly singular; wider ones are the marginals of mixtures of more variables.
        """
        columns = int(rng.choice(COLUMNS))
        roots = rng.standard_normal((batch, count, 2, columns)) * np.exp(rng.uniform(-1.0, 0.5, (batch, 1, 1, 1)))
        floor = 10.0 ** rng.uniform(-3.5, -1.0, (batch, 1, 1))
        covariances = roots @ roots.transpose(0, 1, 3, 2)
        scales = np.sqrt(np.diagonal(covariances, axis1=2, axis2=3) + floor)
        return scales, covariances[..., 0, 1] / scales.prod(axis=2)

    def _set(self, weights: np.ndarray, means: np.ndarray, scales: np.ndarray, correlations: np.ndarray) -> None:
        """Store weights (B, K), means and scales (B, K, 2) and correlations (B, K)."""
        self._weights = torch.from_numpy(weights / weights.sum(axis=1, keepdims=True)).float()
        self._means = torch.from_numpy(means).float()
        self._scales = torch.from_numpy(scales).float()
        self._correlations = torch.from_numpy(correlations).float()

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the third driver choose the component, the first two place the sample in it."""
        chosen = choose(drivers[:, 2], self._weights)
        rho = self._correlations.gather(1, chosen)
        x, y = drivers[:, 0], correlated(drivers[:, 0], drivers[:, 1], rho)
        mean_x, mean_y = (self._means[..., k].gather(1, chosen) for k in (0, 1))
        scale_x, scale_y = (self._scales[..., k].gather(1, chosen) for k in (0, 1))
        return mean_x + scale_x * x, mean_y + scale_y * y

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean log ratio of the pair's density and those of the marginals."""
        weights, rho = torch.log(self._weights)[..., None], self._correlations[..., None]
        a, b = ((z[:, None] - self._means[..., k, None]) / self._scales[..., k, None] for k, z in ((0, x), (1, y)))
        log_x, log_y = (weights - torch.log(self._scales[..., k, None]) for k in (0, 1))
        single_x = torch.logsumexp(log_x - 0.5 * a * a, dim=1)
        single_y = torch.logsumexp(log_y - 0.5 * b * b, dim=1)
        rest = 1.0 - rho**2
        form = -0.5 * (a * a - 2.0 * rho * a * b + b * b) / rest - 0.5 * torch.log(rest)
        pair = torch.logsumexp(log_x + log_y - weights + form, dim=1)
        return (pair - single_x - single_y).mean(dim=1)


class Curve(GaussianMixture):
    """Round noise along a closed or winding curve: circles, eights, spirals, crosses."""

    POINTS = 64

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        phase = np.linspace(0.0, 2.0 * np.pi, self.POINTS, endpoint=False)
        means = np.stack([self._shape(rng, phase) for _ in range(batch)])
        noise = np.exp(rng.uniform(np.log(0.08), np.log(0.8), (batch, 1, 1)))
        scales = np.broadcast_to(noise, means.shape).copy()
        weights = np.full((batch, self.POINTS), 1.0 / self.POINTS)
        self._set(weights, means, scales, np.zeros((batch, self.POINTS)))

    @staticmethod
    def _shape(rng: np.random.Generator, phase: np.ndarray) -> np.ndarray:
        kind = rng.integers(4)
        if kind == 0:  # Lissajous figures: circle, eight, parabola-like arcs
            curve = [np.cos(phase * rng.integers(1, 3)), np.sin(phase * rng.integers(1, 4) + rng.uniform(0, np.pi))]
        elif kind == 1:  # spiral
            curve = [phase / np.pi * np.cos(1.5 * phase), phase / np.pi * np.sin(1.5 * phase)]
        elif kind == 2:  # cross
            arm = np.linspace(-1.5, 1.5, len(phase) // 2)
            curve = [np.tile(arm, 2), np.concatenate([arm, -arm]) * rng.uniform(0.2, 1.0)]
        else:  # ellipse, turned
            angle = rng.uniform(0.0, np.pi)
            wide, narrow = np.cos(phase), rng.uniform(0.2, 1.0) * np.sin(phase)
            curve = [wide * np.cos(angle) - narrow * np.sin(angle), wide * np.sin(angle) + narrow * np.cos(angle)]
        return np.stack(curve, axis=1)


class Staircase(GaussianMixture):
    """A discrete x, such as a gear or a mode, with a continuous y whose mean and spread depend on it."""

    MOST_LEVELS = 16
    levelled = (True, False)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        levels = int(rng.integers(2, self.MOST_LEVELS + 1))
        order = np.sort if rng.random() < 0.5 else np.asarray
        uneven = rng.choice([0.1, 1.0])
        steps = np.arange(levels) + uneven * rng.uniform(-0.5, 0.5, (batch, levels)) * levels
        means = order(4.0 / levels * steps * rng.uniform(0.0, 2.0, (batch, 1)))
        spreads = np.exp(uneven * rng.normal(0.0, 0.5, (batch, levels)) - rng.uniform(0.0, 2.5, (batch, 1)))
        weights = rng.dirichlet(np.full(levels, 3.0 / uneven**2), size=batch)
        zeros = np.zeros((batch, levels))
        self._set(weights, np.stack([zeros, means], -1), np.stack([zeros + 1.0, spreads], -1), zeros)

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the level, its ties broken by the first driver, and the continuous variable."""
        level = choose(drivers[:, 2], self._weights)
        y = self._means[..., 1].gather(1, level) + self._scales[..., 1].gather(1, level) * drivers[:, 1]
        return level + uniform(drivers[:, 0]), y

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean log ratio of y's density at its level and y's density."""
        scale = self._scales[..., 1, None]
        given = -torch.log(scale) - 0.5 * ((y[:, None] - self._means[..., 1, None]) / scale) ** 2
        single = torch.logsumexp(torch.log(self._weights)[..., None] + given, dim=1)
        level = x.floor().long().clamp(0, given.shape[1] - 1)
        return (given.gather(1, level[:, None])[:, 0] - single).mean(dim=1)
