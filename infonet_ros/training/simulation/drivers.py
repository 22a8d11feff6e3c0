"""Drivers: standard normal streams for all simulated dependences, evenly spread, independent, or autocorrelated."""

import numpy as np
import torch
from scipy.signal import lfilter
from scipy.special import ndtri
from scipy.stats import qmc
from torch import Tensor

from infonet_ros.estimator.network.quantiles import TRAINED_EFFECTIVE

DRIVERS = 5  # streams that a dependence may use: two for its noise, one to choose a component, two to spare
FRESH = 8192  # points on which the truth and the bound are judged
SETS = 32  # scrambled point sets to choose from
MEMORYLESS = 0.5  # share of batches of streams with independent samples


class EvenDrivers:
    """Scrambled Sobol points, (B, 5, 8192): means over them are several times more exact than over random points."""

    def __init__(self, seed: int) -> None:
        points = [qmc.Sobol(DRIVERS, seed=seed + k).random(FRESH) for k in range(SETS)]
        clipped = np.clip(np.stack(points), 1e-7, 1.0 - 1e-7)
        self._sets = torch.from_numpy(ndtri(clipped).astype(np.float32).transpose(0, 2, 1).copy())

    def draw(self, rng: np.random.Generator, batch: int) -> Tensor:
        """Choose a point set for each of ``batch`` examples."""
        return self._sets[torch.from_numpy(rng.integers(SETS, size=batch))]


def independent_drivers(rng: np.random.Generator, batch: int, count: int) -> Tensor:
    """Return independent samples, (batch, 5, count)."""
    return torch.from_numpy(rng.standard_normal((batch, DRIVERS, count), dtype=np.float32))


def remembering_drivers(rng: np.random.Generator, batch: int, count: int) -> Tensor:
    """Return stationary autocorrelated streams, (batch, 5, count), as sensors give them.

    First-order autoregressive, or second-order with a resonance; each driver has its own memory, up to that which
    leaves a dozen independent samples.
    """
    streams = np.empty((batch, DRIVERS, count), dtype=np.float32)
    longest = np.log(count / TRAINED_EFFECTIVE)
    for example in streams:
        shared = rng.uniform(0.0, longest)
        for stream in example:
            inflation = np.exp(shared if rng.random() < 0.5 else rng.uniform(0.0, longest))
            stream[:] = _autoregression(rng, count, inflation, resonant=rng.random() < 0.25)
    return torch.from_numpy(streams)


def draw_drivers(rng: np.random.Generator, batch: int, count: int) -> Tensor:
    """Return streams (batch, 5, count), half of the times independent samples, and otherwise autocorrelated ones."""
    make = independent_drivers if rng.random() < MEMORYLESS else remembering_drivers
    return make(rng, batch, count)


def _autoregression(rng: np.random.Generator, count: int, inflation: float, resonant: bool) -> np.ndarray:
    """Unit-variance stream whose square-summed autocorrelation is about ``inflation``."""
    radius = np.sqrt((inflation - 1.0) / (inflation + 1.0))
    first, second = radius, 0.0
    if resonant:
        first, second = 2.0 * radius * np.cos(rng.uniform(0.05, 1.5)), -(radius**2)
    variance = (1.0 - second) / ((1.0 + second) * ((1.0 - second) ** 2 - first**2))
    burn_in = min(int(10.0 * inflation) + 10, 8 * count)
    noise = rng.standard_normal(count + burn_in) / np.sqrt(variance)
    return lfilter([1.0], [1.0, -first, -second], noise)[burn_in:]
