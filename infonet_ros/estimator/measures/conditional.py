"""Conditional mutual information of pairs of streams, given other streams."""

from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.estimator.measures.best_over_lags import BestOverLags
from infonet_ros.estimator.measures.pairwise import PairwiseOptions
from infonet_ros.estimator.measures.plan import LagBatch, Plan, Requests
from infonet_ros.estimator.measures.untestable import COMMON_PERIOD, FEW_MOVES, withheld
from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.views import ConditionedPairs, Side
from infonet_ros.estimator.results import LaggedEstimate, PairwiseEstimate
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, Channels
from infonet_ros.estimator.samples.common_times import evidence_of_pairs, few_joint_moves
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.periods import sharing_period
from infonet_ros.estimator.samples.ranks import Ordering, normalised
from infonet_ros.estimator.samples.stationarity import drifting
from infonet_ros.estimator.samples.surrogates import surrogate_shifts


@dataclass(frozen=True, eq=False)
class ConditionalEstimates:
    """Conditional estimates of M requests."""

    quantiles: np.ndarray
    """(1 + S, M, 3) float32: first of the data, then of the surrogates; NaN where there are too few samples."""
    samples: np.ndarray  # (M,) int64: samples used by each request
    surrogates: np.ndarray  # (M,) int64: number of surrogates of each request
    ranks: np.ndarray
    """(N, T) float64: narrow conditional ranks of the channels, 0 to 1, NaN where unknown; of tested estimates."""
    evidence: np.ndarray
    """(1 + S, M) float64: of requests whose channels move at common times; see `evidence_of_pairs`."""

    def put_ranks(self, index: np.ndarray, side: Side, rows: np.ndarray) -> None:
        """Store the conditional ranks of channels ``index`` (K,) at samples ``rows`` (R,), of channels without any."""
        new = np.isnan(self.ranks[index]).all(axis=1)
        own = np.where(side.determined[:, None], 0.5, normalised(side.conditional[0]))
        self.ranks[np.ix_(index[new], rows)] = own[new]

    def judge(self, best: BestOverLags) -> None:
        """Judge the pairs that move at common times, at their lag, by their evidence at all such lags."""
        together = np.isfinite(self.evidence[0])
        asked = best.same_pairs(best.requests[together[best.requests]])
        best.judge(asked, self.evidence[:, asked])


def estimate_given(
    runner: ConditionalRunner, plan: Plan, given: np.ndarray, surrogates: int, seed: int
) -> ConditionalEstimates:
    """Estimate the conditional MI of the requests of a plan, given streams (D, T), NaN where unknown.

    At a lag, the given streams are taken at the time of the earlier of the two.
    """
    count = len(plan.requests)
    found = ConditionalEstimates(
        quantiles=np.full((1 + surrogates, count, 3), np.nan, dtype=np.float32),
        samples=plan.samples(),
        surrogates=np.full(count, surrogates),
        ranks=np.full(plan.channels.values.shape, np.nan),
        evidence=np.full((1 + surrogates, count), np.nan),
    )
    known = np.isfinite(given).all(axis=0)
    longest_lag = int(plan.requests.lag.max(initial=0))
    for batch in plan.batches:
        conditioned = [_conditioned_pairs(batch, given, part[known[part]]) for part in batch.parts()]
        by_part = [pairs for pairs, _ in conditioned]
        counts = [pairs.left.given.count for pairs in by_part]
        found.samples[batch.numbers] = sum(counts)
        if not batch.enough or min(counts) < MIN_SAMPLES:
            continue
        shifts = surrogate_shifts(min(counts), surrogates, seed, longest_lag)
        found.surrogates[batch.numbers] = len(shifts)
        found.quantiles[: 1 + len(shifts), batch.numbers] = 0.0
        moving = batch.numbers[batch.moving]
        for number, shift in enumerate([0, *shifts.tolist()] if len(moving) else []):
            asked = [pairs.surrogate(shift) for pairs in by_part] if number else by_part
            of_parts = runner.quantiles(*asked).reshape(len(by_part), -1, 3)
            found.quantiles[number, moving] = of_parts.mean(axis=0)
        if surrogates and len(moving):
            pairs, rows = conditioned[0]
            found.evidence[: 1 + len(shifts), moving] = _evidence(pairs, shifts)
            found.put_ranks(batch.sides[0], pairs.left, rows)
            found.put_ranks(batch.sides[1], pairs.right, rows + batch.lag)
    return found


