"""Pairs of systems of which one drives the other, and networks of them, with the links and the linear truth."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

BURN_IN = 200  # samples before those that are returned

System = Callable[[np.random.Generator, float, int], np.ndarray]
"""From a generator, a strength and T to x and y (2, T), of which x drives y."""


def autoregression(rng: np.random.Generator, strength: float, samples: int) -> np.ndarray:
    """Drive one first-order autoregression by another."""
    x, y = np.zeros((2, samples + BURN_IN))
    noise = rng.standard_normal((2, samples + BURN_IN))
    for t in range(1, len(x)):
        x[t] = 0.6 * x[t - 1] + noise[0, t]
        y[t] = 0.5 * y[t - 1] + strength * x[t - 1] + noise[1, t]
    return np.stack([x, y])[:, BURN_IN:]


def ornstein_uhlenbeck(rng: np.random.Generator, strength: float, samples: int) -> np.ndarray:
    """Drive one Ornstein-Uhlenbeck process by another, sampled ten times in the time in which they relax."""
    x, y = np.zeros((2, samples + BURN_IN))
    noise = np.sqrt(0.2) * rng.standard_normal((2, samples + BURN_IN))
    for t in range(1, len(x)):
        x[t] = 0.9 * x[t - 1] + noise[0, t]
        y[t] = 0.9 * y[t - 1] + strength * 0.5 * x[t - 1] + noise[1, t]
    return np.stack([x, y])[:, BURN_IN:]


def henon(rng: np.random.Generator, strength: float, samples: int) -> np.ndarray:
    """Drive one Henon map by another (Schiff et al., Phys. Rev. E 1996)."""
    x, y = np.empty((2, samples + BURN_IN))
    x[:2], y[:2] = rng.uniform(0.0, 0.4, (2, 2))
    mixed = 0.7 * strength  # below that at which the two are one
    for t in range(2, len(x)):
        x[t] = 1.4 - x[t - 1] ** 2 + 0.3 * x[t - 2]
        y[t] = 1.4 - (mixed * x[t - 1] + (1.0 - mixed) * y[t - 1]) * y[t - 1] + 0.3 * y[t - 2]
    return np.stack([x, y])[:, BURN_IN:] + 0.02 * rng.standard_normal((2, samples))


def logistic(rng: np.random.Generator, strength: float, samples: int) -> np.ndarray:
    """Drive one logistic map by another, with some noise."""
    x, y = np.empty((2, samples + BURN_IN))
    x[0], y[0] = rng.uniform(0.2, 0.8, 2)
    mixed = 0.4 * strength
    for t in range(1, len(x)):
        x[t] = 3.9 * x[t - 1] * (1.0 - x[t - 1])
        both = (1.0 - mixed) * y[t - 1] + mixed * x[t - 1]
        y[t] = 3.8 * both * (1.0 - both)
    return np.stack([x, y])[:, BURN_IN:] + 0.01 * rng.standard_normal((2, samples))


SYSTEMS: dict[str, System] = {
    "autoregressions": autoregression,
    "Ornstein-Uhlenbeck": ornstein_uhlenbeck,
    "Henon maps": henon,
    "logistic maps": logistic,
}


def linear_truth(strength: float) -> float:
    """Transfer entropy of `autoregression` from its stationary covariance, nats."""
    dynamics = np.array([[0.6, 0.0], [strength, 0.5]])
    covariance = solve_discrete_lyapunov(dynamics, np.eye(2))
    left = covariance[0, 0] - covariance[0, 1] ** 2 / covariance[1, 1]
    return float(0.5 * np.log1p(strength**2 * left))


def network(rng: np.random.Generator, nodes: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a network of autoregressions, (T, nodes), in which each drives two others, some not linearly.

    Also returns which drives which, (nodes, nodes) bool, row to column.
    """
    links = np.zeros((nodes, nodes), dtype=bool)
    for source in range(nodes):
        links[source, rng.choice(np.delete(np.arange(nodes), source), 2, replace=False)] = True
    linear = rng.random((nodes, nodes)) < 0.6
    states = np.zeros((samples + BURN_IN, nodes))
    noise = rng.standard_normal(states.shape)
    for t in range(1, len(states)):
        before = states[t - 1]
        curved = 0.6 * (np.square(np.clip(before, -2.5, 2.5)) - 1.0)
        driven = (links & linear).T @ np.clip(before, -4.0, 4.0) + (links & ~linear).T @ curved
        states[t] = 0.4 * before + 0.35 * driven + noise[t]
    return states[BURN_IN:], links
