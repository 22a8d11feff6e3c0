"""Counts of pairs of ranks in the cells of the unit square.

Counting costs one addition for each sample of a pair at every resolution. So the counts are finer than the grid of the
network: the plug-in estimates from the finer cells show ridges that are narrower than a cell of this grid.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

BINS = 128  # of the counts, along each axis of the unit square
GRID = 64  # cells that the network sees, and nodes of its table
RESOLUTIONS = tuple(2**k for k in range(1, BINS.bit_length()))  # 2, 4, ... BINS cells along each axis
MOST_SAMPLES = 8192


def bins_of_ranks(ranks: np.ndarray) -> np.ndarray:
    """Return the bin of each sample, 0 ... BINS - 1, from ranks (N, T), each once in every channel: (N, T) uint8.

    Negating a stream mirrors its counts. A sample on the edge of two bins belongs to the bin nearer to the centre. The
    middle one of an odd number of samples lies on the centre. It belongs to the lower bin if the first sample is large,
    otherwise to the upper one.
    """
    count = ranks.shape[1]
    centres = 2 * np.arange(count) + 1  # of the ranks, in halves
    lower = centres * BINS // (2 * count)
    bins = np.where(centres <= count, lower, BINS - 1 - lower[::-1]).astype(np.uint8)[ranks]
    if count % 2:
        middle = ranks == count // 2
        first = np.where(middle[:, 0], ranks[:, 1], ranks[:, 0])
        bins[middle] -= first > count // 2
    return bins


def count_pairs(left: Tensor, right: Tensor, kind: torch.dtype = torch.uint8, bins: int = BINS) -> Tensor:
    """Count the samples of each pair in each of ``bins`` x ``bins`` cells: (M, bins, bins) of a ``kind``.

    ``left`` and ``right`` (M, T) uint8 are bins, see `bins_of_ranks`, or other cells below ``bins``. A byte is enough
    for bins: each holds an equal share of at most `MOST_SAMPLES`, and so does a bin of GRID.
    """
    starts = torch.arange(len(left), dtype=torch.int32, device=left.device) * bins**2
    cells = left.int().mul_(bins).add_(right).add_(starts[:, None]).flatten().long()
    counts = torch.zeros(len(left) * bins**2, dtype=kind, device=left.device)
    return counts.scatter_add_(0, cells, torch.ones_like(cells, dtype=kind)).view(-1, bins, bins)


def coarsen(cells: Tensor) -> Tensor:
    """Join cells two by two: (M, B, B) to (M, B / 2, B / 2); bytes become int16."""
    rows = cells[:, 0::2] + cells[:, 1::2]
    if rows.dtype == torch.uint8:  # neighbours are read together, which takes half the time
        two = rows.view(torch.int16)
        return (two & 255) + (two >> 8 & 255)
    return rows[:, :, 0::2] + rows[:, :, 1::2]


def coarsen_bytes(cells: Tensor) -> Tensor:
    """Join cells (M, B, B) as `coarsen` does, where a byte is enough for the result."""
    two = (cells[:, 0::2] + cells[:, 1::2]).view(torch.int16)  # neighbours in a row; the lower byte gets their sum
    return (two + (two >> 8)).to(torch.uint8)


def pyramid(counts: Tensor) -> dict[int, Tensor]:
    """Return counts (M, B, B) at their own and all coarser resolutions, by the number of cells along an axis."""
    levels = {counts.shape[1]: counts}
    while min(levels) > RESOLUTIONS[0]:
        levels[min(levels) // 2] = coarsen(levels[min(levels)])
    return levels


def log_densities(levels: Sequence[Tensor], unit: Tensor, most: int, kind: torch.dtype = torch.float32) -> Tensor:
    """Return ``log(1 + density)`` of the cells of all levels (M, ..., C) of counts together: (M, ..., sum of C).

    The units (M,) are densities of one sample in a cell of the first level, where counts are at most ``most``. The
    cells of each further level are four of the level before. Logarithms are looked up in a table: there are many more
    cells than values of a count.
    """
    densities, starts = _table_of_levels(tuple(one.shape[-1] for one in levels), most, unit.device)
    table = torch.log1p(densities * unit[:, None]).to(kind)
    places = torch.empty(*levels[0].shape[:-1], len(starts), dtype=torch.int32, device=unit.device)
    torch.cat(list(levels), dim=-1, out=places)
    pairs = torch.arange(0, table.numel(), len(densities), dtype=torch.int32, device=unit.device)
    places += starts
    places += pairs.view(-1, *(1,) * (places.ndim - 1))
    return table.flatten().index_select(0, places.flatten()).view(places.shape)


@cache
def _table_of_levels(sizes: tuple[int, ...], most: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the densities of all counts of levels of C cells, in units, and where those of each cell start."""
    limits = [(most << level) + 1 for level in range(len(sizes))]
    densities = torch.cat([torch.arange(limit) / 4.0**level for level, limit in enumerate(limits)])
    starts = torch.tensor([sum(limits[:level]) for level in range(len(sizes))], dtype=torch.int32)
    return densities.to(device), starts.repeat_interleave(torch.tensor(sizes)).to(device)
