"""MI of the changes of pairs whose channels both drift, and do not change together.

The MI of their levels is large by drift alone. What changes together also shares its levels, which tell more of it.
"""

from dataclasses import replace

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.offline.whole_recording import SIGNIFICANCE

_MEASURES = ("mi", "lower", "upper", "samples", "lag")


def with_changes(net: InfoNet, changes: np.ndarray, matrix: DependenceMatrix, seed: int) -> DependenceMatrix:
    """Replace the MI of pairs that both drift and are not significant by that of their changes, without a delay.

    Parameters
    ----------
    net : InfoNet
    changes : (T', N) float64
        See `Moves`.
    matrix : DependenceMatrix
        Of the levels, with p-values.
    seed : int
    """
    by_change = matrix.both_drift & np.isfinite(matrix.p_value) & ~matrix.significant(SIGNIFICANCE, adjusted=True)
    if not by_change.any():
        return matrix
    own = net.pairwise(changes, seed=seed)
    squares = {name: getattr(matrix, name).copy() for name in _MEASURES}
    for name, values in squares.items():
        values[by_change] = getattr(own, name)[by_change]
    return replace(matrix, **squares)
