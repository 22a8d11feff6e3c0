"""Changes of dependence over time: compares the windows before a time with those after it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.estimator.samples.stationarity import drifting
from infonet_ros.series import mean_of_known

FAMILY_LEVEL = 0.01
"""Probability that any change at all is reported where nothing changed."""

LEAST_CHANGE = 0.2
"""Nats. A smaller change can be significant, but is too small to be useful."""

OTHER_MOTION = 1.5
"""Factor by which a channel varies more, or less, than before if the robot moves in another way."""

_MUST_FOLLOW, _STAYS = 0.4, 0.8
"""Ratios of the motion of a channel to its motion before. If the motion of one channel falls so far that the other
should fall below the first ratio, but stays above the second one, then the robot moves as before: one sensor is blind,
or measures something else."""

_BY_DRIFT = 2.0  # nats. What shares more in a window is not alike by chance because both drift
_INDEPENDENT = 0.05  # p-value of a pair over the whole recording, above which its windows differ by chance
_INTERVAL_SIGMAS = 2 * NormalDist().inv_cdf(0.95)  # width of a 90 % interval


@dataclass(frozen=True)
class Change:
    """The dependence of one pair changed.

    Attributes
    ----------
    a, b : str
        Names of the two channels.
    time : int
        Nanoseconds of sensor time, between the window before and the window after.
    before, after : float
        MI of the two windows, nats.
    sigmas : float
        Their difference in standard errors.
    """

    a: str
    b: str
    time: int
    before: float
    after: float
    sigmas: float


@dataclass(frozen=True, eq=False)
class Motion:
    """The motion of the channels in W windows.

    ``spreads`` (W, N) are their standard deviations; ``drifting`` (W, N) marks those that trend, step or wander.
    """

    spreads: np.ndarray
    drifting: np.ndarray

    @classmethod
    def of(cls, windows: Sequence[np.ndarray], asked: Iterable[int]) -> "Motion":
        """Measure the motion in the windows asked for, from the samples (T, N) of each, NaN where unknown."""
        shape = len(windows), windows[0].shape[1]
        found = cls(np.full(shape, np.nan), np.zeros(shape, dtype=bool))
        with np.errstate(invalid="ignore"):
            for window in asked:
                samples = windows[window]
                found.spreads[window] = np.sqrt(mean_of_known(np.square(samples - mean_of_known(samples))))
                found.drifting[window] = drifting(samples.T)
        return found

    def leaves(
        self, before: np.ndarray, after: np.ndarray, pairs: np.ndarray, mi: np.ndarray, related: np.ndarray
    ) -> np.ndarray:
        """Return how much of each change of MI the motion does not explain: (K, P), nats.

        Of the two windows of a change, the quiet one has less MI. Motion explains the whole change in two cases: a
        channel varies much more in the quiet window, which adds variation that is not shared; or both drift in the
        other window, since drift adds dependence, though hardly 2 nats. If a channel varies much less in the quiet
        window, motion explains the MI that such a weak signal would lose. It explains nothing if the other channel
        should vary less too, and does not; except if the robot rests: half or more of all other channels that depend
        on the weak one vary less, too. A parked car can steer.

        Parameters
        ----------
        before, after : (K,) int
            Windows that are compared.
        pairs : (P, 2) int
            Channels.
        mi : (W, P)
            Nats.
        related : (N, N) bool
            Channels that depend on each other over the whole recording.
        """
        grows = mi[after] > mi[before]
        quiet = np.where(grows, before[:, None], after[:, None])
        busy = np.where(grows, after[:, None], before[:, None])
        row, column = pairs.T
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = [self.spreads[quiet, channel] / self.spreads[busy, channel] for channel in (row, column)]
        weaker, other = np.minimum(*ratios), np.maximum(*ratios)
        shared, left = (mi[window, np.arange(len(pairs))] for window in (busy, quiet))
        signal = np.expm1(2.0 * shared)  # beside its noise, in power, of a Gaussian pair
        due = np.sqrt((1.0 + weaker**2 * signal) / (1.0 + signal))  # ratio of the other channel if the motion is less
        alone = (due < _MUST_FOLLOW) & (other > _STAYS)
        for k, p in np.argwhere(alone):
            weak, strong = pairs[p] if ratios[0][k, p] < ratios[1][k, p] else pairs[p][::-1]
            others = np.setdiff1d(np.flatnonzero(related[weak]), [weak, strong])
            alone[k, p] = not self._rest(others, quiet[k, p], busy[k, p])
        less = (weaker < 1.0 / OTHER_MOTION) & ~alone
        expected = np.where(less, 0.5 * np.log1p(weaker**2 * signal), shared)
        drifts = self.drifting[busy, row] & self.drifting[busy, column] & (shared < _BY_DRIFT)
        return np.where(drifts | ~(other < OTHER_MOTION), 0.0, expected - left)

    def _rest(self, channels: np.ndarray, quiet: int, busy: int) -> bool:
        """Return whether half of some channels (K,) or more vary less in the ``quiet`` window than in the busy one."""
        less = OTHER_MOTION * self.spreads[quiet, channels] < self.spreads[busy, channels]
        return bool(2 * less.sum() >= max(1, len(channels)))


def find_changes(
    matrices: Sequence[DependenceMatrix],
    motion: Callable[[np.ndarray], Motion] | None = None,
    whole: DependenceMatrix | None = None,
) -> list[Change]:
    """Compare, for every pair, the window that ends at a moment with the window that begins there.

    It is a change if the two differ by more than `LEAST_CHANGE`, and by more standard errors than chance gives in one
    of a hundred recordings. This limit is Bonferroni's, over pairs and windows that do not overlap. Only the largest
    change within a window's length is returned. Standard errors come from the 90 % intervals.

    Parameters
    ----------
    matrices : sequence of DependenceMatrix
        Of the same names, in the order of time.
    motion : callable, optional
        Returns the motion in windows with these numbers (K,); changes that it explains are left out. Few windows are
        asked for: to measure the motion takes about as long as to rank the samples.
    whole : DependenceMatrix, optional
        Of the whole recording. Pairs that it shows to be independent are left out: in a window, a period and a slow
        stream share something by chance.

    Returns
    -------
    list of Change
        The largest first.
    """
    starts, ends = (np.array([getattr(matrix, edge) for matrix in matrices]) for edge in ("start", "end"))
    before, after = _neighbours(starts, ends)
    if not len(before):
        return []
    row, column = np.triu_indices(len(matrices[0].names), k=1)
    mi = _known_mi(matrices, row, column, whole)
    width = np.stack([(matrix.upper - matrix.lower)[row, column] for matrix in matrices])
    error = np.maximum(np.hypot(width[before], width[after]) / _INTERVAL_SIGMAS, 1e-6)
    difference = np.abs(mi[after] - mi[before])
    least = np.maximum(LEAST_CHANGE, _least_sigmas(matrices, len(row)) * error)
    sizes = np.where(difference > least, difference, 0.0)
    tops = [
        (k, pair) for pair in np.flatnonzero(sizes.any(axis=0)) for k in _peaks(sizes[:, pair], ends[before], starts)
    ]
    if motion is not None and tops:
        some = np.unique([k for k, _ in tops])
        moving, pairs = motion(np.union1d(before[some], after[some])), np.column_stack([row, column])
        left = moving.leaves(before[some], after[some], pairs, mi, _related(matrices[0], whole)) > least[some]
        # At the peak: a smaller part of the same change might not be explained.
        tops = [(k, pair) for k, pair in tops if left[np.searchsorted(some, k), pair]]
    changes = [
        Change(
            a=matrices[0].names[row[pair]],
            b=matrices[0].names[column[pair]],
            time=int((ends[before[k]] + starts[after[k]]) // 2),
            before=float(mi[before[k], pair]),
            after=float(mi[after[k], pair]),
            sigmas=float(difference[k, pair] / error[k, pair]),
        )
        for k, pair in tops
    ]
    return sorted(changes, key=lambda change: -abs(change.after - change.before))


def _neighbours(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows (K,) that are compared: each with the first one that begins after its end, if that is soon.

    ``starts`` and ``ends`` (W,) are nanoseconds. Soon is within the length of a window.
    """
    following = np.searchsorted(starts, ends)
    before = np.flatnonzero(following < len(starts))
    before = before[starts[following[before]] - ends[before] <= ends[0] - starts[0]]
    return before, following[before]


