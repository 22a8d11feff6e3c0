"""Test of all pairs of a whole recording: by circular shifts of the samples, and of their changes."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from infonet_ros.estimator.measures.contingency import shift_p_values
from infonet_ros.estimator.measures.untestable import COMMON_PERIOD, reasons
from infonet_ros.estimator.samples.common_times import Coincidence
from infonet_ros.estimator.samples.holding import Repetition, common_messages
from infonet_ros.estimator.samples.periods import deviations_from_periods, sharing_period
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.estimator.samples.stationarity import drifting
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.rest import pauses

CHANGES_DRIFT = "both drift, and so do their changes: choose a part by --start and --duration"

_BLOCK = 8  # samples of which a channel may be still, at least
_BLOCKS_A_SEARCH = 4  # in the range of delays
_UNEVEN = 0.3  # times between two rows, of their mean
_MIDDLE = 0.5  # rank in place of unknown samples
_COINCIDENCE = 0.2  # of moves; with less, the level of the test nearly holds
_GROWTH = 3.0  # of the contingency, times the rest; see `benchmarks.whole_significance`. More would cost power


class ShiftTests(NamedTuple):
    """The tests of all pairs of N channels."""

    p_value: np.ndarray  # (N, N) float64: NaN where nothing can be tested
    drifting: np.ndarray  # (N,) bool
    shifts: int  # 0 if the recording is too short
    untested: np.ndarray  # (N, N) str: see `reasons`


def p_values_by_shifts(moves: Moves, longest: int, threads: int = 1) -> ShiftTests:
    """Test all pairs by circular shifts.

    Channels are shifted, and so is how they change. The surer of the two tests counts, and as one of two. Slow streams
    make few moves, and many changes. Two channels that both drift are ranked within stretches, and shifted by whole
    ones: so neither their level nor their spread drifts. Curves that are smooth over several stretches are left out
    there, and changes that drift alike.

    The sizes of the changes of two channels that move at common times, as set points of one program do, depend on each
    other anyhow. So only the directions of their changes count. And where many of their moves coincide, the contingency
    is larger by chance; see `shift_p_values`, also for the ``longest`` lag.

    Two channels of one steady period depend on each other whatever their cause, and a shift does not remove this. If
    they do not both drift, their deviations from it are tested instead.

    Channels that pause together, as poses do, are compared while they move if one of them drifts: a shift would put the
    motion of one beside the pause of the other.

    Two held channels are shifted by whole updates of the slower one: otherwise the times of their updates alone would
    make them look dependent.
    """
    p_values, drifts, shifts = _test(moves, longest, threads)
    both_drift = drifts[:, None] & drifts
    of_one_period = sharing_period(moves.samples.T) & ~both_drift
    involved = np.flatnonzero(of_one_period.any(axis=0))
    if len(involved):
        by_deviation, *_ = _test(Moves.of(_deviations(moves.samples[:, involved]), longest), longest, threads)
        square = np.ix_(involved, involved)
        p_values[square] = np.where(of_one_period[square], by_deviation, p_values[square])
    for members, paused in pauses(moves.samples, max(_BLOCK, longest // _BLOCKS_A_SEARCH)):
        if drifts[members].any():
            by_motion, *_ = _test(Moves.of(moves.samples[~paused][:, members], longest), longest, threads)
            either = drifts[members, None] | drifts[members]
            square = np.ix_(members, members)
            p_values[square] = np.where(either, by_motion, p_values[square])
    for pairs, rows, levels in _held_pairs(moves.samples, of_one_period):
        chosen = np.unique(pairs)
        lags, updates = -(-longest * len(rows) // len(moves.samples)), moves.samples[rows][:, chosen]
        if of_one_period[pairs[0]]:
            updates = _deviations(updates)
        by_update, *_ = _test(Moves.of(updates, lags), lags, threads, levels)
        for pair in pairs:
            p_values[pair] = p_values[pair[::-1]] = by_update[tuple(np.searchsorted(chosen, pair))]
    untested = reasons(np.zeros_like(drifts), {CHANGES_DRIFT: both_drift, COMMON_PERIOD: of_one_period})
    untested[np.isfinite(p_values)] = ""
    return ShiftTests(p_values, drifts, shifts, untested)


def _test(moves: Moves, longest: int, threads: int, levels_only: bool = False) -> tuple[np.ndarray, np.ndarray, int]:
    filled = np.nan_to_num(moves.ranks, nan=_MIDDLE).T
    common = Coincidence.of(filled)
    growth = 1.0 + _GROWTH * np.maximum(0.0, common.share - _COINCIDENCE)
    p_values, shifts = shift_p_values(moves.ranks, longest, threads, growth)
    drifts, still = drifting(moves.samples.T), drifting(moves.changes.T)
    both_drift = drifts[:, None] & drifts
    if np.count_nonzero(drifts) > 1:
        within, _ = shift_p_values(moves.ranks_within, longest, threads, growth, common.together, moves.stretch)
        slopes = moves.slopes()
        smooth = drifting(slopes.T) | (slopes == slopes[:1]).all(axis=0)
        within[smooth[:, None] & smooth] = np.nan
        p_values = np.where(both_drift, within, p_values)
    if levels_only:
        return p_values, drifts, shifts
    by_change, _ = shift_p_values(moves.change_ranks, longest, threads, growth, common.together)
    by_change[still[:, None] & still] = np.nan
    tests = np.isfinite(p_values).astype(int) + np.isfinite(by_change)
    return np.minimum(1.0, tests * np.fmin(p_values, by_change)), drifts, shifts


def _deviations(samples: np.ndarray) -> np.ndarray:
    """Return the deviations of channels (T, N) from their periods; NaN if two of them still have one in common."""
    found = deviations_from_periods(samples.T)
    found[sharing_period(found).any(axis=0)] = np.nan
    return found.T


def _held_pairs(samples: np.ndarray, alone: np.ndarray) -> Iterator[tuple[list[tuple[int, int]], np.ndarray, bool]]:
    """Yield pairs of channels of samples (T, N) that are held by messages or have repeated rows, and the new rows.

    Pairs with the same new rows come together, except those (N, N) to be tested ``alone``. Last, whether only levels
    can be tested, since the changes from row to row depend on each other anyhow: both are large after a long time.
    And where messages are known by the changes of both channels, one of them has changed.
    """
    rows = np.arange(len(samples))
    orders = Ordering.from_channels(samples.T, seed=0).orders
    found = [Repetition.of(values, order) for values, order in zip(samples.T, orders, strict=True)]
    common = common_messages(found)
    groups: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for (a, left), (b, right) in combinations(enumerate(found), 2):
        held = left.updates is not None, right.updates is not None
        if all(held) or common[a, b] or left.same_rows(right):
            new = left.counting(right, rows)
            times = np.diff(new)
            uneven = len(times) > 0 and bool(times.std() > _UNEVEN * times.mean())
            key = (new.tobytes(), uneven or not any(held), (a, b) if alone[a, b] else None)
            groups.setdefault(key, []).append((a, b))
    for (new, levels, _), pairs in groups.items():
        yield pairs, np.frombuffer(new, dtype=np.int64), levels
