"""A window: aligned samples of all channels over one stretch of sensor time."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Window:
    """T aligned samples of N channels."""

    names: tuple[str, ...]  # N channel names, such as ``imu.angular_velocity.y``
    samples: np.ndarray  # (T, N) float64: NaN where a channel is not known
    start: int  # start, end: stamps of the first and the last sample, nanoseconds of sensor time
    end: int
    rate: float  # samples per second; NaN when the samples are not regular (aligned by message)
