"""Transfer entropy: what the past of one stream says of another beside that one's own past."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.conditional import ConditionalRunner
from infonet_ros.estimator.conditioning import Given
from infonet_ros.estimator.meetings import MIN_SAMPLES
from infonet_ros.estimator.pairwise import constant_channels
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import TransferEstimate
from infonet_ros.estimator.stationarity import drifting
from infonet_ros.estimator.surrogates import p_value, surrogate_shifts
from infonet_ros.estimator.views import Side, Sight


@dataclass(frozen=True, eq=False)
class TransferRequest:
    """What is asked: lags (L,) of 1 sample or more, samples of the target's own past, surrogates, and the seed."""

    lags: np.ndarray
    past: int
    surrogates: int
    seed: int


@dataclass(frozen=True, eq=False)
class Transfer:
    """What was found for some sources (S,) of one target: quantiles (S, 3), p-values (S,) and lags (S,)."""

    quantiles: np.ndarray
    p_value: np.ndarray
    lag: np.ndarray


def transfer_entropy(runner: ConditionalRunner, channels: np.ndarray, request: TransferRequest) -> TransferEstimate:
    """Estimate ``I(x[t - lag]; y[t] | y[t - 1], ..., y[t - past])`` for all ordered pairs of channels (N, T).

    The lag of each pair is that at which the partial copula tells most, in the data and in each surrogate alike.
    """
    size = len(channels)
    quantiles = np.full((size, size, 3), np.nan, dtype=np.float32)
    p, lag, samples = np.full((size, size), np.nan), np.zeros((size, size), np.int32), np.zeros((size, size), np.int32)
    still = constant_channels(channels)
    drifts = drifting(channels) if request.surrogates else np.zeros(size, dtype=bool)
    ordering = Ordering.from_channels(channels, request.seed)
    for target in (_Target(runner, channels, ordering, request, number) for number in range(size)):
        for sources in target.alike():
            times = target.known(sources)
            samples[sources, target.number] = len(times)
            if len(times) < MIN_SAMPLES:
                continue
            moving = ~still[sources] & ~still[target.number]
            for part, transfer in ((sources[~moving], target.nothing), (sources[moving], target.transfer)):
                if len(part):
                    found, place = transfer(part, times), (part, target.number)
                    quantiles[place], p[place], lag[place] = found.quantiles, found.p_value, found.lag
    p[drifts[:, None] & drifts] = np.nan
    np.fill_diagonal(samples, np.isfinite(channels).sum(axis=1))
    lower, value, upper = np.moveaxis(quantiles, -1, 0)
    return TransferEstimate(value, lower, upper, p if request.surrogates else None, lag, samples, still, drifts)


@dataclass(frozen=True, eq=False)
class _Target:
    """One of the channels (N, T), beside its own past."""

    runner: ConditionalRunner
    channels: np.ndarray
    ordering: Ordering
    request: TransferRequest
    number: int

    def alike(self) -> Iterator[np.ndarray]:
        """Group the other channels by the samples at which all their lags are known."""
        groups: dict[bytes, list[int]] = defaultdict(list)
        for source in range(len(self.channels)):
            if source != self.number:
                groups[self._heard(source).tobytes()].append(source)
        return map(np.array, groups.values())

    def known(self, sources: np.ndarray) -> np.ndarray:
        """Return the times (R,) at which the target, its past and all lags of some sources are known."""
        told = np.isfinite(self.channels[self.number, self._times]) & np.isfinite(self._past(self._times)).all(axis=0)
        return self._times[told & self._heard(sources[0])]

    def nothing(self, sources: np.ndarray, _: np.ndarray) -> Transfer:
        """Return what sources (S,) tell where they, or the target beside its past, do not change."""
        return Transfer(np.zeros((len(sources), 3)), np.ones(len(sources)), np.full(len(sources), self.request.lags[0]))

    def transfer(self, sources: np.ndarray, times: np.ndarray) -> Transfer:
        """Estimate the transfer from sources (S,) at times (R,), each at its best lag."""
        lags, request = self.request.lags, self.request
        times = thinned(times)[0]
        given, kept = Given.from_channels(self._past(times))
        times = times[kept]
        ranks = np.concatenate([self.ordering[sources].ranks(times - lag) for lag in lags])  # lag by lag
        left, right = Side(ranks, given), Side(self.ordering[np.array([self.number])].ranks(times), given)
        if right.determined.any():
            return self.nothing(sources, times)
        shifts = surrogate_shifts(len(times), request.surrogates, request.seed)
        medians = _partial(self.runner, left, right, np.append(0, shifts)).reshape(-1, len(lags), len(sources))
        best = medians[0].argmax(axis=0)
        exceeding = (medians[1:].max(axis=1) >= medians[0].max(axis=0)).sum(axis=0)
        chosen = best * len(sources) + np.arange(len(sources))
        quantiles = self.runner.quantiles(Sight(left, right, chosen, np.zeros_like(chosen)))
        return Transfer(quantiles, p_value(quantiles[:, 1], exceeding, len(shifts)), lags[best])

    @property
    def _times(self) -> np.ndarray:
        return np.arange(max(int(self.request.lags.max()), self.request.past), self.channels.shape[1])

    def _past(self, times: np.ndarray) -> np.ndarray:
        return np.stack([self.channels[self.number, times - ago] for ago in range(1, self.request.past + 1)])

    def _heard(self, source: int) -> np.ndarray:
        """Say at which times all lags of a source are known."""
        return np.isfinite(self.channels[source, self._times - self.request.lags[:, None]]).all(axis=0)


def _partial(runner: ConditionalRunner, left: Side, right: Side, shifts: np.ndarray) -> np.ndarray:
    """MI of the partial copula of all streams on the left with the one on the right, for each shift of it, (S, M)."""
    sources, target = (Copulas.from_ranks(side.conditional[0], runner.pairs.device) for side in (left, right))
    rows = np.arange(len(left.ranks))
    block = PairBlock.scanned(sources, target, rows, np.zeros_like(rows), shifts)
    medians = np.concatenate([quantiles[:, 1] for _, quantiles in runner.pairs.quantiles([block])])
    return np.where(left.determined, 0.0, medians.reshape(len(shifts), len(rows)))
