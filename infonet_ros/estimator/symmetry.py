"""Canonical orientation: turn every grid the same way up, so that the network need learn only one of eight.

The mutual information stays the same when a stream is negated or the two are exchanged. Instead of asking the network
to learn it, the grid is flipped and transposed to the orientation with the largest overlap with a fixed pattern, and
the table that comes back is turned the opposite way.
"""

import torch
from torch import Tensor

ORIENTATIONS = 8  # bit 0: flip u, bit 1: flip v, bit 2: transpose (after the flips)


def orient(grids: Tensor, orientation: Tensor) -> Tensor:
    """Flip, then transpose: grids (M, G, G), orientation (M,) in 0 ... 7."""
    grids = torch.where(_bit(orientation, 0), grids.flip(-2), grids)
    grids = torch.where(_bit(orientation, 1), grids.flip(-1), grids)
    return torch.where(_bit(orientation, 2), grids.transpose(-2, -1), grids)


def restore(tables: Tensor, orientation: Tensor) -> Tensor:
    """Undo `orient`: tables (M, G, G), orientation (M,)."""
    tables = torch.where(_bit(orientation, 2), tables.transpose(-2, -1), tables)
    tables = torch.where(_bit(orientation, 1), tables.flip(-1), tables)
    return torch.where(_bit(orientation, 0), tables.flip(-2), tables)


def canonical_orientation(grids: Tensor) -> Tensor:
    """Orientation (M,) of largest overlap with the pattern, for grids (M, G, G)."""
    nodes = grids.shape[-1]
    patterns = _patterns(nodes).to(grids)
    return (grids.detach().flatten(1) @ patterns.T).argmax(dim=1)


def _patterns(nodes: int) -> Tensor:
    """Return the pattern as seen from each orientation, (8, G * G)."""
    axis = (torch.arange(nodes, dtype=torch.float64) + 0.5) / nodes * 2.0 - 1.0
    u, v = axis[:, None], axis[None, :]
    # Correlation first; the odd terms decide where it vanishes (parabolas), the last tells u from v.
    pattern = u * v + 0.61 * u**2 * v + 0.37 * u * v**2 + 0.23 * u**3 * v
    turned = [restore(pattern[None], torch.tensor([k])) for k in range(ORIENTATIONS)]
    return torch.cat(turned).flatten(1)


def _bit(orientation: Tensor, bit: int) -> Tensor:
    return ((orientation >> bit) & 1).bool()[:, None, None]
