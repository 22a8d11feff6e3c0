"""Pairs that no circular shift can test, and why: the reason of a missing p-value, in every result."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from infonet_ros.estimator.results import PairwiseEstimate
from infonet_ros.estimator.samples.channels import MIN_SAMPLES
from infonet_ros.estimator.samples.stationarity import BOTH_DRIFT

COMMON_PERIOD = "both have one period: compare their deviations from it"
FEW_MOVES = "both make too few independent moves in common: use a longer window"
FEW_UPDATES = f"both are held, and one has fewer than {MIN_SAMPLES} updates: use a longer window"


def reasons(drifts: np.ndarray, others: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
    """Return why pairs have no p-value: (N, N) str, empty for those that have one, and on the diagonal.

    ``drifts`` (N,) are the channels that drift; ``others`` are the pairs (N, N) bool of each further reason. The first
    one counts.
    """
    all_reasons = {BOTH_DRIFT: drifts[:, None] & drifts, **(others or {})}
    found = np.full((len(drifts), len(drifts)), "", dtype=f"<U{max(map(len, all_reasons))}")
    for reason, pairs in reversed(all_reasons.items()):
        found[pairs] = reason
    np.fill_diagonal(found, "")
    return found


def withheld(estimate: PairwiseEstimate, drifts: np.ndarray, others: Mapping[str, np.ndarray]) -> PairwiseEstimate:
    """Return an estimate without the p-values of the pairs that have one of the `reasons`."""
    assert estimate.p_value is not None
    untested = reasons(drifts, others)
    p_value = np.where(untested == "", estimate.p_value, np.nan)
    return replace(estimate, p_value=p_value, drifting=drifts, untested=untested)
