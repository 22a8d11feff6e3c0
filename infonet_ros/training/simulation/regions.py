"""Regions of the plane with an even density: bands around curves, rings, lenses, bounded noise with sharp edges."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.training.simulation.dependence import Dependence, uniform

SLICES = 1024  # of equal probability along x
PLACES = 4096  # along x at which a region is drawn


class Region(Dependence):
    """Given x, y is even over one or two intervals, whose ends follow curves of x with jumps.

    A region is drawn as ``(B, SLICES, 2, 2)``: lower and upper ends of two intervals in each slice. The ends of the
    second are equal if it is missing. The MI is an exact sum over slices and ends.
    """

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        draw = self._lens if rng.random() < 0.3 else self._band
        ends = np.stack([draw(rng) for _ in range(batch)])
        self._low = torch.from_numpy(ends[..., 0])
        self._length = torch.from_numpy(ends[..., 1] - ends[..., 0])

    @staticmethod
    def _band(rng: np.random.Generator) -> np.ndarray:
        """Draw a band around a curve of one to seven pieces; half of the bands continue across the edges."""
        x = (np.arange(SLICES) + 0.5) / SLICES
        pieces = int(rng.integers(1, 8))
        starts = np.sort(np.append(0.0, rng.random(pieces - 1)))
        if rng.random() < 0.3:
            starts = (np.arange(pieces) + rng.uniform(0.0, 0.2, pieces)) / pieces
            starts[0] = 0.0
        piece = np.searchsorted(starts, x, side="right") - 1
        within = (x - starts[piece]) / np.diff(np.append(starts, 1.0))[piece]
        first, last = _joints(rng, pieces)
        bend = np.exp(rng.normal(0.0, 0.4 * rng.integers(2), pieces))[piece]
        centre = first[piece] + (last - first)[piece] * within**bend
        if rng.random() < 0.3:
            centre = np.sin(np.pi * (centre - 0.5)) / 2.0 + 0.5
        half = 0.5 * np.exp(rng.uniform(np.log(0.03), np.log(1.0))) * np.exp(rng.normal(0.0, 0.3) * x * rng.integers(2))
        if rng.random() < 0.5:
            return np.stack([np.stack([centre - half, centre + half], -1), np.zeros((SLICES, 2))], axis=1)
        low, high = (centre - half) % 1.0, (centre - half) % 1.0 + np.minimum(2.0 * half, 1.0)
        wrapped = np.maximum(high - 1.0, 0.0)
        return np.stack([np.stack([low, high - wrapped], -1), np.stack([np.zeros(SLICES), wrapped], -1)], axis=1)

    @staticmethod
    def _lens(rng: np.random.Generator) -> np.ndarray:
        """Draw the inside of a round or pointed outline, in most cases with a hole of the same shape."""
        x = np.linspace(-1.0, 1.0, PLACES + 2)[1:-1]
        inner, outer = np.exp(rng.uniform(np.log(0.7), np.log(4.0), 2))
        hole = rng.uniform(0.2, 0.97) * (rng.random() < 0.7)
        outline, missing = (
            np.maximum(scale**inner - np.abs(x) ** inner, 0.0) ** (1.0 / outer) for scale in (1.0, max(hole, 1e-9))
        )
        missing = np.minimum(missing, outline)
        share = np.cumsum(outline - missing) if rng.random() < 0.7 else np.arange(1.0, PLACES + 1)
        chosen = np.searchsorted(share, share[-1] * (np.arange(SLICES) + 0.5) / SLICES)
        outline, missing, x = outline[chosen], missing[chosen], x[chosen]
        middle = rng.normal(0.0, 0.5 * rng.integers(2)) * x
        below = np.stack([middle - outline, middle - missing], -1)
        above = np.stack([middle + missing, middle + outline], -1)
        return np.stack([below, above], axis=1)

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Drive x by the first stream, and the place within the intervals by the second."""
        x = uniform(drivers[:, 0])
        chosen = (x * SLICES).long()[..., None].expand(-1, -1, 2)
        low, length = self._low.gather(1, chosen), self._length.gather(1, chosen)
        place = uniform(drivers[:, 1]) * length.sum(dim=2)
        return x, torch.where(place < length[..., 0], low[..., 0] + place, low[..., 1] + place - length[..., 0]).float()

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the entropy of y, whose density is even between any two ends, less its mean entropy given x."""
        given = self._length.sum(dim=2)
        heights = (1.0 / (SLICES * given))[..., None].expand_as(self._low)
        ends = torch.cat([self._low, self._low + self._length], dim=1).flatten(1)
        ends, order = ends.sort(dim=1)
        steps = torch.cat([heights, -heights], dim=1).flatten(1).gather(1, order)
        density = steps.cumsum(dim=1)[:, :-1].clamp_min(0.0)
        entropy = -(torch.xlogy(density, density) * ends.diff(dim=1)).sum(dim=1)
        return (entropy - torch.log(given).mean(dim=1)).float()


def _joints(rng: np.random.Generator, pieces: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw where pieces start and end: joined, apart, or each over nearly the whole range, up or down."""
    kind = rng.integers(3)
    if kind == 0:  # each begins where the one before ends
        corners = rng.random(pieces + 1)
        if rng.random() < 0.5:
            corners = (np.arange(pieces + 1) + rng.integers(2)) % 2 + rng.uniform(-0.2, 0.2, pieces + 1)
        return corners[:-1], corners[1:]
    if kind == 1:
        return rng.random(pieces), rng.random(pieces)
    rises = rng.random(pieces) < rng.choice([0.5, 1.0])
    edge = rng.uniform(0.0, 0.2, (2, pieces))
    return np.where(rises, edge[0], 1.0 - edge[0]), np.where(rises, 1.0 - edge[1], edge[1])
