"""MI of the changes of pairs whose channels both drift: that of their levels is large by drift alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.offline.delays import Pair
from infonet_ros.offline.whole_recording import SIGNIFICANCE
from infonet_ros.offline.workers import Workers


def judged_by_changes(matrix: DependenceMatrix) -> list[Pair]:
    """Return the pairs of channels that both drift, and have a p-value all the same: that of how they change."""
    return [(a, b) for a, b in np.argwhere(np.triu(matrix.both_drift & np.isfinite(matrix.p_value))).tolist()]


def with_changes(
    net: InfoNet,
    changes: np.ndarray,
    scanned: DependenceMatrix,
    undelayed: DependenceMatrix,
    lags: Sequence[int],
    seed: int,
    workers: Workers,
) -> tuple[DependenceMatrix, DependenceMatrix]:
    """Replace the MI of the pairs `judged_by_changes` by that of their changes, at their best lag and without a delay.

    Pairs that are not significant are only compared without a delay.

    Parameters
    ----------
    net : InfoNet
    changes : (T', N) float64
        See `Moves`.
    scanned, undelayed : DependenceMatrix
        Of the levels, at the best lag and without a delay.
    lags : sequence of int
        Samples, 0 or more, that are tried in both directions.
    seed : int
    workers : Workers
    """
    pairs = judged_by_changes(scanned)
    significant = scanned.significant(SIGNIFICANCE, adjusted=True)
    both = sorted({*lags, *(-lag for lag in lags), 0})

    def by_lag(pair: Pair) -> LaggedEstimate:
        x, y = changes[:, pair].T
        return net.lagged(x, y, both if significant[pair] else [0], seed=seed)

    found = list(workers.map(by_lag, pairs))
    known = {pair: one for pair, one in zip(pairs, found, strict=True) if one.best_lag is not None}
    best = {pair: (one, int(np.nanargmax(one.mi))) for pair, one in known.items()}
    at_once = {pair: (one, one.lags.tolist().index(0)) for pair, one in known.items()}
    return _replaced(scanned, best), _replaced(undelayed, at_once)


def _replaced(matrix: DependenceMatrix, found: Mapping[Pair, tuple[LaggedEstimate, int]]) -> DependenceMatrix:
    """Return a matrix with the estimates of some pairs at one of their lags."""
    squares = {name: getattr(matrix, name).copy() for name in ("mi", "lower", "upper", "samples", "lag")}
    for (a, b), (one, place) in found.items():
        for name in ("mi", "lower", "upper", "samples"):
            squares[name][a, b] = squares[name][b, a] = getattr(one, name)[place]
        squares["lag"][a, b] = one.lags[place] / matrix.sample_rate
        squares["lag"][b, a] = -squares["lag"][a, b]
    return replace(matrix, **squares)
