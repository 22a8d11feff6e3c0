"""Which channels of a window meet over which samples: groups that share their good samples, at each lag."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.holding import LEAST_UPDATES, Repetition, repeats, updates
from infonet_ros.estimator.ranks import Ordering

MIN_SAMPLES = 64


@dataclass(frozen=True, eq=False)
class Group:
    """Channels that share their good samples, their updates if they are held, and their repeats if others do.

    Attributes
    ----------
    index : (n,) int64
    good : (T,) bool
    repetition : Repetition
        Its repeats are None where no other channel repeats its values at the same samples.
    """

    index: np.ndarray
    good: np.ndarray
    repetition: Repetition


@dataclass(frozen=True, eq=False)
class Panel:
    """Channels of one window in their canonical order, with the samples that are good.

    Attributes
    ----------
    channels : (N, T) float64
        NaN where not known.
    ordering : Ordering
    groups : list of Group
    device : torch.device
        Where pairs of them are to be estimated.
    """

    channels: np.ndarray
    ordering: Ordering
    groups: list[Group]
    device: torch.device

    @classmethod
    def from_channels(cls, channels: np.ndarray, ordering: Ordering, device: torch.device) -> "Panel":
        """Group channels (N, T) by their good samples, their updates and the repeats that they share."""
        good = np.isfinite(channels)
        held = [updates(values) for values in channels]
        repeated = [repeats(values) if new is None else None for values, new in zip(channels, held, strict=True)]
        often = Counter(map(_bytes, repeated))
        repeated = [first if often[_bytes(first)] > 1 else None for first in repeated]
        groups: dict[tuple[bytes, ...], list[int]] = {}
        for index, key in enumerate(zip(good, held, repeated, strict=True)):
            groups.setdefault(tuple(map(_bytes, key)), []).append(index)
        made = [Group(np.array(g), good[g[0]], Repetition(held[g[0]], repeated[g[0]])) for g in groups.values()]
        return cls(channels, ordering, made, device)

    def copulas(self, index: np.ndarray, rows: np.ndarray) -> Copulas:
        """Rank channels ``index`` among samples ``rows``."""
        return Copulas.from_ranks(self.ordering[index].ranks(rows), self.device)

    def constant(self, index: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say which of channels ``index`` do not change over samples ``rows``."""
        chosen = self.channels[index][:, rows] if len(rows) < self.channels.shape[1] else self.channels[index]
        return (chosen == chosen[:, :1]).all(axis=1)


@dataclass(frozen=True, eq=False)
class Meeting:
    """Two groups of channels over the samples that both know, the second ``lag`` samples later.

    Where both are held these are the samples at which both are new; of rows that repeat, the first.

    Samples are ranked when a scan comes to them and forgotten after it: all lags of many channels at once would fill
    the memory.

    Attributes
    ----------
    panel : Panel
    left, right : Group
        P and Q channels.
    lag : int
    wanted : (P, Q) bool
        Pairs to be given to the network.
    constant : (P, Q) bool
        Pairs with a constant channel.
    lengths : list of int
        Samples in each of `parts`, the shortest last.
    samples : int
        That meet, enough of them or not.
    """

    panel: Panel
    left: Group
    right: Group
    lag: int
    wanted: np.ndarray
    constant: np.ndarray
    lengths: list[int]
    samples: int

    @classmethod
    def of(cls, panel: Panel, left: Group, right: Group, lag: int) -> "Meeting":
        """Let two groups meet; at lag 0 each pair once, else in both directions."""
        pairs = left.index[:, None] != right.index if lag else left.index[:, None] < right.index
        rows = common_rows(left, right, lag)
        if len(rows) < (LEAST_UPDATES if left.repetition.shared(right.repetition) else MIN_SAMPLES) or not pairs.any():
            nothing = np.zeros_like(pairs)
            return cls(panel, left, right, lag, nothing, nothing, [], len(rows))
        still = panel.constant(left.index, rows)
        same = right is left and not lag
        constant = pairs & (still[:, None] | (still if same else panel.constant(right.index, rows + lag)))
        lengths = [len(part) for part in thinned(rows)]
        return cls(panel, left, right, lag, pairs & ~constant, constant, lengths, len(rows))

    def __bool__(self) -> bool:
        return bool((self.wanted | self.constant).any())

    @property
    def fewer(self) -> bool:
        """Whether fewer samples may count than both sides know: updates of two that are held, rows that repeat."""
        return self.left.repetition.shared(self.right.repetition)

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Places (M,) and (M,) in `wanted` of all pairs that meet."""
        rows, columns = np.nonzero(self.wanted | self.constant)
        return rows, columns

    def parts(self) -> list[np.ndarray]:
        """Return the samples that meet, of the left side, in the parts that `blocks.thinned` makes of them."""
        return thinned(common_rows(self.left, self.right, self.lag))

    def blocks(self, shifts: np.ndarray, tag: object) -> Iterator[PairBlock]:
        """Yield the wanted pairs of each part, once with each of the shifts (S,) of the right side."""
        if not self.wanted.any():
            return
        rows, columns = np.nonzero(self.wanted)
        for part in self.parts():
            left = right = self.panel.copulas(self.left.index, part)
            if self.lag or self.right is not self.left:
                right = self.panel.copulas(self.right.index, part + self.lag)
            yield PairBlock.scanned(left, right, rows, columns, shifts, tag)

    def mean(self, scans: int, results: Iterable[tuple[PairBlock, np.ndarray]]) -> np.ndarray:
        """Quantiles (S, P, Q, 3): the mean of what the parts say, so that the interval is no narrower than theirs."""
        mean = np.zeros((scans, *self.wanted.shape, 3), dtype=np.float32)
        for block, quantiles in results:
            mean[block.scans, block.rows, block.columns] += quantiles / len(self.lengths)
        return mean


def common_rows(left: Group, right: Group, lag: int) -> np.ndarray:
    """Return the samples (R,) that count: of those that the left group knows, and the right one ``lag`` later."""
    rows = np.flatnonzero(left.good[: len(left.good) - lag] & right.good[lag:])
    return left.repetition.counting(right.repetition, rows, lag)


def _bytes(array: np.ndarray | None) -> bytes:
    return b"" if array is None else array.tobytes()
