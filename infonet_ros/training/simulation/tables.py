"""Two discrete variables, and blocks with sharp edges: quantised sensors, encoders, modes, counts."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.training.simulation.dependence import Dependence, choose, uniform


class ProbabilityTable(Dependence):
    """A random table of joint probabilities (B, rows, columns), 2 to 24 levels each, without an order.

    They sum to 1 for each of the B distributions, and the MI is an exact sum.
    """

    FEWEST_LEVELS, MOST_LEVELS = 2, 24
    levelled = (True, True)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        logarithms = rng.uniform(np.log(self.FEWEST_LEVELS), np.log(self.MOST_LEVELS), 2)
        rows, columns = (round(levels) for levels in np.exp(logarithms))
        tables = np.stack([self._table(rng, rows, columns) for _ in range(batch)])
        self.joint = torch.from_numpy(tables / tables.sum(axis=(1, 2), keepdims=True))

    @staticmethod
    def _table(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
        """Unnormalised probabilities (rows, columns)."""
        return rng.gamma(np.exp(rng.uniform(-2.5, 2.0)), size=(rows, columns)) + 1e-9

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Let the third driver choose the cell, and the first two break the ties within it."""
        cell = choose(drivers[:, 2], self.joint.flatten(1).float())
        columns = self.joint.shape[2]
        row, column = cell // columns, cell % columns
        return row + uniform(drivers[:, 0]), column + uniform(drivers[:, 1])

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum over the table."""
        product = self.joint.sum(2, keepdim=True) * self.joint.sum(1, keepdim=True)
        return torch.xlogy(self.joint, self.joint / product).sum(dim=(1, 2)).float()


class Rounded(ProbabilityTable):
    """A smooth dependence in steps, up to those of a fine sensor: a ridge or a wave, over even or uneven levels."""

    MOST_LEVELS = 100

    @staticmethod
    def _table(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
        """Unnormalised probabilities (rows, columns)."""
        even = rng.random() < 0.5
        x, y = ((np.arange(size) + 0.5) / size if even else np.sort(rng.random(size)) for size in (rows, columns))
        ridge = x if rng.random() < 0.6 else 0.5 + 0.5 * np.sin(2.0 * np.pi * x * rng.uniform(0.5, 1.5))
        width = np.exp(rng.uniform(np.log(0.03), np.log(1.0)))
        floor = np.exp(rng.uniform(-9.0, 2.0))
        bell = np.exp(-0.5 * ((x[:, None] - 0.5) / rng.uniform(0.15, 1.0)) ** 2) * rng.gamma(3.0, size=(rows, 1))
        return (np.exp(-0.5 * ((ridge[:, None] - y) / width) ** 2) + floor) * bell


class Blocks(ProbabilityTable):
    """Cells of the square that are full or empty, over uneven or even levels: limits, modes, slots, switches."""

    @staticmethod
    def _table(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
        """Unnormalised probabilities (rows, columns)."""
        row, column = np.arange(rows)[:, None], np.arange(columns)
        concentration = float(rng.choice([2.0, 10.0, 50.0, 250.0]))
        high, wide = (rng.dirichlet(np.full(levels, concentration)) for levels in (rows, columns))
        kind = rng.integers(6)
        if kind == 0:  # any cell may be full
            full = rng.random((rows, columns)) < rng.uniform(0.15, 0.85)
        elif kind == 1:  # each level of one has a range of the other
            start = rng.integers(-1, columns, (rows, 1))
            start = np.sort(start, axis=0) if rng.random() < 0.7 else start
            full = (column >= start) & (column <= start + rng.integers(1, columns + 1))
        elif kind == 2:  # a pattern that moves by a step from level to level
            pattern = rng.random(columns) < rng.uniform(0.2, 0.8)
            full = pattern[(column - rng.integers(1, columns) * row) % columns]
        elif kind == 3:  # either of two patterns, by the level
            first, second = (rng.permutation(np.arange(levels) < rng.integers(1, levels)) for levels in (rows, columns))
            full = first[:, None] == second
        else:  # one level is a function of the other
            order = np.arange(columns) if rng.random() < 0.5 else rng.permutation(columns)
            full = column == order[(row * max(columns // rows, 1)) % columns]
        full = full | (~full.any(axis=1, keepdims=True) & (column == rng.integers(columns, size=(rows, 1))))
        if rng.random() < 0.3:
            high, wide = np.ones(rows), np.ones(columns)
        floor = 1e-9 if rng.random() < 0.7 else np.exp(rng.uniform(-6.0, -1.0))
        table = (full + floor) * wide
        return high[:, None] * table / table.sum(axis=1, keepdims=True)
