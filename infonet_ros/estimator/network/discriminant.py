"""The discriminant, a table over the unit square of ranks: its values at samples, and its bound on a grid."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.network.counts import GRID


def hat_weights(ranks: Tensor, nodes: int = GRID) -> Tensor:
    """Spread ranks (...), between 0 and 1, over their two neighbouring nodes: (..., nodes), with the sum 1.

    Nodes lie at the centres of the cells. Ranks beyond the outermost nodes are clamped to them, so each node receives
    an equal share of uniform ranks.
    """
    left, share = _neighbours(ranks, nodes)
    weights = torch.zeros(*ranks.shape, nodes, dtype=ranks.dtype, device=ranks.device)
    weights.scatter_(-1, left.unsqueeze(-1), (1.0 - share).unsqueeze(-1))
    return weights.scatter_(-1, left.unsqueeze(-1) + 1, share.unsqueeze(-1))


def read_table(table: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Read tables (..., G, G) bilinearly at samples u, v (..., T) between 0 and 1: (..., T)."""
    nodes = table.shape[-1]
    return ((hat_weights(u, nodes) @ table) * hat_weights(v, nodes)).sum(dim=-1)


def spread_grids(u: Tensor, v: Tensor) -> Tensor:
    """Histogram pairs u, v (M, T), between 0 and 1, with bilinear weights: (M, GRID, GRID) float32 of the mean 1.

    This is the adjoint of `read_table`. A look-up by bilinear weights is linear in the table: the mean of a table over
    samples is the inner product of the table with the samples' spread grid.
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
    """Return the Donsker-Varadhan bound of tables (..., G, G) on the samples behind grids of that shape: (...), nats.

    ``E[theta] - log mean exp theta`` (Hu et al. 2024, equation 3): ranks are uniform, so the second term is a plain
    mean over the nodes, with no shuffled samples and no noise. By convexity of exp it is not below the integral of the
    bilinear reading, so the bound holds.
    """
    nodes = table.shape[-1] * table.shape[-2]
    expectation = (table * grid).mean(dim=(-2, -1))
    return expectation - (torch.logsumexp(table.flatten(-2), dim=-1) - np.log(nodes))
