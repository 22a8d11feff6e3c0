"""Held streams (they keep a value until the next one) and repeated rows: which samples count.

A sensor of 1 Hz on a clock of 100 Hz repeats each value a hundred times. Two such streams have few different pairs of
values, each many times, and would look completely dependent. So only the samples count at which both are new.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.estimator.samples.updates import GRID_UPDATES, LEAST_UPDATES, changes, updates

MOST_REPEATS = 8  # of a row, by the mean of those that repeat; values that occur more often are levels
FEW_LEVELS = 4  # two streams with at most so many values may change together at events
CHANCE = 4.0  # standard errors
BESIDE = 0.4  # of the common changes: one stream that changes right after the other, with other causes than messages


@dataclass(frozen=True, eq=False)
class Repetition:
    """Updates and repeats of a stream."""

    updates: np.ndarray | None = None  # (T,) int64 or None: see `updates`; None for a stream that is not held
    repeats: np.ndarray | None = None  # (T,) int64 or None: see `repeats`; None where no value repeats
    changes: np.ndarray | None = None  # (T,) bool or None: see `changes`; None for a stream that seldom keeps a value
    few: bool = False  # whether it has at most `FEW_LEVELS` values

    @classmethod
    def of(cls, values: np.ndarray, order: np.ndarray | None = None) -> "Repetition":
        """Find the updates and changes of a stream (T,), NaN where unknown, and its repeats if sorted by ``order``."""
        updated = updates(values)
        if updated is not None:
            return cls(updated, None, np.diff(updated, prepend=updated[0]) > 0)
        changing = changes(values)
        few = changing is not None and len(np.unique(values[np.isfinite(values)])) <= FEW_LEVELS
        return cls(None, None if order is None else repeats(values, order), changing, few)

    @classmethod
    def of_vector(cls, channels: np.ndarray) -> "Repetition":
        """Join the updates or changes of channels (d, T), none of them constant: where any of them is new."""
        streams, repeated = [cls.of(values) for values in channels], _common_repeats(channels)
        changing = [one.changes for one in streams if one.changes is not None]
        if not streams or len(changing) < len(streams):
            return cls(repeats=repeated)
        new = np.logical_or.reduce(changing)
        if all(one.updates is not None for one in streams):
            return cls(np.cumsum(new), repeated, new)
        return cls(None, repeated, new, all(one.few for one in streams))

    def clock(self, other: "Repetition") -> tuple[np.ndarray, np.ndarray] | None:
        """Return the updates of both streams (T,), if both are held or change at the times of common messages."""
        if self.updates is not None and other.updates is not None:
            return self.updates, other.updates
        if self.changes is None or other.changes is None or not common_messages([self, other])[0, 1]:
            return None
        ticks = np.cumsum(self.changes | other.changes)
        return ticks, ticks

    def shared(self, other: "Repetition") -> bool:
        """Return whether fewer samples count than both streams know: both are held, or their rows repeat."""
        return self.clock(other) is not None or self.same_rows(other)

    def counting(self, other: "Repetition", rows: np.ndarray, lag: int = 0) -> np.ndarray:
        """Return which of samples ``rows`` (R,) count, with the other stream ``lag`` samples later."""
        if not len(rows):
            return rows
        clock = self.clock(other)
        if clock is not None:
            return rows[both_new(clock[0][rows], clock[1][rows + lag])]
        if not self.same_rows(other):
            return rows
        assert self.repeats is not None and other.repeats is not None
        return rows[first_of_each(self.repeats[rows], other.repeats[rows + lag])]

    def same_rows(self, other: "Repetition") -> bool:
        """Return whether the values of both repeat at exactly the same samples."""
        return _equal(self.repeats, other.repeats)


def common_messages(streams: Sequence[Repetition]) -> np.ndarray:
    """Return which of K streams, at least one of each pair not held, change at the times of common messages, (K, K).

    Then both often change at the same sample, and seldom one right after the other. Dependent streams of levels change
    one after the other almost as often. Two that have few values may change together at events.
    """
    found = np.zeros((len(streams), len(streams)), dtype=bool)
    places = [one.changes for one in streams if one.changes is not None]
    if len(places) < 2:
        return found
    asked = [number for number, one in enumerate(streams) if one.changes is not None]
    changing = np.stack(places).astype(np.float32)
    both, after = changing @ changing.T, changing[:, 1:] @ changing[:, :-1].T
    counts = changing.sum(axis=1)
    chance = np.outer(counts, counts) / changing.shape[1]
    common = (np.maximum(after, after.T) <= BESIDE * both) & (both > chance + CHANCE * np.sqrt(chance))
    held = np.array([streams[number].updates is not None for number in asked])
    few = np.array([streams[number].few for number in asked])
    common &= (both >= GRID_UPDATES) & ~np.outer(held, held) & ~np.outer(few, few)
    np.fill_diagonal(common, False)
    found[np.ix_(asked, asked)] = common
    return found


def both_new(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the samples at which two held streams are both new since the last counted sample, (K,) int64.

    ``left`` and ``right`` (R,) are the `updates` so far at each common sample. One of these is returned for each update
    of the slower stream, except those between which the other had none. It is half a hold of the faster stream after
    the update, so each update is paired with the nearest in time.
    """
    slower, faster = (left, right) if left[-1] - left[0] <= right[-1] - right[0] else (right, left)
    starts = np.flatnonzero(np.diff(slower, prepend=slower[0] - 1))
    holds = np.diff(starts, append=len(slower))
    usual = len(faster) // (faster[-1] - faster[0] + 1)
    rows = starts + np.minimum(holds, usual) // 2
    return rows[np.diff(faster[rows], prepend=-1) > 0]


def repeats(values: np.ndarray, order: np.ndarray) -> np.ndarray | None:
    """Return the sample at which each value (T,) of a stream occurred first, (T,) int64; ``order`` (T,) sorts them.

    If the values of two streams repeat at exactly the same samples, rows were written twice, or a recording was played
    again. Such rows count once, see `first_of_each`. None if no value repeats, or if those that do are levels, such as
    0.
    """
    ordered = values[order]
    new = ordered[1:] != ordered[:-1]
    if new.all():
        return None
    starts = np.append(0, 1 + np.flatnonzero(new))
    counts = np.diff(starts, append=len(values))
    if len(starts) < LEAST_UPDATES or counts[counts > 1].mean() > MOST_REPEATS:
        return None
    first = np.empty(len(values), dtype=np.int64)
    first[order] = np.repeat(np.minimum.reduceat(order, starts), counts)
    return first


def _common_repeats(channels: np.ndarray) -> np.ndarray | None:
    """Return the `repeats` of channels (d, T) that all repeat together; None otherwise."""
    found = (repeats(values, np.argsort(values)) for values in channels)
    first = next(found, None)
    return first if first is not None and all(_equal(first, one) for one in found) else None


def _equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Return whether two streams repeat, and at the same samples."""
    return one is not None and other is not None and np.array_equal(one, other)


def first_of_each(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the first position of each pair of values: (K,) among R samples with `repeats` (R,) of two streams."""
    _, places = np.unique(left * (right.max() + 1) + right, return_index=True)
    return np.sort(places)
