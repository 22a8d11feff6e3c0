"""The sign of a relation: whether one channel falls as the other rises."""

import numpy as np

from infonet_ros.estimator.peak import correlation_of
from infonet_ros.offline.whole_recording.significance import Significance
from infonet_ros.offline.whole_recording.whole_recording import WholeRecording, strongest_pairs
from infonet_ros.series import moved

_MOSTLY = 0.6  # of the correlation that the MI stands for: a square or an absolute value has no sign


def opposite_signs(whole: WholeRecording, significance: Significance) -> np.ndarray:
    """Return which pairs (N, N) mostly move in opposite directions, at their delay, by the correlation of ranks.

    Those of channels that are judged without their drift are compared by their changes.
    """
    matrix = whole.matrix
    found = np.zeros(matrix.mi.shape, dtype=bool)
    for a, b in strongest_pairs(matrix):
        lag = round(float(matrix.lag[a, b]) * matrix.sample_rate)
        first, second = whole.ranks[:, a], moved(whole.ranks[:, b], -lag)
        if significance.without_drift[a, b]:
            first, second = np.diff(first), np.diff(second)
        known = np.isfinite(first) & np.isfinite(second)
        first, second = first[known], second[known]
        if first.size and np.ptp(first) > 0.0 and np.ptp(second) > 0.0:
            turned = np.corrcoef(first, second)[0, 1] <= -_MOSTLY * correlation_of(matrix.mi[a, b])
            found[a, b] = found[b, a] = turned
    return found
