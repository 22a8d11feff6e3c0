"""Pairs to be estimated, in blocks of bounded memory: from ranked channels to grids and summaries."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.grid import GRID, hat_weights, pair_grids
from infonet_ros.estimator.memory import autocorrelations, effective_samples
from infonet_ros.estimator.network import summarise
from infonet_ros.estimator.scores import normal_scores

BLOCK_ELEMENTS = 1 << 24  # hat weights held at a time, 64 MiB
ROWS = 4  # channels multiplied with all others at a time: more would compute grids of pairs that nobody wants
COLUMNS = 64


@dataclass(frozen=True, eq=False)
class Copulas:
    """Ranked channels.

    Attributes
    ----------
    ranks : (N, T) float32
        In (0, 1).
    memory : (N, K) float32
        See `memory.autocorrelations`.
    """

    ranks: np.ndarray
    memory: np.ndarray

    @classmethod
    def from_ranks(cls, ranks: np.ndarray) -> "Copulas":
        """Measure the memory of ranked channels (N, T)."""
        return cls(ranks, autocorrelations(ranks))

    def shifted(self, shift: int) -> "Copulas":
        """Turn every channel by ``shift`` samples, end to start; its memory stays."""
        return Copulas(np.roll(self.ranks, shift, axis=1), self.memory)

    def __getitem__(self, index: np.ndarray | slice) -> "Copulas":
        return Copulas(self.ranks[index], self.memory[index])

    def __len__(self) -> int:
        return len(self.ranks)


@dataclass(frozen=True, eq=False)
class PairBlock:
    """M pairs, ready for the network.

    ``left`` and ``right`` (M,) number the channels of each pair as their maker does; ``grids`` is (M, G, G),
    ``summaries`` (M, 4).
    """

    left: np.ndarray
    right: np.ndarray
    grids: Tensor
    summaries: Tensor


def crossed_blocks(left: Copulas, right: Copulas, wanted: np.ndarray, device: torch.device) -> Iterator[PairBlock]:
    """Pair channels of ``left`` with channels of ``right``, as the (P, Q) mask ``wanted`` says."""
    count = left.ranks.shape[1]
    effective = effective_samples(left.memory, right.memory, count)
    correlation = normal_scores(left.ranks) @ normal_scores(right.ranks).T / count
    columns_at_once = max(1, min(COLUMNS, BLOCK_ELEMENTS // (count * GRID)))
    for columns in _spans(np.flatnonzero(wanted.any(axis=0)), columns_at_once):
        right_weights = _weights(right.ranks[columns], device)
        for rows in _spans(np.flatnonzero(wanted[:, columns].any(axis=1)), min(ROWS, columns_at_once)):
            mask = wanted[np.ix_(rows, columns)]
            first = int(mask.any(axis=0).argmax())
            grids = pair_grids(_weights(left.ranks[rows], device), right_weights[:, first:])
            row, column = np.nonzero(mask)
            pairs = rows[row], columns[column]
            yield PairBlock(
                left=pairs[0],
                right=pairs[1],
                grids=grids[torch.from_numpy(row), torch.from_numpy(column - first)],
                summaries=_summaries(count, effective[pairs], correlation[pairs], device),
            )


def matched_blocks(left: Copulas, right: Copulas, device: torch.device) -> Iterator[PairBlock]:
    """Pair each channel of ``left`` with the channel of the same number of ``right``."""
    count = left.ranks.shape[1]
    effective = np.array(
        [effective_samples(a[None], b[None], count)[0, 0] for a, b in zip(left.memory, right.memory, strict=True)]
    )
    correlation = (normal_scores(left.ranks) * normal_scores(right.ranks)).mean(axis=1)
    for span in _spans(np.arange(len(left)), max(1, min(COLUMNS, BLOCK_ELEMENTS // (count * GRID)))):
        u, v = (hat_weights(torch.from_numpy(side.ranks[span]).to(device)) for side in (left, right))
        yield PairBlock(
            left=span,
            right=span,
            grids=torch.bmm(u.transpose(1, 2), v) * (GRID * GRID / count),
            summaries=_summaries(count, effective[span], correlation[span], device),
        )


def _weights(ranks: np.ndarray, device: torch.device) -> Tensor:
    """Hat weights (T, N, G) of ranks (N, T)."""
    return hat_weights(torch.from_numpy(np.ascontiguousarray(ranks.T)).to(device))


def _summaries(count: int, effective: np.ndarray, correlation: np.ndarray, device: torch.device) -> Tensor:
    samples = torch.full((len(effective),), float(count))
    return summarise(samples, torch.from_numpy(effective), torch.from_numpy(correlation)).to(device)


def _spans(index: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(index), size):
        yield index[start : start + size]
