"""Canonical orientation: turn every grid the same way up, so that the network need learn only one of eight.

The mutual information stays the same when a stream is negated or the two are exchanged. Instead of asking the network
to learn it, the grid is flipped and transposed to the orientation with the largest overlap with a fixed pattern, and
the table that comes back is turned the opposite way.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

ORIENTATIONS = 8  # bit 0: flip u, bit 1: flip v, bit 2: transpose (after the flips)


class Symmetry(nn.Module):
    """The eight orientations of a grid of G x G nodes, as look-ups."""

    _turns: Tensor
    _back: Tensor
    _patterns: Tensor

    def __init__(self, nodes: int) -> None:
        super().__init__()
        turns = torch.stack([_turn(torch.arange(nodes * nodes).view(nodes, nodes), k) for k in range(ORIENTATIONS)])
        turns = turns.flatten(1)
        axis = (torch.arange(nodes, dtype=torch.float32) + 0.5) / nodes * 2.0 - 1.0
        u, v = axis[:, None], axis[None, :]
        # Correlation first; the odd terms decide where it vanishes (parabolas), the last tells u from v.
        pattern = (u * v + 0.61 * u**2 * v + 0.37 * u * v**2 + 0.23 * u**3 * v).flatten()
        back = turns.argsort(dim=1)
        self.register_buffer("_turns", turns, persistent=False)
        self.register_buffer("_back", back, persistent=False)
        self.register_buffer("_patterns", pattern[back], persistent=False)

    def canonical(self, grids: Tensor) -> Tensor:
        """Orientation (M,) of largest overlap with the pattern, for grids (M, G, G)."""
        return functional.linear(grids.detach().flatten(1), self._patterns.to(grids.dtype)).argmax(dim=1)

    def orient(self, grids: Tensor, orientation: Tensor) -> Tensor:
        """Flip, then transpose: grids (M, ..., G, G), orientation (M,) in 0 ... 7."""
        return _taken(grids, self._turns[orientation])

    def restore(self, tables: Tensor, orientation: Tensor) -> Tensor:
        """Undo `orient`: tables (M, ..., G, G), orientation (M,)."""
        return _taken(tables, self._back[orientation])


def _taken(grids: Tensor, places: Tensor) -> Tensor:
    """Nodes of grids (M, ..., G, G) at places (M, G * G)."""
    flat = grids.flatten(-2)
    places = places.view(len(places), *[1] * (flat.ndim - 2), -1)
    return flat.gather(-1, places.expand_as(flat)).view_as(grids)


def _turn(grid: Tensor, orientation: int) -> Tensor:
    flips = [axis for axis in (0, 1) if orientation >> axis & 1]
    turned = grid.flip(flips) if flips else grid
    return turned.T if orientation >> 2 else turned
