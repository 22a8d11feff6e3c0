"""Delays of a whole recording: the lags that the network tries, and the delay of each pair below one sample.

A cheap measure compares all lags of the search (`lagged_contingency`). The network tries few of them for all pairs, and
then, for each pair that gains by its delay, lags as dense as its peak needs.

Where its MI cannot tell the delay, as of two sensors of one motion, or of a pair that is faster than the scan, the peak
of the cheap measure does. The network then estimates the pair only there and without a delay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from infonet_ros.dependence.matrix import CLEAR_GAIN, DependenceMatrix
from infonet_ros.estimator.measures.contingency import LEAST_GAIN, RIVAL, lagged_contingency, values_of
from infonet_ros.estimator.measures.delay_spread import T_90, DelaySpread, holds, uphill
from infonet_ros.estimator.measures.gains import GainChange, gain_changes
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.offline.whole_recording.moves import Moves

Pair = tuple[int, int]

ONE_MOTION = 0.83
"""Nats, a correlation of 0.9: two sensors of one motion. Their MI is nearly the same at delays that differ by little,
so the peak of the cheap measure tells their delay."""

_PROPORTIONAL = 0.8  # correlation squared, of two sensors of one motion
_PLATEAU = 0.9  # of a peak's contingency: these lags count as its top
_WIDTH = 0.5  # of the contingency at the top: where the curve of a pair ends
_POINTS = 8  # lags of that curve on each side of its top
_LEAST_WIDTH = 4  # samples on each side


@dataclass(frozen=True, eq=False)
class PairEstimates:
    """The measures of a matrix, (N, N) each, that come from one estimate of a pair; symmetric."""

    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    samples: np.ndarray

    @classmethod
    def copied(cls, matrix: DependenceMatrix) -> "PairEstimates":
        """Copy those of a matrix."""
        return cls(*(getattr(matrix, field.name).copy() for field in fields(cls)))

    def put(self, pair: tuple[int, int], found: LaggedEstimate, place: int = 0) -> None:
        """Replace the estimate of a pair by the one at number ``place`` of some lags."""
        for name, square in vars(self).items():
            square[pair] = square[pair[::-1]] = getattr(found, name)[place]

    def into(self, matrix: DependenceMatrix, **others: Any) -> DependenceMatrix:
        """Return a matrix with these estimates, and with ``others`` of its fields replaced."""
        return replace(matrix, **vars(self), **others)


def depends_more(mi: np.ndarray, undelayed: np.ndarray) -> np.ndarray:
    """Return where pairs depend more at their delay than without, by `CLEAR_GAIN` at least, or see `ONE_MOTION`."""
    return (mi - undelayed >= CLEAR_GAIN) | (undelayed >= ONE_MOTION)


@dataclass(frozen=True, eq=False)
class LagSearch:
    """Lags at which pairs may have a peak, from the contingency at every lag."""

    contingency: np.ndarray  # (N, N, 2 L + 1) float32: see `lagged_contingency`

    @classmethod
    def of(cls, ranks: np.ndarray, longest: int) -> "LagSearch":
        """Compare channels by their ranks (T, N) at lags up to ``longest`` samples; see `lagged_contingency`."""
        return cls(lagged_contingency(ranks, longest))

    @property
    def longest(self) -> int:
        """L, samples."""
        return self.contingency.shape[2] // 2

    def promising(self) -> list[int]:
        """Return as few lags, 1 or more, as are needed to have one on top of each peak of each pair, in either sign."""
        first, second = np.triu_indices(len(self.contingency), k=1)
        spans = {span for a, b in zip(first, second, strict=True) for span in self._tops(self.contingency[a, b])}
        chosen: list[int] = []
        for begin, end in sorted(spans, key=lambda span: span[1]):
            if not chosen or chosen[-1] < begin:
                chosen.append(end)
        return chosen

    def top(self, a: int, b: int, near: int | None = None) -> int:
        """Return the lag of the highest peak of a pair, or of that uphill from a lag; 0 if it hardly depends there."""
        curve = self.contingency[a, b]
        place = int(curve.argmax()) if near is None else uphill(curve, near + self.longest)
        return place - self.longest if curve[place] >= LEAST_GAIN else 0

    def around(self, a: int, b: int, lag: int) -> list[int]:
        """Return lags around one of a pair, over the width of its peak, with a step that fits this width."""
        curve, place = self.contingency[a, b], lag + self.longest
        below = np.flatnonzero(curve < _WIDTH * curve[place])
        before, after = below[below < place], below[below > place]
        sides = [place - before[-1] if len(before) else 0, after[0] - place if len(after) else 0]
        width = max(_LEAST_WIDTH, *sides)
        step = -(-width // _POINTS)
        near = lag + step * np.arange(-(-width // step) + 1)
        lags = {*near.tolist(), *(2 * lag - near).tolist()}
        return sorted(one for one in lags if abs(one) <= self.longest)

    def _tops(self, curve: np.ndarray) -> Iterable[tuple[int, int]]:
        """Yield the spans of absolute lags with the tops of a pair's peaks that are higher than at lag 0."""
        least = max(curve[self.longest] + LEAST_GAIN, RIVAL * curve.max())
        rises = np.r_[True, curve[1:] >= curve[:-1]] & np.r_[curve[:-1] > curve[1:], True]
        for peak in np.flatnonzero(rises & (curve >= least)):
            below = np.flatnonzero(curve < _PLATEAU * curve[peak])
            begin = below[below < peak].max(initial=-1) + 1 - self.longest
            end = below[below > peak].min(initial=len(curve)) - 1 - self.longest
            if begin > 0 or end < 0:  # else lag 0 is as good
                yield (begin, end) if begin > 0 else (-end, -begin)


