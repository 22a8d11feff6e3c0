"""Conditional mutual information of pairs of streams: what the two share beside what is given."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.conditional_network import ConditionalNetwork
from infonet_ros.estimator.conditioning import Given
from infonet_ros.estimator.discriminant import read_table
from infonet_ros.estimator.meetings import MIN_SAMPLES, Meeting, Panel
from infonet_ros.estimator.pairwise import BestOverLags, Request, constant_channels
from infonet_ros.estimator.ranks import Ordering, normalised, rank
from infonet_ros.estimator.results import LaggedEstimate, PairwiseEstimate
from infonet_ros.estimator.runner import ONE_THREAD, Runner
from infonet_ros.estimator.stationarity import drifting
from infonet_ros.estimator.surrogates import p_value, surrogate_shifts
from infonet_ros.estimator.views import Side, Sight

AT_ONCE = 1024  # pairs


@dataclass(frozen=True, eq=False)
class ConditionalRunner:
    """The two networks that estimate conditional MI, one after the other.

    Attributes
    ----------
    pairs : Runner
        Of the network of pairs, which looks at each view.
    network : ConditionalNetwork
        Which brings the views together; on the processor, where it takes a hundredth of the time.
    """

    pairs: Runner
    network: ConditionalNetwork

    def quantiles(self, sight: Sight, shift: int = 0) -> np.ndarray:
        """Estimate pairs, as they are or as a surrogate: 5, 50 and 95 % quantiles (M, 3), nats.

        A stream that is a function of what is given shares nothing beside it.
        """
        views = sight.views(self.pairs, shift)
        with ONE_THREAD, torch.inference_mode():
            parts = [self.network(views[start : start + AT_ONCE]) for start in range(0, len(views), AT_ONCE)]
        found = torch.cat(parts).numpy()
        found[sight.left.determined[sight.rows] | sight.right.determined[sight.columns]] = 0.0
        return found


@dataclass(frozen=True, eq=False)
class Encounter:
    """What was found where two groups of channels meet, at one lag.

    Attributes
    ----------
    meeting : Meeting
    quantiles : (1 + S, P, Q, 3) float32
        First of the data, then of the surrogates; NaN where too few samples count.
    samples : int
        That count.
    drifting : (P,) and (Q,) bool
        Streams that drift even beside what is given.
    """

    meeting: Meeting
    quantiles: np.ndarray
    samples: int
    drifting: tuple[np.ndarray, np.ndarray]


def pairwise_given(
    runner: ConditionalRunner, channels: np.ndarray, given: np.ndarray, request: Request
) -> PairwiseEstimate:
    """Estimate all pairs of channels (N, T) beside what is given (D, T), NaN where unknown.

    At a lag what is given is that at the time of the earlier of the two.
    """
    size, panel, order = len(channels), *_panel(runner, channels, request.seed)
    best = BestOverLags(1 + request.surrogates, size)
    drifts = np.zeros(size, dtype=bool)
    found = list(_encounters(runner, panel, given, request))
    surrogates = np.full((size, size), request.surrogates)
    for encounter in found:
        meeting = encounter.meeting
        if encounter.samples < MIN_SAMPLES:
            continue
        best.put(meeting, encounter.quantiles)
        for group, drift in zip((meeting.left, meeting.right), encounter.drifting, strict=True):
            drifts[group.index] |= drift
        row, column = meeting.pairs()
        pair = meeting.left.index[row], meeting.right.index[column]
        for pairs in (pair, pair[::-1]):
            surrogates[pairs] = np.minimum(surrogates[pairs], len(encounter.quantiles) - 1)
    samples = _samples(found, best.lag[0], panel)
    back = np.ix_(np.argsort(order), np.argsort(order))
    lower, mi, upper = np.moveaxis(best.quantiles[0][back], -1, 0)
    exceeding = (best.mi[1:] >= best.mi[0]).sum(axis=0)[back]
    p = p_value(mi, exceeding, surrogates[back])
    drifts = drifts[np.argsort(order)]
    p[drifts[:, None] & drifts] = np.nan
    return PairwiseEstimate(
        mi=mi,
        lower=lower,
        upper=upper,
        p_value=p if request.surrogates else None,
        lag=best.lag[0][back],
        samples=samples[back],
        constant=constant_channels(channels),
        drifting=drifts,
    )


def lagged_given(
    runner: ConditionalRunner, channels: np.ndarray, given: np.ndarray, lags: np.ndarray, seed: int
) -> LaggedEstimate:
    """Estimate the MI of ``channels[0, t]`` with ``channels[1, t + lag]`` beside what is given at the earlier time."""
    panel, order = _panel(runner, channels, seed)
    places = np.argsort(order)
    quantiles = np.full((len(lags), 3), np.nan, dtype=np.float32)
    samples = np.zeros(len(lags), dtype=np.int64)
    for encounter in _encounters(runner, panel, given, Request(np.unique(np.abs(lags)), 0, seed)):
        left, right = encounter.meeting.left.index.tolist(), encounter.meeting.right.index.tolist()
        for sign, (a, b) in ((1, places), (-1, places[::-1])):
            met = lags == sign * encounter.meeting.lag
            if encounter.meeting.lag == 0 and (a not in left or b not in right or a > b):
                a, b = b, a
            if met.any() and a in left and b in right:
                quantiles[met] = encounter.quantiles[0, left.index(a), right.index(b)]
                samples[met] = encounter.samples
    lower, mi, upper = quantiles.T
    return LaggedEstimate(lags, mi, lower, upper, samples)


def pointwise_given(runner: ConditionalRunner, channels: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    """Return the log density of the copula of two channels (2, T) in the slice of what is given that each sample is in.

    (T,) float32 nats; NaN where a sample is not known or in no slice.
    """
    values = np.full(channels.shape[1], np.nan, dtype=np.float32)
    known = np.flatnonzero(np.isfinite(channels).all(axis=0) & np.isfinite(given).all(axis=0))
    ordering = Ordering.from_channels(channels, seed)
    for part in thinned(known):
        seen, kept = Given.from_channels(given[:, part])
        rows = part[kept]
        if len(rows) < MIN_SAMPLES:
            continue
        side = Side(ordering.ranks(rows), seen)
        if side.determined.any() or constant_channels(channels[:, rows]).any():
            values[rows] = 0.0
            continue
        for inside in seen.slices():
            ranks = rank(side.conditional[0][:, inside])
            tables = runner.pairs.estimate(PairBlock.pairs(Copulas.from_ranks(ranks, runner.pairs.device)))[1]
            u, v = torch.from_numpy(normalised(ranks))
            values[rows[inside]] = read_table(tables[0], u, v).numpy()
    return values


def conditional_ranks_of(channels: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    """Return narrow conditional ranks (N, T) in the unit interval of channels beside what is given (D, T).

    NaN where either is not known; 1/2 throughout for channels that are functions of what is given.
    """
    ranks = np.full(channels.shape, np.nan)
    told = np.isfinite(given).all(axis=0)
    ordering = Ordering.from_channels(channels, seed)
    for index in range(len(channels)):
        rows = np.flatnonzero(told & np.isfinite(channels[index]))
        if len(rows) < MIN_SAMPLES:
            continue
        seen, kept = Given.from_channels(given[:, rows])
        rows = rows[kept]
        side = Side(ordering[np.array([index])].ranks(rows), seen)
        ranks[index, rows] = 0.5 if side.determined[0] else normalised(side.conditional[0])[0]
    return ranks


def _panel(runner: ConditionalRunner, channels: np.ndarray, seed: int) -> tuple[Panel, np.ndarray]:
    """Group channels in an order that depends on their content alone, and return that order (N,)."""
    ordering = Ordering.from_channels(channels, seed)
    order = ordering.canonical()
    return Panel.from_channels(channels[order], ordering[order], runner.pairs.device), order


def _encounters(runner: ConditionalRunner, panel: Panel, given: np.ndarray, request: Request) -> Iterator[Encounter]:
    """Estimate all meetings of groups of channels, at all lags."""
    known = np.isfinite(given).all(axis=0)
    for lag, left, right in product(np.unique(request.lags).tolist(), panel.groups, panel.groups):
        meeting = Meeting.of(panel, left, right, lag)
        if meeting:
            yield _encounter(runner, meeting, given, known, request)


def _encounter(
    runner: ConditionalRunner, meeting: Meeting, given: np.ndarray, known: np.ndarray, request: Request
) -> Encounter:
    sights = [_sight(meeting, given, part[known[part]]) for part in meeting.parts()]
    counts = [sight.left.given.count for sight in sights]
    shortest = min(counts, default=0)
    shifts = surrogate_shifts(shortest, request.surrogates, request.seed, int(request.lags.max()))
    quantiles = np.zeros((1 + len(shifts), *meeting.wanted.shape, 3), dtype=np.float32)
    nothing = np.zeros(meeting.wanted.shape[0], dtype=bool), np.zeros(meeting.wanted.shape[1], dtype=bool)
    if shortest < MIN_SAMPLES:
        quantiles[:] = np.nan
        return Encounter(meeting, quantiles, sum(counts), nothing)
    if not meeting.wanted.any():
        return Encounter(meeting, quantiles, sum(counts), nothing)
    for sight in sights:
        for number, shift in enumerate([0, *shifts.tolist()]):
            quantiles[number, sight.rows, sight.columns] += runner.quantiles(sight, shift) / len(sights)
    sides = (sights[0].left, sights[0].right)
    drifts = tuple(drifting(side.conditional[0].astype(np.float64)) for side in sides) if len(shifts) else nothing
    return Encounter(meeting, quantiles, sum(counts), (drifts[0], drifts[1]))


def _sight(meeting: Meeting, given: np.ndarray, rows: np.ndarray) -> Sight:
    """Look at the wanted pairs of a meeting over samples ``rows`` of its left side."""
    seen, kept = Given.from_channels(given[:, rows])
    rows = rows[kept]
    ordering, lag = meeting.panel.ordering, meeting.lag
    left = right = Side(ordering[meeting.left.index].ranks(rows), seen)
    if lag or meeting.right is not meeting.left:
        right = Side(ordering[meeting.right.index].ranks(rows + lag), seen)
    return Sight(left, right, *np.nonzero(meeting.wanted))


def _samples(found: list[Encounter], lag: np.ndarray, panel: Panel) -> np.ndarray:
    """Count the samples of each pair at its lag (N, N); on the diagonal those that each channel knows."""
    samples = np.zeros(lag.shape, dtype=np.int32)
    np.fill_diagonal(samples, np.isfinite(panel.channels).sum(axis=1))
    for encounter in found:
        row, column = encounter.meeting.pairs()
        left, right = encounter.meeting.left.index[row], encounter.meeting.right.index[column]
        met = lag[left, right] == encounter.meeting.lag
        samples[left[met], right[met]] = samples[right[met], left[met]] = encounter.samples
    return samples
