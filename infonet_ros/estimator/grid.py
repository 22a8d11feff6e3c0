"""Pair grids: two-dimensional histograms of ranks with bilinear weights, and tables read with the same weights.

A look-up by bilinear weights is linear in the table. So the mean of a table over samples is the inner product of the
table with the samples' grid, and one grid serves both as the network's input and as the first term of the bound.
"""

import torch
from torch import Tensor

GRID = 32  # nodes along each axis of the unit square, at the centres of as many cells


def hat_weights(ranks: Tensor, nodes: int = GRID) -> Tensor:
    """Spread each rank over its two neighbouring nodes.

    Nodes lie at the centres of the cells and ranks beyond the outermost are clamped to them; so every node stands for
    an equal share of uniform ranks.

    Parameters
    ----------
    ranks : (...,) floating in (0, 1)

    Returns
    -------
    (..., nodes) floating
        Non-negative, sums to 1 over the nodes.
    """
    position = (ranks * nodes - 0.5).clamp(0.0, nodes - 1.0)
    left = position.detach().floor().clamp_max(nodes - 2.0)
    share = position - left
    index = left.long().unsqueeze(-1)
    weights = torch.zeros(*ranks.shape, nodes, dtype=ranks.dtype, device=ranks.device)
    weights.scatter_(-1, index, (1.0 - share).unsqueeze(-1))
    return weights.scatter_(-1, index + 1, share.unsqueeze(-1))


def pair_grids(left: Tensor, right: Tensor) -> Tensor:
    """Histogram every pair of channels by one matrix product.

    Parameters
    ----------
    left : (T, P, G)
    right : (T, Q, G)
        From `hat_weights`.

    Returns
    -------
    (P, Q, G, G)
        Densities on the unit square: the mean over the nodes is 1.
    """
    count, rows, nodes = left.shape
    columns = right.shape[1]
    product = left.reshape(count, -1).T @ right.reshape(count, -1)
    return product.view(rows, nodes, columns, nodes).transpose(1, 2) * (nodes * nodes / count)


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
    return expectation - (torch.logsumexp(table.flatten(-2), dim=-1) - torch.log(torch.tensor(float(nodes))))
