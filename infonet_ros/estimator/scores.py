"""Normal scores: ranks mapped to a standard normal variable, whose correlation is finer than any grid."""

import numpy as np
from scipy.special import ndtri


def normal_scores(ranks: np.ndarray) -> np.ndarray:
    """Map ranks (N, T), 0 ... T - 1, each once, to zero-mean, unit-variance normal scores (N, T) float32."""
    count = ranks.shape[1]
    levels = ndtri((np.arange(count) + 0.5) / count)
    levels /= np.sqrt(np.mean(levels**2))
    return levels.astype(np.float32)[ranks]
