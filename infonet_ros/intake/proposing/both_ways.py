"""Fields that are worth comparing both by their levels and by their rates of change.

A height is the sum of a climb rate, however noisy it is. A heater, on or off, tells how fast its oven warms up, and
little of how warm it is. And a speed that wanders for all that the recording shows has a level if it follows an engine
speed that has one.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from infonet_ros.intake.proposing.candidates import Candidate
from infonet_ros.intake.proposing.kinds import (
    ALSO_BY_LEVEL,
    ALSO_BY_RATE,
    FEW_LEVELS,
    Column,
    Treatment,
    is_noisy,
    is_random_walk,
)
from infonet_ros.series import average_ranks, cumulative_integral, spans_of_gains
from infonet_ros.text import NANOSECONDS

_MOMENTS = 2048  # at which fields are compared
_SAME = 0.7  # correlation of what a field gains, and of what its rate adds up to, in the same time
_JUMP = 10.0  # times the usual gain
_FOLLOWS = 0.7  # correlation of ranks
_NO_WALK = -3.8  # what is left of one of two random walks beside the other is seldom below (Phillips, Ouliaris 1990)
_BINS = 24  # of a field, for the mean of the other beside it


def both_ways(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates once more: by the rate those that are chosen by level, and the other way, where it is of use.

    By their rates: fields that wander with noise, fields whose rate another topic or a switch tells, and those that
    gain what a field that wanders does. By their levels: fields that wander and follow one that does not.
    """
    if len(chosen) < 2:
        return []
    smooth = np.array([c.kind.name not in ("event", "held") and c.column.levels > FEW_LEVELS for c in chosen])
    kept, wander = (smooth & [c.kind.treatment is one for c in chosen] for one in (Treatment.KEPT, Treatment.RATE))
    topics = np.array([c.topic for c in chosen])
    summed, gained = _gains_alike([c.column for c in chosen])
    driven = summed & ((topics[:, None] != topics) | ~smooth)  # in one topic a smooth one is just the measured rate
    asked = driven.any(axis=1) | (gained & wander).any(axis=1) | [is_noisy(c.column) for c in chosen]
    by_rate = [
        replace(candidate, kind=ALSO_BY_RATE)
        for candidate, one in zip(chosen, kept & asked, strict=True)
        if one and candidate.column.rate_span is not None
    ]
    wandering = [c for c, one in zip(chosen, wander, strict=True) if one]
    settled = [c.column for c, one in zip(chosen, kept, strict=True) if one and not c.column.wanders]
    by_level = [replace(c, kind=ALSO_BY_LEVEL) for c in wandering if any(_follows(c.column, one) for one in settled)]
    return [*by_rate, *by_level]


def _moments(columns: Sequence[Column]) -> np.ndarray:
    """Return evenly spaced times (_MOMENTS,) at which all columns are known."""
    begin, end = max(c.stamps[0] for c in columns), min(c.stamps[-1] for c in columns)
    return np.linspace(begin, max(begin + 1, end), _MOMENTS)


def _gains_alike(columns: Sequence[Column]) -> tuple[np.ndarray, np.ndarray]:
    """Return which columns (N, N) gain over some time what others, the second ones, add up to, or what they gain."""
    summed, gained = np.zeros((2, len(columns), len(columns)), dtype=bool)
    moments = _moments(columns)
    places, sums = (
        np.stack([np.interp(moments, c.stamps, one(c)) for c in columns]) for one in (lambda c: c.values, _sums)
    )
    for span in spans_of_gains(_MOMENTS):
        gains, added = (_standardised(one[:, span:] - one[:, :-span]) for one in (places, sums))
        summed |= np.abs(gains @ added.T) > _SAME * gains.shape[1]
        gained |= np.abs(gains @ gains.T) > _SAME * gains.shape[1]
    return summed, gained


def _sums(column: Column) -> np.ndarray:
    """Return the integral (M,) of a field over its time, without its mean."""
    values = column.values - column.values.mean()
    return cumulative_integral(np.diff(column.stamps) / NANOSECONDS, values)


def _standardised(rows: np.ndarray) -> np.ndarray:
    """Return gains (N, n) with mean 0 and variance 1; a sensor that fails for a while jumps, and counts like others."""
    usual = np.median(np.abs(rows), axis=1, keepdims=True)
    farthest = np.where(usual > 0.0, _JUMP * usual, np.inf)
    rows = np.clip(rows, -farthest, farthest)
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = rows.std(axis=1, keepdims=True)
    return np.divide(rows, spread, out=np.zeros_like(rows), where=spread > 0.0)


def _follows(column: Column, settled: Column) -> bool:
    """Return whether a field that wanders does not beside one that does not, so that it has a level, too."""
    moments = _moments([column, settled])
    own, other = (average_ranks(np.interp(moments, c.stamps, c.values)) - 0.5 for c in (column, settled))
    move = np.ptp(own) > 0.0 and np.ptp(other) > 0.0  # within their common time
    if not move or abs(np.corrcoef(own, other)[0, 1]) < _FOLLOWS:
        return False
    bins = (other * _BINS / _MOMENTS).astype(int)
    means = np.bincount(bins, own, _BINS) / np.maximum(np.bincount(bins, minlength=_BINS), 1)
    return not is_random_walk(own - means[bins], _NO_WALK)
