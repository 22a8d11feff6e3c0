"""The third channel that explains a pair: the one with the smallest conditional MI."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from infonet_ros.estimator.measures.conditional import ConditionalRunner
from infonet_ros.estimator.network.views import ConditionedPairs, Side
from infonet_ros.estimator.results import Explanations, PairwiseEstimate
from infonet_ros.estimator.samples.channels import MIN_SAMPLES
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering

CANDIDATES = 4  # third channels that are tested for a pair
LEAST_SHARE = 0.5  # of the pair's MI: a third channel must share as much with each of the two
LEAST_SHARED = 0.02  # nats: pairs with less MI need no explanation


def explanations(
    runner: ConditionalRunner, channels: np.ndarray, pairs: PairwiseEstimate, most_samples: int, seed: int
) -> Explanations:
    """Find for each pair of channels (N, T) the third channel with the smallest conditional MI.

    By the data processing inequality, a channel that explains a pair shares with each of the two at least as much as
    the two share. So channels that share less than half of it are not tested.
    """
    size = len(channels)
    by = np.full((size, size), -1, dtype=np.int32)
    by_lag = np.zeros((size, size), dtype=np.int32)
    left = np.stack([pairs.lower, pairs.mi, pairs.upper], axis=-1)
    tasks: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
    for a, b in combinations(range(size), 2):
        if pairs.mi[a, b] >= LEAST_SHARED:
            for third in _candidates(pairs, a, b):
                tasks[_alignment(pairs, a, b, third)].append((a, b))
    given_third = _GivenThird(runner, channels, Ordering.from_channels(channels, seed), most_samples)
    with ThreadPoolExecutor(runner.pairs.threads) as pool:
        for ((third, *_), asked), found in zip(tasks.items(), pool.map(given_third.left, tasks.items()), strict=True):
            for (a, b), quantiles in zip(asked, found, strict=True):
                if quantiles[1] < left[a, b, 1]:
                    by[a, b] = by[b, a] = third
                    left[a, b] = left[b, a] = quantiles
                    by_lag[a, b], by_lag[b, a] = pairs.lag[a, third], pairs.lag[b, third]
    lower, value, upper = np.moveaxis(left, -1, 0)
    return Explanations(pairs, by, by_lag, value, lower, upper)


def _candidates(pairs: PairwiseEstimate, a: int, b: int) -> list[int]:
    """Return the channels that share most with both channels of a pair, the best first."""
    shared = np.nan_to_num(np.minimum(pairs.mi[a], pairs.mi[b]))
    shared[[a, b]] = 0.0
    best = np.argsort(-shared, kind="stable")[:CANDIDATES]
    return best[shared[best] >= LEAST_SHARE * pairs.mi[a, b]].tolist()


def _alignment(pairs: PairwiseEstimate, a: int, b: int, third: int) -> tuple[int, ...]:
    """Return a third channel, the lag of b after a, and the lags of the third after a: directly, and through b.

    If these two differ, both are given.
    """
    step = int(pairs.lag[a, b])
    offsets = {int(pairs.lag[a, third]), step + int(pairs.lag[b, third])}
    return third, step, *sorted(offsets)


@dataclass(frozen=True, eq=False)
class _GivenThird:
    """Conditional MI of pairs of channels (N, T) given a third one."""

    runner: ConditionalRunner
    channels: np.ndarray
    ordering: Ordering
    most_samples: int

    def left(self, task: tuple[tuple[int, ...], list[tuple[int, int]]]) -> np.ndarray:
        """Return the conditional MI of the M pairs of a task, aligned with a third channel as by `_alignment`.

        (M, 3) quantiles; infinite with too few known samples.
        """
        (third, step, *offsets), asked = task[0], np.array(task[1])
        involved = np.unique(asked)
        times = self._known(third, step, offsets, involved)
        times = times[:: max(1, -(-len(times) // self.most_samples))]
        given, kept = Given.from_channels(self._at(third, times, offsets))
        times = times[kept]
        if len(times) < MIN_SAMPLES:
            return np.full((len(asked), 3), np.inf, dtype=np.float32)
        left = right = Side(self.ordering[involved].ranks(times), given)
        if step:
            right = Side(self.ordering[involved].ranks(times + step), given)
        rows, columns = (np.searchsorted(involved, asked[:, side]) for side in (0, 1))
        return self.runner.quantiles(ConditionedPairs(left, right, rows, columns))

    def _known(self, third: int, step: int, offsets: list[int], involved: np.ndarray) -> np.ndarray:
        """Return the times (R,) at which all are known."""
        shifts = [0, step, *offsets]
        times = np.arange(max(0, -min(shifts)), self.channels.shape[1] - max(0, max(shifts)))
        needed = [self._at(third, times, offsets), *(self._at(channel, times, [0, step]) for channel in involved)]
        return times[np.isfinite(np.concatenate(needed)).all(axis=0)]

    def _at(self, channel: int, times: np.ndarray, offsets: list[int]) -> np.ndarray:
        return np.stack([self.channels[channel, times + offset] for offset in offsets])
