"""Greedy selection of channels with most information about a target, by conditional MI."""

import numpy as np

from infonet_ros.estimator.network.blocks import thinned
from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.views import ConditionedPairs, Side
from infonet_ros.estimator.results import Selection
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, constant_channels
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering


def select(
    runner: ConditionalRunner, channels: np.ndarray, target: int, most: int, seed: int, given: np.ndarray
) -> Selection:
    """Choose, one after the other, up to ``most`` of the channels (N, T) that add most information about a target.

    NaN stands for unknown samples, ``target`` is the number of the channel, ``seed`` that of the ties, and ``given``
    (D, T) are streams that are known before. It ends when no channel adds a significant amount.
    """
    good = np.isfinite(channels).all(axis=0) & np.isfinite(given).all(axis=0)
    rows = thinned(np.flatnonzero(good))[0]
    ordering = Ordering.from_channels(channels, seed)
    moving = np.flatnonzero(~constant_channels(channels[:, rows])) if len(rows) >= MIN_SAMPLES else np.empty(0, int)
    left = [k for k in moving.tolist() if k != target] if target in moving else []
    chosen: list[int] = []
    adds: list[np.ndarray] = []
    while left and len(chosen) < most:
        known = np.concatenate([given[:, rows], channels[chosen][:, rows]])
        found = _adds(runner, known, ordering, rows, target, np.array(left))
        best = int(found[:, 1].argmax()) if len(found) else 0
        if not len(found) or found[best, 0] <= 0.0:
            break
        adds.append(found[best])
        chosen.append(left.pop(best))
    lower, mi, upper = np.array(adds, dtype=np.float32).reshape(-1, 3).T
    return Selection(np.array(chosen, dtype=np.int64), mi, lower, upper, len(rows))


def _adds(
    runner: ConditionalRunner,
    known: np.ndarray,
    ordering: Ordering,
    rows: np.ndarray,
    target: int,
    candidates: np.ndarray,
) -> np.ndarray:
    """Return the conditional MI (M, 3) of each candidate with the target, given the known streams (D, R)."""
    given, rows = Given.from_channels(known if len(known) else np.zeros((1, len(rows))), rows)
    if len(rows) < MIN_SAMPLES:
        return np.empty((0, 3), dtype=np.float32)
    side = Side(ordering[np.append(candidates, target)].ranks(rows), given)
    first = np.arange(len(candidates))
    return runner.quantiles(ConditionedPairs(side, side, first, np.full_like(first, len(candidates))))
