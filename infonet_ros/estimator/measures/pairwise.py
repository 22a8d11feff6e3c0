"""All pairs of channels of windows, and one pair at many lags."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from infonet_ros.estimator.measures.best_over_lags import BestOverLags
from infonet_ros.estimator.measures.contingency import RIVAL, lagged_contingency
from infonet_ros.estimator.measures.plan import Pass, Plan, Requests, run
from infonet_ros.estimator.measures.untestable import COMMON_PERIOD, FEW_MOVES, withheld
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.results import LaggedEstimate, PairwiseEstimate
from infonet_ros.estimator.samples.channels import Channels
from infonet_ros.estimator.samples.common_times import few_joint_moves
from infonet_ros.estimator.samples.periods import sharing_period, waves_alone
from infonet_ros.estimator.samples.stationarity import drifting
from infonet_ros.series import shared_ranks

_MANY = 64  # lags: of more, only those that are promising are tried
SURROGATES_AT_ONCE = 1 << 22  # requests of all surrogates that are estimated together


@dataclass(frozen=True)
class PairwiseOptions:
    """Options for each window: lags (0 or more, each searched in both directions), number of surrogates, seed."""

    lags: np.ndarray
    surrogates: int
    seed: int


def _promising(values: np.ndarray, requests: Requests) -> np.ndarray:
    """Return which requests of channels (N, T) are worth a try, (M,) bool: at lag 0, and at the peaks of each pair.

    These are the peaks of the contingency, which is cheap, and the lags beside them. Not for surrogates: they would
    need a choice of their own.
    """
    longest = int(requests.lag.max())
    lags = np.unique([requests.lag, -requests.lag])
    heights = lagged_contingency(shared_ranks(values.T), longest)[..., longest + lags]
    peaks = heights == ndimage.maximum_filter1d(heights, 3, axis=2)
    peaks &= heights >= RIVAL * heights.max(axis=2, keepdims=True)
    chosen = ndimage.maximum_filter1d(peaks.view(np.uint8), 3, axis=2).astype(bool)
    chosen[..., lags == 0] = True
    return np.asarray(chosen[requests.left, requests.right, lags.searchsorted(requests.lag)])


class _PairsOfWindow:
    """All pairs of one window of channels (N, T), NaN where unknown, during the passes of the network."""

    def __init__(self, values: np.ndarray, options: PairwiseOptions) -> None:
        self._values, self._options = values, options
        self._channels = Channels.from_values(values, options.seed)
        requests = Requests.all_pairs(len(values), options.lags)
        if len(options.lags) > _MANY and not options.surrogates:
            requests = requests.taking(_promising(self._channels.values, requests))
        self._plan = Plan.of(self._channels, requests)
        longest = int(options.lags.max())
        self._shifts = [batch.shifts(options.surrogates, options.seed, longest) for batch in self._plan.batches]
        together = max(1, SURROGATES_AT_ONCE // max(1, len(self._plan.requests)))
        starts = range(0, max(map(len, self._shifts), default=0), together)
        # The passes whose results are awaited: None is that of the data, a slice that of some surrogates.
        self._awaited: deque[slice | None] = deque([None, *(slice(start, start + together) for start in starts)])
        self._best: BestOverLags | None = None

    def passes(self) -> Iterator[Pass]:
        """Yield the pass of the data, then those of the surrogates, as many together as memory allows."""
        for span in tuple(self._awaited):
            yield Pass.of_data(self._plan) if span is None else Pass(self._plan, [one[span] for one in self._shifts])

    @property
    def complete(self) -> bool:
        """Whether the results of all passes were taken."""
        return not self._awaited

    def take(self, quantiles: np.ndarray) -> None:
        """Add the result of the next pass."""
        span = self._awaited.popleft()
        if self._best is not None and span is not None:
            self._best.take(quantiles)
            return
        surrogates = [
            len(shifts) if batch.enough else self._options.surrogates
            for batch, shifts in zip(self._plan.batches, self._shifts, strict=True)
        ]
        limits = self._plan.by_request(surrogates)
        self._best = BestOverLags(self._plan.requests, quantiles[0], self._plan.samples(), limits)

    def _judge_common_times(self, best: BestOverLags, of_one_period: np.ndarray) -> None:
        """Judge the pairs that move at common times, at their lag, by their evidence at all lags.

        But not those ``of_one_period``, (N, N) bool in the order of the caller: products of waves vary little.
        """
        requests, order = self._plan.requests, self._channels.order
        steady = of_one_period[order[requests.left[best.requests]], order[requests.right[best.requests]]]
        together = [batch.moving_together(best.requests[~steady]) for batch in self._plan.batches]
        numbers = best.same_pairs(np.concatenate([*together, np.empty(0, dtype=np.int64)]))
        evidence = np.full((1 + max(map(len, self._shifts), default=0), len(numbers)), np.nan)
        for batch, shifts in zip(self._plan.batches, self._shifts, strict=True):
            asked, found = batch.evidence(numbers, shifts)
            evidence[: len(found), np.searchsorted(numbers, asked)] = found
        best.judge(numbers, evidence)

    def estimate(self) -> PairwiseEstimate:
        """Return the estimate after all passes."""
        assert self._best is not None
        if not self._options.surrogates:
            return replace(self._best.estimate(self._channels), p_value=None)
        values, of_one_period = self._values, sharing_period(self._values)
        self._judge_common_times(self._best, of_one_period)
        found = self._best.estimate(self._channels)
        drifts = drifting(values)
        few = few_joint_moves(values, found.lag, drifts)
        return withheld(found, drifts, {COMMON_PERIOD: waves_alone(values, of_one_period), FEW_MOVES: few})


def estimate_windows(
    runner: Runner, windows: Iterable[np.ndarray], options: PairwiseOptions
) -> Iterator[PairwiseEstimate]:
    """Estimate all pairs of channels of each window (N, T), NaN where unknown.

    Windows are taken when they are needed, and the pairs of several share the network's chunks.
    """
    waiting: deque[_PairsOfWindow] = deque()

    def passes() -> Iterator[Pass]:
        for values in windows:
            waiting.append(_PairsOfWindow(values, options))
            yield from waiting[-1].passes()

    for quantiles in run(runner, passes()):
        waiting[0].take(quantiles)
        if waiting[0].complete:
            yield waiting.popleft().estimate()


def estimate_lagged(runner: Runner, channels: np.ndarray, lags: np.ndarray, seed: int) -> LaggedEstimate:
    """Estimate the MI of ``channels[0, t]`` with ``channels[1, t + lag]`` for channels (2, T), NaN where unknown."""
    plan = Plan.of_pair(channels, lags, seed)
    (quantiles,) = next(run(runner, [Pass.of_data(plan)]))
    lower, mi, upper = quantiles.T
    return LaggedEstimate(lags, mi, lower, upper, plan.samples())