def _known_mi(
    matrices: Sequence[DependenceMatrix], row: np.ndarray, column: np.ndarray, whole: DependenceMatrix | None
) -> np.ndarray:
    """Return the MI of pairs (W, P); NaN where it is not known, or ``whole`` shows a pair to be independent."""
    known = np.stack([matrix.valid[row] & matrix.valid[column] for matrix in matrices])
    if whole is not None:
        known &= ~(whole.p_value[row, column] > _INDEPENDENT)  # without a p-value they may depend on each other
    return np.where(known, np.stack([matrix.mi[row, column] for matrix in matrices]), np.nan)


def _related(matrix: DependenceMatrix, whole: DependenceMatrix | None) -> np.ndarray:
    """Return which channels (N, N) depend on each other over the ``whole`` recording; none without it."""
    if whole is None:
        return np.zeros_like(matrix.mi, dtype=bool)
    return (whole.p_value <= _INDEPENDENT) & (whole.mi >= LEAST_CHANGE)


def _least_sigmas(matrices: Sequence[DependenceMatrix], pairs: int) -> float:
    length = max(1, matrices[0].end - matrices[0].start)
    independent = max(1, (matrices[-1].end - matrices[0].start) // length) * pairs
    return NormalDist().inv_cdf(1 - FAMILY_LEVEL / (2 * independent))


def _peaks(size: np.ndarray, times: np.ndarray, starts: np.ndarray) -> list[int]:
    """Return the places of the largest values, each more than a window's length from the others."""
    length = times[0] - starts[0]
    left, peaks = size.copy(), []
    while left.any():
        peak = int(left.argmax())
        peaks.append(peak)
        left[np.abs(times - times[peak]) < length] = 0.0
    return peaks
