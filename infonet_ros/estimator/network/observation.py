"""The input of the network: counts, plug-in estimates and a summary of each pair."""

from dataclasses import dataclass, fields
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from infonet_ros.estimator.network.counts import GRID, MOST_SAMPLES, RESOLUTIONS
from infonet_ros.estimator.network.plug_ins import (
    LOCAL_RESOLUTIONS,
    TILES,
    coarse_plug_ins,
    local_plug_ins,
    sums_by_tile,
    unbiased_plug_ins,
    unbiased_sums_of_levels,
)

TRAINED_SAMPLES = (64, MOST_SAMPLES)
SUMMARIES = 4 + len(RESOLUTIONS)
TYPICAL = 7.0  # logarithm of the number of samples of a usual window; the networks see how far that of T is from it

Kind = TypeVar("Kind", bound="Input")


@dataclass(frozen=True, eq=False)
class Input:
    """Tensors (M, ...) of M pairs, the input of a network."""

    def __len__(self) -> int:
        return len(self._parts()[0])

    def padded(self: Kind, pairs: int) -> Kind:
        """Append zeros up to so many pairs."""
        more = pairs - len(self)
        if not more:
            return self
        return type(self)(*(functional.pad(part, (0, 0) * (part.ndim - 1) + (0, more)) for part in self._parts()))

    def _parts(self) -> list[Tensor]:
        return [getattr(self, field.name) for field in fields(self)]


class Measurements(NamedTuple):
    """Measurements of M pairs, from which their `Observation` is computed.

    ``levels`` are the counts of `counts.pyramid` by the number of cells, GRID and fewer; ``fine`` (M, TILES, TILES)
    are local plug-in estimates from finer cells, and ``finest`` (M,) unbiased sums over the finest, or (0,) for no
    ladder. ``samples``, ``effective`` and ``correlation`` (M,) are as in `summarise`, ``by_level`` (M, 3) as in
    `Observation`.
    """

    levels: dict[int, Tensor]
    fine: Tensor
    finest: Tensor
    samples: Tensor
    effective: Tensor
    correlation: Tensor
    by_level: Tensor


@dataclass(frozen=True, eq=False)
class Observation(Input):
    """The network's input for M pairs."""

    counts: Tensor  # (M, GRID, GRID) uint8: samples in each cell of the unit square of ranks
    unit: Tensor  # (M,) float32: density of one sample alone in its cell; that of the counts has the mean 1
    local: Tensor
    """(M, len(LOCAL_RESOLUTIONS), TILES, TILES) float32: plug-in estimates of the MI tile by tile, at growing
    resolutions; the mean is the estimate of the whole."""
    summary: Tensor  # (M, SUMMARIES) float32: numbers that are not in the grid, see `summarise`
    ladder: Tensor
    """(M, len(RESOLUTIONS)) float32: plug-in estimates of the whole from the coarsest cells to the finest, see
    `plug_ins.unbiased_plug_ins`. Only a readout needs them and ``by_level``, and they take a tenth of the time: (M, 0)
    if they were not requested."""
    by_level: Tensor
    """(M, 3) float32: the plug-in estimate from cells that are values where a stream has few, see `Levels`. Then the
    logarithm of the number of values of each stream, as the probability of two equal samples gives it; larger one
    first."""

    @property
    def effective(self) -> Tensor:
        """The effective number of samples of each pair, (M,)."""
        return torch.exp(self.summary[:, 0] + TYPICAL + self.summary[:, 1])

    @classmethod
    def of(cls, found: Measurements) -> "Observation":
        """Make the input from what was measured of the pairs."""
        levels, samples = found.levels, found.samples
        sums = {cells: sums_by_tile(levels[cells]) for cells in LOCAL_RESOLUTIONS if cells in levels}
        local = torch.cat([local_plug_ins(sums, levels[TILES], samples), found.fine.unsqueeze(1)], dim=1)
        whole = torch.cat([coarse_plug_ins(levels, samples), local.mean(dim=(2, 3))], dim=1)
        ladder = samples.new_empty(len(samples), 0)
        if len(found.finest):
            unbiased = torch.cat([unbiased_sums_of_levels(levels), found.finest[:, None]], dim=1)
            ladder = unbiased_plug_ins(unbiased, samples)
        return cls(
            counts=levels[GRID],
            unit=GRID**2 / samples,
            local=local,
            summary=summarise(samples, found.effective, found.correlation, whole),
            ladder=ladder,
            by_level=found.by_level,
        )


def summarise(samples: Tensor, effective: Tensor, correlation: Tensor, plug_ins: Tensor) -> Tensor:
    """Combine the numbers of pairs that are not in the grid or the tiles: (M, SUMMARIES).

    ``samples`` (M,) are T, within `TRAINED_SAMPLES`, ``effective`` (M,) those of `effective_samples`, ``correlation``
    (M,) that of the normal scores of the ranks, and ``plug_ins`` (M, len(RESOLUTIONS)) the estimates of the whole from
    the coarsest cells to the finest.
    """
    numbers = [torch.log(samples) - TYPICAL, torch.log(effective / samples), *correlation_numbers(correlation)]
    return torch.cat([torch.stack(numbers, dim=-1), plug_ins], dim=-1)


def correlation_numbers(correlation: Tensor) -> tuple[Tensor, Tensor]:
    """Return the size of a correlation (M,), and the MI of Gaussians with it, (M,) each."""
    squared = correlation.square().clamp_max(1.0 - 1e-6)
    return squared.sqrt(), -0.5 * torch.log1p(-squared)
