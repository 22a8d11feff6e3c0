"""Pairs of streams that move at common times: they have a longer memory than if one of them is shifted.

Set points change at the same instants, a gap of a topic interrupts all its channels. Two such streams can be
independent, but they have fewer independent pairs of values than after a shift. So surrogates share less than the data.

Such a pair is judged by sums of products, each divided by the memory of the products. In the data this is longer than
after a shift. A circular shift of one stream then gives the distribution of such a ratio: Studentized statistics depend
least on what the null hypothesis leaves open (Janssen, Statistics and Probability Letters 1997). MI cannot be divided
so, because it is no sum over samples.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from infonet_ros.estimator.samples.product_spread import (
    MOVES,
    block_sums,
    independent_moves,
    joint_moves,
    spread_of_total,
)
from infonet_ros.estimator.samples.ranks import waves
from infonet_ros.series import paired_at_lag, shared_ranks

DEGREES = 3  # waves of the ranks
SHORT_BLOCKS = 64  # whose sums show the memory of products nearly as well as all samples do, in a fraction of the time
CHANCE = 1.5  # standard errors: little is lost where it is exceeded by chance, and 2 misses more in short windows
BREAKS = 0.05  # of the samples that count follow a gap: with fewer, they hardly matter
WIDTHS = 1, 2, 4, 8  # samples, from whose mean a move goes to that of the next: noise hides steps of single samples

LEAST_JOINT_MOVES = 6.0 * MOVES  # of six blocks of `product_spread`
"""With fewer, how much two streams share by chance is not known, nor whether they move at common times."""

_FASTER = 2.0
"""The faster of two streams has at most so many times their joint moves: a pair with a fast stream has enough."""


@dataclass(frozen=True, eq=False)
class Coincidence:
    """How much the sizes of the moves of N channels correlate, more than their own dependence explains.

    This dependence is that of normal variables of the correlation that the moves have.
    """

    by_width: np.ndarray  # (W, N, N) float64: of moves over each of `WIDTHS` that fits into the samples
    chance: np.ndarray  # (W, 1, 1) float64: standard error of each

    @classmethod
    def of(cls, ranks: np.ndarray) -> "Coincidence":
        """Compare the moves of channels of normalised ranks (N, R) float32."""
        size, count = ranks.shape
        widths = np.array([width for width in WIDTHS if 4 * width < count], dtype=np.int64)
        found = np.zeros((len(widths), size, size))
        for place, width in enumerate(widths.tolist()):
            found[place] = _coincidence(ranks, width)
        return cls(found, np.sqrt(widths / count)[:, None, None])

    @property
    def share(self) -> np.ndarray:
        """(N, N) float64: 0 if the moves of two channels coincide not more than by chance, up to 1."""
        return self.by_width.max(axis=0, initial=0.0)

    @property
    def together(self) -> np.ndarray:
        """(N, N) bool: pairs of channels that often move at the same samples."""
        return np.asarray((self.by_width > CHANCE * self.chance).any(axis=0))


def often_interrupted(rows: np.ndarray) -> bool:
    """Return whether many of the samples (R,) that count for a pair follow a gap, of twice the usual step or longer.

    Two held streams have one where either rests. Both move on in it: at common times, whatever else they do.
    """
    steps = np.diff(rows)
    return len(steps) > 0 and float((steps >= 2.0 * np.median(steps)).mean()) > BREAKS


def evidence_of_pairs(
    left: np.ndarray,
    right: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    shifts: np.ndarray,
    known: np.ndarray | bool = False,
) -> np.ndarray:
    """Return the `evidence_at_common_times` of M pairs, (1 + S, M): NaN where they do not move at common times.

    They are rows (M,) of one set of normalised ranks (N, R) and columns (M,) of another (K, R). Of pairs (M,) that are
    ``known`` to move at common times, this is not asked.
    """
    together = known | Coincidence.of(np.concatenate([left, right])).together[rows, len(left) + columns]
    found = np.full((1 + len(shifts), len(rows)), np.nan)
    for pair in np.flatnonzero(together):
        found[:, pair] = evidence_at_common_times(left[rows[pair]], right[columns[pair]], shifts)
    return found


def evidence_at_common_times(left: np.ndarray, right: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return how much two streams share for how long they do, in the data and after each shift.

    What they share is their contingency, see `contingency`: the sum of the squared correlations of their waves. It is
    divided by the memory of the products at the same shift, and not by their spread: a dependence makes the products
    larger, too, above all of rare events.

    Parameters
    ----------
    left, right : (R,) float32
        Normalised ranks, of equal values alike: a random order of these would hide rare events.
    shifts : (S,) int64
        Samples.

    Returns
    -------
    (1 + S,) float64
    """
    first, second = waves(left, DEGREES), waves(right, DEGREES)
    blocks, at = len(left) // max(1, len(left) // SHORT_BLOCKS), np.append(0, shifts)
    sums = block_sums(first, second, at, blocks)
    squares, others = (np.square(side).sum(axis=0, keepdims=True) for side in (first, second))
    without_memory = block_sums(squares, others, at, blocks).sum(axis=(1, 2, 3))
    return np.square(sums.sum(axis=1)).sum(axis=(1, 2)) * without_memory / spread_of_total(sums)


def _coincidence(ranks: np.ndarray, width: int) -> np.ndarray:
    """Compare the moves from the mean of so many samples to the mean of the next ones."""
    sums = np.cumsum(np.pad(ranks, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    moves = sums[:, 2 * width :] - 2.0 * sums[:, width:-width] + sums[:, : -2 * width]
    alike = np.clip(_correlations(moves), -1.0, 1.0)
    explained = (np.sqrt(1.0 - alike**2) + alike * np.arcsin(alike) - 1.0) / (np.pi / 2.0 - 1.0)
    return _correlations(np.abs(moves)) - explained


def _correlations(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    return centred @ centred.T


def few_joint_moves(channels: np.ndarray, lags: np.ndarray, drifts: np.ndarray) -> np.ndarray:
    """Return which pairs of channels (N, T), NaN where unknown, make too few `joint_moves` for a test: (N, N) bool.

    Each pair is taken at its lag (N, N), in samples: positive if the column follows the row. The known samples of both
    are taken as if they followed each other. Two channels that both drift, (N,) bool, are not tested anyway, so they
    are left out.
    """
    ranks = shared_ranks(channels.T).T
    moving = ((number, own[np.isfinite(own)]) for number, own in enumerate(ranks))
    most = _FASTER * LEAST_JOINT_MOVES
    slow = [number for number, own in moving if len(own) and independent_moves(waves(own, DEGREES)) < most]
    found = np.zeros(lags.shape, dtype=bool)
    for a, b in combinations(slow, 2):
        if drifts[a] and drifts[b]:
            continue
        left, right = paired_at_lag(ranks[a], ranks[b], int(lags[a, b]))
        known = np.isfinite(left) & np.isfinite(right)
        if known.any():
            few = joint_moves(waves(left[known], DEGREES), waves(right[known], DEGREES)) < LEAST_JOINT_MOVES
            found[a, b] = found[b, a] = few
    return found
