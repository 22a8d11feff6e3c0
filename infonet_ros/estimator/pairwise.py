"""All pairs of channels of a window: missing samples, constants, lags and surrogates, around one network."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import PairwiseEstimate
from infonet_ros.estimator.runner import Runner
from infonet_ros.estimator.surrogates import p_value, surrogate_shifts

MIN_SAMPLES = 64
SCAN_ELEMENTS = 1 << 22  # pairs of all surrogates that are scanned together


@dataclass(frozen=True, eq=False)
class Panel:
    """Channels of one window in their canonical order, with the samples that are good.

    Attributes
    ----------
    channels : (N, T) float64
        NaN where not known.
    ordering : Ordering
    groups : list of ((n,) int64, (T,) bool)
        Channels that share their good samples, and those samples.
    """

    channels: np.ndarray
    ordering: Ordering
    groups: list[tuple[np.ndarray, np.ndarray]]

    @classmethod
    def from_channels(cls, channels: np.ndarray, ordering: Ordering) -> "Panel":
        """Group channels (N, T) by their good samples."""
        groups: dict[bytes, list[int]] = {}
        good = np.isfinite(channels)
        for index, mask in enumerate(good):
            groups.setdefault(mask.tobytes(), []).append(index)
        return cls(channels, ordering, [(np.array(members), good[members[0]]) for members in groups.values()])

    def copulas(self, index: np.ndarray, rows: np.ndarray, device: torch.device) -> Copulas:
        """Rank channels ``index`` among samples ``rows``."""
        return Copulas.from_ranks(self.ordering[index].ranks(rows), device)

    def constant(self, index: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say which of channels ``index`` do not change over samples ``rows``."""
        chosen = self.channels[np.ix_(index, rows)]
        return (chosen == chosen[:, :1]).all(axis=1)


@dataclass(frozen=True, eq=False)
class Meeting:
    """Two groups of channels over the samples that both know, the second ``lag`` samples later.

    Attributes
    ----------
    left_index, right_index : (P,), (Q,) int64
        Channels of the two groups.
    parts : list of (Copulas, Copulas)
        The samples, in as many parts as `blocks.thinned` makes of them.
    wanted : (P, Q) bool
        Pairs to be given to the network.
    constant : (P, Q) bool
        Pairs with a constant channel.
    lag : int
    """

    left_index: np.ndarray
    right_index: np.ndarray
    parts: list[tuple[Copulas, Copulas]]
    wanted: np.ndarray
    constant: np.ndarray
    lag: int

    @property
    def count(self) -> int:
        """Samples of the shortest part."""
        return self.parts[-1][0].count

    def blocks(self, shifts: np.ndarray, tag: object) -> Iterator[PairBlock]:
        """Yield the wanted pairs of each part, once with each of the shifts (S,) of the right side."""
        rows, columns = np.nonzero(self.wanted)
        return (PairBlock.scanned(left, right, rows, columns, shifts, tag) for left, right in self.parts)

    def mean(self, scans: int, results: Iterable[tuple[PairBlock, np.ndarray]]) -> np.ndarray:
        """Quantiles (S, P, Q, 3): the mean of what the parts say, so that the interval is no narrower than theirs."""
        mean = np.zeros((scans, *self.wanted.shape, 3), dtype=np.float32)
        for block, quantiles in results:
            mean[block.scans, block.rows, block.columns] += quantiles / len(self.parts)
        return mean


class BestOverLags:
    """Quantiles (S, N, N, 3) of all pairs in S scans while they come in, and the lag of the largest median."""

    def __init__(self, scans: int, size: int) -> None:
        self.quantiles = np.full((scans, size, size, 3), np.nan, dtype=np.float32)
        self.lag = np.zeros((scans, size, size), dtype=np.int32)

    @property
    def mi(self) -> np.ndarray:
        """Medians, (S, N, N)."""
        return self.quantiles[..., 1]

    def put(self, meeting: Meeting, quantiles: np.ndarray) -> None:
        """Enter pairs of a meeting, (S, P, Q, 3), in the first S scans where they beat what is there; mirror them."""
        row, column = np.nonzero(meeting.wanted | meeting.constant)
        left, right, found = meeting.left_index[row], meeting.right_index[column], quantiles[:, row, column]
        # A pair and its mirror image may meet together: one after the other, lest both write to one place.
        for side in (left < right, left > right):
            self._put_pairs(left[side], right[side], found[:, side], meeting.lag)

    def _put_pairs(self, left: np.ndarray, right: np.ndarray, quantiles: np.ndarray, lag: int) -> None:
        scan, pair = np.nonzero(~(quantiles[..., 1] <= self.mi[: len(quantiles), left, right]))
        for a, b, sign in ((left[pair], right[pair], 1), (right[pair], left[pair], -1)):
            self.quantiles[scan, a, b] = quantiles[scan, pair]
            self.lag[scan, a, b] = sign * lag


