"""The interface of simulated dependences, and the distribution of their mutual information."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor
from torch.special import ndtr


class Dependence(ABC):
    """A batch of B joint distributions of two scalars, with their mutual information.

    A dependence is a map from standard normal drivers, so that the same distribution can be sampled independently, with
    memory, or evenly for its true value.
    """

    levelled: tuple[bool, bool] = (False, False)
    """(2,) tuple of bool: whether the whole part of x, and of y, is a level, such that a digital sensor gives nothing
    but this."""

    @abstractmethod
    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Map drivers (B, 5, T) to samples x and y, each (B, T)."""

    @abstractmethod
    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the true MI (B,), nats: in closed form, or from the known densities at evenly spread x, y (B, T)."""


def draw_information(rng: np.random.Generator, batch: int, most: float = 5.0) -> np.ndarray:
    """Draw target MI, (batch,) nats: much of it small, most of it below 2, some up to ``most``.

    The density is smooth: at a step, estimates would be biased to the side with more examples.
    """
    kind = rng.random(batch)
    weak, common, strong = rng.exponential(0.12, batch), rng.exponential(0.9, batch), rng.uniform(0.0, most, batch)
    return np.minimum(np.where(kind < 0.25, weak, np.where(kind < 0.75, common, strong)), most)


def correlated(first: Tensor, second: Tensor, correlation: Tensor) -> Tensor:
    """Return a standard normal stream with a correlation to the first of two independent ones, all (B, T)."""
    return correlation * first + torch.sqrt(1.0 - correlation**2) * second


def uniform(driver: Tensor) -> Tensor:
    """Map a standard normal driver to the open unit interval."""
    return ndtr(driver).clamp(1e-6, 1.0 - 1e-6)


def choose(driver: Tensor, weights: Tensor) -> Tensor:
    """Choose one of K entries by a driver: driver (B, T), weights (B, K) that sum to 1; returns (B, T) int64."""
    edges = weights.cumsum(dim=1)[:, :-1].contiguous()
    return torch.searchsorted(edges, uniform(driver).contiguous())


def column(values: np.ndarray) -> Tensor:
    """Turn B parameters into a (B, 1) float32 tensor."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32))[:, None]
