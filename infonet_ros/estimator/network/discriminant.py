"""The discriminant, a table over the unit square of ranks: its values at samples, and its bound on a grid."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.network.counts import GRID


def hat_weights(ranks: Tensor, nodes: int = GRID) -> Tensor:
    """Spread each rank over its two neighbouring nodes.

    Nodes lie at the centres of the cells. Ranks beyond the outermost nodes are clamped to them, so each node receives
    an equal share of uniform ranks.

    Parameters
    ----------
    ranks : (...,) floating in (0, 1)

    Returns
    -------
    (..., nodes) floating
        Non-negative, sums to 1 over the nodes.
    """
    left, share = _neighbours(ranks, nodes)
    weights = torch.zeros(*ranks.shape, nodes, dtype=ranks.dtype, device=ranks.device)
    weights.scatter_(-1, left.unsqueeze(-1), (1.0 - share).unsqueeze(-1))
    return weights.scatter_(-1, left.unsqueeze(-1) + 1, share.unsqueeze(-1))


def read_table(table: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Read tables at samples, bilinearly.

    Parameters
    ----------
    table : (..., G, G)
    u, v : (..., T) floating in (0, 1)

    Returns
    -------
    (..., T)
    """
    nodes = table.shape[-1]
    return ((hat_weights(u, nodes) @ table) * hat_weights(v, nodes)).sum(dim=-1)


def spread_grids(u: Tensor, v: Tensor) -> Tensor:
    """Histogram pairs with bilinear weights, the adjoint of `read_table`.

    A look-up by bilinear weights is linear in the table: the mean of a table over samples is the inner product of the
    table with the samples' spread grid.

    Parameters
    ----------
    u, v : (M, T) floating in (0, 1)

    Returns
    -------
    (M, GRID, GRID) float32
        Densities on the unit square: the mean over the nodes is 1.
    """
    pairs, count = u.shape
    (row, down), (column, right) = _neighbours(u, GRID), _neighbours(v, GRID)
    corner = (torch.arange(pairs)[:, None] * GRID + row) * GRID + column
    grids = torch.zeros(pairs * GRID**2)
    for step, weight in (
        (0, (1.0 - down) * (1.0 - right)),
        (1, (1.0 - down) * right),
        (GRID, down * (1.0 - right)),
        (GRID + 1, down * right),
    ):
        grids.scatter_add_(0, (corner + step).flatten(), weight.flatten())
    return grids.view(pairs, GRID, GRID) * (GRID**2 / count)


def _neighbours(ranks: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Left neighbour of each rank among the nodes, int64, and the weight of the right one."""
    position = (ranks * nodes - 0.5).clamp(0.0, nodes - 1.0)
    left = position.detach().floor().clamp_max(nodes - 2.0)
    return left.long(), position - left


def donsker_varadhan(table: Tensor, grid: Tensor) -> Tensor:
    """Donsker-Varadhan bound of a table on the samples behind a grid, in nats (Hu et al. 2024, equation 3).

    ``E[theta] - log mean exp theta``: ranks are uniform, so the second term is a plain mean over the nodes, with no
    shuffled samples and no noise. By convexity of exp it is not below the integral of the bilinear reading, so the
    bound holds.

    Parameters
    ----------
    table, grid : (..., G, G)

    Returns
    -------
    (...,)
    """
    nodes = table.shape[-1] * table.shape[-2]
    expectation = (table * grid).mean(dim=(-2, -1))
    return expectation - (torch.logsumexp(table.flatten(-2), dim=-1) - np.log(nodes))
