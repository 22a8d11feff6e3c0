"""Transfer entropy: the information of the past of one stream about another, given that one's own past."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.estimator.measures.untestable import COMMON_PERIOD, FEW_UPDATES, reasons
from infonet_ros.estimator.network.blocks import PairBlock, thinned
from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.views import ConditionedPairs, Side
from infonet_ros.estimator.results import TransferEstimate
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, constant_channels
from infonet_ros.estimator.samples.common_times import Coincidence, evidence_of_pairs
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.periods import sharing_period
from infonet_ros.estimator.samples.ranks import Ordering, normalised
from infonet_ros.estimator.samples.stationarity import drifting
from infonet_ros.estimator.samples.surrogates import p_value, surrogate_shifts
from infonet_ros.estimator.samples.updates import updates

Source = tuple[int, int]
"""A channel and the samples by which the target follows it."""


@dataclass(frozen=True, eq=False)
class TransferOptions:
    """The options of transfer entropy.

    Lags (L,) of 1 sample or more, samples of the target's own past and number of other sources that are given,
    surrogates, and the seed.
    """

    lags: np.ndarray
    past: int
    conditions: int
    surrogates: int
    seed: int


@dataclass(frozen=True, eq=False)
class _Transfer:
    """Results for some sources of one target: quantiles (S, 3), and (S,) each."""

    sources: np.ndarray
    quantiles: np.ndarray
    p_value: np.ndarray
    lag: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True, eq=False)
class _Found:
    """The results of all ordered pairs so far: (N, N, 3) quantiles, and (N, N) each."""

    quantiles: np.ndarray
    p_value: np.ndarray
    lag: np.ndarray
    samples: np.ndarray

    @classmethod
    def of_size(cls, size: int) -> "_Found":
        """Make results in which no pair is known yet."""
        unknown = np.full((size, size, 3), np.nan, dtype=np.float32)
        return cls(unknown, unknown[..., 0].astype(np.float64), *np.zeros((2, size, size), dtype=np.int32))

    def put(self, transfers: Iterable[_Transfer], target: int) -> None:
        """Store the results for a target."""
        for one in transfers:
            for name in ("quantiles", "p_value", "lag", "samples"):
                getattr(self, name)[one.sources, target] = getattr(one, name)


def transfer_entropy(
    runner: ConditionalRunner, channels: np.ndarray, options: TransferOptions
) -> Iterator[TransferEstimate]:
    """Estimate ``I(x[t - lag]; y[t] | y[t - 1], ..., y[t - past])`` for all ordered pairs of channels (N, T).

    With ``conditions``, it is then estimated given the strongest other sources of y too, each at its lag. The lag of
    each pair is that with the largest MI of the partial copula, in the data and in each surrogate alike.

    Yields the same estimate after each target; values of later targets are still NaN.
    """
    size = len(channels)
    found = _Found.of_size(size)
    still = constant_channels(channels)
    drifts = drifting(channels) if options.surrogates else np.zeros(size, dtype=bool)
    untested = reasons(drifts, _untestable(channels) if options.surrogates else {})
    ordering = Ordering.from_channels(channels, options.seed)
    np.fill_diagonal(found.samples, np.isfinite(channels).sum(axis=1))
    lower, value, upper = np.moveaxis(found.quantiles, -1, 0)
    p = found.p_value if options.surrogates else None
    for target in (_Target(runner, channels, ordering, options, number) for number in range(size)):
        others = [number for number in range(size) if number != target.number]
        moving = [number for number in others if not (still[number] or still[target.number])]
        found.put(target.nothing([number for number in others if number not in moving]), target.number)
        found.put(target.transfer(moving), target.number)
        if options.conditions:
            for sources, given in target.strongest(moving, found):
                found.put(target.transfer(sources, given), target.number)
        found.p_value[untested != ""] = np.nan
        yield TransferEstimate(value, lower, upper, p, found.lag, found.samples, still, drifts, untested)


def _untestable(channels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the pairs of channels (N, T) whose transfer no shift can test, (N, N) bool for each reason.

    Between two updates of held streams nothing is transferred, so only the updates are independent.
    """
    counts = [updates(values) for values in channels]
    held = np.array([count is not None for count in counts])
    few = np.array([count is not None and count[-1] < MIN_SAMPLES for count in counts])
    return {COMMON_PERIOD: sharing_period(channels), FEW_UPDATES: held[:, None] & held & (few[:, None] | few)}


