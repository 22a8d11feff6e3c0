"""Results over a whole recording: each pair at its best delay, with interval and p-value."""

from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.estimator.peak import correlation_of
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.delays import DelayCurve, depends_more
from infonet_ros.offline.whole_recording.kinship import Kinship
from infonet_ros.offline.whole_recording.stuck import Stuck
from infonet_ros.offline.whole_recording.wrong_clocks import ClockDrift
from infonet_ros.series import moved
from infonet_ros.text import listed

SIGNIFICANCE = 0.01
"""Share of the pairs called significant that may be so by chance."""

_SURE, _ENOUGH = 0.25, 0.15
"""Share of the MI of a pair, or nats, that the lower end of its interval has at least, for the MI to be told."""

NO_DELAY = 1.5
"""Samples: a pair whose best lag is less has no delay."""

DELAYS_APART = 2.0
"""Times the sum of their errors, for two delays to differ: of many pairs some 90 % intervals do not meet by chance."""

_MOSTLY = 0.6  # of the correlation that the MI stands for: a square or an absolute value has no sign


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
    physical : (N, N) bool
        Late stamps are not the cause of the delay, see `DelaySpread`.
    smoothed : (N, N) bool
        The late channel makes fast motions smaller, see `DelaySpread`.
    undelayed : DependenceMatrix
        Each pair without delay, and without surrogates.
    longest_lag : float
        Where the search for delays ended, in both directions, seconds.
    shifts : int
        Circular shifts behind each p-value: the surrogates that were asked for, else all that there are, see
        `shift_p_values`. 0 where nothing could be tested.
    between_modalities : DependenceMatrix or None
        Sliced MI, without delay; None with fewer than two modalities.
    curves : tuple of DelayCurve
        Of pairs with clear delays, and of the strongest.
    discriminants : dict of (int, int) to (G, G) float32
        Of the strongest significant pairs a < b, or of the strongest if none is, at their delays in ``matrix``.
    ranks : (T, N) float32
        Normalised ranks of the samples, NaN where unknown.
    kinship : Kinship
        Channels that depend on each other by definition.
    drifts : tuple of ClockDrift
        Topics whose clocks drift apart, the surest first.
    stuck : tuple of Stuck
        Topics and channels whose values stop for a while, which is left out.
    about_given : tuple of str
        Notices about the given channels, if there are any.
    follows : (N, N) float64 or None
        With given channels, seconds by which the column follows the row before anything is given, 0 if not clear.
    """

    overview: Overview
    resting: float
    still: tuple[str, ...]
    matrix: DependenceMatrix
    delay_lower: np.ndarray
    delay_upper: np.ndarray
    physical: np.ndarray
    smoothed: np.ndarray
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
    about_given: tuple[str, ...] = ()
    follows: np.ndarray | None = None

    def notices(self) -> list[str]:
        """Return what is given, and a notice if the platform rests at times."""
        if not self.resting:
            return [*self.about_given]
        rest = f"the platform rests for {self.resting:.0%} of the recording: its channels are compared while it moves"
        still = f"; {listed(self.still)} {'do' if len(self.still) > 1 else 'does'} not vary then" if self.still else ""
        return [*self.about_given, f"{rest}{still}."]

    @cached_property
    def clear_delays(self) -> np.ndarray:
        """(N, N) bool: see `clear_delays`; the interval leaves out no delay, and neither is the rate of the other."""
        late = self.delay_lower * self.delay_upper > 0.0  # not where either is NaN
        late &= ~self.rates
        return late & clear_delays(self.matrix, self.undelayed, self.longest_lag)

    @cached_property
    def changes(self) -> np.ndarray:
        """(N, N) int: see `Kinship.changes`."""
        return self.kinship.changes(self.matrix.mi)

    @property
    def rates(self) -> np.ndarray:
        """(N, N) bool: one of the two moves as the rate of change of the other, or as the rate of that."""
        return (self.changes + self.changes.T) > 0

    def with_clear_delays(self) -> "WholeRecording":
        """Return a copy whose matrix and kinship take notice of the delays that are clear."""
        matrix = replace(self.matrix, delay_clear=self.clear_delays)
        return replace(self, matrix=matrix, kinship=self.kinship.with_delays(self.surely_late))

    @property
    def delay_error(self) -> np.ndarray:
        """(N, N) float32: the half width of the 90 % interval of the delay, seconds; NaN where that is not known."""
        return (self.delay_upper - self.delay_lower) / 2.0

    def period(self, a: int, b: int) -> float:
        """Return the seconds between two samples of a pair, on the clock of the slower channel."""
        return 1.0 / (self.matrix.sample_rate * int(self.overview.steps[[a, b]].min()))

    @property
    def at_once(self) -> np.ndarray:
        """(N, N) bool: the pair depends most without a delay, see `NO_DELAY`."""
        return np.abs(self.matrix.lag) * self.matrix.sample_rate < NO_DELAY

    @property
    def sure(self) -> np.ndarray:
        """(N, N) bool: the MI of the pair is well known; an interval from near 0 to 2 nats tells nothing."""
        return self.matrix.lower >= np.minimum(_SURE * self.matrix.mi, _ENOUGH)

    @cached_property
    def weaker_form(self) -> np.ndarray:
        """(N, N) bool: see `Kinship.weaker_form`."""
        return self.kinship.weaker_form(self.matrix.mi)

    @cached_property
    def opposite(self) -> np.ndarray:
        """(N, N) bool: the two mostly move in opposite directions, at their delay, by the correlation of ranks.

        Channels that are judged without their drift are compared by their changes.
        """
        matrix, found = self.matrix, np.zeros(self.matrix.mi.shape, dtype=bool)
        for a, b in strongest_pairs(matrix):
            lag = round(float(matrix.lag[a, b]) * matrix.sample_rate)
            both = np.stack([self.ranks[:, a], moved(self.ranks[:, b], -lag)])
            if matrix.both_drift[a, b] and np.isfinite(matrix.p_value[a, b]):
                both = np.diff(both)
            both = both[:, np.isfinite(both).all(axis=0)]
            if both.size and np.ptp(both, axis=1).all():
                turned = np.corrcoef(both)[0, 1] <= -_MOSTLY * correlation_of(matrix.mi[a, b])
                found[a, b] = found[b, a] = turned
        return found

    @property
    def surely_late(self) -> np.ndarray:
        """(N, N) bool: the delay is clear, and longer than a rate of change is uncertain, which is one sample."""
        least = np.minimum(np.abs(self.delay_lower), np.abs(self.delay_upper))
        return self.clear_delays & (least * self.matrix.sample_rate > 1.0)


def clear_delays(matrix: DependenceMatrix, undelayed: DependenceMatrix, longest_lag: float) -> np.ndarray:
    """Return which pairs (N, N) depend more at their delay than without, see `depends_more`.

    A delay at the edge of the search does not count: the best delay may lie beyond.
    """
    inside = (matrix.lag != 0.0) & (np.abs(matrix.lag) < longest_lag - 1e-6)
    return inside & depends_more(matrix.mi, undelayed.mi)


def strongest_pairs(matrix: DependenceMatrix) -> list[tuple[int, int]]:
    """Pairs (a, b), a < b, that depend most, strongest first.

    Ordered by the lower end of the interval, since slow streams have large and uncertain MI; pairs that are not known
    are left out.
    """
    row, column = np.triu_indices(len(matrix.names), k=1)
    least = np.where(matrix.valid[row] & matrix.valid[column], matrix.lower[row, column], np.nan)
    known = np.flatnonzero(np.isfinite(least))
    return [(int(row[k]), int(column[k])) for k in known[np.argsort(-least[known], kind="stable")]]
