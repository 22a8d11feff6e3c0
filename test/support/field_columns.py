"""Columns of simulated samples."""

import numpy as np

from infonet_ros.intake.proposing.kinds import Column

START = 1_750_000_000_000_000_000


def column(values, rate=100.0, path="x", start=START):
    values = np.asarray(values, dtype=float)
    stamps = start + np.round(np.arange(len(values)) / rate * 1e9).astype(np.int64)
    return Column.of(path, stamps, values)
