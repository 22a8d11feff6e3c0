"""Differences between two groups of recordings: MI, correlation and gain of pairs, mean and spread of channels.

Recordings are the samples: a difference from one day to the next within a group is not a difference between the groups.
The tests are those of `group_tests`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np

from infonet_ros.dependence.group_tests import LEAST_WINDOWS, tested, window_memory
from infonet_ros.dependence.matrix import DependenceMatrix, benjamini_hochberg
from infonet_ros.errors import RecordingError
from infonet_ros.series import mean_of_known, shared_ranks
from infonet_ros.text import counted

ENOUGH_RECORDINGS = 6
"""In both groups together; with fewer, only differences much larger than those within the groups are found."""

LEVEL = 0.01
"""Share of the reported differences that may be due to chance."""

_RELATED = 0.3  # correlation in the first group: of other pairs it is not compared, because each comparison costs power
_LEAST_SPREAD = 1e-3  # of that of the first group: the spread of a constant window has no logarithm

LEAST_SHIFT = 0.1
"""Nats for pairs, standard deviations or their logarithm for channels: smaller differences are not reported."""


@dataclass(frozen=True)
class Difference:
    """One measure in two groups of recordings.

    Attributes
    ----------
    what : str
        Either "mi" of a pair (nats), "correlation" of its ranks, "gain" (the logarithm of the first one's standard
        deviation over the second one's), "mean" of a channel (in standard deviations of the first group), or "spread"
        of a channel (the logarithm of its standard deviation).
    names : tuple of str
        The pair, or the channel.
    before, after : float
        Means over the recordings of the first and of the second group.
    lower, upper : float
        90 % interval of ``after - before``.
    p_value, p_adjusted : float
        Of the difference; adjusted for all that were compared (Benjamini and Hochberg).
    """

    what: str
    names: tuple[str, ...]
    before: float
    after: float
    lower: float
    upper: float
    p_value: float
    p_adjusted: float

    @property
    def shift(self) -> float:
        """How much larger it is in the second group."""
        return self.after - self.before

    @property
    def real(self) -> bool:
        """Whether it is significant after correction, and large enough to matter."""
        return self.p_adjusted <= LEVEL and abs(self.shift) >= LEAST_SHIFT

    def __str__(self) -> str:
        interval = f"({self.lower:+.2f} to {self.upper:+.2f}, p = {self.p_adjusted:.2g})"
        name, both = self.names[0], " and ".join(self.names)
        if self.what == "mi":
            return f"{both} share {self.after:.2f} nats, {self.before:.2f} before {interval}"
        if self.what == "correlation":
            return f"{both} have a correlation of {self.after:.2f}, {self.before:.2f} before {interval}"
        if self.what == "mean":
            return f"the mean of {name} moved by {self.shift:+.2f} standard deviations {interval}"
        beside = f" beside {self.names[1]}" if self.what == "gain" else ""
        return f"{name} varies {np.exp(self.shift):.2f} times as much{beside} as before {interval}"


@dataclass(frozen=True, eq=False)
class WindowedRecording:
    """The measures of the windows of one recording, which do not overlap, in the order of time."""

    names: tuple[str, ...]  # N channels
    mi: np.ndarray  # (K, N, N) float: nats, in K windows; NaN where not known
    mean: np.ndarray  # mean, spread: (K, N) float; of the known samples of each channel; NaN of fewer than two
    spread: np.ndarray
    correlation: np.ndarray  # (K, N, N) float: of the ranks of two channels at the same time; NaN of constant ones

    @classmethod
    def of(cls, matrices: Sequence[DependenceMatrix], samples: Sequence[np.ndarray]) -> "WindowedRecording":
        """Take the matrix of each window, and its aligned samples (T, N)."""
        names = matrices[0].names if matrices else ()
        mi = [np.where(matrix.known, matrix.mi, np.nan) for matrix in matrices]
        mean = [[_of_known(np.mean, channel) for channel in window.T] for window in samples]
        spread = [[_of_known(np.std, channel) for channel in window.T] for window in samples]
        count = len(names)
        return cls(
            names,
            np.reshape(mi, (len(mi), count, count)).astype(float),
            np.reshape(mean, (len(mean), count)).astype(float),
            np.reshape(spread, (len(spread), count)).astype(float),
            np.reshape([_correlations(window) for window in samples], (len(samples), count, count)).astype(float),
        )


Group = Sequence[WindowedRecording]
Measure = Callable[[Group], list[np.ndarray]]


def compare(before: Group, after: Group) -> list[Difference]:
    """Compare all pairs and channels that two groups of recordings have in common.

    Real differences come first, then all others by their p-values, without those that are not known in both groups.
    Raises RecordingError if a group has fewer than `LEAST_WINDOWS` windows.
    """
    before, after = ([one for one in group if len(one.mi)] for group in (before, after))  # others know no channels
    for which, group in (("first", before), ("second", after)):
        count = sum(len(one.mi) for one in group)
        if count < LEAST_WINDOWS:
            raise RecordingError(
                f"the {which} group has {counted(count, 'window')} without overlap: expected at least {LEAST_WINDOWS}; "
                "choose a shorter --window, or give more recordings."
            )
    measured = [(what, names, measure(before), measure(after)) for what, names, measure in _measures(before, after)]
    of_pairs = window_memory([(first, second) for what, _, first, second in measured if what == "mi"])
    found = [
        Difference(what, names, *result, p_adjusted=1.0)
        for what, names, first, second in measured
        if (result := tested(first, second, of_pairs if what == "mi" else None)) is not None
    ]
    return sorted(adjusted(found), key=surest_first)


def caveat(before: int, after: int) -> str | None:
    """Return a sentence about too few recordings in two groups; None if there are enough."""
    if before + after == 2:
        return (
            "each group is one recording: how much two recordings of the same group differ, such as from day to day, "
            "is not known; give several recordings in each group."
        )
    if before + after < ENOUGH_RECORDINGS:
        return (
            f"the groups have {before} and {counted(after, 'recording')}: with so few, only differences much larger "
            "than those within the groups are found; give more recordings."
        )
    return None


def adjusted(differences: Sequence[Difference]) -> list[Difference]:
    """Correct p-values for all that were compared."""
    corrected = benjamini_hochberg(np.array([one.p_value for one in differences]))
    return [replace(one, p_adjusted=float(p)) for one, p in zip(differences, corrected, strict=True)]


def surest_first(difference: Difference) -> tuple[bool, float]:
    """Return a sort key: real differences first, then by p-value."""
    return not difference.real, difference.p_value


def _measures(before: Group, after: Group) -> Iterator[tuple[str, tuple[str, ...], Measure]]:
    """Yield each measure, the names it is for, and the function that computes it for each window of a group."""
    everywhere = set.intersection(*(set(one.names) for one in (*before, *after)))
    names = [name for name in before[0].names if name in everywhere]
    scales = {name: _scale(before, name) for name in names}
    for pair in combinations(names, 2):
        yield "mi", pair, partial(_of_pair, "mi", pair)
        if abs(mean_of_known(np.concatenate(_of_pair("correlation", pair, before)))) > _RELATED:
            yield "correlation", pair, partial(_of_pair, "correlation", pair)
            yield "gain", pair, partial(_gain, pair, [scales[name][1] for name in pair])
    for name, (middle, size) in scales.items():
        yield "mean", (name,), partial(_standing, name, middle, size)
        yield "spread", (name,), partial(_log_spread, name, size)


def _of_pair(what: str, pair: tuple[str, str], group: Group) -> list[np.ndarray]:
    places = [tuple(map(one.names.index, pair)) for one in group]
    return [getattr(one, what)[:, a, b] for one, (a, b) in zip(group, places, strict=True)]


def _gain(pair: tuple[str, str], sizes: Sequence[float], group: Group) -> list[np.ndarray]:
    """Return the gain between two channels: unlike their spreads, it is the same if the robot moves more.

    At rest it is that of their noise, so windows count by the power that they have.
    """
    first, second = (_log_spread(name, size, group) for name, size in zip(pair, sizes, strict=True))
    powers = [np.exp(2.0 * np.maximum(own, other)) for own, other in zip(first, second, strict=True)]
    logs = [own - other for own, other in zip(first, second, strict=True)]
    return [one * power / mean_of_known(power) for one, power in zip(logs, powers, strict=True)]


def _standing(name: str, middle: float, size: float, group: Group) -> list[np.ndarray]:
    return [(one.mean[:, one.names.index(name)] - middle) / size for one in group]


def _log_spread(name: str, size: float, group: Group) -> list[np.ndarray]:
    return [np.log(np.maximum(one.spread[:, one.names.index(name)] / size, _LEAST_SPREAD)) for one in group]


def _correlations(samples: np.ndarray) -> np.ndarray:
    """Return the correlations (N, N) of the ranks of channels (T, N), each over the samples that both know."""
    known = np.isfinite(samples).astype(float)
    ranks = np.where(known, shared_ranks(samples) - 0.5, 0.0)
    count = known.T @ known
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, square = (ranks.T @ known) / count, (ranks.T**2 @ known) / count
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        found = (ranks.T @ ranks / count - mean * mean.T) / (spread * spread.T)
    return np.where(np.isfinite(found), found, np.nan)


def _of_known(measure: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(measure(known)) if len(known) > 1 else np.nan


def _scale(group: Group, name: str) -> tuple[float, float]:
    """Return the mean and standard deviation of a channel over all windows of a group, all with the same weight."""
    column = [one.names.index(name) for one in group]
    mean = np.concatenate([one.mean[:, k] for one, k in zip(group, column, strict=True)])
    spread = np.concatenate([one.spread[:, k] for one, k in zip(group, column, strict=True)])
    known = np.isfinite(mean)
    if not known.any():
        return 0.0, 1.0
    size = np.sqrt((spread[known] ** 2).mean() + mean[known].var())
    return float(mean[known].mean()), float(size) or 1.0
