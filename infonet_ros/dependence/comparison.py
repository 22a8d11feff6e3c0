"""What differs between two groups of recordings: pairs that depend more or less, channels that moved or grew.

Windows that do not overlap are the samples. Welch's test compares their means (Biometrika 1947); where windows still
remember the one before, they count for fewer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
from scipy import stats

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.errors import RecordingError

LEAST_WINDOWS = 4
"""Windows of each group; fewer tell nothing of how much a window's value varies."""

LEVEL = 0.01
"""Share of what is called different that may be so by chance."""

_LEAST_SPREAD = 1e-3  # of the first group's: a constant window has no logarithm

LEAST_SHIFT = 0.1
"""Nats for pairs, standard deviations or their logarithm for channels: a smaller difference is of no use to anybody."""


@dataclass(frozen=True)
class Difference:
    """One measure in two groups of recordings.

    Attributes
    ----------
    what : str
        "mi" of a pair (nats), "mean" of a channel (in standard deviations of the first group), or "spread" of a channel
        (the logarithm of its standard deviation).
    names : tuple of str
        The pair, or the channel.
    before, after : float
        Mean over the windows of the first and of the second group.
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
        """Tell whether it is significant after correction, and large enough to matter."""
        return self.p_adjusted <= LEVEL and abs(self.shift) >= LEAST_SHIFT

    def __str__(self) -> str:
        interval = f"({self.lower:+.2f} to {self.upper:+.2f}, p = {self.p_adjusted:.2g})"
        if self.what == "mi":
            a, b = self.names
            return f"{a} and {b} share {self.after:.2f} nats, before {self.before:.2f} {interval}"
        (name,) = self.names
        if self.what == "mean":
            return f"{name} lies {self.shift:+.2f} standard deviations from where it was {interval}"
        return f"{name} varies {np.exp(self.shift):.2f} times as much as before {interval}"


@dataclass(frozen=True, eq=False)
class WindowedGroup:
    """Windows of one group that do not overlap.

    ``matrices`` are those of each recording, in the order of time; ``samples`` their aligned samples (T, N).
    """

    matrices: tuple[tuple[DependenceMatrix, ...], ...]
    samples: tuple[tuple[np.ndarray, ...], ...]


Measure = Callable[[WindowedGroup], list[np.ndarray]]


def compare(before: WindowedGroup, after: WindowedGroup) -> list[Difference]:
    """Compare all pairs and channels of two groups of recordings, which have the same channels.

    Returns
    -------
    list of Difference
        The surest first, those that are real before all others; without what is not known in either group.

    Raises
    ------
    RecordingError
        A group of fewer than `LEAST_WINDOWS` windows.
    """
    for which, group in (("first", before), ("second", after)):
        count = sum(map(len, group.matrices))
        if count < LEAST_WINDOWS:
            raise RecordingError(
                f"the {which} group has {count} windows that do not overlap: expected at least {LEAST_WINDOWS}; choose "
                "a shorter --window, or give more recordings."
            )
    found = [
        (what, names, result)
        for what, names, measure in _measures(before)
        if (result := _welch(measure(before), measure(after))) is not None
    ]
    if not found:
        return []
    adjusted = stats.false_discovery_control([result[-1] for _, _, result in found])
    differences = [
        Difference(what, names, *result, float(p)) for (what, names, result), p in zip(found, adjusted, strict=True)
    ]
    return sorted(differences, key=lambda one: (not one.real, one.p_value))


def _measures(before: WindowedGroup) -> Iterator[tuple[str, tuple[str, ...], Measure]]:
    """Yield what is compared, of whom, and how it is measured in each window of a group."""
    names = before.matrices[0][0].names
    for a, b in combinations(range(len(names)), 2):
        yield "mi", (names[a], names[b]), partial(_mi, a, b)
    for column, name in enumerate(names):
        middle, size = _scale(before, column)
        yield "mean", (name,), partial(_per_window, column, partial(_standing, middle, size))
        yield "spread", (name,), partial(_per_window, column, partial(_log_spread, size))


def _standing(middle: float, size: float, values: np.ndarray) -> float:
    return float((values.mean() - middle) / size)


def _log_spread(size: float, values: np.ndarray) -> float:
    return float(np.log(max(values.std() / size, _LEAST_SPREAD)))


def _mi(a: int, b: int, group: WindowedGroup) -> list[np.ndarray]:
    """Return the MI of a pair in each window of each recording."""
    return [np.array([m.mi[a, b] if m.known[a, b] else np.nan for m in one]) for one in group.matrices]


def _per_window(column: int, measure: Callable[[np.ndarray], float], group: WindowedGroup) -> list[np.ndarray]:
    """Measure the known samples of a channel in each window of each recording."""
    rows = []
    for one in group.samples:
        known = [window[np.isfinite(window[:, column]), column] for window in one]
        rows.append(np.array([measure(values) if len(values) > 1 else np.nan for values in known]))
    return rows


def _scale(group: WindowedGroup, column: int) -> tuple[float, float]:
    """Mean and standard deviation of a channel in all windows of a group."""
    values = np.concatenate([window[:, column] for one in group.samples for window in one])
    known = values[np.isfinite(values)]
    return (float(known.mean()), float(known.std()) or 1.0) if len(known) else (0.0, 1.0)


def _welch(
    before: Sequence[np.ndarray], after: Sequence[np.ndarray]
) -> tuple[float, float, float, float, float] | None:
    """Return both means, the 90 % interval of the difference and its p-value; None where too little is known."""
    first, second = _Mean.of(before), _Mean.of(after)
    if first is None or second is None:
        return None
    error = float(np.hypot(first.error, second.error))
    shift = second.value - first.value
    if error == 0.0:
        return first.value, second.value, shift, shift, 1.0 if shift == 0.0 else 0.0
    freedom = error**4 / (first.error**4 / (first.count - 1.0) + second.error**4 / (second.count - 1.0))
    reach = float(stats.t.ppf(0.95, freedom)) * error
    p_value = float(2.0 * stats.t.sf(abs(shift) / error, freedom))
    return first.value, second.value, shift - reach, shift + reach, p_value


@dataclass(frozen=True)
class _Mean:
    """A mean with its standard error, and the number of independent values that it is worth."""

    value: float
    error: float
    count: float

    @classmethod
    def of(cls, series: Sequence[np.ndarray]) -> "_Mean | None":
        known = [values[np.isfinite(values)] for values in series]
        values = np.concatenate(known)
        if len(values) < LEAST_WINDOWS:
            return None
        deviations = [one - values.mean() for one in known]
        power = sum(float(one @ one) for one in deviations)
        memory = sum(float(one[1:] @ one[:-1]) for one in deviations) / power if power else 0.0
        memory = min(max(memory, 0.0), 0.9)  # of AR(1) windows, by their lag-1 autocorrelation
        count = max(2.0, len(values) * (1.0 - memory) / (1.0 + memory))
        return cls(float(values.mean()), float(values.std(ddof=1) / np.sqrt(count)), count)
