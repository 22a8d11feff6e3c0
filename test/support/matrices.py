"""Matrices with known numbers, to look at."""

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix

SECOND = 1_000_000_000


def dependence_matrix(names, pairs, *, invalid=(), method="pairwise", end=20 * SECOND) -> DependenceMatrix:
    """Build a matrix from ``{(a, b): (mi, lag, p_value)}``; pairs that are not named have MI 0, lag 0 and p-value 1.

    ``pairs`` gives a NaN MI where a pair is not known, and a NaN p-value where there are no surrogates.
    """
    count = len(names)
    mi, lag, p_value = (np.full((count, count), value, dtype=np.float32) for value in (0.0, 0.0, 1.0))
    for (a, b), (value, delay, p) in pairs.items():
        i, j = names.index(a), names.index(b)
        mi[i, j] = mi[j, i] = value
        lag[i, j], lag[j, i] = delay, -delay
        p_value[i, j] = p_value[j, i] = p
    for matrix in (mi, p_value):
        np.fill_diagonal(matrix, np.nan)
    return matrix_of(
        mi,
        names=tuple(names),
        lower=0.5 * mi,
        upper=1.5 * mi,
        p_value=p_value,
        lag=lag,
        valid=np.array([name not in invalid for name in names]),
        start=end - 20 * SECOND,
        end=end,
        method=method,
    )


def matrix_of(mi, **changes) -> DependenceMatrix:
    """Build a matrix of channels c0, c1, ... with this MI (N, N); ``changes`` replace other fields."""
    count = len(mi)
    fields = {
        "names": tuple(f"c{number}" for number in range(count)),
        "mi": mi,
        "lower": mi,
        "upper": mi,
        "p_value": np.zeros_like(mi),
        "lag": np.zeros_like(mi),
        "samples": np.full((count, count), 200, dtype=np.int32),
        "valid": np.ones(count, dtype=bool),
        "start": 0,
        "end": 20 * SECOND,
        "sample_count": 200,
        "sample_rate": 10.0,
        "method": "pairwise",
        "estimator": "infonet",
        "version": "0.1.0",
        "duration": 0.01,
    }
    return DependenceMatrix(**{**fields, **changes})
