"""Test of all pairs of a whole recording: by circular shifts of the samples, and of their changes."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from infonet_ros.estimator.measures.contingency import shift_p_values
from infonet_ros.estimator.samples.common_times import coincidence, moving_together
from infonet_ros.estimator.samples.holding import Repetition, common_messages
from infonet_ros.estimator.samples.stationarity import drifting
from infonet_ros.offline.moves import Moves

_UNEVEN = 0.3  # times between two rows, of their mean
_MIDDLE = 0.5  # rank in place of unknown samples
_COINCIDENCE = 0.2  # of moves; with less, the level of the test nearly holds
_GROWTH = 3.0  # of the contingency, times the rest; see `benchmarks.whole_significance`. More would cost power


def p_values_by_shifts(moves: Moves, longest: int, threads: int = 1) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the p-values of all pairs (N, N) by circular shifts, what drifts (N,), and the number of shifts.

    The p-values are NaN where nothing can be tested. Channels are shifted, and so is how they change. The surer of the
    two tests counts, and as one of two. Slow streams make few moves, and many changes. Two channels that both drift are
    tested by how they change only, unless that drifts alike.

    The sizes of the changes of two channels that move at common times, as set points of one program do, depend on each
    other anyhow. So only the directions of their changes count. And where many of their moves coincide, the contingency
    is larger by chance; see `shift_p_values`, also for the ``longest`` lag.

    Two held channels are shifted by whole updates of the slower one: otherwise the times of their updates alone would
    make them look dependent.
    """
    p_values, drifts, shifts = _test(moves, longest, threads)
    for pair, rows, levels in _held_pairs(moves.samples):
        lags = -(-longest * len(rows) // len(moves.samples))
        by_update, *_ = _test(Moves.of(moves.samples[rows][:, pair], lags), lags, threads, levels)
        p_values[pair] = p_values[pair[::-1]] = by_update[0, 1]
    return p_values, drifts, shifts


def _test(moves: Moves, longest: int, threads: int, levels_only: bool = False) -> tuple[np.ndarray, np.ndarray, int]:
    filled = np.nan_to_num(moves.ranks, nan=_MIDDLE).T
    growth = 1.0 + _GROWTH * np.maximum(0.0, coincidence(filled) - _COINCIDENCE)
    p_values, shifts = shift_p_values(moves.ranks, longest, threads, growth)
    drifts, still = drifting(moves.samples.T), drifting(moves.changes.T)
    both_drift = drifts[:, None] & drifts
    if levels_only:
        return np.where(both_drift, np.nan, p_values), drifts, shifts
    by_change, _ = shift_p_values(moves.change_ranks, longest, threads, growth, moving_together(filled))
    by_change[still[:, None] & still] = np.nan
    surer = np.minimum(1.0, 2.0 * np.fmin(p_values, by_change))
    return np.where(both_drift, by_change, surer), drifts, shifts


def _held_pairs(samples: np.ndarray) -> Iterator[tuple[tuple[int, int], np.ndarray, bool]]:
    """Yield pairs of channels of samples (T, N) that are held by messages, and the rows at which both are new.

    Last, whether only the levels can be tested, since the changes from row to row depend on each other anyhow: both are
    large after a long time. And where messages are known by the changes of both channels, one of them has changed.
    """
    rows = np.arange(len(samples))
    found = [Repetition.of(values) for values in samples.T]
    common = common_messages(found)
    for (a, left), (b, right) in combinations(enumerate(found), 2):
        held = left.updates is not None, right.updates is not None
        if all(held) or common[a, b]:
            new = left.counting(right, rows)
            times = np.diff(new)
            uneven = len(times) > 0 and bool(times.std() > _UNEVEN * times.mean())
            yield (a, b), new, uneven or not any(held)
