"""The third channel that explains a pair: the one with the smallest conditional MI."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.views import ConditionedPairs, Side
from infonet_ros.estimator.results import Explanations, PairwiseEstimate
from infonet_ros.estimator.samples.channels import MIN_SAMPLES
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.estimator.samples.responses import Drivers, Place

CANDIDATES = 4  # third channels that are tested for a pair
LEAST_SHARE = 0.5  # of the pair's MI: a third channel must share as much with each of the two
LEAST_SHARED = 0.02  # nats: pairs with less MI need no explanation
TOGETHER = 64  # tasks whose pairs share the chunks of the network; each holds megabytes of neighbours

_Task = tuple[int, int, tuple[Place, ...]]
"""A third channel, the lag of the second channel of a pair after the first, and where the third is taken."""


def explanations(
    runner: ConditionalRunner, channels: np.ndarray, pairs: PairwiseEstimate, most_samples: int, seed: int
) -> Explanations:
    """Find for each pair of channels (N, T) the third channel with the smallest conditional MI.

    A pair with a delay is taken with and without it, and the larger value counts: two channels of a feedback loop may
    share at one lag only what the reference brings, and more at another.
    """
    size = len(channels)
    by = np.full((size, size), -1, dtype=np.int32)
    by_lag = np.zeros((size, size), dtype=np.int32)
    left = np.stack([pairs.lower, pairs.mi, pairs.upper], axis=-1)
    drivers = Drivers(channels, channels, pairs.lag)
    tasks: dict[_Task, list[tuple[int, int]]] = defaultdict(list)
    for a, b in combinations(range(size), 2):
        if pairs.mi[a, b] >= LEAST_SHARED:
            for third in _candidates(pairs, drivers, a, b):
                for step in {0, int(pairs.lag[a, b])}:
                    places = {drivers.place(third, a), drivers.place(third, b, step)}
                    tasks[third, step, tuple(sorted(places))].append((a, b))
    given_third = _GivenThird(runner, drivers, Ordering.from_channels(channels, seed), most_samples)
    remains: dict[tuple[int, int, int], np.ndarray] = {}
    for ((third, *_), asked), found in zip(tasks.items(), given_third.quantiles(tasks), strict=True):
        for (a, b), quantiles in zip(asked, found, strict=True):
            remains[a, b, third] = max(quantiles, remains.get((a, b, third), quantiles), key=lambda one: one[1])
    for (a, b, third), quantiles in remains.items():
        if quantiles[1] < left[a, b, 1]:
            by[a, b] = by[b, a] = third
            left[a, b] = left[b, a] = quantiles
            by_lag[a, b], by_lag[b, a] = pairs.lag[a, third], pairs.lag[b, third]
    lower, value, upper = np.moveaxis(left, -1, 0)
    return Explanations(pairs, by, by_lag, value, lower, upper)


def _candidates(pairs: PairwiseEstimate, drivers: Drivers, a: int, b: int) -> list[int]:
    """Return the channels that share most with both channels of a pair, the best first.

    By the data processing inequality, a channel that explains a pair shares with each of the two at least as much as
    the two share. So channels that share less than half of it are not tested. A channel that is followed slowly shares
    much more over its past than at one time.
    """
    shared = np.nan_to_num(np.minimum(pairs.mi[a], pairs.mi[b]))
    shared[[a, b]] = 0.0
    best = np.argsort(-shared, kind="stable")[:CANDIDATES].tolist()
    enough = LEAST_SHARE * pairs.mi[a, b]

    def shares(third: int, end: int) -> bool:
        return pairs.mi[third, end] >= enough or drivers.information(third, end) >= enough

    return [k for k in best if shared[k] >= min(enough, LEAST_SHARED) and shares(k, a) and shares(k, b)]


@dataclass(frozen=True, eq=False)
class _GivenThird:
    """Conditional MI of pairs of channels given a third one, as they follow it."""

    runner: ConditionalRunner
    drivers: Drivers
    ordering: Ordering
    most_samples: int

    def quantiles(self, tasks: Mapping[_Task, list[tuple[int, int]]]) -> Iterator[np.ndarray]:
        """Yield the quantiles of the conditional MI of the M pairs of each task, (M, 3); inf with too few samples."""
        waiting = iter(tasks.items())
        with ThreadPoolExecutor(self.runner.pairs.threads) as pool:
            while some := list(islice(waiting, TOGETHER)):
                sets = list(pool.map(self._conditioned, some))
                known = [one for one in sets if one is not None]
                found = self.runner.quantiles(*known) if known else np.empty((0, 3), dtype=np.float32)
                parts = iter(np.split(found, np.cumsum([len(one) for one in known])))
                for (_, pairs), one in zip(some, sets, strict=True):
                    yield np.full((len(pairs), 3), np.inf, dtype=np.float32) if one is None else next(parts)

    def _conditioned(self, asked: tuple[_Task, list[tuple[int, int]]]) -> ConditionedPairs | None:
        """Return the pairs of a task with their conditional ranks, or None with too few known samples."""
        (_, step, places), pairs = asked
        involved, given = np.unique(pairs), self.drivers.at(places)
        times = self._known(step, given, involved)
        times = times[:: max(1, -(-len(times) // self.most_samples))]
        seen, times = Given.from_channels(given[:, times], times)
        if len(times) < MIN_SAMPLES:
            return None
        left = right = Side(self.ordering[involved].ranks(times), seen)
        if step:
            right = Side(self.ordering[involved].ranks(times + step), seen)
        rows, columns = (np.searchsorted(involved, side) for side in np.transpose(pairs))
        return ConditionedPairs(left, right, rows, columns).prepared()

    def _known(self, step: int, given: np.ndarray, involved: np.ndarray) -> np.ndarray:
        """Return the times (R,) at which given streams (P, T), and channels at once and at a step, are known."""
        last = given.shape[1]
        times = np.arange(max(0, -step), min(last, last - step))
        channels = self.drivers.channels[involved]
        needed = np.concatenate([given[:, times], channels[:, times], channels[:, times + step]])
        return times[np.isfinite(needed).all(axis=0)]
