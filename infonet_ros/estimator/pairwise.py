"""All pairs of channels of a window: missing samples, constants, lags and surrogates, around one network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.estimator.blocks import Copulas, PairBlock, crossed_blocks
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import PairwiseEstimate
from infonet_ros.estimator.runner import Runner
from infonet_ros.estimator.surrogates import p_value, surrogate_shifts

MIN_SAMPLES = 64


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

    def copulas(self, index: np.ndarray, rows: np.ndarray) -> tuple[Copulas, np.ndarray]:
        """Rank channels ``index`` among samples ``rows``; also say which of them are constant there."""
        chosen = self.channels[np.ix_(index, rows)]
        return Copulas.from_ranks(self.ordering[index].ranks(rows)), (chosen == chosen[:, :1]).all(axis=1)


@dataclass(frozen=True, eq=False)
class Meeting:
    """Two groups of channels over the samples that both know, the second ``lag`` samples later."""

    left_index: np.ndarray
    right_index: np.ndarray
    left: Copulas
    right: Copulas
    wanted: np.ndarray  # (P, Q) bool: pairs to be given to the network
    constant: np.ndarray  # (P, Q) bool: pairs with a constant channel
    lag: int


class BestOverLags:
    """Quantiles of all pairs (N, N, 3) while they come in, and the lag at which the median was largest."""

    def __init__(self, size: int) -> None:
        self.quantiles = np.full((size, size, 3), np.nan, dtype=np.float32)
        self.lag = np.zeros((size, size), dtype=np.int32)

    @property
    def mi(self) -> np.ndarray:
        """Medians, (N, N)."""
        return self.quantiles[..., 1]

    def put(self, row: np.ndarray, column: np.ndarray, quantiles: np.ndarray, lag: int) -> None:
        """Enter pairs (M,) at a lag, with quantiles (M, 3), where they beat what is there, and mirror them."""
        # A pair and its mirror image may come in one call: one after the other, lest both write to one place.
        for side in (row < column, row > column):
            better = side & ~(quantiles[:, 1] <= self.mi[row, column])
            for a, b, sign in ((row[better], column[better], 1), (column[better], row[better], -1)):
                self.quantiles[a, b] = quantiles[better]
                self.lag[a, b] = sign * lag


def estimate_pairwise(
    runner: Runner, channels: np.ndarray, lags: np.ndarray, surrogates: int, seed: int
) -> PairwiseEstimate:
    """Estimate all pairs of channels (N, T), NaN where unknown; lags are not negative and each is tried both ways.

    Channels are put in an order that depends on their content alone, and results are put back: so they are the same
    to the bit in whatever order the channels are given.
    """
    ordering = Ordering.from_channels(channels, seed)
    order = ordering.canonical()
    panel = Panel.from_channels(channels[order], ordering[order])
    meetings = list(_meetings(panel, lags))
    best = _scan(runner, meetings, len(order))
    p = _p_values(runner, meetings, best.mi, surrogates, seed, int(lags.max())) if surrogates else None
    back = np.ix_(np.argsort(order), np.argsort(order))
    lag = best.lag[back]
    return PairwiseEstimate(
        mi=best.quantiles[..., 1][back],
        lower=best.quantiles[..., 0][back],
        upper=best.quantiles[..., 2][back],
        p_value=None if p is None else p[back],
        lag=lag,
        samples=_common_samples(np.isfinite(channels), lag),
        constant=constant_channels(channels),
    )


def constant_channels(channels: np.ndarray) -> np.ndarray:
    """Say which channels (N, T), NaN where unknown, have samples but never change: (N,) bool."""
    good = np.isfinite(channels)
    least = np.where(good, channels, np.inf).min(axis=1)
    most = np.where(good, channels, -np.inf).max(axis=1)
    return least == most


def _meetings(panel: Panel, lags: np.ndarray) -> Iterator[Meeting]:
    """Bring every two groups together at every lag; at lag 0 each pair once, else in both directions."""
    count = panel.channels.shape[1]
    for lag in np.unique(lags):
        for left_index, left_mask in panel.groups:
            for right_index, right_mask in panel.groups:
                rows = np.flatnonzero(left_mask[: count - lag] & right_mask[lag:])
                pairs = left_index[:, None] != right_index if lag else left_index[:, None] < right_index
                if len(rows) < MIN_SAMPLES or not pairs.any():
                    continue
                left, left_constant = panel.copulas(left_index, rows)
                same = lag == 0 and right_index is left_index
                right, right_constant = (left, left_constant) if same else panel.copulas(right_index, rows + lag)
                constant = pairs & (left_constant[:, None] | right_constant)
                yield Meeting(left_index, right_index, left, right, pairs & ~constant, constant, int(lag))


def _scan(runner: Runner, meetings: list[Meeting], size: int, shifts: list[int] | None = None) -> BestOverLags:
    """Estimate all meetings, with the right side of each turned by its shift where shifts are given."""
    best = BestOverLags(size)
    shifted = list(zip(meetings, shifts or [0] * len(meetings), strict=True))
    for lag in dict.fromkeys(meeting.lag for meeting in meetings):
        here = [(meeting, shift) for meeting, shift in shifted if meeting.lag == lag]
        for meeting, _ in here:
            row, column = np.nonzero(meeting.constant)
            pair = meeting.left_index[row], meeting.right_index[column]
            best.put(*pair, np.zeros((len(row), 3), np.float32), lag)
        for row, column, quantiles in runner.quantiles(_blocks(here, runner)):
            best.put(row, column, quantiles, lag)
    return best


def _blocks(shifted: list[tuple[Meeting, int]], runner: Runner) -> Iterator[PairBlock]:
    for meeting, shift in shifted:
        right = meeting.right.shifted(shift) if shift else meeting.right
        for block in crossed_blocks(meeting.left, right, meeting.wanted, runner.device):
            yield replace(block, left=meeting.left_index[block.left], right=meeting.right_index[block.right])


def _p_values(
    runner: Runner, meetings: list[Meeting], observed: np.ndarray, surrogates: int, seed: int, longest_lag: int
) -> np.ndarray:
    """Compare with surrogates that are scanned over the same lags: the largest of many is no surprise by itself."""
    counts = [meeting.left.ranks.shape[1] for meeting in meetings]
    shifts = [surrogate_shifts(count, surrogates, seed, longest_lag) for count in counts]
    exceeding = np.zeros(observed.shape)
    for k in range(surrogates):
        exceeding += _scan(runner, meetings, len(observed), [int(own[k]) for own in shifts]).mi >= observed
    return p_value(observed, exceeding, surrogates)


def _common_samples(good: np.ndarray, lag: np.ndarray) -> np.ndarray:
    """Count the samples that both channels of each pair know at its lag: good (N, T) bool, lag (N, N)."""
    samples = np.zeros(lag.shape, dtype=np.int32)
    weights = good.astype(np.float32)
    for shift in np.unique(np.abs(lag)):
        later = weights[:, : good.shape[1] - shift] @ weights[:, shift:].T
        samples = np.where(lag == shift, later, np.where(lag == -shift, later.T, samples))
    return samples.astype(np.int32)
