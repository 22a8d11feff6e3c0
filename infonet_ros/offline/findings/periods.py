"""Steady periods that channels have in common, where these keep pairs from being tested."""

from collections.abc import Iterator

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from infonet_ros.estimator.samples.periods import common_period
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.whole_recording.p_values import ONE_PERIOD

_LEAST_PERIODS = 5.0  # in the recording: what comes fewer times is hardly a period


def periods_in_common(analysis: Analysis) -> Iterator[tuple[list[int], float]]:
    """Yield channels of one period whose pairs cannot be tested for it, and this period, seconds; the most first."""
    window, untested = analysis.whole.overview.window, analysis.whole.matrix.reasons == ONE_PERIOD
    alike = DisjointSet(range(len(untested)))
    for a, b in np.argwhere(untested).tolist():
        alike.merge(a, b)
    together = sorted((sorted(found) for found in alike.subsets() if len(found) > 1), key=len, reverse=True)
    for channels in together:
        period = common_period(window.samples[:, channels].T)
        if _LEAST_PERIODS * period <= len(window.samples):
            yield channels, period / window.rate
