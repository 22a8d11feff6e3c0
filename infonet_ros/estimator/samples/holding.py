"""Streams that keep their last value until the next one comes, or repeat rows: which samples are worth one.

A sensor of 1 Hz on a time base of 100 Hz is the same value a hundred times over. Two such streams meet in few points,
each of them many times, and would look as if they determined each other: what two held streams share is told by the
samples at which both are new.
"""

from dataclasses import dataclass

import numpy as np

MOST_REPEATS = 8  # times that a row is there, on average; values that come back more often are levels
LEAST_UPDATES = 48  # with fewer than these the network's interval does not hold; of samples it takes `MIN_SAMPLES`
REPEATING = 0.25  # of the runs of a held stream, and of its values, last two samples or more
MANY_LEVELS = 24  # streams of no more values, each back again and again, are discrete rather than held
PASSAGES = 0.9  # of single samples
FEW_RUNS = 3  # and as many values, or straight lines: an event, a ramp
GRID_UPDATES = 12  # changes that all keep to multiples of a number: by chance for 2 in 2048, for 3 in 177147


@dataclass(frozen=True, eq=False)
class Repetition:
    """What of a stream is there more than once.

    Attributes
    ----------
    updates : (T,) int64 or None
        See `updates`; None for a stream that is not held.
    repeats : (T,) int64 or None
        See `repeats`; None where no value repeats.
    """

    updates: np.ndarray | None = None
    repeats: np.ndarray | None = None

    def shared(self, other: "Repetition") -> bool:
        """Whether fewer samples count than both streams know: two that are held, or whose rows repeat."""
        if self.updates is not None and other.updates is not None:
            return True
        return self.repeats is not None and other.repeats is not None and np.array_equal(self.repeats, other.repeats)

    def counting(self, other: "Repetition", rows: np.ndarray, lag: int = 0) -> np.ndarray:
        """Return those of samples ``rows`` (R,) that count, the other stream ``lag`` samples later."""
        if not len(rows) or not self.shared(other):
            return rows
        if self.updates is not None and other.updates is not None:
            return rows[both_new(self.updates[rows], other.updates[rows + lag])]
        assert self.repeats is not None and other.repeats is not None
        return rows[first_of_each(self.repeats[rows], other.repeats[rows + lag])]


def updates(values: np.ndarray) -> np.ndarray | None:
    """Count the updates of a held stream up to each of its samples.

    Held are streams of which many values last several samples and few come back: forward-filled, duplicated, rounded
    and then filled, piecewise constant, and straight lines from update to update. So are streams of any values that
    change at multiples of one number of samples only. A stream of few levels that changes at any time is not held: how
    long it stays in a level is part of what it tells.

    Parameters
    ----------
    values : (T,) float64
        NaN where unknown: that neither is an update nor hides one.

    Returns
    -------
    (T,) int64 or None
        None for a stream that is not held.
    """
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < LEAST_UPDATES:
        return None
    new = _changes(values[known])
    if new is None:
        new = _bends(values[known])
    if new is None:
        return None
    found = np.zeros(len(values), dtype=np.int64)
    found[known[new]] = 1
    return np.cumsum(found)


def both_new(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Say at which samples two held streams are both new since the sample before that counts.

    Parameters
    ----------
    left, right : (R,) int64
        Updates so far at each of the common samples, from `updates`.

    Returns
    -------
    (K,) int64
        Places among the R samples: one for each update of the slower stream, less those between which the other had
        none. It is half a hold of the faster one after the update, so that each update meets the nearest in time.
    """
    slower, faster = (left, right) if left[-1] - left[0] <= right[-1] - right[0] else (right, left)
    starts = np.flatnonzero(np.diff(slower, prepend=slower[0] - 1))
    holds = np.diff(starts, append=len(slower))
    usual = len(faster) // (faster[-1] - faster[0] + 1)
    rows = starts + np.minimum(holds, usual) // 2
    return rows[np.diff(faster[rows], prepend=-1) > 0]


def repeats(values: np.ndarray) -> np.ndarray | None:
    """Tell at which sample each value of a stream was there first.

    Two streams whose values repeat at the very same samples did not do so by themselves: rows were written twice, or a
    recording was played again. Such rows count once, see `first_of_each`.

    Parameters
    ----------
    values : (T,) float64
        NaN where unknown.

    Returns
    -------
    (T,) int64 or None
        None where no value repeats, or values are so few that they are levels.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    if len(starts) == len(values) or len(starts) < max(LEAST_UPDATES, len(values) / MOST_REPEATS):
        return None
    first = np.empty(len(values), dtype=np.int64)
    first[order] = np.repeat(order[starts], np.diff(starts, append=len(values)))
    return first


def first_of_each(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Say where each pair of values is there first: places (K,) among R samples with `repeats` (R,) of two streams."""
    _, places = np.unique(left * (right.max() + 1) + right, return_index=True)
    return np.sort(places)


def _changes(samples: np.ndarray) -> np.ndarray | None:
    """Say where a stream that repeats its values (T,) takes the next, (T,) bool; None where it is not held."""
    starts = np.flatnonzero(np.append(True, samples[1:] != samples[:-1]))
    if len(starts) < 2 or len(starts) > (1.0 - REPEATING / 2.0) * len(samples):
        return None
    starts = _without_passages(starts, samples)
    new = np.zeros(len(samples), dtype=bool)
    new[starts] = True
    step = int(np.gcd.reduce(np.diff(starts[1:])))  # where the first value began is not known
    if step > 1 and len(starts) > GRID_UPDATES:
        new[starts[1] % step :: step] = True  # a value may follow itself
        return new
    levels, level = np.unique(samples[starts], return_inverse=True)
    lasting = np.diff(starts, append=len(samples)) > 1
    repeated = np.zeros(len(levels), dtype=bool)
    repeated[level[lasting]] = True
    held = (
        len(levels) > min(len(starts) / 2.0, MANY_LEVELS)
        and lasting.mean() >= REPEATING
        and repeated.mean() >= REPEATING  # not one value again and again, such as 0 or the end of a range
        # Not a smooth stream that was rounded, unless that makes so few moves that nothing is known.
        and (len(starts) < LEAST_UPDATES or np.median(np.abs(np.diff(level))) > 1)
        and len(starts) > FEW_RUNS
    )
    return new if held else None


def _without_passages(starts: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Leave out of the starts of runs (K,) the single samples between two values that last, where they pass over.

    A held stream that was interpolated onto other times has one in each step. Where only some singles lie between
    their neighbours, they are values as good as others.
    """
    value, lasting = samples[starts], np.diff(starts, append=len(samples)) > 1
    alone = np.append(False, np.append(~lasting[1:-1] & lasting[:-2] & lasting[2:], False))
    before, after = np.roll(value, 1), np.roll(value, -1)
    passing = alone & ((value - before) * (after - value) > 0.0)
    return starts[~passing] if passing.sum() >= PASSAGES * alone.sum() else starts


def _bends(samples: np.ndarray) -> np.ndarray | None:
    """Say where a stream of straight lines (T,) bends, (T,) bool; None where it is not one."""
    second = np.abs(np.diff(samples, n=2))
    straight = second <= 1e-9 * np.abs(samples).max()
    if straight.mean() < REPEATING or not (samples[1:] != samples[:-1]).mean() > 0.5:
        return None
    bends = np.append(True, np.append(~straight, False))
    lasting = np.diff(np.flatnonzero(bends), append=len(samples)) > 1
    return bends if lasting.mean() >= REPEATING and len(lasting) > FEW_RUNS else None
