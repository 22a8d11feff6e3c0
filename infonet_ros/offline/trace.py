"""The aligned samples of a whole recording, put together from its windows: there is no second way of aligning."""

import numpy as np

from infonet_ros.streams.alignment import unwrapped
from infonet_ros.streams.window import Window


class Trace:
    """Takes windows in the order of time and keeps each sample once.

    Parameters
    ----------
    angular : (N,) bool
        Channels that are angles: every window unwraps them from its own first sample, so they are joined by whole turns.
    """

    def __init__(self, angular: np.ndarray) -> None:
        self._angular = angular
        self._ticks: list[np.ndarray] = []
        self._samples: list[np.ndarray] = []
        self._window: Window | None = None

    def add(self, window: Window) -> None:
        """Take over what is new in a window."""
        count = len(window.samples)
        ticks = window.start + np.round(np.arange(count) * self._period(window)).astype(np.int64)
        new = np.ones(count, dtype=bool)
        if self._ticks:
            last = self._ticks[-1][-1]
            new = ticks > last
            if self._has_hole(window, last):
                self._ticks.append(np.array([last], dtype=np.int64))
                self._samples.append(np.full((1, window.samples.shape[1]), np.nan))
        if new.any():
            self._ticks.append(ticks[new])
            self._samples.append(window.samples[new].astype(np.float32))
            self._window = window

    def window(self, most: int) -> Window | None:
        """Return the whole recording as one window of at most ``most`` samples, its newest; None before any came in."""
        if self._window is None:
            return None
        ticks = np.concatenate(self._ticks)[-most:]
        samples = np.concatenate(self._samples)[-most:].astype(float)
        for column in np.flatnonzero(self._angular):
            samples[:, column] = unwrapped(samples[:, column])
        return Window(self._window.names, samples, int(ticks[0]), int(ticks[-1]), self._window.rate)