@dataclass(frozen=True)
class Request:
    """What is asked of each window: lags (not negative, each tried both ways), number of surrogates, and the seed."""

    lags: np.ndarray
    surrogates: int
    seed: int


class Survey:
    """All pairs of one window, from its channels to their estimate.

    Channels are put in an order that depends on their content alone, and results are put back: so they are the same
    to the bit in whatever order the channels are given.

    Parameters
    ----------
    channels : (N, T) float64
        NaN where unknown.
    request : Request
    device : torch.device
    """

    def __init__(self, channels: np.ndarray, request: Request, device: torch.device) -> None:
        self._channels = channels
        self._request = request
        ordering = Ordering.from_channels(channels, request.seed)
        self._order = ordering.canonical()
        panel = Panel.from_channels(channels[self._order], ordering[self._order])
        self.meetings = list(_meetings(panel, request.lags, device))
        longest_lag = int(request.lags.max())
        self._shifts = [surrogate_shifts(m.count, request.surrogates, request.seed, longest_lag) for m in self.meetings]
        self._best: BestOverLags | None = None
        self._taken = 0
        self._exceeding = np.zeros((self.size, self.size))
        self._surrogates = np.full((self.size, self.size), request.surrogates)
        for meeting, shifts in zip(self.meetings, self._shifts, strict=True):
            row, column = np.nonzero(meeting.wanted | meeting.constant)
            left, right = meeting.left_index[row], meeting.right_index[column]
            for pairs in ((left, right), (right, left)):
                self._surrogates[pairs] = np.minimum(self._surrogates[pairs], len(shifts))

    @property
    def size(self) -> int:
        """N, the number of channels."""
        return len(self._channels)

    def scans(self) -> Iterator["Scan"]:
        """Yield the scan of the data, then those of the surrogates, as many together as memory allows.

        Surrogates are scanned over the same lags: the largest of many is no surprise by itself.
        """
        yield Scan(self, [np.zeros(1, dtype=np.int64)] * len(self.meetings))
        together = max(1, SCAN_ELEMENTS // self.size**2)
        for start in range(0, max(map(len, self._shifts), default=0), together):
            yield Scan(self, [own[start : start + together] for own in self._shifts])

    def take(self, best: BestOverLags) -> None:
        """Take the result of one of the scans, in their order."""
        if self._best is None:
            self._best = best
            return
        # A pair with few samples at one of its lags has surrogates for as many scans as it has shifts there.
        number = self._taken + np.arange(len(best.mi))[:, None, None]
        self._exceeding += ((best.mi >= self._best.mi[0]) & (number < self._surrogates)).sum(axis=0)
        self._taken += len(best.mi)

    def estimate(self) -> PairwiseEstimate:
        """Return the estimate once all scans are taken."""
        assert self._best is not None
        back = np.ix_(np.argsort(self._order), np.argsort(self._order))
        lag = self._best.lag[0][back]
        lower, mi, upper = np.moveaxis(self._best.quantiles[0][back], -1, 0)
        tested = self._request.surrogates > 0
        return PairwiseEstimate(
            mi=mi,
            lower=lower,
            upper=upper,
            p_value=p_value(mi, self._exceeding[back], self._surrogates[back]) if tested else None,
            lag=lag,
            samples=_common_samples(np.isfinite(self._channels), lag),
            constant=constant_channels(self._channels),
        )


@dataclass(frozen=True, eq=False)
class Scan:
    """One look at all meetings of a survey, with the right side of each turned by its shifts, as many as it has."""

    survey: Survey
    shifts: list[np.ndarray]

    def blocks(self) -> Iterator[PairBlock]:
        """Yield the blocks of all meetings, tagged by this scan and the number of the meeting."""
        for number, (meeting, shifts) in enumerate(zip(self.survey.meetings, self.shifts, strict=True)):
            yield from meeting.blocks(shifts, (self, number))

    def collect(self, results: Iterable[tuple[PairBlock, np.ndarray]]) -> BestOverLags:
        """Bring together what the network says of the blocks; pairs with a constant channel have nothing."""
        best = BestOverLags(max(map(len, self.shifts), default=1), self.survey.size)
        found = {number: list(own) for number, own in groupby(results, key=lambda result: result[0].tag[1])}
        for number, (meeting, shifts) in enumerate(zip(self.survey.meetings, self.shifts, strict=True)):
            best.put(meeting, meeting.mean(len(shifts), found.get(number, [])))
        return best


def estimate_windows(runner: Runner, windows: Iterable[np.ndarray], request: Request) -> Iterator[PairwiseEstimate]:
    """Estimate all pairs of channels of each window (N, T), NaN where unknown.

    Windows are taken as they are needed, and the pairs of several share the network's chunks.
    """
    waiting: deque[tuple[Scan, bool]] = deque()  # and whether it is the last of its survey

    def blocks() -> Iterator[PairBlock]:
        for channels in windows:
            scans = list(Survey(channels, request, runner.device).scans())
            for scan in scans:
                waiting.append((scan, scan is scans[-1]))
                yield from scan.blocks()

    def finish(results: Iterable[tuple[PairBlock, np.ndarray]] = ()) -> Iterator[PairwiseEstimate]:
        scan, last = waiting.popleft()
        scan.survey.take(scan.collect(results))
        if last:
            yield scan.survey.estimate()

    for scan, results in groupby(runner.quantiles(blocks()), key=lambda result: result[0].tag[0]):
        while waiting[0][0] is not scan:  # without a pair for the network
            yield from finish()
        yield from finish(results)
    while waiting:
        yield from finish()


def constant_channels(channels: np.ndarray) -> np.ndarray:
    """Say which channels (N, T), NaN where unknown, have samples but never change: (N,) bool."""
    good = np.isfinite(channels)
    least = np.where(good, channels, np.inf).min(axis=1)
    most = np.where(good, channels, -np.inf).max(axis=1)
    return least == most


def _meetings(panel: Panel, lags: np.ndarray, device: torch.device) -> Iterator[Meeting]:
    """Bring every two groups together at every lag; at lag 0 each pair once, else in both directions."""
    count = panel.channels.shape[1]
    for lag in np.unique(lags):
        for left_index, left_mask in panel.groups:
            for right_index, right_mask in panel.groups:
                rows = np.flatnonzero(left_mask[: count - lag] & right_mask[lag:])
                pairs = left_index[:, None] != right_index if lag else left_index[:, None] < right_index
                if len(rows) < MIN_SAMPLES or not pairs.any():
                    continue
                same = lag == 0 and right_index is left_index
                still = panel.constant(left_index, rows)
                constant = pairs & (still[:, None] | (still if same else panel.constant(right_index, rows + lag)))
                parts = []
                for part in thinned(rows):
                    left = panel.copulas(left_index, part, device)
                    parts.append((left, left if same else panel.copulas(right_index, part + lag, device)))
                yield Meeting(left_index, right_index, parts, pairs & ~constant, constant, int(lag))


def _common_samples(good: np.ndarray, lag: np.ndarray) -> np.ndarray:
    """Count the samples that both channels of each pair know at its lag: good (N, T) bool, lag (N, N)."""
    samples = np.zeros(lag.shape, dtype=np.int32)
    # By torch: numpy's threads keep their cores busy for a while after a product, beside those of the network.
    weights = torch.from_numpy(good).float()
    for shift in np.unique(np.abs(lag)).tolist():
        later = (weights[:, : good.shape[1] - shift] @ weights[:, shift:].T).numpy()
        samples = np.where(lag == shift, later, np.where(lag == -shift, later.T, samples))
    return samples.astype(np.int32)