@dataclass(frozen=True, eq=False)
class _Target:
    """A channel of (N, T) as the target, given its own past."""

    runner: ConditionalRunner
    channels: np.ndarray
    ordering: Ordering
    options: TransferOptions
    number: int

    def nothing(self, sources: Sequence[int]) -> Iterator[_Transfer]:
        """Yield the results for sources if they, or the target, are constant."""
        for alike, times in self._alike(sources, ()):
            yield self._none(alike, times)

    def transfer(self, sources: Sequence[int], others: Sequence[Source] = ()) -> Iterator[_Transfer]:
        """Estimate the transfer from sources, each at its best lag, given the target's past and other sources."""
        for alike, times in self._alike(sources, others):
            yield self._transfer(alike, thinned(times)[0], others) if len(times) else self._none(alike, times)

    def strongest(self, sources: Sequence[int], found: _Found) -> Iterator[tuple[list[int], list[Source]]]:
        """Group sources by the other sources with most information about the target, which are to be given."""
        value, lag = found.quantiles[:, self.number, 1], found.lag[:, self.number]
        sure = [number for number in sources if found.quantiles[number, self.number, 0] > 0.0]
        order = sorted(sure, key=lambda number: -value[number])
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number in sources:
            groups[tuple([other for other in order if other != number][: self.options.conditions])].append(number)
        for others, members in groups.items():
            if others:
                yield members, [(other, int(lag[other])) for other in others]

    def _alike(self, sources: Sequence[int], others: Sequence[Source]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Group sources by the times (R,) at which all their lags and the given streams are known."""
        last = self.channels.shape[1]
        times = np.arange(max(int(self.options.lags.max()), self.options.past), last)
        given_known = np.isfinite(self._given(times, others)).all(axis=0)
        target_known = given_known & np.isfinite(self.channels[self.number, times])
        groups: dict[bytes, list[int]] = defaultdict(list)
        for source in sources:
            source_known = np.isfinite(self.channels[source, times - self.options.lags[:, None]]).all(axis=0)
            groups[(target_known & source_known).tobytes()].append(source)
        for known, members in groups.items():
            yield np.array(members), times[np.frombuffer(known, dtype=bool)]

    def _given(self, times: np.ndarray, others: Sequence[Source]) -> np.ndarray:
        """Return the target's own past and other sources at their lags, (D, R)."""
        past = [self.channels[self.number, times - ago] for ago in range(1, self.options.past + 1)]
        return np.stack([*past, *(self.channels[other, times - lag] for other, lag in others)])

    def _transfer(self, sources: np.ndarray, times: np.ndarray, others: Sequence[Source]) -> _Transfer:
        lags, options = self.options.lags, self.options
        given, times = Given.from_channels(self._given(times, others), times)
        if len(times) < MIN_SAMPLES:
            return self._none(sources, times)
        ranks = np.concatenate([self.ordering[sources].ranks(times - lag) for lag in lags])  # lag by lag
        left, right = Side(ranks, given), Side(self.ordering[np.array([self.number])].ranks(times), given)
        if right.determined.any():
            return self._none(sources, times)
        shifts = surrogate_shifts(len(times), options.surrogates, options.seed)
        medians = _partial(self.runner, left, right, shifts.tolist()).reshape(-1, len(lags), len(sources))
        best = medians[0].argmax(axis=0)
        chosen = best * len(sources) + np.arange(len(sources))
        evidence = _evidence(left, right, shifts)
        together = np.isfinite(evidence[0, chosen])  # they move at common times, at this lag
        exceeding = np.where(together, _exceeding(evidence.reshape(medians.shape)), _exceeding(medians))
        quantiles = self.runner.quantiles(ConditionedPairs(left, right, chosen, np.zeros_like(chosen)))
        p = p_value(quantiles[:, 1], exceeding, len(shifts))
        return _Transfer(sources, quantiles, p, lags[best], np.full(len(sources), len(times)))

    def _none(self, sources: np.ndarray, times: np.ndarray) -> _Transfer:
        """Return 0 for sources; NaN where too few times are known."""
        count = len(sources)
        nothing, p = (0.0, 1.0) if len(times) >= MIN_SAMPLES else (np.nan, np.nan)
        values = np.full((count, 3), nothing), np.full(count, p)
        return _Transfer(sources, *values, np.full(count, self.options.lags[0]), np.full(count, len(times)))


def _exceeding(found: np.ndarray) -> np.ndarray:
    """Count the surrogates whose largest of L lags is at least that of the data, of (1 + S, L, N): (N,)."""
    largest = np.nan_to_num(found, nan=-np.inf).max(axis=1)
    return (largest[1:] >= largest[0]).sum(axis=0)


def _evidence(left: Side, right: Side, shifts: np.ndarray) -> np.ndarray:
    """Return the `evidence_of_pairs` (1 + S, M) of all streams on the left with the one on the right."""
    # The past of the target can hide that both move at common times, if a filter has made their moves smooth.
    together = Coincidence.of(normalised(np.concatenate([left.ranks, right.ranks]))).together[:-1, -1]
    sources, target = (normalised(side.conditional[0]) for side in (left, right))
    rows = np.arange(len(sources))
    return evidence_of_pairs(sources, target, rows, np.zeros_like(rows), shifts, known=together)


def _partial(runner: ConditionalRunner, left: Side, right: Side, shifts: Sequence[int]) -> np.ndarray:
    """MI of the partial copula of all streams on the left with the one on the right, and its surrogates: (1 + S, M)."""
    rights = np.concatenate([right.conditional[0], right.shifted(shifts, 0)])
    sources, target = (RankedChannels.from_ranks(ranks, runner.pairs.device) for ranks in (left.conditional[0], rights))
    columns, rows = np.indices((len(rights), len(left.ranks))).reshape(2, -1)
    block = PairBlock.of(sources, target, rows, columns, np.zeros(1, dtype=np.int64))
    medians = np.concatenate([quantiles[:, 1] for _, quantiles in runner.pairs.quantiles([block])])
    return np.where(left.determined, 0.0, medians.reshape(len(rights), -1))
