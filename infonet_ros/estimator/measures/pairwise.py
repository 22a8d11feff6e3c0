"""All pairs of channels of windows, and one pair at many lags."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from infonet_ros.estimator.measures.best_over_lags import BestOverLags
from infonet_ros.estimator.measures.plan import LagBatch, Pass, Plan, run
from infonet_ros.estimator.measures.requests import Requests
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.results import LaggedEstimate, PairwiseEstimate
from infonet_ros.estimator.samples.channels import Channels
from infonet_ros.estimator.samples.stationarity import drifting

SURROGATES_AT_ONCE = 1 << 22  # requests of all surrogates that are estimated together


@dataclass(frozen=True)
class PairwiseOptions:
    """Options for each window: lags (0 or more, each searched in both directions), number of surrogates, seed."""

    lags: np.ndarray
    surrogates: int
    seed: int


class _PairsOfWindow:
    """All pairs of one window of channels (N, T), NaN where unknown, during the passes of the network."""

    def __init__(self, values: np.ndarray, options: PairwiseOptions) -> None:
        self._values, self._options = values, options
        self._channels = Channels.from_values(values, options.seed)
        self._plan = Plan.of(self._channels, Requests.all_pairs(len(values), options.lags))
        self._surrogates = [len(self._shifts(batch)) for batch in self._plan.batches]
        self._best: BestOverLags | None = None

    def passes(self) -> Iterator[Pass]:
        """Yield the pass of the data, then those of the surrogates, as many together as memory allows."""
        yield Pass.of_data(self._plan)
        together = max(1, SURROGATES_AT_ONCE // max(1, len(self._plan.requests)))
        for start in range(0, max(self._surrogates, default=0), together):
            span = slice(start, start + together)
            yield Pass(self._plan, [self._shifts(batch)[span].copy() for batch in self._plan.batches])

    def _shifts(self, batch: LagBatch) -> np.ndarray:
        """Return the shifts of all surrogates of a batch, (S, M); those of all batches would fill the memory."""
        if not batch.enough:
            return np.empty((0, 0), dtype=np.int64)
        return batch.shifts(self._options.surrogates, self._options.seed, int(self._options.lags.max()))

    def take(self, quantiles: np.ndarray) -> None:
        """Add the result of the next pass."""
        if self._best is not None:
            self._best.take(quantiles)
            return
        surrogates = [
            count if batch.enough else self._options.surrogates
            for batch, count in zip(self._plan.batches, self._surrogates, strict=True)
        ]
        limits = self._plan.by_request(surrogates)
        self._best = BestOverLags(self._plan.requests, quantiles[0], self._plan.samples(), limits)

    def estimate(self) -> PairwiseEstimate:
        """Return the estimate after all passes."""
        assert self._best is not None
        tested = self._options.surrogates > 0
        drifts = drifting(self._values) if tested else np.zeros(len(self._values), dtype=bool)
        return self._best.estimate(self._channels, drifts, tested)


def estimate_windows(
    runner: Runner, windows: Iterable[np.ndarray], options: PairwiseOptions
) -> Iterator[PairwiseEstimate]:
    """Estimate all pairs of channels of each window (N, T), NaN where unknown.

    Windows are taken when they are needed, and the pairs of several share the network's chunks.
    """
    waiting: deque[tuple[_PairsOfWindow, bool]] = deque()  # and whether it is the last of its passes

    def passes() -> Iterator[Pass]:
        for values in windows:
            window = _PairsOfWindow(values, options)
            own = list(window.passes())
            for number, one in enumerate(own, 1):
                waiting.append((window, number == len(own)))
                yield one

    for quantiles in run(runner, passes()):
        window, last = waiting.popleft()
        window.take(quantiles)
        if last:
            yield window.estimate()


def estimate_lagged(runner: Runner, channels: np.ndarray, lags: np.ndarray, seed: int) -> LaggedEstimate:
    """Estimate the MI of ``channels[0, t]`` with ``channels[1, t + lag]`` for channels (2, T), NaN where unknown."""
    plan = Plan.of_pair(channels, lags, seed)
    (quantiles,) = next(run(runner, [Pass.of_data(plan)]))
    lower, mi, upper = quantiles.T
    return LaggedEstimate(lags, mi, lower, upper, plan.samples())
