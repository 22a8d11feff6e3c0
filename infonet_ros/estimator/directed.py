"""Who drives whom, what explains a pair, and which channels tell about a target: questions to conditional MI."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.conditional import ConditionalRunner
from infonet_ros.estimator.conditioning import Given
from infonet_ros.estimator.meetings import MIN_SAMPLES
from infonet_ros.estimator.pairwise import constant_channels
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.results import Explanations, PairwiseEstimate, Selection, TransferEstimate
from infonet_ros.estimator.stationarity import drifting
from infonet_ros.estimator.surrogates import p_value, surrogate_shifts
from infonet_ros.estimator.views import Side, Sight

CANDIDATES = 4  # third channels that are tried for a pair
LEAST_SHARE = 0.5  # of what a pair shares, that a third channel must share with each of the two to be tried
LEAST_SHARED = 0.02  # nats: of pairs that share less there is nothing to explain


def transfer_entropy(
    runner: ConditionalRunner, channels: np.ndarray, lags: np.ndarray, past: int, surrogates: int, seed: int
) -> TransferEstimate:
    """Estimate ``I(x[t - lag]; y[t] | y[t - 1], ..., y[t - past])`` for all ordered pairs of channels (N, T).

    The lag of each pair is that at which the partial copula tells most, in the data and in each surrogate alike.
    """
    size, count = channels.shape
    quantiles = np.full((size, size, 3), np.nan, dtype=np.float32)
    p, lag, samples = np.full((size, size), np.nan), np.zeros((size, size), np.int32), np.zeros((size, size), np.int32)
    ordering = Ordering.from_channels(channels, seed)
    first = max(int(lags.max()), past)
    times = np.arange(first, count)
    drifts = drifting(channels) if surrogates else np.zeros(size, dtype=bool)
    still = constant_channels(channels)
    for target in range(size):
        history = np.stack([channels[target, times - ago] for ago in range(1, past + 1)])
        told = np.isfinite(channels[target, times]) & np.isfinite(history).all(axis=0)
        for sources in _alike(channels, times, lags, target):
            rows = np.flatnonzero(told & np.isfinite(channels[sources[0], times - lags[:, None]]).all(axis=0))
            samples[sources, target] = len(rows)
            if len(rows) < MIN_SAMPLES:
                continue
            moving = sources[~still[sources]] if not still[target] else sources[:0]
            quantiles[sources, target], p[sources, target] = 0.0, 1.0
            if not len(moving):
                continue
            found = _transfer(runner, ordering, history[:, rows], times[rows], target, moving, lags, surrogates, seed)
            quantiles[moving, target], p[moving, target], lag[moving, target] = found
    p[drifts[:, None] & drifts] = np.nan
    np.fill_diagonal(samples, np.isfinite(channels).sum(axis=1))
    lower, value, upper = np.moveaxis(quantiles, -1, 0)
    return TransferEstimate(value, lower, upper, p if surrogates else None, lag, samples, still, drifts)


def explanations(
    runner: ConditionalRunner, channels: np.ndarray, pairs: PairwiseEstimate, most_samples: int, seed: int
) -> Explanations:
    """Find for each pair of channels (N, T) the third one that leaves least of what they share.

    A channel that explains a pair shares with each of the two at least as much as they do, since what passes through it
    cannot exceed what comes in (the data processing inequality): those that share less than half are not tried.
    """
    size = len(channels)
    by = np.full((size, size), -1, dtype=np.int32)
    by_lag = np.zeros((size, size), dtype=np.int32)
    left = np.stack([pairs.lower, pairs.mi, pairs.upper], axis=-1)
    tasks: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
    for a, b in combinations(range(size), 2):
        if pairs.mi[a, b] >= LEAST_SHARED:
            for third in _candidates(pairs, a, b):
                tasks[_alignment(pairs, a, b, third)].append((a, b))
    ordering = Ordering.from_channels(channels, seed)
    for (third, step, *offsets), asked in tasks.items():
        found = _left(runner, channels, ordering, third, step, offsets, np.array(asked), most_samples)
        for (a, b), quantiles in zip(asked, found, strict=True):
            if quantiles[1] < left[a, b, 1]:
                by[a, b] = by[b, a] = third
                left[a, b] = left[b, a] = quantiles
                by_lag[a, b], by_lag[b, a] = pairs.lag[a, third], pairs.lag[b, third]
    lower, value, upper = np.moveaxis(left, -1, 0)
    return Explanations(pairs, by, by_lag, value, lower, upper)


def select(runner: ConditionalRunner, channels: np.ndarray, target: int, most: int, seed: int) -> Selection:
    """Choose one after the other the channel (of N, T samples) that adds most about a target to those before.

    Ends where no channel adds anything that can be told from nothing.
    """
    good = np.isfinite(channels).all(axis=0)
    rows = thinned(np.flatnonzero(good))[0]
    ordering = Ordering.from_channels(channels, seed)
    moving = np.flatnonzero(~constant_channels(channels[:, rows])) if len(rows) >= MIN_SAMPLES else np.empty(0, int)
    left = [k for k in moving.tolist() if k != target] if target in moving else []
    chosen: list[int] = []
    adds: list[np.ndarray] = []
    while left and len(chosen) < most:
        found = _adds(runner, channels[chosen][:, rows], ordering, rows, target, np.array(left))
        best = int(found[:, 1].argmax()) if len(found) else 0
        if not len(found) or found[best, 0] <= 0.0:
            break
        adds.append(found[best])
        chosen.append(left.pop(best))
    lower, mi, upper = np.array(adds, dtype=np.float32).reshape(-1, 3).T
    return Selection(np.array(chosen, dtype=np.int64), mi, lower, upper, len(rows))


def _alike(channels: np.ndarray, times: np.ndarray, lags: np.ndarray, target: int) -> Iterator[np.ndarray]:
    """Group the other channels by the samples at which all their lags are known."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for source in range(len(channels)):
        if source != target:
            groups[np.isfinite(channels[source, times - lags[:, None]]).all(axis=0).tobytes()].append(source)
    return map(np.array, groups.values())


