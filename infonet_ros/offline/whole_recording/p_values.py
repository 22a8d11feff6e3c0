"""Test of all pairs of a whole recording: by circular shifts of the samples, and of their changes."""

from collections.abc import Callable, Iterator
from itertools import chain, combinations
from typing import Any, NamedTuple

import numpy as np

from infonet_ros.estimator.measures.contingency import shift_p_values
from infonet_ros.estimator.measures.untestable import reasons
from infonet_ros.estimator.samples.common_times import Coincidence
from infonet_ros.estimator.samples.holding import Repetition, common_messages
from infonet_ros.estimator.samples.periods import deviations_from_periods, sharing_period
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.estimator.samples.stationarity import drifting
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.rest import pauses

CHANGES_DRIFT = "both drift, and so do their changes: choose a part by --start and --duration"
LEVELS_DRIFT = "both drift, and held values can only be tested by their levels: choose a part by --start and --duration"
ONE_PERIOD = "both have one period, and too little besides: record them at another pace, too"

_BLOCK = 8  # samples of which a channel may be still, at least
_BLOCKS_A_SEARCH = 4  # in the range of delays
_UNEVEN = 0.3  # times between two rows, of their mean
_MIDDLE = 0.5  # rank in place of unknown samples
_COINCIDENCE = 0.2  # of moves; with less, the level of the test nearly holds
_GROWTH = 3.0  # of the contingency, times the rest; see `benchmarks.whole_significance`. More would cost power


_Retest = Callable[..., np.ndarray]
"""From other samples (T', K) to the p-values of their pairs, (K, K)."""

_Tested = tuple[np.ndarray, np.ndarray, np.ndarray, bool]
"""Channels (K,), which of their pairs count (K, K) bool, the p-values of these (K, K), and whether only of levels."""


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

    def retest(samples: np.ndarray, lags: int = longest, levels_only: bool = False) -> np.ndarray:
        return _test(Moves.of(samples, lags), lags, threads, levels_only)[0]

    p_values, drifts, shifts = _test(moves, longest, threads)
    both_drift = drifts[:, None] & drifts
    of_one_period = sharing_period(moves.samples.T) & ~both_drift
    others = chain(
        _without_periods(moves.samples, of_one_period, retest),
        _without_pauses(moves.samples, drifts, longest, retest),
        _at_updates(moves.samples, of_one_period, longest, retest),
    )
    by_levels = np.zeros_like(both_drift)
    for channels, chosen, found, levels_only in others:
        square = np.ix_(channels, channels)
        p_values[square] = np.where(chosen, found, p_values[square])
        by_levels[square] |= chosen & levels_only
    drifting_alike = {LEVELS_DRIFT: both_drift & by_levels, CHANGES_DRIFT: both_drift}
    untested = reasons(np.zeros_like(drifts), drifting_alike | {ONE_PERIOD: of_one_period})
    untested[np.isfinite(p_values)] = ""
    return ShiftTests(p_values, drifts, shifts, untested)


def _without_periods(samples: np.ndarray, of_one_period: np.ndarray, retest: _Retest) -> Iterator[_Tested]:
    channels = np.flatnonzero(of_one_period.any(axis=0))
    if len(channels):
        yield channels, of_one_period[np.ix_(channels, channels)], retest(_deviations(samples[:, channels])), False


def _without_pauses(samples: np.ndarray, drifts: np.ndarray, longest: int, retest: _Retest) -> Iterator[_Tested]:
    for channels, paused in pauses(samples, max(_BLOCK, longest // _BLOCKS_A_SEARCH)):
        either = drifts[channels, None] | drifts[channels]
        if either.any():
            yield channels, either, retest(samples[~paused][:, channels]), False


def _at_updates(samples: np.ndarray, of_one_period: np.ndarray, longest: int, retest: _Retest) -> Iterator[_Tested]:
    for pairs, rows, levels in _held_pairs(samples, alone=of_one_period):
        channels, places = np.unique(pairs, return_inverse=True)
        chosen = np.zeros((len(channels), len(channels)), dtype=bool)
        chosen[tuple(places.reshape(-1, 2).T)] = True
        updates = samples[rows][:, channels]
        if of_one_period[pairs[0]]:
            updates = _deviations(updates)
        yield channels, chosen | chosen.T, retest(updates, -(-longest * len(rows) // len(samples)), levels), levels


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
