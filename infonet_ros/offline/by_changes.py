"""MI of the changes of pairs whose channels both drift, and do not change together.

The MI of their levels is large by drift alone. What changes together also shares its levels, which tell more of it.
"""

from dataclasses import replace

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.offline.delays import Pair
from infonet_ros.offline.whole_recording import SIGNIFICANCE
from infonet_ros.offline.workers import Workers


def with_changes(
    net: InfoNet, changes: np.ndarray, matrix: DependenceMatrix, seed: int, workers: Workers
) -> DependenceMatrix:
    """Replace the MI of pairs that both drift and are not significant by that of their changes, without a delay.

    Parameters
    ----------
    net : InfoNet
    changes : (T', N) float64
        See `Moves`.
    matrix : DependenceMatrix
        Of the levels, with p-values.
    seed : int
    workers : Workers
    """
    tested = matrix.both_drift & np.isfinite(matrix.p_value) & ~matrix.significant(SIGNIFICANCE, adjusted=True)
    pairs = [(a, b) for a, b in np.argwhere(np.triu(tested)).tolist()]

    def of_changes(pair: Pair) -> LaggedEstimate:
        x, y = changes[:, pair].T
        return net.lagged(x, y, [0], seed=seed)

    squares = {name: getattr(matrix, name).copy() for name in ("mi", "lower", "upper", "samples", "lag")}
    for (a, b), one in zip(pairs, workers.map(of_changes, pairs), strict=True):
        for name in ("mi", "lower", "upper", "samples"):
            squares[name][a, b] = squares[name][b, a] = getattr(one, name)[0]
        squares["lag"][a, b] = squares["lag"][b, a] = 0.0
    return replace(matrix, **squares)
