"""Pair grids: how many samples fall into each cell of the unit square of ranks, and tables read over that square.

Counting costs one addition for each sample of a pair, whatever the resolution, so the counts are finer than what the
network is shown: their plug-in estimates at all coarser resolutions tell it of ridges that no cell of its grid can.
"""

import numpy as np
import torch
from torch import Tensor

BINS = 128  # of the counts, along each axis of the unit square
COUNTED_AT_ONCE = 16  # pairs: their counts stay in the processor's cache
GRID = 64  # cells that the network sees, and nodes of its table
RESOLUTIONS = tuple(2**k for k in range(1, BINS.bit_length()))  # of the plug-in estimates: 2, 4, ... BINS


def bins_of_ranks(count: int) -> np.ndarray:
    """Bin of each rank of ``count`` samples, (count,) uint8 in 0 ... BINS - 1.

    A sample on the edge of two bins belongs to the one nearer to the centre, so that negating a stream mirrors its
    counts, all but the middle sample of an odd number.
    """
    ranks = np.arange(count)
    lower = (2 * ranks + 1) * BINS // (2 * count)
    return np.where(2 * ranks + 1 <= count, lower, BINS - 1 - lower[::-1]).astype(np.uint8)


def count_pairs(left: Tensor, right: Tensor) -> Tensor:
    """Count the samples of each pair in each of BINS x BINS cells.

    Parameters
    ----------
    left, right : (M, T) uint8
        Bins of the samples, see `bins_of_ranks`.

    Returns
    -------
    (M, BINS, BINS) int32
    """
    if left.device.type != "cpu":
        return torch.bincount(_cells(left, right), minlength=len(left) * BINS**2).int().view(-1, BINS, BINS)
    counts = torch.empty(len(left), BINS, BINS, dtype=torch.int32)
    for start in range(0, len(left), COUNTED_AT_ONCE):
        span = slice(start, start + COUNTED_AT_ONCE)
        part = counts[span]
        # numpy counts several times faster than torch does on a processor
        found = np.bincount(_cells(left[span], right[span]).numpy(), minlength=part.numel())
        part.copy_(torch.from_numpy(found).view_as(part))
    return counts


def _cells(left: Tensor, right: Tensor) -> Tensor:
    """Return the number of the cell of each sample, over all pairs: bins (M, T) uint8 to (M * T,) int64."""
    pairs = torch.arange(len(left), device=left.device)
    return (pairs[:, None] * BINS + left).mul_(BINS).add_(right).flatten()


def coarsen(counts: Tensor) -> Tensor:
    """Join cells two by two: (M, B, B) to (M, B / 2, B / 2)."""
    rows = counts[:, 0::2] + counts[:, 1::2]
    return rows[:, :, 0::2] + rows[:, :, 1::2]


def observe_counts(counts: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Return what the network is shown of counts: a grid, and the plug-in estimates at all resolutions.

    The plug-in estimate of the MI from g x g cells is ``sum (n / T) log (n g^2 / T)``, since ranks are uniform. It is
    too small where a ridge is finer than a cell, and too large where cells hold few samples; the network learns how
    much from how the estimate grows with g.

    Parameters
    ----------
    counts : (M, BINS, BINS) int32
        From `count_pairs`.
    samples : int
        T, the number of samples counted.

    Returns
    -------
    grids : (M, GRID, GRID) float32
        Densities on the unit square: the mean is 1.
    plug_ins : (M, len(RESOLUTIONS)) float32
        From the coarsest to the finest, nats.
    """
    numbers = torch.arange(samples + 1, dtype=torch.float32, device=counts.device)
    weights = torch.xlogy(numbers, numbers)
    plug_ins = []
    grids = counts
    for cells in reversed(RESOLUTIONS):
        if cells == GRID:
            grids = counts.float() * (GRID * GRID / samples)
        sums = weights.index_select(0, counts.flatten()).view(len(counts), -1).sum(dim=1)
        plug_ins.append(sums / samples + np.log(cells * cells / samples))
        counts = coarsen(counts)
    return grids, torch.stack(plug_ins[::-1], dim=1)


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


def spread_grids(u: Tensor, v: Tensor, nodes: int = GRID) -> Tensor:
    """Histogram pairs with bilinear weights, the adjoint of `read_table`.

    A look-up by bilinear weights is linear in the table: the mean of a table over samples is the inner product of the
    table with the samples' spread grid.

    Parameters
    ----------
    u, v : (M, T) floating in (0, 1)

    Returns
    -------
    (M, nodes, nodes) float32
        Densities on the unit square: the mean over the nodes is 1.
    """
    pairs, count = u.shape
    (row, down), (column, right) = _neighbours(u, nodes), _neighbours(v, nodes)
    corner = (torch.arange(pairs)[:, None] * nodes + row) * nodes + column
    grids = torch.zeros(pairs * nodes * nodes)
    for step, weight in (
        (0, (1.0 - down) * (1.0 - right)),
        (1, (1.0 - down) * right),
        (nodes, down * (1.0 - right)),
        (nodes + 1, down * right),
    ):
        grids.scatter_add_(0, (corner + step).flatten(), weight.flatten())
    return grids.view(pairs, nodes, nodes) * (nodes * nodes / count)


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
