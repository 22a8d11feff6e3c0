"""Estimates over a whole recording: each pair at its best delay, with interval and p-value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.dependence.window_matrices import channel_matrix, modality_matrix
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.samples.channels import constant_channels
from infonet_ros.intake.windows.alignment import lagged_pair
from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.beside import Beside
from infonet_ros.offline.clock_drift import ClockDrift, clock_drifts
from infonet_ros.offline.delays import DelayCurve, Delays, LagSearch, Spreads, refine
from infonet_ros.offline.kinship import Kinship
from infonet_ros.offline.progress import Progress
from infonet_ros.offline.rest import resting, without_rest
from infonet_ros.offline.shift_test import Moves, shift_test
from infonet_ros.offline.stuck import Stuck, stuck_topics, without_stuck
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings
from infonet_ros.text import listed

SCAN_RANGE = 1.0
"""Seconds. Delays are looked for so far in both directions, when no ``max_lag`` is given."""

SIGNIFICANCE = 0.01
"""Share of the pairs called significant that may be so by chance."""

CLEAR_GAIN = 0.05
"""Nats by which the MI must grow from no delay to the best one, for the delay to be clear."""

_SCAN_STEPS = 10  # delays in each direction that are tried whatever the samples promise
_CURVES = 12  # pairs whose MI is shown over the delay


@dataclass(frozen=True, eq=False)
class WholeRecording:
    """Results over the whole recording.

    Attributes
    ----------
    overview : Overview
        Its aligned samples, while the platform moves.
    resting : float
        Share of the samples that were left out because the platform rests, see `resting`.
    still : tuple of str
        Channels that vary over the recording, and not while the platform moves.
    matrix : DependenceMatrix
        Each pair at the delay at which it depends most. Its ``lag`` is finer than a sample where the MI has a peak.
    delay_lower, delay_upper : (N, N) float32
        90 % interval of that delay, seconds; NaN where the pair is not significant, does not depend surely more at it,
        see `delays.refine`, or another delay is as good.
    undelayed : DependenceMatrix
        Each pair without delay, and without surrogates.
    longest_lag : float
        Seconds; where the search for delays ended, in both directions.
    shifts : int
        Circular shifts behind each p-value: the surrogates that were asked for, else all that there are, see
        `shift_p_values`. 0 where nothing could be tested.
    between_modalities : DependenceMatrix or None
        Sliced MI, without delay; None with fewer than two modalities.
    curves : tuple of DelayCurve
        Of pairs with clear delays, and of the strongest.
    discriminants : dict of (int, int) to (G, G) float32
        Of each pair of valid channels a < b, at its delay in ``matrix``.
    ranks : (T, N) float32
        Normalised ranks of the samples, NaN where unknown.
    kinship : Kinship
        Channels that depend on each other by definition.
    drifts : tuple of ClockDrift
        Topics whose clocks drift apart, the surest first.
    stuck : tuple of Stuck
        Topics whose values stop for a while, which is left out.
    """

    overview: Overview
    resting: float
    still: tuple[str, ...]
    matrix: DependenceMatrix
    delay_lower: np.ndarray
    delay_upper: np.ndarray
    undelayed: DependenceMatrix
    longest_lag: float
    shifts: int
    between_modalities: DependenceMatrix | None
    curves: tuple[DelayCurve, ...]
    discriminants: dict[tuple[int, int], np.ndarray]
    ranks: np.ndarray
    kinship: Kinship
    drifts: tuple[ClockDrift, ...] = ()
    stuck: tuple[Stuck, ...] = ()

    def notices(self) -> list[str]:
        """Say that the platform rests, if it does."""
        if not self.resting:
            return []
        told = f"the platform rests for {self.resting:.0%} of the recording: its channels are compared while it moves"
        only = f"; {listed(self.still)} only {'tell' if len(self.still) > 1 else 'tells'} rest from motion"
        return [f"{told}{only if self.still else ''}."]

    @cached_property
    def clear_delays(self) -> np.ndarray:
        """(N, N) bool: see `clear_delays`; and the interval of the delay is known and leaves out no delay."""
        late = self.delay_lower * self.delay_upper > 0.0  # not where either is NaN
        return late & clear_delays(self.matrix, self.undelayed, self.longest_lag)


def clear_delays(matrix: DependenceMatrix, undelayed: DependenceMatrix, longest_lag: float) -> np.ndarray:
    """Tell which pairs (N, N) depend more at their delay than without, by `CLEAR_GAIN` at least.

    A delay at the edge of the search is none: the best one may lie beyond.
    """
    inside = (matrix.lag != 0.0) & (np.abs(matrix.lag) < longest_lag - 1e-6)
    return inside & (matrix.mi - undelayed.mi >= CLEAR_GAIN)


def scan_range(settings: Settings) -> float:
    """Return how far delays of the whole recording are looked for in both directions, seconds."""
    return settings.max_lag or min(SCAN_RANGE, settings.window / 4)


def estimate_whole(
    net: InfoNet, overview: Overview, settings: Settings, workers: Workers, progress: Progress
) -> WholeRecording:
    """Estimate the recording as a whole, while the platform moves; beside channels that are ``given``, see `Beside`."""
    progress("whole recording", 0.0)
    longest = min(int(scan_range(settings) * overview.window.rate + 1e-9), len(overview.window.samples) - 1)
    stuck = stuck_topics(overview, settings.modalities)
    overview, share, still = _while_it_moves(without_stuck(overview, stuck), longest)
    kinship = Kinship.of(overview.window.samples, settings.modalities)
    beside = Beside(net, overview.window, settings) if settings.given else None
    if beside:
        overview, settings = replace(overview, window=beside.ranks()), replace(settings, given=(), watches=())
    window = overview.window
    moves = Moves.of(window.samples, longest)
    at_once = workers.submit(channel_matrix, net, window, settings.with_values(max_lag=0.0, surrogates=0))
    several = len(settings.modalities) > 1
    sliced = workers.submit(modality_matrix, net, window, settings) if several else None
    left = workers.submit(beside.undelayed) if beside else None
    search = LagSearch.of(moves.ranks, longest)
    even = _even_lags(settings, window.rate, longest)
    scanned = channel_matrix(net, window, settings, sorted({*even, *search.promising()}))
    undelayed = at_once.result()
    progress("whole recording", 0.5)
    shifts = settings.surrogates
    if not shifts:
        p_value, drifts, shifts = shift_test(moves, longest, workers.count)
        scanned = replace(scanned, p_value=p_value, drifting=drifts)
    significant = scanned.significant(SIGNIFICANCE, adjusted=True)
    later = clear_delays(scanned, undelayed, longest / window.rate)
    later &= significant if shifts else True
    spreads = Spreads(moves.ranks, moves.change_ranks, longest)
    delays = _delays(net, window, scanned, search, even, later, spreads, settings.seed, workers)
    if beside and left:
        undelayed = left.result()
        delays = beside.delayed(delays, undelayed, later, workers)
    matrix, pairs = delays.matrix, strongest_pairs(delays.matrix)
    topics = [modality.topic for modality in settings.modalities for _ in modality.channels]
    told = [pair for pair in pairs if significant[pair]]
    tables = workers.map(lambda pair: _discriminant(net, window, matrix, settings.seed, pair), pairs)
    whole = WholeRecording(
        overview=overview,
        resting=share,
        still=still,
        matrix=matrix,
        delay_lower=delays.lower,
        delay_upper=delays.upper,
        undelayed=undelayed,
        longest_lag=longest / window.rate,
        shifts=shifts,
        between_modalities=None if sliced is None else sliced.result(),
        curves=delays.curves,
        discriminants=dict(zip(pairs, tables, strict=True)),
        ranks=moves.ranks,
        kinship=kinship,
        drifts=tuple(clock_drifts(told, topics, moves.ranks, overview.stamps, window.rate, longest)),
        stuck=stuck,
    )
    progress("whole recording", 1.0)
    return whole


def _while_it_moves(overview: Overview, longest: int) -> tuple[Overview, float, tuple[str, ...]]:
    """Leave out the samples at rest; return the others, the share that rests, and channels that vary only by rest."""
    window = overview.window
    rests = resting(window.samples, window.rate)
    moving = without_rest(overview, rests, longest + 1)
    still = ~constant_channels(window.samples.T) & constant_channels(moving.window.samples.T)
    names = tuple(name for name, stays in zip(window.names, still, strict=True) if stays)
    return moving, float(rests.mean()), names


def _delays(
    net: InfoNet,
    window: Window,
    scanned: DependenceMatrix,
    search: LagSearch,
    even: Sequence[int],
    later: np.ndarray,
    spreads: Spreads,
    seed: int,
    workers: Workers,
) -> Delays:
    """Refine the delays of pairs that depend more at theirs (N, N), and of the strongest, whose curve is shown."""
    pairs = strongest_pairs(scanned)
    shown = sorted(pairs, key=lambda pair: not later[pair])[:_CURVES]
    lags = {pair: _lags_around(search, scanned, pair) for pair in pairs if later[pair] or pair in shown}
    for pair in shown:
        lags[pair] = sorted({*lags[pair], *even, *(-lag for lag in even)})
    delays = refine(net, window, scanned, lags, shown, spreads, seed, workers)
    for a, b in lags:
        if not later[a, b]:
            for ends in (delays.lower, delays.upper):
                ends[a, b] = ends[b, a] = np.nan
    return delays


def strongest_pairs(matrix: DependenceMatrix) -> list[tuple[int, int]]:
    """Pairs (a, b), a < b, that depend most, strongest first.

    Ordered by the lower end of the interval, since slow streams have large and uncertain MI; pairs that are not known
    are left out.
    """
    row, column = np.triu_indices(len(matrix.names), k=1)
    least = np.where(matrix.valid[row] & matrix.valid[column], matrix.lower[row, column], np.nan)
    known = np.flatnonzero(np.isfinite(least))
    return [(int(row[k]), int(column[k])) for k in known[np.argsort(-least[known], kind="stable")]]


def _even_lags(settings: Settings, rate: float, longest: int) -> list[int]:
    """Return evenly spaced lags, 0 or more, that are always tried: at the step of the settings, or a few."""
    step = max(1, round(settings.lag_step * rate if settings.lag_step else longest / _SCAN_STEPS))
    return list(range(0, longest + 1, step))


def _lags_around(search: LagSearch, scanned: DependenceMatrix, pair: tuple[int, int]) -> list[int]:
    return search.around(*pair, round(float(scanned.lag[pair]) * scanned.sample_rate))


def _discriminant(
    net: InfoNet, window: Window, matrix: DependenceMatrix, seed: int, pair: tuple[int, int]
) -> np.ndarray:
    a, b = pair
    x, y = lagged_pair(window.samples[:, a], window.samples[:, b], round(float(matrix.lag[a, b]) * window.rate))
    return net.discriminant(x, y, seed=seed)
