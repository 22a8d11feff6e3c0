"""Two channels as arrays, and the channels that are read of a file of them."""

import numpy as np
from table_files import together

ROWS = 50

TIME = np.arange(ROWS) * 0.02

A = np.random.default_rng(1).normal(size=ROWS)

B = np.random.default_rng(2).integers(-5, 5, size=ROWS)


def read(path):
    """Seconds from the first stamp and values of every channel, and notices."""
    found, notices = together([path])
    channels = {name: [*zip(*samples, strict=True)] for name, samples in found.items()}
    start = min(stamps[0] for stamps, _ in channels.values())
    return {name: ((np.array(stamps) - start) / 1e9, values) for name, (stamps, values) in channels.items()}, notices


def assert_channel(found, name, values, times=TIME):
    stamps, numbers = found[name]
    np.testing.assert_allclose(stamps, times, atol=1e-9)
    np.testing.assert_allclose(np.array(numbers, dtype=float), values)