@dataclass(frozen=True, eq=False)
class Spreads:
    """Finds how certain delays are, see `DelaySpread`, by the samples and by their changes.

    The delay with the smaller error is used: slow streams make few moves, and noisy ones have many changes without
    information.
    """

    moves: Moves
    longest: int  # longest lag, samples

    def of(self, pair: Pair, lag: int) -> DelaySpread:
        """Return the peak of a pair near a lag: of the samples, or of the changes if their error is half as large.

        Both errors are estimates from few parts of the recording: a small difference between them means nothing.
        Rivals among the changes count if they depend at all: those of a noisy stream are mere noise, with many peaks.
        The peak of slow streams may be broader than the search, and that of their changes within it.
        """
        level = self._peak(self.moves.samples, self.moves.ranks, pair, lag)
        change = self._peak(self.moves.changes, self.moves.change_ranks, pair, lag)
        surer = change.delayed and 2.0 * change.error < level.error and level.agrees(change) and not level.rivalled
        surer |= level.broad and change.delayed and change.is_at(lag)
        found = change if surer or (change.rivalled and change.height >= LEAST_GAIN) else level
        samples, ranks = self.moves.samples[:, pair], self.moves.ranks[:, pair]
        gain = gain_changes(samples, ranks, found.delay) if found.delayed else GainChange(False, False)
        smoothed = gain.falls if found.delay > 0.0 else gain.rises
        return replace(found, smoothed=smoothed, uneven=level.differs(change) or any(gain), held=holds(ranks))

    def _peak(self, samples: np.ndarray, ranks: np.ndarray, pair: Pair, lag: int) -> DelaySpread:
        """Return the peak of a pair: that of its values (T, N) if they are proportional, else of its ranks.

        What comes to rest in its noise does so earlier in ranks, the larger the noise is. In values it does not. But
        the ranks count where both agree and the error of the values is twice as large: they may tell a few motions.
        """
        found = DelaySpread.of(ranks[:, pair], self.longest, lag)
        values = DelaySpread.of(ranks[:, pair], self.longest, lag, values_of(samples[:, pair]))
        surer = values.differs(found) or values.error < 2.0 * found.error
        return values if values.height >= _PROPORTIONAL and surer else found


@dataclass(frozen=True, eq=False)
class DelayCurve:
    """MI of one pair over the delay.

    ``lags`` (L,) in seconds, positive where the second channel follows the first, closer together around the best;
    ``mi``, ``lower``, ``upper`` (L,) in nats.
    """

    pair: Pair
    lags: np.ndarray
    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True, eq=False)
