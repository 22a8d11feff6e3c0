"""The differentiable way from samples to what the network sees."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.grid import GRID, hat_weights
from infonet_ros.estimator.memory import autocorrelations, effective_samples
from infonet_ros.estimator.network import summarise
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.scores import normal_score_correlation

SOFT_RANK_WIDTH = 0.1  # of the logistic kernel, in standard deviations: wide enough to see neighbours at T = 100


def soft_grids(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Grids (B, G, G) and summaries (B, 4) of pairs (B, T), with the gradients of soft ranks."""
    count = x.shape[1]
    u, memory_u = _soft_ranks(x)
    v, memory_v = _soft_ranks(y)
    pairs = [effective_samples(a[None], b[None], count)[0, 0] for a, b in zip(memory_u, memory_v, strict=True)]
    grids = torch.bmm(hat_weights(u).transpose(1, 2), hat_weights(v)) * (GRID * GRID / count)
    samples, effective = torch.full_like(u[:, 0], float(count)), torch.tensor(np.array(pairs), device=u.device)
    return grids, summarise(samples, effective, normal_score_correlation(u, v))


def _soft_ranks(values: Tensor) -> tuple[Tensor, np.ndarray]:
    """Return exact ranks (B, T) whose gradient is that of a kernel estimate of the distribution function, and memory.

    A straight-through estimator: the value is what `InfoNet.estimate` uses, only the gradient is smoothed.
    """
    channels = values.detach().cpu().double().numpy()
    ranks = Ordering.from_channels(channels, seed=0).ranks()
    exact = torch.from_numpy(ranks).to(values.device)
    values = values.float()
    width = SOFT_RANK_WIDTH * values.detach().std(dim=1, keepdim=True).clamp_min(1e-30)
    scaled = values / width
    smooth = torch.sigmoid(scaled.unsqueeze(2) - scaled.unsqueeze(1)).mean(dim=2)
    return exact + smooth - smooth.detach(), autocorrelations(ranks)
