"""The range of delays that is searched: the usual range, or more if a pair of the recording has a longer delay.

A motor warms up a minute after its load, and a boat gains speed ten seconds after a gust. A longer search in every
recording would hide the dependence of slow streams, because the largest MI of many lags is large by chance. So a longer
delay must first be significant by itself, or by the part of its peak that lies within the usual range.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from infonet_ros.estimator.measures.contingency import LAGS_FRACTION, LEAST_GAIN, lagged_contingency, shift_p_values
from infonet_ros.offline.whole_recording.delays import Pair, Spreads
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.settings import Settings

_USUAL = 1.0
"""Seconds. Delays are searched so far in both directions, and `STEPS` samples at least, if no ``max_lag`` is given."""

STEPS = 10
"""Lags in each direction that are always tried."""

_WORTHWHILE = 2  # times the usual search: in a short recording there is little beyond it
_HIGHER = 1.5  # times the largest contingency of the usual search
_RISING = 0.9  # of that, and the curve stays above it from the end of the usual search to its top
_MOST_ASKED = 8  # pairs, those that gain most
_LEVEL = 0.01  # for all pairs together
_SPARE = 1.5  # times the delay, so that its peak falls within the search


def usual_range(settings: Settings) -> float:
    """Return how far delays of the whole recording are usually searched in both directions, seconds."""
    least = STEPS / settings.rate if settings.rate else 0.0
    return settings.max_lag or min(max(_USUAL, least), settings.window / 4)


def search_range(moves: Moves, longest: int, threads: int = 1) -> int:
    """Return the longest lag to search, samples: ``longest``, or more if a pair surely has a longer delay.

    Lags are at most the part of the recording that `shift_p_values` can test.
    """
    farthest = len(moves.ranks) // LAGS_FRACTION
    if farthest < _WORTHWHILE * longest:
        return longest
    curves = lagged_contingency(moves.ranks, farthest)
    pairs = len(curves) * (len(curves) - 1) // 2
    spreads = Spreads(moves, farthest)
    lags = [
        abs(one.lag)
        for one in sorted(_beyond(curves, longest), reverse=True)[:_MOST_ASKED]
        if spreads.of(one.pair, one.lag).delayed and _p_value(moves, one, threads) * pairs <= _LEVEL
    ]
    return min(farthest, round(_SPARE * max(lags)) + longest) if lags else longest


class _Peak(NamedTuple):
    """The largest contingency of a pair, and how far the search must go to find that the pair depends."""

    height: float
    pair: Pair
    lag: int
    reach: int


def _beyond(curves: np.ndarray, longest: int) -> Iterator[_Peak]:
    """Yield the pairs whose largest contingency (N, N, 2 F + 1) is beyond the usual search, or at its edge."""
    farthest = curves.shape[2] // 2
    usual = slice(farthest - longest, farthest + longest + 1)
    for a, b in zip(*np.triu_indices(len(curves), k=1), strict=True):
        curve = curves[a, b]
        top = int(curve.argmax()) - farthest
        highest, within = float(curve.max()), float(curve[usual].max())
        if _SPARE * abs(top) < longest or highest - curve[farthest] < LEAST_GAIN:
            continue
        between = curve[usual.stop - 1 : farthest + top + 1] if top > 0 else curve[farthest + top : usual.start + 1]
        rising = between.min(initial=highest) >= _RISING * within
        if rising or highest >= _HIGHER * within:
            yield _Peak(highest, (int(a), int(b)), top, longest if rising else farthest)


def _p_value(moves: Moves, peak: _Peak, threads: int) -> float:
    return float(shift_p_values(moves.ranks[:, peak.pair], peak.reach, threads)[0][0, 1])
