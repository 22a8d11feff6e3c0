"""Random mixtures of Gaussians of three variables, with the true MI of each pair of them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special
from scipy.stats import qmc

POINTS = 1 << 13  # of each component, over which the truth is averaged


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """K Gaussians in D dimensions: weights (K,), means (K, D), covariances (K, D, D)."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @classmethod
    def published(cls, rng: np.random.Generator, components: int) -> "GaussianMixture":
        """Draw a mixture of three variables as Hu et al. (2024) draw those that they publish for evaluation."""
        means = rng.uniform(-5.0, 5.0, (components, 3))
        roots = rng.uniform(-3.0, 3.0, (components, 3, 3))
        return cls(rng.dirichlet(np.ones(components)), means, roots @ roots.transpose(0, 2, 1) + 0.01 * np.eye(3))

    @classmethod
    def sharp(cls, rng: np.random.Generator, components: int, dimensions: int = 3) -> "GaussianMixture":
        """Draw a mixture with narrow components farther apart; in two dimensions many are nearly lines."""
        means = rng.normal(0.0, 2.0, (components, dimensions))
        roots = rng.normal(0.0, 1.0, (components, dimensions, dimensions)) + 0.2 * np.eye(dimensions)
        covariances = roots @ roots.transpose(0, 2, 1) + 0.01 * np.eye(dimensions)
        return cls(rng.dirichlet(np.ones(components)), means, covariances)

    def marginal(self, *axes: int) -> "GaussianMixture":
        """Return the mixture of some of the variables."""
        index = list(axes)
        return GaussianMixture(self.weights, self.means[:, index], self.covariances[:, index][:, :, index])

    def sample(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draw points, (T, D)."""
        chosen = rng.choice(len(self.weights), size=count, p=self.weights)
        factors = np.linalg.cholesky(self.covariances)[chosen]
        noise = rng.standard_normal((count, self.means.shape[1]))
        return self.means[chosen] + np.einsum("tij,tj->ti", factors, noise)

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Log density at points (T, D), (T,)."""
        whiteners = np.linalg.inv(np.linalg.cholesky(self.covariances))
        heights = np.log(self.weights) + np.log(np.abs(np.linalg.det(whiteners)))
        forms = [((points - mean) @ w.T) ** 2 for mean, w in zip(self.means, whiteners, strict=True)]
        exponents = heights[:, None] - 0.5 * np.array([form.sum(axis=1) for form in forms])
        return special.logsumexp(exponents, axis=0) - 0.5 * points.shape[1] * np.log(2.0 * np.pi)

    def pointwise(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return ``log p(x, y) / (p(x) p(y))`` of a two-dimensional mixture at samples (T,), (T,)."""
        points = np.column_stack([x, y])
        singles = [self.marginal(axis).log_density(points[:, [axis]]) for axis in (0, 1)]
        return self.log_density(points) - singles[0] - singles[1]

    def information(self) -> float:
        """Return the MI of a two-dimensional mixture, nats: the mean of `pointwise` over even points."""
        factors = np.linalg.cholesky(self.covariances)
        clouds = [mean + even_normals() @ factor.T for mean, factor in zip(self.means, factors, strict=True)]
        means = [self.pointwise(*cloud.T).mean() for cloud in clouds]
        return max(0.0, float(self.weights @ means))


@cache
def even_normals() -> np.ndarray:
    """Spread normal points evenly, (POINTS, 2): means over them are several times more exact than over random ones."""
    points = qmc.Sobol(2, seed=0).random(POINTS)
    return special.ndtri(points.clip(1e-9, 1.0 - 1e-9))
