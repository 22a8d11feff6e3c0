"""Blocks of pairs with bounded memory: from ranked channels to the input of the network."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.network.counts import BINS, coarsen_bytes, count_pairs, pyramid
from infonet_ros.estimator.network.observation import TRAINED_SAMPLES, Measurements, Observation
from infonet_ros.estimator.network.plug_ins import TILES, both_sums, local_plug_ins, sums_by_tile, unbiased_sums
from infonet_ros.estimator.network.ranked_channels import EVEN, RankedChannels
from infonet_ros.estimator.network.short_network import SKETCH_CELLS, Sketch
from infonet_ros.estimator.samples.effective_samples import at_most_draws, effective_samples

BLOCK_ELEMENTS = 1 << 22  # samples of all pairs of a block, 32 MiB of cell numbers
_EACH = ("rows", "columns", "shifts", "copies", "numbers")  # fields with one element per pair
PAIRS_RECUR = 3  # independent samples of each pair of values, in the mean
COUNTED_AT_ONCE = 64  # pairs on a CPU: with fewer, threads wait for each other; with more, for the memory


@dataclass(frozen=True, eq=False)
class PairBlock:
    """M pairs of two sets of channels over the same samples, before counting."""

    left: RankedChannels
    right: RankedChannels
    rows: np.ndarray  # rows, columns: (M,) int64; channel of ``left`` and channel of ``right`` of each pair
    columns: np.ndarray
    shifts: np.ndarray
    """(M,) int64: samples by which the right channel is shifted circularly; this keeps its autocorrelation."""
    copies: np.ndarray
    """(M,) int64: which copy of the pairs each one is in: there is one for each shift, and those with a shift are
    surrogates; or one for each of the views given other streams."""
    numbers: np.ndarray  # (M,) int64: the caller's number of each pair
    tag: Any = None  # the caller's name of the block
    details: bool = True  # whether samples whose fine details repeat count for less, see `effective_samples`

    @classmethod
    def of(
        cls,
        left: RankedChannels,
        right: RankedChannels,
        rows: np.ndarray,
        columns: np.ndarray,
        shifts: np.ndarray,
        numbers: np.ndarray | None = None,
        tag: Any = None,
    ) -> "PairBlock":
        """Make a block of P pairs (P,), once for each shift, (S,) or (S, P); numbered in order, or by ``numbers``."""
        pairs, copies = len(rows), len(shifts)
        return cls(
            left,
            right,
            np.tile(rows, copies),
            np.tile(columns, copies),
            np.repeat(shifts, pairs) if shifts.ndim == 1 else shifts.ravel(),
            np.repeat(np.arange(copies), pairs),
            np.tile(np.arange(pairs) if numbers is None else numbers, copies),
            tag,
        )

    @classmethod
    def pairs(cls, channels: RankedChannels) -> "PairBlock":
        """Make a block in which channels 0 and 1, 2 and 3, ... are the pairs."""
        rows = np.arange(0, len(channels), 2)
        return cls.of(channels, channels, rows, rows + 1, np.array([0]))

    @classmethod
    def joined(cls, blocks: Sequence["PairBlock"]) -> "PairBlock":
        """Join blocks of the same channels and tag."""
        parts: dict[str, Any] = {name: np.concatenate([getattr(one, name) for one in blocks]) for name in _EACH}
        return replace(blocks[0], **parts)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, span: slice | np.ndarray) -> "PairBlock":
        return replace(self, **{name: getattr(self, name)[span] for name in _EACH})

    def spans(self, most: int) -> Iterator["PairBlock"]:
        """Split about evenly into blocks of at most ``most`` pairs, fewer when there are many samples."""
        limit = max(1, min(most, BLOCK_ELEMENTS // self.left.count))
        parts = max(1, -(-len(self) // limit))
        size = min(limit, rounded(-(-len(self) // parts)))  # which the network need not fill up
        return (self[start : start + size] for start in range(0, len(self), size))

    def observe(self) -> Observation:
        """Return the network's input for the pairs."""
        return observe_together([self])

    def measure(self) -> Measurements:
        """Return the measurements for the network's input, with the ladder."""
        return _measure([self], ladder=True)

    def _count(self, ladder: bool) -> "_Counted":
        """Count the samples of the pairs; with what the ladder needs, or without."""
        rows, columns = self._places()
        counts = count_pairs(self.left.bins.index_select(0, rows), self._shifted(self.right.bins, columns))
        samples, effective, correlation = self._described(rows, columns)
        if ladder:
            sums, finest = both_sums(counts)
            by_level, effective = self._by_level(rows, columns, finest, effective)
        else:
            sums, finest, by_level = sums_by_tile(counts), samples.new_empty(0), samples.new_empty(0)
        return _Counted(coarsen_bytes(counts), sums, finest, samples, effective, correlation, by_level)

    def sketch(self) -> tuple[Tensor, ...]:
        """Return the parts of a `Sketch` of the pairs."""
        rows, columns = self._places()
        joined = BINS.bit_length() - SKETCH_CELLS.bit_length()
        left, right = self.left.bins.index_select(0, rows), self._shifted(self.right.bins, columns)
        return count_pairs(left >> joined, right >> joined, bins=SKETCH_CELLS), *self._described(rows, columns)

    def _places(self) -> tuple[Tensor, Tensor]:
        """Return rows and columns on the device."""
        device = self.left.bins.device
        return torch.from_numpy(self.rows).to(device), torch.from_numpy(self.columns).to(device)

    def _described(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the numbers of samples and of effective samples, and the correlation, (M,) each."""
        left, right = self.left, self.right
        correlation = (left.scores.index_select(0, rows) * self._shifted(right.scores, columns)).mean(dim=1)
        both = left.autocorrelations.index_select(0, rows), right.autocorrelations.index_select(0, columns)
        effective = effective_samples(*both, left.count, self.details)
        return torch.full_like(effective, float(left.count)), effective, correlation

    def _by_level(self, rows: Tensor, columns: Tensor, finest: Tensor, effective: Tensor) -> tuple[Tensor, Tensor]:
        """Return the numbers that depend on the values, not on the ranks alone, (M, 3); see `Observation`.

        Pairs of values must recur, as the values do, among the samples that are independent. Otherwise their cells say
        little, and those of the ranks are taken. The second result is the effective numbers of samples (M,), not more
        than the values tell.
        """
        left, right, count = self.left.levels, self.right.levels, self.left.count
        sizes = np.full((2, len(self), 2), EVEN, dtype=np.float32)
        few = np.flatnonzero(left.few[self.rows] | right.few[self.columns])
        if len(few):
            chosen = torch.from_numpy(few).to(rows.device)
            cells = left.cells[rows[chosen]], self[few]._shifted(right.cells, columns[chosen])
            counts = count_pairs(*cells, torch.int16)
            cell = BINS * cells[0].long() + cells[1]
            alike = counts.flatten(1).gather(1, cell).float()  # samples of the same pair of values as each, (K, T)
            telling = at_most_draws(effective[chosen], cell, alike)
            effective = effective.index_copy(0, chosen, telling)
            recur = PAIRS_RECUR * alike.reciprocal().sum(dim=1) <= telling
            finest = finest.index_copy(0, chosen[recur], unbiased_sums(counts[recur]))
            few = few[recur.cpu().numpy()]
            sizes[:, few] = left.sizes[self.rows[few]], right.sizes[self.columns[few]]
        (first, second), values = sizes, np.empty((len(self), 3), dtype=np.float32)
        np.add(first[:, 0], second[:, 0] - math.log(count), out=values[:, 0])
        np.maximum(first[:, 1], second[:, 1], out=values[:, 1])
        np.minimum(first[:, 1], second[:, 1], out=values[:, 2])
        by_level = torch.from_numpy(values).to(finest.device)
        by_level[:, 0] += finest / count
        return by_level, effective

    def _shifted(self, values: Tensor, columns: Tensor) -> Tensor:
        """Return rows ``columns`` of values (N, T), each shifted by its shift in its cycle: (M, T)."""
        if not self.shifts.any():
            return values.index_select(0, columns)
        count = values.shape[1]
        shifts = torch.from_numpy(self.shifts).to(values.device)[:, None]
        cycle = torch.where(shifts == 0, count, self.right.cycles[columns, None])  # the data beside their surrogates
        places = torch.arange(count, device=values.device) - shifts * cycle // count
        return values[columns[:, None], places % cycle]


class _Counted(NamedTuple):
    """What `Measurements` need of M pairs that are counted together.

    The finest cells take much memory, so they are counted for few pairs at a time, and only their sums are kept. All
    other steps take more pairs, since threads wait for each other in between.

    ``counts`` (M, GRID, GRID) are of cells of the grid, ``sums`` (M, TILES, TILES) of `sums_by_tile` over the
    finest cells. The other fields are as in `Measurements`.
    """

    counts: Tensor
    sums: Tensor
    finest: Tensor
    samples: Tensor
    effective: Tensor
    correlation: Tensor
    by_level: Tensor


def observe_together(blocks: Sequence[PairBlock], ladder: bool = True) -> Observation:
    """Return the network's input for the pairs of all blocks together, since many blocks have one pair.

    With the ladder of plug-in estimates, see `Observation`, or without.
    """
    return Observation.of(_measure(blocks, ladder))


def sketch_together(blocks: Sequence[PairBlock]) -> Sketch:
    """Return the input of the network of short views for the pairs of all blocks together."""
    return Sketch(*(torch.cat(part) for part in zip(*(block.sketch() for block in blocks), strict=True)))


def _measure(blocks: Sequence[PairBlock], ladder: bool) -> Measurements:
    on_processor = blocks[0].left.bins.device.type == "cpu"
    parts = [part for block in blocks for part in block.spans(COUNTED_AT_ONCE if on_processor else len(block))]
    columns = zip(*(part._count(ladder) for part in parts), strict=True)
    counts, sums, finest, samples, *others = (torch.cat(column) for column in columns)
    levels = pyramid(counts)
    (fine,) = local_plug_ins({BINS: sums}, levels[TILES], samples).unbind(dim=1)
    return Measurements(levels, fine, finest, samples, *others)


def rounded(pairs: int) -> int:
    """Round a number of pairs up to a power of two, or to a multiple of 16.

    torch keeps megabytes of kernels for each batch size, so the network is called with few sizes.
    """
    return 1 << (pairs - 1).bit_length() if pairs <= 16 else -(-pairs // 16) * 16


def thinned(rows: np.ndarray) -> list[np.ndarray]:
    """Distribute samples (R,) in turn to `parts_of` parts."""
    parts = parts_of(len(rows))
    return [rows[part::parts] for part in range(parts)]


def parts_of(count: int) -> int:
    """Return the smallest number of parts of which none exceeds the trained T; the last part is the shortest."""
    return -(-count // TRAINED_SAMPLES[1])