def _transfer(
    runner: ConditionalRunner,
    ordering: Ordering,
    history: np.ndarray,
    times: np.ndarray,
    target: int,
    sources: np.ndarray,
    lags: np.ndarray,
    surrogates: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return quantiles (S, 3), p-values (S,) and lags (S,) of the transfer from each source to a target."""
    part = thinned(np.arange(len(times)))[0]
    given, kept = Given.from_channels(history[:, part])
    times = times[part][kept]
    past = np.concatenate([ordering[sources].ranks(times - lag) for lag in lags])  # lag by lag
    left, right = Side(past, given), Side(ordering[np.array([target])].ranks(times), given)
    if right.determined.any():
        return np.zeros((len(sources), 3)), np.ones(len(sources)), np.full(len(sources), lags[0])
    shifts = surrogate_shifts(len(times), surrogates, seed)
    medians = _partial(runner, left, right, np.append(0, shifts)).reshape(1 + len(shifts), len(lags), len(sources))
    best = medians[0].argmax(axis=0)
    exceeding = (medians[1:].max(axis=1) >= medians[0].max(axis=0)).sum(axis=0)
    chosen = best * len(sources) + np.arange(len(sources))
    quantiles = runner.quantiles(Sight(left, right, chosen, np.zeros_like(chosen)))
    return quantiles, p_value(quantiles[:, 1], exceeding, len(shifts)), lags[best]


def _partial(runner: ConditionalRunner, left: Side, right: Side, shifts: np.ndarray) -> np.ndarray:
    """MI of the partial copula of all streams on the left with the one on the right, for each shift of it, (S, M)."""
    sources, target = (Copulas.from_ranks(side.conditional[0], runner.pairs.device) for side in (left, right))
    rows = np.arange(len(left.ranks))
    block = PairBlock.scanned(sources, target, rows, np.zeros_like(rows), shifts)
    medians = np.concatenate([quantiles[:, 1] for _, quantiles in runner.pairs.quantiles([block])])
    return np.where(left.determined, 0.0, medians.reshape(len(shifts), len(rows)))


def _candidates(pairs: PairwiseEstimate, a: int, b: int) -> list[int]:
    """Return the channels that share most with both of a pair, the best first."""
    shared = np.nan_to_num(np.minimum(pairs.mi[a], pairs.mi[b]))
    shared[[a, b]] = 0.0
    best = np.argsort(-shared, kind="stable")[:CANDIDATES]
    return best[shared[best] >= LEAST_SHARE * pairs.mi[a, b]].tolist()


def _alignment(pairs: PairwiseEstimate, a: int, b: int, third: int) -> tuple[int, ...]:
    """Return a third channel, the lag of b after a, and the lags of the third after a: as seen from a, and by way of b.

    Where these two differ, both are given.
    """
    step = int(pairs.lag[a, b])
    offsets = {int(pairs.lag[a, third]), step + int(pairs.lag[b, third])}
    return third, step, *sorted(offsets)


def _left(
    runner: ConditionalRunner,
    channels: np.ndarray,
    ordering: Ordering,
    third: int,
    step: int,
    offsets: list[int],
    asked: np.ndarray,
    most_samples: int,
) -> np.ndarray:
    """Return what pairs (M, 2) share beside a third channel, (M, 3); infinite where too few samples are known."""
    count = channels.shape[1]
    shifts = [0, step, *offsets]
    times = np.arange(max(0, -min(shifts)), count - max(0, max(shifts)))
    known = np.isfinite(np.stack([channels[third, times + offset] for offset in offsets])).all(axis=0)
    involved = np.unique(asked)
    for channel in involved:
        known &= np.isfinite(channels[channel, times]) & np.isfinite(channels[channel, times + step])
    nothing = np.full((len(asked), 3), np.inf, dtype=np.float32)
    if known.sum() < MIN_SAMPLES:
        return nothing
    times = times[known]
    times = times[:: -(-len(times) // most_samples)]
    given, kept = Given.from_channels(np.stack([channels[third, times + offset] for offset in offsets]))
    times = times[kept]
    if len(times) < MIN_SAMPLES:
        return nothing
    left = right = Side(ordering[involved].ranks(times), given)
    if step:
        right = Side(ordering[involved].ranks(times + step), given)
    rows, columns = (np.searchsorted(involved, asked[:, side]) for side in (0, 1))
    return runner.quantiles(Sight(left, right, rows, columns))


def _adds(
    runner: ConditionalRunner,
    chosen: np.ndarray,
    ordering: Ordering,
    rows: np.ndarray,
    target: int,
    candidates: np.ndarray,
) -> np.ndarray:
    """Return what each candidate adds about a target beside those chosen (D, R), (M, 3)."""
    given, kept = Given.from_channels(chosen if len(chosen) else np.zeros((1, len(rows))))
    if len(kept) < MIN_SAMPLES:
        return np.empty((0, 3), dtype=np.float32)
    side = Side(ordering[np.append(candidates, target)].ranks(rows[kept]), given)
    first = np.arange(len(candidates))
    return runner.quantiles(Sight(side, side, first, np.full_like(first, len(candidates))))