class Delays:
    """Delays of all pairs."""

    matrix: DependenceMatrix
    """Each pair at the delay at which it depends most; ``lag`` is finer than a sample where the MI has a peak there."""
    undelayed: DependenceMatrix  # each pair without delay, by the same samples
    lower: np.ndarray
    upper: np.ndarray
    """``lower``, ``upper``: (N, N) float32; 90 % interval of the delay, seconds; NaN where it is not sure, see
    `refine`."""
    physical: np.ndarray  # (N, N) bool: late stamps are not the cause, see `DelaySpread`
    smoothed: np.ndarray  # (N, N) bool: fast motions are smaller behind the delay
    curves: tuple[DelayCurve, ...]  # of the requested pairs

    def without(self, unknown: np.ndarray) -> "Delays":
        """Return a copy without the intervals of some pairs (N, N)."""
        lower, upper = (np.where(unknown, np.nan, ends) for ends in (self.lower, self.upper))
        return replace(self, lower=lower, upper=upper)

    def widened(self, spans: np.ndarray) -> "Delays":
        """Return a copy with wider intervals of rates of change that are taken over ``spans`` (N,), seconds.

        Such a rate begins to move half a span before what it measures, and stops half a span later. Noise may hide
        either, so that its ranks come early or late.
        """
        either_side = np.abs(spans[:, None] - spans) / 2.0
        return replace(self, lower=self.lower - either_side, upper=self.upper + either_side)


class Asked(NamedTuple):
    """A pair with the lags, in samples of its clock, at which the network estimates it.

    ``top`` is the lag with the largest contingency, for a pair whose delay is found by that alone.
    """

    lags: Sequence[int]
    top: int | None = None


class Judged(NamedTuple):
    """What was found of a pair: its peak, and its MI at some lags if that is wanted.

    Lags are samples of a clock with a rate in Hz.
    """

    spread: DelaySpread
    found: LaggedEstimate | None
    rate: float


def refine(
    scanned: DependenceMatrix,
    undelayed: DependenceMatrix,
    asked: Mapping[Pair, Asked],
    judged: Iterable[Judged],
    shown: Sequence[Pair],
) -> Delays:
    """Replace the delays that the scan found by those of the pairs that were ``asked``, as they were ``judged``.

    Only a pair whose peak shows that it is delayed has an interval. The curves of the pairs ``shown`` are kept.
    """
    estimates, at_once, lag = PairEstimates.copied(scanned), PairEstimates.copied(undelayed), scanned.lag.copy()
    lower, upper = (np.full(lag.shape, np.nan, dtype=np.float32) for _ in range(2))
    physical, smoothed = np.zeros((2, *lag.shape), dtype=bool)
    curves: dict[Pair, DelayCurve] = {}
    for ((a, b), one), (spread, found, rate) in zip(asked.items(), judged, strict=True):
        if found is None:
            continue
        if (a, b) in shown:
            curves[a, b] = DelayCurve((a, b), found.lags / rate, found.mi, found.lower, found.upper)
        place, samples, error = _by_mi(found, spread) if one.top is None else _by_contingency(found, spread)
        if np.isnan(samples):
            continue
        estimates.put((a, b), found, place)
        if 0 in found.lags:
            at_once.put((a, b), found, _nearest(found, 0.0))
        delay, either_side = samples / rate, T_90 * error / rate
        lag[a, b], lag[b, a] = delay, -delay
        lower[a, b], upper[a, b] = delay - either_side, delay + either_side
        lower[b, a], upper[b, a] = -delay - either_side, -delay + either_side
        physical[a, b] = physical[b, a] = spread.physical
        smoothed[a, b] = smoothed[b, a] = spread.smoothed
    matrix, undelayed = estimates.into(scanned, lag=lag), at_once.into(undelayed)
    return Delays(matrix, undelayed, lower, upper, physical, smoothed, tuple(curves[pair] for pair in shown))


def _by_mi(found: LaggedEstimate, spread: DelaySpread) -> tuple[int, float, float]:
    """Return which lag of a pair is its delay by its MI, that delay, NaN if there is none, and its error, samples.

    If the peak shows that the pair is delayed, its delay is finer; otherwise the error is not known.
    """
    place = _nearest(found, found.best_lag or 0)
    if not found.best_lag:
        return place, np.nan, np.nan
    if spread.delayed and spread.delay * found.delay > 0.0:
        return place, spread.delay, spread.error
    return place, found.delay, np.nan


def _by_contingency(found: LaggedEstimate, spread: DelaySpread) -> tuple[int, float, float]:
    """Return the same by the peak of the contingency alone; the MI must also be larger there than without delay."""
    if not spread.delayed:
        return 0, np.nan, np.nan
    place = _nearest(found, spread.delay)
    gains = depends_more(found.mi[place], found.mi[_nearest(found, 0.0)])
    return place, spread.delay if gains else np.nan, spread.error


def _nearest(found: LaggedEstimate, lag: float) -> int:
    """Return the number of the lag that is nearest to another."""
    return int(np.abs(found.lags - lag).argmin())
