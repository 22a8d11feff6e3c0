"""Student's and Welch's tests of one measure in two groups of recordings.

Student's test compares the means of the recordings; its degrees of freedom are the recordings less the groups. If each
group is one recording, only its windows, which do not overlap, can be compared. Then Welch's test (Biometrika 1947) is
used, in which autocorrelated windows count less. It shows whether the two recordings differ, not whether the two robots
do.

A few windows of one pair hardly tell how autocorrelated they are, and to be on the safe side costs power. The MI of all
pairs remembers for about as long, so all pairs together tell it. A channel may drift for hours while others do not: its
mean and spread are judged by its own windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

LEAST_WINDOWS = 4
"""Windows of each group; from fewer, the variation between windows cannot be estimated."""

_CARE = 0.5  # standard errors that are added to the memory of windows
_MOST_MEMORY = 0.9


class Tested(NamedTuple):
    """The means of both groups, the 90 % interval of ``after - before``, and its p-value."""

    before: float
    after: float
    lower: float
    upper: float
    p_value: float


def _known(recordings: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the known windows (K,) of each recording that has some."""
    return [known for one in recordings if len(known := one[np.isfinite(one)])]


def tested(before: Sequence[np.ndarray], after: Sequence[np.ndarray], memory: float | None) -> Tested | None:
    """Compare a measure of the windows (K,) of the recordings of two groups; None if too few are known.

    If each group is one recording, its windows have this `window_memory`; None: that which these windows show.
    """
    first, second = _known(before), _known(after)
    if min(sum(map(len, group)) for group in (first, second)) < LEAST_WINDOWS:
        return None
    if len(first) + len(second) > 2:
        return _of_recordings(*(np.array([one.mean() for one in group]) for group in (first, second)))
    return _of_windows(first[0], second[0], window_memory([(before, after)]) if memory is None else memory)


def _of_recordings(first: np.ndarray, second: np.ndarray) -> Tested:
    """Compare the means of recordings; a group of one recording is assumed to vary like the other."""
    freedom = len(first) + len(second) - 2.0
    variance = (len(first) * first.var() + len(second) * second.var()) / freedom
    error = float(np.sqrt(variance * (1.0 / len(first) + 1.0 / len(second))))
    return _judged(float(first.mean()), float(second.mean()), error, freedom)


def _of_windows(first: np.ndarray, second: np.ndarray, memory: float) -> Tested:
    """Compare the windows of two recordings."""
    one, other = _Mean.of(first, memory), _Mean.of(second, memory)
    error = float(np.hypot(one.error, other.error))
    shares = one.error**4 / one.freedom + other.error**4 / other.freedom
    return _judged(one.value, other.value, error, error**4 / shares if shares else 1.0)


def _judged(before: float, after: float, error: float, freedom: float) -> Tested:
    """Return the 90 % interval and the p-value of Student's distribution."""
    shift = after - before
    if error == 0.0:
        return Tested(before, after, shift, shift, 1.0 if shift == 0.0 else 0.0)
    reach = float(stdtrit(freedom, 0.95)) * error
    p_value = float(2.0 * stdtr(freedom, -abs(shift) / error))
    return Tested(before, after, shift - reach, shift + reach, p_value)


def window_memory(measures: Sequence[tuple[Sequence[np.ndarray], Sequence[np.ndarray]]]) -> float:
    """Return the lag-1 autocorrelation of windows, as if AR(1), from all measures together.

    Each measure has the windows (K,) of the recordings of both groups.

    About the mean of few windows it is too small, by (1 + 3 memory) / windows, and is corrected (Marriott and Pope,
    Biometrika 1954). It is uncertain, too, so half a standard error is added.
    """
    known = ([*_known(before), *_known(after)] for before, after in measures)
    found = [_autocorrelation(one) for one in known if any(map(np.ptp, one))]
    if not found:
        return 0.0
    memory, pairs, windows = np.mean(found, axis=0)
    if windows <= 3.0:
        return 0.0
    corrected = (windows * memory + 1.0) / (windows - 3.0)
    return float(min(max(corrected, 0.0) + _CARE / np.sqrt(pairs * len(found)), _MOST_MEMORY))


def _autocorrelation(recordings: Sequence[np.ndarray]) -> tuple[float, int, float]:
    """Return the lag-1 autocorrelation of windows (K,) that vary, the number of their neighbours, and the mean K."""
    deviations = [one - one.mean() for one in recordings]
    power = sum(float(one @ one) for one in deviations)
    pairs = sum(len(one) - 1 for one in deviations)
    memory = sum(float(one[1:] @ one[:-1]) for one in deviations) / power / pairs * sum(map(len, deviations))
    return memory, pairs, pairs / len(deviations) + 1.0


@dataclass(frozen=True)
class _Mean:
    """A mean with its standard error, and the degrees of freedom of that."""

    value: float
    error: float
    freedom: float

    @classmethod
    def of(cls, windows: np.ndarray, memory: float) -> "_Mean":
        """Take the known windows (K,) of one recording.

        Memory leaves a mean fewer independent windows, and a variance more of them (Bartlett 1946).
        """
        count = max(2.0, len(windows) * (1.0 - memory) / (1.0 + memory))
        freedom = max(1.0, (len(windows) - 1.0) * (1.0 - memory**2) / (1.0 + memory**2))
        return cls(float(windows.mean()), float(windows.std() / np.sqrt(count - 1.0)), freedom)
