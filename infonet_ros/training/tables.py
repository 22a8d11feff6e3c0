"""Two discrete variables: quantised sensors, encoders, modes, counts."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.training.dependence import Dependence, choose, uniform


class ProbabilityTable(Dependence):
    """A random table of joint probabilities, 2 to 24 levels each; its MI is an exact sum."""

    FEWEST_LEVELS, MOST_LEVELS = 2, 24

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        logarithms = rng.uniform(np.log(self.FEWEST_LEVELS), np.log(self.MOST_LEVELS), 2)
        rows, columns = (round(levels) for levels in np.exp(logarithms))
        tables = np.stack([self._table(rng, rows, columns) for _ in range(batch)])
        self._columns = columns
        self._joint = torch.from_numpy(tables / tables.sum(axis=(1, 2), keepdims=True))

    @staticmethod
    def _table(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
        """Unnormalised probabilities (rows, columns)."""
        if rng.random() < 0.4:  # no order: any level may go with any
            return rng.gamma(np.exp(rng.uniform(-2.5, 2.0)), size=(rows, columns)) + 1e-9
        # Quantised smooth dependence: a ridge along the diagonal or a wave, over uneven levels.
        x, y = (np.sort(rng.random(size)) for size in (rows, columns))
        ridge = x if rng.random() < 0.6 else 0.5 + 0.5 * np.sin(2.0 * np.pi * x * rng.uniform(0.5, 1.5))
        width = np.exp(rng.uniform(np.log(0.03), np.log(1.0)))
        floor = np.exp(rng.uniform(-9.0, -0.5))
        return (np.exp(-0.5 * ((ridge[:, None] - y) / width) ** 2) + floor) * rng.gamma(3.0, size=(rows, 1))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the third driver choose the cell, and the first two break the ties within it."""
        cell = choose(drivers[:, 2], self._joint.flatten(1).float())
        row, column = cell // self._columns, cell % self._columns
        return row + uniform(drivers[:, 0]), column + uniform(drivers[:, 1])

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum over the table."""
        joint = self._joint
        product = joint.sum(2, keepdim=True) * joint.sum(1, keepdim=True)
        return torch.xlogy(joint, joint / product).sum(dim=(1, 2)).float()
