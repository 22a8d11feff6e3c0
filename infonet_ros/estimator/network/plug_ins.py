"""Plug-in estimates of the mutual information from counts: of the whole and tile by tile, at several resolutions."""

from functools import cache

import numpy as np
import torch
from scipy.special import digamma
from torch import Tensor

from infonet_ros.estimator.network.counts import GRID, MOST_SAMPLES, RESOLUTIONS

TILES = 16  # along each axis; each has plug-in estimates of its own
COARSE = tuple(cells for cells in RESOLUTIONS if cells < TILES)
LOCAL_RESOLUTIONS = tuple(cells for cells in RESOLUTIONS if cells >= TILES)


class _Lookup:
    """A function of a count, as a look-up table; counts in bytes are looked up two at a time."""

    def __init__(self, values: np.ndarray, kind: torch.dtype = torch.float32) -> None:
        self.of_one = torch.from_numpy(values).to(kind)
        pairs = torch.arange(1 << 16)
        self._of_two = self.of_one[pairs & 255] + self.of_one[pairs >> 8]

    def __call__(self, counts: Tensor) -> Tensor:
        """Return the function of counts (M, g, g): (M, g, g), or for bytes the sums of neighbours (M, g, g / 2)."""
        if counts.dtype == torch.uint8:
            table, places = self._of_two, counts.view(torch.int16).int().bitwise_and_(0xFFFF)
        else:
            table, places = self.of_one, counts.int()
        return _on(counts.device, table).index_select(0, places.flatten()).view(places.shape)


def _unbiased(numbers: np.ndarray) -> np.ndarray:
    """Return estimates of ``m log m`` from Poisson counts of mean m, almost without bias (Grassberger 2003)."""
    alternating = 0.5 * (-1.0) ** numbers * (digamma(0.5 * (numbers + 1.0)) - digamma(0.5 * numbers))
    return numbers * (digamma(numbers) + alternating)


_NUMBERS = np.arange(1.0, MOST_SAMPLES + 1)
_N_LOG_N = _Lookup(np.append(0.0, _NUMBERS * np.log(_NUMBERS)))
_STEPS = 1 << 12  # of a nat: sums of whole numbers do not depend on their order
_UNBIASED = _Lookup(np.append(0.0, _STEPS * _unbiased(_NUMBERS)).round(), torch.int32)
# Looked up together, the two take the time of one.
_BOTH = _Lookup(_N_LOG_N.of_one.numpy() + 1j * _UNBIASED.of_one.numpy(), torch.complex64)


def sums_by_tile(counts: Tensor) -> Tensor:
    """Sum ``n log n`` of counts (M, g, g) over the cells of each tile: (M, TILES, TILES) float32."""
    return _sum_tiles(_N_LOG_N(counts), counts.shape[1])


def both_sums(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return `sums_by_tile` and `unbiased_sums` of counts (M, BINS, BINS), the finest."""
    sums = _sum_tiles(_BOTH(counts), counts.shape[1])
    # Those of a tile stay below 2^24 steps, so float32 adds them exactly.
    return sums.real, sums.imag.flatten(1).int().sum(dim=1, dtype=torch.int32).float() / _STEPS


def _sum_tiles(values: Tensor, cells: int) -> Tensor:
    """Sum values (M, g, w) of g cells along an axis, neighbours together or not, over the cells of each tile."""
    rows = values.view(-1, TILES, cells // TILES, values.shape[2]).sum(dim=2)
    return rows.view(-1, TILES, TILES, values.shape[2] // TILES).sum(dim=3)


def local_plug_ins(sums: dict[int, Tensor], held: Tensor, samples: Tensor) -> Tensor:
    """Return plug-in estimates of the MI tile by tile, at L resolutions: (M, L, TILES, TILES) nats, to be averaged.

    The plug-in estimate from g x g cells is ``sum (n / T) log (n g^2 / T)``, since ranks are uniform. It is too small
    where a ridge is finer than a cell, and too large where cells hold few samples. The network learns by how much from
    the growth of the estimate with g.

    ``sums`` are those of `sums_by_tile` by the number g, ``held`` (M, TILES, TILES) the samples in each tile, and
    ``samples`` (M,) are T, at most `MOST_SAMPLES`.
    """
    offsets = _log_densities_of_one(tuple(sums), samples)[..., None, None] * held.unsqueeze(1)
    return (torch.stack(list(sums.values()), dim=1) + offsets) * (TILES**2 / samples)[:, None, None, None]


def coarse_plug_ins(levels: dict[int, Tensor], samples: Tensor, resolutions: tuple[int, ...] = COARSE) -> Tensor:
    """Return the plug-in estimates (M, L) of the whole at few cells an axis, below TILES if not given otherwise.

    See `local_plug_ins`; ``levels`` are counts by the number of cells, from `pyramid`.
    """
    sums = _sums_of_levels(_N_LOG_N, levels, resolutions)
    return sums / samples[:, None] + _log_densities_of_one(resolutions, samples)


def unbiased_sums(counts: Tensor) -> Tensor:
    """Sum ``n log n`` over counts (M, g, g), almost without the bias of few samples (Grassberger 2003): (M,).

    The rest of the bias is a few thousandths of a count.
    """
    return _UNBIASED(counts).flatten(1).sum(dim=1, dtype=torch.int32).float() / _STEPS


def unbiased_sums_of_levels(levels: dict[int, Tensor]) -> Tensor:
    """Return `unbiased_sums` at all resolutions but the finest, from the coarsest, (M, L - 1)."""
    few = _sums_of_levels(_UNBIASED, levels, tuple(cells for cells in RESOLUTIONS if cells < GRID))
    return torch.cat([few.float() / _STEPS, unbiased_sums(levels[GRID])[:, None]], dim=1)


def _sums_of_levels(function: _Lookup, levels: dict[int, Tensor], resolutions: tuple[int, ...]) -> Tensor:
    """Sum a function of the counts at coarse resolutions, (M, L); they are looked up together, since they are small."""
    cells = [levels[one].flatten(1) for one in resolutions]
    values = function(torch.cat(cells, dim=1)).split([one.shape[1] for one in cells], dim=1)
    return torch.stack([one.sum(dim=1) for one in values], dim=1)


def unbiased_plug_ins(sums: Tensor, samples: Tensor) -> Tensor:
    """Return plug-in estimates of the MI at all resolutions, almost without the bias of few samples: (M, L) nats.

    They grow with the resolution as long as finer cells show more of the dependence. The sums (M, L) are those of
    `unbiased_sums`, in the order of `RESOLUTIONS`, over so many samples (M,).
    """
    return sums / samples[:, None] + _log_densities_of_one(RESOLUTIONS, samples)


@cache
def _on(device: torch.device, table: Tensor) -> Tensor:
    """Copy a table to a device, once."""
    return table.to(device)


def _log_densities_of_one(resolutions: tuple[int, ...], samples: Tensor) -> Tensor:
    """Log density that one of T samples (M,) gives its cell at each resolution, (M, L)."""
    return _log_cells(resolutions, samples.device) - torch.log(samples)[:, None]


@cache
def _log_cells(resolutions: tuple[int, ...], device: torch.device) -> Tensor:
    return 2.0 * torch.log(torch.tensor(resolutions, dtype=torch.float32, device=device))
