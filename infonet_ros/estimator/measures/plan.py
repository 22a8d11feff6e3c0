"""Plans: batches of requests over the same samples, which run in full chunks of the network."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.estimator.network.blocks import PairBlock, parts_of, thinned
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.samples.channels import Channels, Pattern
from infonet_ros.estimator.samples.common_times import Coincidence, evidence_at_common_times, often_interrupted
from infonet_ros.estimator.samples.surrogates import ShiftsByContent
from infonet_ros.series import shared_ranks

RANKED_TOGETHER = 32  # channels: small batches of one length are ranked together up to this number


@dataclass(frozen=True, eq=False)
class Requests:
    """M pairs of channels, each at a lag: ``left[t]`` with ``right[t + lag]``."""

    left: np.ndarray  # left, right: (M,) int64; channels
    right: np.ndarray
    lag: np.ndarray  # (M,) int64: samples, 0 or more

    @classmethod
    def all_pairs(cls, size: int, lags: np.ndarray) -> "Requests":
        """Make requests for all pairs of ``size`` channels: once at lag 0, in both directions at other lags (L,)."""
        left, right = np.nonzero(~np.eye(size, dtype=bool))
        steps = np.unique(lags)
        lag, pair = np.nonzero((steps[:, None] > 0) | (left < right))
        return cls(left[pair], right[pair], steps[lag])

    @classmethod
    def each_at(cls, first: np.ndarray | int, second: np.ndarray | int, lags: np.ndarray) -> "Requests":
        """Make requests for one pair at lags (M,), or M pairs at one each; positive if the second channel follows."""
        ahead = (lags > 0) | ((lags == 0) & (first < second))
        return cls(np.where(ahead, first, second), np.where(ahead, second, first), np.abs(lags))

    def taking(self, some: np.ndarray) -> "Requests":
        """Return some of the requests (M,)."""
        return Requests(self.left[some], self.right[some], self.lag[some])

    def __len__(self) -> int:
        return len(self.lag)


@dataclass(frozen=True, eq=False)
class LagBatch:
    """K requests at one lag whose pairs use the same samples.

    Ranks are computed just before the network needs them and dropped afterwards: all lags of many channels at once
    would fill the memory.
    """

    channels: Channels
    numbers: np.ndarray  # (K,) int64: of the requests
    left: np.ndarray  # left, right: (K,) int64; channels
    right: np.ndarray
    lag: int
    samples: int  # that count
    enough: bool  # whether they are enough for an estimate
    moving: np.ndarray
    """(M,) int64: positions among the K requests of those for the network: both channels change over these samples."""

    @classmethod
    def of(cls, channels: Channels, requests: Requests, numbers: np.ndarray) -> "LagBatch":
        """Count the samples of requests ``numbers``, and find channels that do not change over them."""
        left, right, lag = requests.left[numbers], requests.right[numbers], int(requests.lag[numbers[0]])
        first, second = channels.pattern_of(left[0]), channels.pattern_of(right[0])
        rows = first.common_rows(second, lag)
        enough = len(rows) >= first.least_rows(second)
        moving = np.full(len(numbers), enough)
        if enough:
            for side, at in ((left, rows), (right, rows + lag)):
                index, place = np.unique(side, return_inverse=True)
                moving &= ~channels.constant(index, at)[place]
        return cls(channels, numbers, left, right, lag, len(rows), enough, np.flatnonzero(moving))

    @property
    def patterns(self) -> tuple[Pattern, Pattern]:
        """The pattern of all left and of all right channels."""
        return self.channels.pattern_of(self.left[0]), self.channels.pattern_of(self.right[0])

    @cached_property
    def sides(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the channels needed on the left and on the right, each once; at lag 0 both are the same."""
        if self.lag:
            return np.unique(self.left[self.moving]), np.unique(self.right[self.moving])
        both = np.unique(np.concatenate([self.left[self.moving], self.right[self.moving]]))
        return both, both

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the places in `sides` of the requests for the network, (M,) each."""
        first, second = self.sides
        return np.searchsorted(first, self.left[self.moving]), np.searchsorted(second, self.right[self.moving])

    def ranked(self, part: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Rank channels over one of `parts`: ranks and values (C, R), row and column (M,) of each network's request."""
        first, second = self.sides
        rows, columns = self.pairs()
        ranks, values = self._over(first, part)
        if not self.lag:
            return ranks, values, rows, columns
        later = self._over(second, part + self.lag)
        ranks, values = (np.concatenate(both) for both in zip((ranks, values), later, strict=True))
        return ranks, values, rows, len(first) + columns

    def moving_together(self, numbers: np.ndarray) -> np.ndarray:
        """Return which of requests ``numbers`` are in this batch, and of channels that move at common times."""
        asked = self.numbers[self.moving][self._asked(numbers)]
        first, second = self.patterns
        if not len(asked) or (first.fewer(second) and often_interrupted(self.parts()[0])):
            return asked
        scores, rows, columns = self._scores(numbers)
        return asked[Coincidence.of(scores).together[rows, columns]]

    def evidence(self, numbers: np.ndarray, shifts: ShiftsByContent) -> tuple[np.ndarray, np.ndarray]:
        """Return which of requests ``numbers`` are in this batch, (G,), and their evidence, (1 + S, G).

        See `evidence_at_common_times`.
        """
        places = self._asked(numbers)
        if not len(places) or not len(shifts):
            return np.empty(0, dtype=np.int64), np.empty((1 + len(shifts), 0))
        scores, rows, columns = self._scores(numbers)
        pairs = zip(scores[rows], scores[columns], shifts[:][:, places].T, strict=True)
        return self.numbers[self.moving[places]], np.stack([evidence_at_common_times(*pair) for pair in pairs], axis=1)

    def _asked(self, numbers: np.ndarray) -> np.ndarray:
        """Return the positions among `moving` of requests ``numbers``."""
        return np.flatnonzero(np.isin(self.numbers[self.moving], numbers))

    def _scores(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return `shared_ranks` (C, R) of the first of `parts`, and row and column of each of requests ``numbers``."""
        _, values, rows, columns = self.ranked(self.parts()[0])
        asked = self._asked(numbers)
        return shared_ranks(values.T).T, rows[asked], columns[asked]

    def _over(self, index: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return ranks and values of channels over some samples."""
        return self.channels.ordering[index].ranks(samples), self.channels.values[np.ix_(index, samples)]

    def parts(self) -> list[np.ndarray]:
        """Return the samples of the left side, in the parts of `blocks.thinned`."""
        first, second = self.patterns
        return thinned(first.common_rows(second, self.lag))

    def shifts(self, surrogates: int, seed: int, longest_lag: int) -> ShiftsByContent:
        """Return the shifts (S, M) of the requests for the network, clear of the lags; none with too few samples."""
        first, second = self.patterns
        if first.fewer(second):
            longest_lag = -(-longest_lag * self.samples // self.channels.count)
        digests = self.channels.ordering.digests
        contents = digests[self.left[self.moving]] ^ digests[self.right[self.moving]]
        count = self.samples // max(1, parts_of(self.samples))
        return ShiftsByContent(contents, count, surrogates if self.enough else 0, seed, longest_lag)


@dataclass(frozen=True, eq=False)
class Plan:
    """Requests for pairs of the channels of one window, in batches."""

    channels: Channels
    requests: Requests
    batches: list[LagBatch]

    @classmethod
    def of(cls, channels: Channels, requests: Requests) -> "Plan":
        """Group requests over the same samples."""
        pattern, count = channels.pattern, len(channels.patterns)
        key = (requests.lag * count + pattern[requests.left]) * count + pattern[requests.right]
        order = np.argsort(key, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(key[order])) + 1) if len(order) else []
        return cls(channels, requests, [LagBatch.of(channels, requests, numbers) for numbers in groups])

    @classmethod
    def of_pair(cls, channels: np.ndarray, lags: np.ndarray, seed: int) -> "Plan":
        """Request two channels (2, T), NaN where unknown, at lags (L,), positive if the second one follows."""
        sorted_channels = Channels.from_values(channels, seed)
        first, second = sorted_channels.places().tolist()
        return cls.of(sorted_channels, Requests.each_at(first, second, lags))

    def samples(self) -> np.ndarray:
        """Count the samples of each request, (M,)."""
        return self.by_request([batch.samples for batch in self.batches])

    def by_request(self, values: list[int]) -> np.ndarray:
        """Give each request the value of its batch, (M,)."""
        found = np.zeros(len(self.requests), dtype=np.int64)
        for batch, value in zip(self.batches, values, strict=True):
            found[batch.numbers] = value
        return found


@dataclass(frozen=True, eq=False)
class Pass:
    """One estimation of all requests of a plan, with the right sides of each batch shifted by its shifts (S, M)."""

    plan: Plan
    shifts: list[np.ndarray]

    @classmethod
    def of_data(cls, plan: Plan) -> "Pass":
        """Make the pass of the data, without shifts."""
        return cls(plan, [np.zeros((1, len(batch.moving)), dtype=np.int64) for batch in plan.batches])

    def blocks(self, runner: Runner) -> Iterator[PairBlock]:
        """Yield the pairs for the network, tagged by this pass."""
        waiting: dict[tuple[int, int], list[tuple[LagBatch, np.ndarray]]] = defaultdict(list)
        for batch, shifts in zip(self.plan.batches, self.shifts, strict=True):
            if not len(batch.moving) or not len(shifts):
                continue
            alike = waiting[batch.samples, len(shifts)]
            alike.append((batch, shifts))
            if sum(len(side) for one, _ in alike for side in one.sides) >= RANKED_TOGETHER:
                yield from self._ranked(runner, waiting.pop((batch.samples, len(shifts))))
        for alike in waiting.values():
            yield from self._ranked(runner, alike)

    def _ranked(self, runner: Runner, alike: list[tuple[LagBatch, np.ndarray]]) -> Iterator[PairBlock]:
        """Rank the channels of batches of one length together, part by part."""
        for parts in zip(*(batch.parts() for batch, _ in alike), strict=True):
            ranked = [batch.ranked(part) for (batch, _), part in zip(alike, parts, strict=True)]
            ranks, values = (np.concatenate([one[k] for one in ranked]) for k in (0, 1))
            channels = RankedChannels.from_ranks(ranks, runner.device, values)
            blocks: list[PairBlock] = []
            start = 0
            for (batch, shifts), (own, _, rows, columns) in zip(alike, ranked, strict=True):
                places, numbers = (start + rows, start + columns), batch.numbers[batch.moving]
                blocks.append(PairBlock.of(channels, channels, *places, shifts, numbers, tag=self))
                start += len(own)
            yield PairBlock.joined(blocks)

    def collect(self, results: Iterable[tuple[PairBlock, np.ndarray]]) -> np.ndarray:
        """Return quantiles (S, M, 3) of all requests; 0 with a constant channel, NaN with too few samples.

        For many samples it is the mean over their parts, so the interval is not narrower than that of a part.
        """
        batches = self.plan.batches
        shifts = [len(own) if one.enough else 0 for one, own in zip(batches, self.shifts, strict=True)]
        known = np.arange(max(map(len, self.shifts), default=1))[:, None] < self.plan.by_request(shifts)
        found = np.repeat(np.where(known, np.float32(0.0), np.float32(np.nan))[..., None], 3, axis=2)
        parts = self.plan.by_request([parts_of(batch.samples) for batch in batches]).astype(np.float32)
        for block, quantiles in results:
            found[block.copies, block.numbers] += quantiles / parts[block.numbers, None]
        return found


def run(runner: Runner, passes: Iterable[Pass]) -> Iterator[np.ndarray]:
    """Estimate passes in their order: quantiles (S, M, 3) of each, see `Pass.collect`.

    Passes are taken when they are needed, and the pairs of several share the network's chunks.
    """
    waiting: deque[Pass] = deque()

    def blocks() -> Iterator[PairBlock]:
        for one in passes:
            waiting.append(one)
            yield from one.blocks(runner)

    for tag, results in groupby(runner.quantiles(blocks()), key=lambda result: result[0].tag):
        while waiting[0] is not tag:  # without a pair for the network
            yield waiting.popleft().collect(())
        yield waiting.popleft().collect(results)
    while waiting:
        yield waiting.popleft().collect(())
