"""How often infonet calls pairs of streams dependent: by a p-value, and by the lower end of the interval."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from infonet_ros import InfoNet

LEVEL = 0.05
SURROGATES = 19
KNOWN = 0.1  # nats: a lower end above it means dependence
ALARMS = (0.03, 0.08)  # goals of each kind of independent streams, as a share of the pairs that have a p-value
FEWEST_TESTED = 100  # pairs that a share of false alarms is judged by


def judge(net: InfoNet, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """Estimate pairs of streams (T,): how many have an MI, a p-value, and are called dependent by either."""
    windows = (np.stack(pair, axis=1) for pair in pairs)
    found = [
        (one.mi[0, 1], one.lower[0, 1], np.nan if one.p_value is None else one.p_value[0, 1], one.samples[0, 1])
        for one in net.pairwise_windows(windows, surrogates=SURROGATES)
    ]
    mi, lower, p, samples = np.array(found).T
    known = np.isfinite(mi)
    return {
        "counted": float(np.median(samples)),
        "known": int(known.sum()),
        "mean": float(mi[known].mean()) if known.any() else None,
        "above": int((lower > KNOWN).sum()),
        "tested": int(np.isfinite(p).sum()),
        "called": int((p <= LEVEL + 1e-9).sum()),
    }


def holds(row: dict[str, Any]) -> bool:
    """Whether a row has the right share of false alarms, or too few tests to judge."""
    low, high = ALARMS
    return row["tested"] < FEWEST_TESTED or low <= row["called"] / row["tested"] <= high