def pairwise_given(
    runner: ConditionalRunner, channels: np.ndarray, given: np.ndarray, options: PairwiseOptions
) -> PairwiseEstimate:
    """Estimate the conditional MI of all pairs of channels (N, T), given streams (D, T), NaN where unknown."""
    sorted_channels = Channels.from_values(channels, options.seed)
    plan = Plan.of(sorted_channels, Requests.all_pairs(len(channels), options.lags))
    found = estimate_given(runner, plan, given, options.surrogates, options.seed)
    best = BestOverLags(plan.requests, found.quantiles[0], found.samples, found.surrogates)
    best.take(found.quantiles[1:])
    if not options.surrogates:
        return replace(best.estimate(sorted_channels), p_value=None)
    found.judge(best)
    estimate = best.estimate(sorted_channels)
    ranks = found.ranks[sorted_channels.places()]
    drifts = drifting(ranks)
    # A shift keeps no phase within the narrow ranges of the given streams.
    reasons = {COMMON_PERIOD: sharing_period(ranks), FEW_MOVES: few_joint_moves(ranks, estimate.lag, drifts)}
    return withheld(estimate, drifts, reasons)


def lagged_given(
    runner: ConditionalRunner, channels: np.ndarray, given: np.ndarray, lags: np.ndarray, seed: int
) -> LaggedEstimate:
    """Estimate the conditional MI of two channels (2, T) at lags (L,), given streams (D, T), NaN where unknown."""
    found = estimate_given(runner, Plan.of_pair(channels, lags, seed), given, 0, seed)
    lower, mi, upper = found.quantiles[0].T
    return LaggedEstimate(lags, mi, lower, upper, found.samples)


def conditional_ranks_of(channels: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    """Return narrow conditional ranks (N, T), 0 to 1, of channels given streams (D, T).

    NaN where either is not known; always 1/2 for channels that are functions of the given streams.
    """
    ranks = np.full(channels.shape, np.nan)
    known = np.isfinite(given).all(axis=0)
    ordering = Ordering.from_channels(channels, seed)
    for index in range(len(channels)):
        rows = np.flatnonzero(known & np.isfinite(channels[index]))
        if len(rows) < MIN_SAMPLES:
            continue
        seen, rows = Given.from_channels(given[:, rows], rows)
        side = Side(ordering[np.array([index])].ranks(rows), seen)
        ranks[index, rows] = 0.5 if side.determined[0] else normalised(side.conditional[0])[0]
    return ranks


def _evidence(pairs: ConditionedPairs, shifts: np.ndarray) -> np.ndarray:
    """Return the evidence (1 + S, M) of pairs that move at common times, from their conditional ranks."""
    left, right = (normalised(side.conditional[0]) for side in (pairs.left, pairs.right))
    return evidence_of_pairs(left, right, pairs.rows, pairs.columns, shifts)


def _conditioned_pairs(batch: LagBatch, given: np.ndarray, rows: np.ndarray) -> tuple[ConditionedPairs, np.ndarray]:
    """Return the pairs of a batch over samples ``rows`` of its left side, and those of them that are used."""
    seen, rows = Given.from_channels(given[:, rows], rows)
    ordering, (first, second) = batch.channels.ordering, batch.sides
    left = right = Side(ordering[first].ranks(rows), seen)
    if batch.lag:
        right = Side(ordering[second].ranks(rows + batch.lag), seen)
    return ConditionedPairs(left, right, *batch.pairs()), rows
