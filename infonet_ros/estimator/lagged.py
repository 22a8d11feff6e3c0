"""One pair over many lags."""

from collections.abc import Callable

import numpy as np

from infonet_ros.estimator.channels import Channels
from infonet_ros.estimator.plan import Plan
from infonet_ros.estimator.requests import Requests
from infonet_ros.estimator.results import LaggedEstimate

Numbers = Callable[[Plan], tuple[np.ndarray, np.ndarray]]
"""Estimates a plan of M requests: quantiles (M, 3), NaN where too few samples count, and samples (M,)."""


def estimate_lagged(estimate: Numbers, channels: np.ndarray, lags: np.ndarray, seed: int) -> LaggedEstimate:
    """Estimate the MI of ``channels[0, t]`` with ``channels[1, t + lag]`` for channels (2, T), NaN where unknown."""
    sorted_channels = Channels.from_values(channels, seed)
    first, second = sorted_channels.places().tolist()
    quantiles, samples = estimate(Plan.of(sorted_channels, Requests.one_pair(first, second, lags)))
    lower, mi, upper = quantiles.T
    return LaggedEstimate(lags, mi, lower, upper, samples)
