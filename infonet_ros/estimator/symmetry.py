"""Canonical orientation: turn every grid the same way up, so that the network need learn only one of eight.

The mutual information stays the same when a stream is negated or the two are exchanged. Instead of asking the network
to learn it, the grid is flipped and transposed to the orientation with the largest overlap with a fixed pattern, and
the table that comes back is turned the opposite way.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

ORIENTATIONS = 8  # bit 0: flip u, bit 1: flip v, bit 2: transpose (after the flips)


class Symmetry(nn.Module):
    """The pattern that tells which way up a grid of G x G cells is."""

    _patterns: Tensor

    def __init__(self, cells: int) -> None:
        super().__init__()
        axis = (torch.arange(cells, dtype=torch.float32) + 0.5) / cells * 2.0 - 1.0
        u, v = axis[:, None], axis[None, :]
        # Correlation first; the odd terms decide where it vanishes (parabolas), the last tells u from v.
        pattern = u * v + 0.61 * u**2 * v + 0.37 * u * v**2 + 0.23 * u**3 * v
        patterns = torch.stack([_turned_back(pattern, orientation) for orientation in range(ORIENTATIONS)])
        self.register_buffer("_patterns", patterns.flatten(1), persistent=False)

    def canonical(self, grids: Tensor) -> Tensor:
        """Orientation (M,) of largest overlap with the pattern, for grids (M, G, G) of any type."""
        return functional.linear(grids.flatten(1).to(self._patterns.dtype), self._patterns).argmax(dim=1)


def orient(grids: Tensor, orientation: Tensor) -> Tensor:
    """Flip, then transpose: grids (M, ..., G, G), orientation (M,) in 0 ... 7."""
    return _each(_turned, grids, orientation)


def restore(tables: Tensor, orientation: Tensor) -> Tensor:
    """Undo `orient`: tables (M, ..., G, G), orientation (M,)."""
    return _each(_turned_back, tables, orientation)


def _each(turn: Callable[[Tensor, int], Tensor], grids: Tensor, orientation: Tensor) -> Tensor:
    """Turn those of one orientation together: to look up every cell by itself takes several times longer."""
    order = orientation.argsort()
    groups = grids.index_select(0, order).split(torch.bincount(orientation, minlength=ORIENTATIONS).tolist())
    turned = torch.cat([turn(group, number) for number, group in enumerate(groups)])
    return turned.index_select(0, order.argsort())


def _turned(grids: Tensor, orientation: int) -> Tensor:
    flipped = grids.flip(_flips(orientation))
    return flipped.mT if orientation >> 2 else flipped


def _turned_back(grids: Tensor, orientation: int) -> Tensor:
    return (grids.mT if orientation >> 2 else grids).flip(_flips(orientation))


def _flips(orientation: int) -> list[int]:
    return [axis - 2 for axis in (0, 1) if orientation >> axis & 1]
