"""Pairs of streams that make too few independent moves in common for any test."""

from itertools import combinations

import numpy as np

from infonet_ros.estimator.samples.common_times import DEGREES
from infonet_ros.estimator.samples.product_spread import MOVES, independent_moves, joint_moves
from infonet_ros.estimator.samples.ranks import waves
from infonet_ros.series import paired_at_lag, shared_ranks

LEAST_JOINT_MOVES = 6.0 * MOVES  # of six blocks of `product_spread`
"""With fewer, how much two streams share by chance is not known, nor whether they move at common times."""

_FASTER = 2.0
"""The faster of two streams has at most so many times their joint moves: a pair with a fast stream has enough."""


def few_joint_moves(channels: np.ndarray, lags: np.ndarray, drifts: np.ndarray) -> np.ndarray:
    """Return which pairs of channels (N, T), NaN where unknown, make too few `joint_moves` for a test: (N, N) bool.

    Each pair is taken at its lag (N, N), in samples: positive if the column follows the row. The known samples of both
    are taken as if they followed each other. Two channels that both drift, (N,) bool, are not tested anyway, so they
    are left out.
    """
    ranks = shared_ranks(channels.T).T
    moving = ((number, own[np.isfinite(own)]) for number, own in enumerate(ranks))
    most = _FASTER * LEAST_JOINT_MOVES
    slow = [number for number, own in moving if len(own) and independent_moves(waves(own, DEGREES)) < most]
    found = np.zeros(lags.shape, dtype=bool)
    for a, b in combinations(slow, 2):
        if drifts[a] and drifts[b]:
            continue
        left, right = paired_at_lag(ranks[a], ranks[b], int(lags[a, b]))
        known = np.isfinite(left) & np.isfinite(right)
        if known.any():
            few = joint_moves(waves(left[known], DEGREES), waves(right[known], DEGREES)) < LEAST_JOINT_MOVES
            found[a, b] = found[b, a] = few
    return found
