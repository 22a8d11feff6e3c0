"""Estimates of all pairs, of which some are replaced by better ones."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.estimator.results import LaggedEstimate


@dataclass(frozen=True, eq=False)
class PairEstimates:
    """The measures of a matrix, (N, N) each, that come from one estimate of a pair; symmetric."""

    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    samples: np.ndarray

    @classmethod
    def copied(cls, matrix: DependenceMatrix) -> "PairEstimates":
        """Copy those of a matrix."""
        return cls(*(getattr(matrix, field.name).copy() for field in fields(cls)))

    def put(self, pair: tuple[int, int], found: LaggedEstimate, place: int = 0) -> None:
        """Replace the estimate of a pair by the one at number ``place`` of some lags."""
        for name, square in vars(self).items():
            square[pair] = square[pair[::-1]] = getattr(found, name)[place]

    def into(self, matrix: DependenceMatrix, **others: Any) -> DependenceMatrix:
        """Return a matrix with these estimates, and with ``others`` of its fields replaced."""
        return replace(matrix, **vars(self), **others)
