"""Canonical orientation of grids: the network need learn only one of the eight orientations.

The mutual information does not change if a stream is negated or the two are exchanged. The network need not learn this:
each grid is flipped and transposed to the orientation that overlaps most with a fixed pattern, and the table of the
network is turned back.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

ORIENTATIONS = 8  # bit 0: flip u, bit 1: flip v, bit 2: transpose (after the flips)
STEPS = 1024  # of the patterns between 0 and 1; sums over all samples stay below 2^24


class Symmetry(nn.Module):
    """The patterns that define the orientation of grids of these sizes, the finest first."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        for number, cells in enumerate(sizes):
            self.register_buffer(f"_patterns{number}", _patterns(cells), persistent=False)

    def canonical(self, *grids: Tensor) -> Tensor:
        """Orientation (M,) of largest overlap with the first pattern, for grids (M, G, G) of any type.

        If several overlap equally, the second pattern decides, then the second grid: a coarse grid can be symmetric
        while its finer grid is not. Sums of whole numbers are exact in every order, so equal overlaps are found equal.
        """
        best = grids[0].new_ones(len(grids[0]), ORIENTATIONS, dtype=torch.bool)
        for number, maps in enumerate(grids):
            for patterns in self.get_buffer(f"_patterns{number}").split(ORIENTATIONS):
                overlap = functional.linear(maps.flatten(1).to(patterns.dtype), patterns)
                among_best = overlap.masked_fill_(~best, -torch.inf)
                best = among_best == among_best.amax(dim=1, keepdim=True)
                if best.sum() == len(best):  # one of each grid, nearly always after the first pattern
                    return best.int().argmax(dim=1)
        return best.int().argmax(dim=1)


def _patterns(cells: int) -> Tensor:
    """Two patterns of whole numbers, each in its eight orientations, (2 * ORIENTATIONS, cells * cells) float32."""
    axis = (np.arange(cells) + 0.5) / cells * 2.0 - 1.0
    u, v = axis[:, None], axis[None, :]
    # Correlation first; the odd terms decide where it vanishes (parabolas), the last distinguishes u from v.
    slopes = (STEPS * (u * v + 0.61 * u**2 * v + 0.37 * u * v**2 + 0.23 * u**3 * v)).round()
    scattered = np.arange(cells**2).reshape(cells, cells) ** 3 % 65537 % STEPS  # as good as random
    patterns = [torch.from_numpy(pattern.astype(np.float32)) for pattern in (slopes, scattered)]
    return torch.stack([_turned_back(pattern, k).flatten() for pattern in patterns for k in range(ORIENTATIONS)])


def orient(grids: Tensor, orientation: Tensor) -> Tensor:
    """Flip, then transpose: grids (M, ..., G, G), orientation (M,) in 0 ... 7."""
    return _each(_turned, grids, orientation)


def restore(tables: Tensor, orientation: Tensor) -> Tensor:
    """Undo `orient`: tables (M, ..., G, G), orientation (M,)."""
    return _each(_turned_back, tables, orientation)


def _each(turn: Callable[[Tensor, int], Tensor], grids: Tensor, orientation: Tensor) -> Tensor:
    """Turn all grids of one orientation together: an index of every cell would be larger than the grids."""
    numbers = orientation.tolist()
    if len(present := sorted(set(numbers))) == 1:
        return turn(grids, present[0]).contiguous()
    order = orientation.argsort()
    groups = grids.index_select(0, order).split([numbers.count(number) for number in present])
    turned = torch.cat([turn(group, number) for number, group in zip(present, groups, strict=True)])
    return turned.index_select(0, order.argsort())


def _turned(grids: Tensor, orientation: int) -> Tensor:
    flipped = grids.flip(_flips(orientation))
    return flipped.mT if orientation >> 2 else flipped


def _turned_back(grids: Tensor, orientation: int) -> Tensor:
    return (grids.mT if orientation >> 2 else grids).flip(_flips(orientation))


def _flips(orientation: int) -> list[int]:
    return [axis - 2 for axis in (0, 1) if orientation >> axis & 1]
