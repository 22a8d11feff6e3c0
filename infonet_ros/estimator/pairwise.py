"""All pairs of channels of a window: missing samples, constants, lags and surrogates, around one network."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, product

import numpy as np
import torch

from infonet_ros.estimator.blocks import PairBlock
from infonet_ros.estimator.meetings import Meeting, Panel
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import PairwiseEstimate
from infonet_ros.estimator.runner import Runner
from infonet_ros.estimator.stationarity import drifting
from infonet_ros.estimator.surrogates import p_value, surrogate_shifts

SCAN_ELEMENTS = 1 << 22  # pairs of all surrogates that are scanned together


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
        row, column = meeting.pairs()
        left, right, found = meeting.left.index[row], meeting.right.index[column], quantiles[:, row, column]
        # A pair and its mirror image may meet together: one after the other, or both would write to one place.
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
        panel = Panel.from_channels(channels[self._order], ordering[self._order], device)
        encounters = product(np.unique(request.lags).tolist(), panel.groups, panel.groups)
        meetings = (Meeting.of(panel, left, right, lag) for lag, left, right in encounters)
        self.meetings = []
        self._fewer: list[Meeting] = []
        for meeting in meetings:
            if meeting:
                self.meetings.append(meeting)
            if meeting.fewer:
                self._fewer.append(meeting)
        self._shifts = [self._shifts_of(meeting) for meeting in self.meetings]
        self._best: BestOverLags | None = None
        self._taken = 0
        self._exceeding = np.zeros((self.size, self.size))
        self._surrogates = np.full((self.size, self.size), request.surrogates)
        for meeting, shifts in zip(self.meetings, self._shifts, strict=True):
            row, column = meeting.pairs()
            left, right = meeting.left.index[row], meeting.right.index[column]
            for pairs in ((left, right), (right, left)):
                self._surrogates[pairs] = np.minimum(self._surrogates[pairs], len(shifts))

    def _shifts_of(self, meeting: Meeting) -> np.ndarray:
        """Draw the shifts of a meeting, clear of all lags; where fewer samples count, by so many of those."""
        longest_lag = int(self._request.lags.max())
        if meeting.fewer:
            longest_lag = -(-longest_lag * meeting.samples // self._channels.shape[1])
        return surrogate_shifts(meeting.lengths[-1], self._request.surrogates, self._request.seed, longest_lag)

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
        lag = self._best.lag[0]
        samples = _common_samples(np.isfinite(self._channels[self._order]), lag)
        for meeting in self._fewer:
            left, right = np.meshgrid(meeting.left.index, meeting.right.index, indexing="ij")
            met = (lag[left, right] == meeting.lag) & (left != right)
            for pairs in ((left[met], right[met]), (right[met], left[met])):
                samples[pairs] = meeting.samples
        lower, mi, upper = np.moveaxis(self._best.quantiles[0][back], -1, 0)
        tested = self._request.surrogates > 0
        p = p_value(mi, self._exceeding[back], self._surrogates[back])
        drifts = drifting(self._channels) if tested else np.zeros(self.size, dtype=bool)
        p[drifts[:, None] & drifts] = np.nan
        return PairwiseEstimate(
            mi=mi,
            lower=lower,
            upper=upper,
            p_value=p if tested else None,
            lag=lag[back],
            samples=samples[back],
            constant=constant_channels(self._channels),
            drifting=drifts,
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
        found = groupby(results, key=lambda result: result[0].tag[1])  # in the order of the meetings that have some
        following = next(found, None)
        for number, (meeting, shifts) in enumerate(zip(self.survey.meetings, self.shifts, strict=True)):
            if following is None or following[0] != number:
                best.put(meeting, meeting.mean(len(shifts), ()))
            else:
                best.put(meeting, meeting.mean(len(shifts), following[1]))
                following = next(found, None)
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
    least = np.where(good, channels, np.inf).min(axis=1, initial=np.inf)
    most = np.where(good, channels, -np.inf).max(axis=1, initial=-np.inf)
    return least == most


def _common_samples(good: np.ndarray, lag: np.ndarray) -> np.ndarray:
    """Count the samples that both channels of each pair know at its lag: good (N, T) bool, lag (N, N)."""
    if good.all():
        return (good.shape[1] - np.abs(lag)).astype(np.int32)
    samples = np.zeros(lag.shape, dtype=np.int32)
    # By torch: numpy's threads keep their cores busy for a while after a product, beside those of the network.
    weights = torch.from_numpy(good).float()
    for shift in np.unique(np.abs(lag)).tolist():
        later = (weights[:, : good.shape[1] - shift] @ weights[:, shift:].T).numpy()
        samples = np.where(lag == shift, later, np.where(lag == -shift, later.T, samples))
    return samples.astype(np.int32)
