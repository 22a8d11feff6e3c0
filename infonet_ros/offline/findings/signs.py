"""The sign of a relation: whether one channel falls as the other rises."""

import numpy as np

from infonet_ros.estimator.peak import correlation
from infonet_ros.offline.analysis import Analysis
from infonet_ros.series import moved

_MOSTLY = 0.6  # of the correlation that the MI stands for: a square or an absolute value has no sign


def opposite(analysis: Analysis, a: int, b: int) -> bool:
    """Return whether two channels mostly move in opposite directions, at their delay, by the correlation of ranks.

    Those of channels that are judged by their changes are also compared by them.
    """
    whole, matrix = analysis.whole, analysis.whole.matrix
    first, second = whole.ranks[:, a], moved(whole.ranks[:, b], -round(float(matrix.lag[a, b]) * matrix.sample_rate))
    if analysis.significance.by_changes[a, b]:
        first, second = np.diff(first), np.diff(second)
    known = np.isfinite(first) & np.isfinite(second)
    first, second = first[known], second[known]
    if not (first.size and np.ptp(first) > 0.0 and np.ptp(second) > 0.0):
        return False
    return bool(np.corrcoef(first, second)[0, 1] <= -_MOSTLY * correlation(matrix.mi[a, b]))
