"""Normal scores: ranks mapped to a standard normal variable, whose correlation is finer than any grid."""

import torch
from torch import Tensor


def normal_scores(ranks: Tensor) -> Tensor:
    """Map ranks (..., T) to zero-mean, unit-variance normal scores (..., T)."""
    scores = torch.special.ndtri(ranks)
    scores = scores - scores.mean(dim=-1, keepdim=True)
    return scores / scores.square().mean(dim=-1, keepdim=True).sqrt()


def normal_score_correlation(u: Tensor, v: Tensor) -> Tensor:
    """Correlation (...,) of the normal scores of ranks u and v, each (..., T)."""
    return (normal_scores(u) * normal_scores(v)).mean(dim=-1)
