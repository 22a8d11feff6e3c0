"""Normal scores: ranks mapped to a standard normal variable, whose correlation is finer than any grid."""

from functools import lru_cache

import numpy as np
from scipy.special import ndtri


def normal_scores(ranks: np.ndarray) -> np.ndarray:
    """Map ranks (N, T), 0 ... T - 1, each once, to zero-mean, unit-variance normal scores (N, T) float32."""
    return _levels(ranks.shape[1])[ranks]


@lru_cache(maxsize=64)
def _levels(count: int) -> np.ndarray:
    levels = ndtri((np.arange(count) + 0.5) / count)
    levels /= np.sqrt(np.mean(levels**2))
    return levels.astype(np.float32)
