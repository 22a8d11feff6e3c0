"""A window: aligned samples of all channels over one stretch of sensor time."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Window:
    """T aligned samples of N channels.

    Attributes
    ----------
    names : tuple of str
        N channel names, such as ``imu.angular_velocity.y``.
    samples : (T, N) float64
        NaN where a channel is not known.
    start, end : int
        Stamps of the first and the last sample, nanoseconds of sensor time.
    rate : float
        Samples per second; NaN when the samples are not regular (aligned by message).
    """

    names: tuple[str, ...]
    samples: np.ndarray
    start: int
    end: int
    rate: float
