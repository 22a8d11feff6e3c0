"""Pairs whose transfer entropy no circular shift can test, and why."""

import numpy as np

from infonet_ros.estimator.samples.channels import MIN_SAMPLES
from infonet_ros.estimator.samples.periods import sharing_period
from infonet_ros.estimator.samples.stationarity import BOTH_DRIFT
from infonet_ros.estimator.samples.updates import updates

COMMON_PERIOD = "both have one period: remove it, or compare their deviations from it"
FEW_UPDATES = f"both are held, one has fewer than {MIN_SAMPLES} updates: use a longer window"


def untestable(channels: np.ndarray, drifts: np.ndarray) -> np.ndarray:
    """Return why pairs of channels (N, T), NaN where unknown, have no p-value: (N, N) str, empty for the others.

    ``drifts`` (N,) are the channels that drift. Between two updates of held streams nothing is transferred, so only the
    updates are independent.
    """
    counts = [updates(values) for values in channels]
    held = np.array([count is not None for count in counts])
    few = np.array([count is not None and count[-1] < MIN_SAMPLES for count in counts])
    reasons = {
        BOTH_DRIFT: drifts[:, None] & drifts,
        COMMON_PERIOD: sharing_period(channels),
        FEW_UPDATES: held[:, None] & held & (few[:, None] | few),
    }
    found = np.select(list(reasons.values()), list(reasons), default="")
    np.fill_diagonal(found, "")
    return found
