"""Normal scores: ranks mapped to a standard normal variable, whose correlation is finer than any grid."""

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor


def normal_scores(ranks: np.ndarray) -> np.ndarray:
    """Map ranks (N, T), each of ``(1/2 ... T - 1/2) / T`` once, to zero-mean, unit-variance normal scores (N, T)."""
    count = ranks.shape[1]
    levels = ndtri((np.arange(count) + 0.5) / count)
    levels /= np.sqrt(np.mean(levels**2))
    return levels.astype(np.float32)[(ranks * count).astype(np.int64)]


def normal_score_correlation(u: Tensor, v: Tensor) -> Tensor:
    """Correlation (...,) of the normal scores of ranks u and v, each (..., T), differentiably."""
    return (_standardised(u) * _standardised(v)).mean(dim=-1)


def _standardised(ranks: Tensor) -> Tensor:
    scores = torch.special.ndtri(ranks)
    scores = scores - scores.mean(dim=-1, keepdim=True)
    return scores / scores.square().mean(dim=-1, keepdim=True).sqrt()
