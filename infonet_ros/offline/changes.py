"""Where dependence changed: windows before a moment against windows after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from infonet_ros.matrices import DependenceMatrix

FAMILY_LEVEL = 0.01
"""Probability that any change at all is reported where nothing changed."""

LEAST_CHANGE = 0.1
"""Nats. A smaller change may be certain, and is of no use to anybody."""

_INTERVAL_SIGMAS = 2 * NormalDist().inv_cdf(0.95)  # width of a 90 % interval


@dataclass(frozen=True)
class Change:
    """The dependence of one pair changed.

    Attributes
    ----------
    a, b : str
    time : int
        Nanoseconds: where the window before ends and the window after begins.
    before, after : float
        MI of the two windows, nats.
    sigmas : float
        Difference by its standard error.
    """

    a: str
    b: str
    time: int
    before: float
    after: float
    sigmas: float


def find_changes(matrices: Sequence[DependenceMatrix]) -> list[Change]:
    """Compare, for every pair, the window that ends at a moment with the one that begins there.

    A change is where the two differ by more than `LEAST_CHANGE`, and by more standard errors than chance would give
    once in a hundred recordings (Bonferroni over pairs and windows that do not overlap); of neighbours within a
    window's length the largest stands for all. Standard errors come from the 90 % intervals.

    Parameters
    ----------
    matrices : sequence of DependenceMatrix
        Of the same names, in the order of time.

    Returns
    -------
    list of Change
        The largest first.
    """
    ends = np.array([matrix.end for matrix in matrices])
    starts = np.array([matrix.start for matrix in matrices])
    following = np.searchsorted(starts, ends)  # first window that does not overlap
    before = np.flatnonzero(following < len(matrices))
    before = before[starts[following[before]] - ends[before] <= _longest_pause(matrices)]
    if not len(before):
        return []
    after = following[before]
    row, column = np.triu_indices(len(matrices[0].names), k=1)
    mi = np.stack([matrix.mi[row, column] for matrix in matrices])
    width = np.stack([(matrix.upper - matrix.lower)[row, column] for matrix in matrices])
    valid = np.stack([matrix.valid[row] & matrix.valid[column] for matrix in matrices])
    mi = np.where(valid, mi, np.nan)
    error = np.maximum(np.hypot(width[before], width[after]) / _INTERVAL_SIGMAS, 1e-6)
    difference = mi[after] - mi[before]
    sigmas = np.nan_to_num(difference / error)
    changed = (np.abs(sigmas) > _least_sigmas(matrices, len(row))) & (np.abs(np.nan_to_num(difference)) > LEAST_CHANGE)
    changes = []
    for pair in np.flatnonzero(changed.any(axis=0)):
        for k in _peaks(np.where(changed[:, pair], np.abs(difference[:, pair]), 0.0), ends[before], starts):
            changes.append(
                Change(
                    a=matrices[0].names[row[pair]],
                    b=matrices[0].names[column[pair]],
                    time=int((ends[before[k]] + starts[after[k]]) // 2),
                    before=float(mi[before[k], pair]),
                    after=float(mi[after[k], pair]),
                    sigmas=float(abs(sigmas[k, pair])),
                )
            )
    return sorted(changes, key=lambda change: -abs(change.after - change.before))


def _longest_pause(matrices: Sequence[DependenceMatrix]) -> int:
    """Two windows that are farther apart than a window is long are no neighbours."""
    return matrices[0].end - matrices[0].start


def _least_sigmas(matrices: Sequence[DependenceMatrix], pairs: int) -> float:
    length = max(1, matrices[0].end - matrices[0].start)
    independent = max(1, (matrices[-1].end - matrices[0].start) // length) * pairs
    return NormalDist().inv_cdf(1 - FAMILY_LEVEL / (2 * independent))


def _peaks(size: np.ndarray, times: np.ndarray, starts: np.ndarray) -> list[int]:
    """Take the largest, strike out what is within a window's length of it, and so on."""
    length = times[0] - starts[0]
    left, peaks = size.copy(), []
    while left.any():
        peak = int(left.argmax())
        peaks.append(peak)
        left[np.abs(times - times[peak]) < length] = 0.0
    return peaks
