"""The estimate of a whole recording: all pairs at the same few lags, then each pair at those around its best one."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.dependence.window_matrices import channel_matrix, modality_matrix
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.samples.channels import constant_channels
from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.progress import Progress
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.conditional_pairs import ConditionalPairs
from infonet_ros.offline.whole_recording.delays import ONE_MOTION, Asked, Delays, Judged, Pair, refine
from infonet_ros.offline.whole_recording.kinship import Kinship
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.p_values import p_values_by_shifts
from infonet_ros.offline.whole_recording.pair_clocks import PairClocks
from infonet_ros.offline.whole_recording.rest import resting, without_rest
from infonet_ros.offline.whole_recording.search_range import STEPS, search_range, usual_range
from infonet_ros.offline.whole_recording.stuck import find_stuck, without_stuck
from infonet_ros.offline.whole_recording.whole_recording import (
    SIGNIFICANCE,
    WholeRecording,
    clear_delays,
    strongest_pairs,
)
from infonet_ros.offline.whole_recording.wrong_clocks import ClockDrift, apart, clock_drifts
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings

_CURVES = 12  # pairs whose MI is shown over the delay
_DISCRIMINANTS = 100  # pairs whose density is shown
_MEASURES = ("mi", "lower", "upper", "samples", "lag")


def estimate_whole(
    net: InfoNet, overview: Overview, settings: Settings, workers: Workers, progress: Progress
) -> WholeRecording:
    """Estimate the recording as a whole, while the platform moves; with given channels, see `ConditionalPairs`."""
    progress("whole recording", 0.0)
    stuck = find_stuck(overview, settings.channel_topics)
    moving = _Moving.searched(without_stuck(overview, stuck), settings, workers)
    window = moving.overview.window
    kinship = Kinship.of(window.samples, window.rate, settings)
    conditional = _conditional(net, moving, settings, workers, progress) if settings.given else None
    if conditional:
        moving, settings = moving.with_window(conditional.ranks()), _without_given(settings)
    window = moving.overview.window
    sliced = workers.submit(modality_matrix, net, window, settings) if len(settings.modalities) > 1 else None
    comparison = _Comparison(net, moving, settings, workers)
    found = comparison.run(conditional, progress)
    drifts = comparison.drifts(found)
    delays = found.delays.without(apart(drifts, settings.channel_topics))
    whole = WholeRecording(
        overview=moving.overview,
        resting=moving.resting,
        still=moving.still,
        matrix=delays.matrix,
        delay_lower=delays.lower,
        delay_upper=delays.upper,
        physical=delays.physical,
        smoothed=delays.smoothed,
        undelayed=delays.undelayed,
        longest_lag=moving.longest_lag,
        shifts=found.shifts,
        between_modalities=None if sliced is None else sliced.result(),
        curves=delays.curves,
        discriminants=comparison.discriminants(found),
        ranks=moving.moves.ranks,
        kinship=kinship,
        drifts=drifts,
        stuck=stuck,
        about_given=conditional.notices() if conditional else (),
        follows=conditional.delays / window.rate if conditional else None,
    )
    progress("whole recording", 1.0)
    return whole.with_clear_delays()


def _conditional(
    net: InfoNet, moving: "_Moving", settings: Settings, workers: Workers, progress: Progress
) -> ConditionalPairs:
    """Return the pairs with given channels, each as it was as long before as the channels of the pair follow it."""
    plain = _Comparison(net, moving, _without_given(settings), workers)
    return ConditionalPairs(net, moving.overview.window, settings, plain.clear_lags(progress))


def _without_given(settings: Settings) -> Settings:
    return replace(settings, given=(), watches=())


class _Moving(NamedTuple):
    """A recording without its samples at rest.

    ``moves`` are its moves, ``longest`` the longest delay to search, samples; ``resting`` is the share of samples that
    was left out, and ``still`` are the channels that vary only by rest.
    """

    overview: Overview
    moves: Moves
    longest: int
    resting: float
    still: tuple[str, ...]

    @classmethod
    def searched(cls, overview: Overview, settings: Settings, workers: Workers) -> "_Moving":
        """Leave out the samples at rest, for delays as long as they are to be searched."""
        longest = min(int(usual_range(settings) * overview.window.rate + 1e-9), len(overview.window.samples) - 1)
        moving = cls.of(overview, longest)
        if not settings.max_lag and (farther := search_range(moving.moves, longest, workers.count)) > longest:
            return cls.of(overview.with_holes(farther + 1), farther)
        return moving

    @classmethod
    def of(cls, overview: Overview, longest: int) -> "_Moving":
        """Leave out the samples at rest, for delays up to ``longest`` samples."""
        window = overview.window
        rests = resting(window.samples, window.rate)
        moving = without_rest(overview, rests, longest + 1)
        still = ~constant_channels(window.samples.T) & constant_channels(moving.window.samples.T)
        names = tuple(name for name, stays in zip(window.names, still, strict=True) if stays)
        return cls(moving, Moves.of(moving.window.samples, longest), longest, float(rests.mean()), names)

    @property
    def longest_lag(self) -> float:
        """The longest delay to search, seconds."""
        return self.longest / self.overview.window.rate

    def with_window(self, window: Window) -> "_Moving":
        """Return the same recording with other samples, at the same times."""
        overview = replace(self.overview, window=window, finer=None)
        return self._replace(overview=overview, moves=Moves.of(window.samples, self.longest))


@dataclass(frozen=True, eq=False)
class _Compared:
    """All pairs at their delays and without delay, which of them are significant (N, N), and by how many shifts."""

    delays: Delays
    significant: np.ndarray
    shifts: int

    @property
    def significant_pairs(self) -> list[Pair]:
        """Pairs that are significant, strongest first."""
        return [pair for pair in strongest_pairs(self.delays.matrix) if self.significant[pair]]


@dataclass(frozen=True, eq=False)
class _Comparison:
    """The comparison of all channels of a recording, at lags up to its longest delay."""

    net: InfoNet
    moving: _Moving
    settings: Settings
    workers: Workers

    @property
    def window(self) -> Window:
        """The samples that are compared."""
        return self.moving.overview.window

    def run(self, conditional: ConditionalPairs | None, progress: Progress) -> _Compared:
        """Compare all pairs; if the samples are conditional ranks, ``conditional`` makes the final estimates."""
        without_lags = self.settings.with_values(max_lag=0.0, surrogates=0)
        at_once = self.workers.submit(channel_matrix, self.net, self.window, without_lags)
        tests = None
        if not self.settings.surrogates:  # else the scan has p-values
            tests = self.workers.submit(p_values_by_shifts, self.moving.moves, self.moving.longest, self.workers.count)
        lags = sorted({*self._even_lags, *self._clocks.common.search.promising()})
        scanned = channel_matrix(self.net, self.window, self.settings, lags)
        progress("whole recording", 0.5)
        shifts = self.settings.surrogates
        if tests:
            found = tests.result()
            shifts = found.shifts
            scanned = replace(scanned, p_value=found.p_value, drifting=found.drifting, untested=found.untested)
        undelayed = at_once.result()
        significant = scanned.significant(SIGNIFICANCE, adjusted=True)
        if not shifts:
            significant = np.ones_like(significant)
        delays = self._delays(scanned, undelayed, significant)
        if conditional:
            undelayed = conditional.undelayed(self.workers)
            delays = conditional.delayed(delays, undelayed, self._later(delays, significant), self.workers)
        else:
            matrix = with_changes(self.net, self.moving.moves.changes, delays.matrix, self.settings.seed)
            delays = replace(delays, matrix=matrix)
        return _Compared(delays, significant, shifts)

    def clear_lags(self, progress: Progress) -> np.ndarray:
        """Return the samples by which the column follows the row, where that is clear, else 0: (N, N) int64."""
        found = self.run(None, progress)
        later = self._later(found.delays, found.significant)
        return np.where(later, np.round(found.delays.matrix.lag * self.window.rate), 0.0).astype(np.int64)

    def discriminants(self, found: _Compared) -> dict[Pair, np.ndarray]:
        """Return the discriminants of the strongest significant pairs, or of the strongest, each at its delay.

        Pairs with too few common samples for one are left out.
        """
        matrix = found.delays.matrix
        pairs = (found.significant_pairs or strongest_pairs(matrix))[:_DISCRIMINANTS]
        if not pairs:
            return {}
        lags = [round(float(matrix.lag[pair]) * self.window.rate) for pair in pairs]
        tables = self.net.discriminants(self.window.samples, pairs, lags, seed=self.settings.seed)
        return {pair: table for pair, table in zip(pairs, tables, strict=True) if np.isfinite(table).all()}

    def drifts(self, found: _Compared) -> tuple[ClockDrift, ...]:
        """Return which topics drift apart, by the pairs that are significant; see `clock_drifts`."""
        topics, ranks, stamps = self.settings.channel_topics, self.moving.moves.ranks, self.moving.overview.stamps
        return tuple(
            clock_drifts(found.significant_pairs, topics, ranks, stamps, self.window.rate, self.moving.longest)
        )

    def _later(self, delays: Delays, significant: np.ndarray) -> np.ndarray:
        """Return which ``significant`` pairs (N, N) depend more at their delay than without."""
        return clear_delays(delays.matrix, delays.undelayed, self.moving.longest_lag) & significant

    @cached_property
    def _clocks(self) -> PairClocks:
        return PairClocks.of(self.moving.overview, self.moving.moves, self.moving.longest)

    @cached_property
    def _even_lags(self) -> list[int]:
        """Return evenly spaced lags, 0 or more, that are always tried: at the step of the settings, or a few."""
        lag_step, longest = self.settings.lag_step, self.moving.longest
        step = max(1, round(lag_step * self.window.rate if lag_step else longest / STEPS))
        return list(range(0, longest + 1, step))

    def _delays(self, scanned: DependenceMatrix, undelayed: DependenceMatrix, tested: np.ndarray) -> Delays:
        """Refine the delays of pairs that pass the test (N, N), and of the strongest, whose curve is shown."""
        one_motion = undelayed.mi >= ONE_MOTION
        delayed = (clear_delays(scanned, undelayed, self.moving.longest_lag) | one_motion) & tested
        pairs = strongest_pairs(scanned)
        shown = sorted(pairs, key=lambda pair: not delayed[pair])[:_CURVES]
        asked = {}
        for pair in pairs:
            near = None if one_motion[pair] else float(scanned.lag[pair])
            one = self._asked(pair, near, by_mi=bool(delayed[pair]) or pair in shown)
            if pair in shown:
                asked[pair] = one._replace(lags=sorted({*one.lags, *self._curve(pair, one)}))
            elif delayed[pair] or (one.top and tested[pair]):
                asked[pair] = one
        judged = self.workers.map(lambda pair: self._judged(pair, asked[pair], pair in shown), asked)
        delays = refine(scanned, undelayed, asked, judged, shown)
        spans = [parse_channel(path).rate_span for path in self.settings.channel_paths]
        return delays.without(~tested).widened(np.array(spans))

    def _asked(self, pair: Pair, near: float | None, *, by_mi: bool) -> Asked:
        """Return the lags to try of a pair that the scan found to depend most ``near`` a lag, seconds.

        The delay is found ``by_mi`` around this lag if it can be, else by the contingency alone. The MI of two sensors
        of one motion is nearly the same at many lags: ``near`` is None then. And a pair that was scanned on a slower
        clock than its own, or whose MI showed no delay, may still be late by little.
        """
        clock = self._clocks.clock(pair)
        search, (a, b) = clock.search, clock.own(pair)
        best = None if near is None else round(near * clock.rate)
        if by_mi and best and clock.steps == 1:
            return Asked(search.around(a, b, best))
        top = search.top(a, b, best)
        return Asked(sorted({0, top - 1, top, top + 1}), top)

    def _curve(self, pair: Pair, one: Asked) -> list[int]:
        """Return the lags at which the MI of a pair is shown: even ones, and those around its top."""
        clock = self._clocks.clock(pair)
        even = [sign * clock.steps * lag for sign in (1, -1) for lag in self._even_lags]
        return even if one.top is None else [*even, *clock.search.around(*clock.own(pair), one.top)]

    def _judged(self, pair: Pair, one: Asked, shown: bool) -> Judged:
        clock = self._clocks.clock(pair)
        if one.top is None:
            found = clock.lagged(self.net, pair, one.lags, self.settings.seed)
            return Judged(clock.spread(pair, found.best_lag or 0), found, clock.rate)
        spread = clock.spread(pair, one.top)
        wanted = clock.lagged(self.net, pair, one.lags, self.settings.seed) if shown or spread.delayed else None
        return Judged(spread, wanted, clock.rate)


def with_changes(net: InfoNet, changes: np.ndarray, matrix: DependenceMatrix, seed: int) -> DependenceMatrix:
    """Replace the MI of pairs that both drift by that of their changes, without a delay, where this says more.

    It does so where the pair is not significant, or where changes surely share more than levels. Else the interval
    begins at least where that of the changes does: levels that drift have few effective samples, so their interval
    alone begins near 0. The matrix is of the levels, with p-values; for the changes (T', N) see `Moves`.
    """
    drifting = matrix.both_drift & np.isfinite(matrix.p_value)
    if not drifting.any():
        return matrix
    own = net.pairwise(changes, seed=seed)
    by_change = drifting & (~matrix.significant(SIGNIFICANCE, adjusted=True) | (own.lower > matrix.mi))
    squares = {name: getattr(matrix, name).copy() for name in _MEASURES}
    squares["lower"] = np.where(drifting, np.fmax(matrix.lower, own.lower), matrix.lower)
    for name, values in squares.items():
        values[by_change] = getattr(own, name)[by_change]
    return replace(matrix, **squares)
