"""Aligned samples as they come, each once: for what looks at every sample and does not wait for a window."""

import numpy as np

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

STEP = 0.25
"""Seconds of sensor time between two looks at what has come in."""


class RowStream:
    """A `WindowStream` of short overlapping windows, of which only the new rows are handed out.

    Parameters
    ----------
    settings : Settings
        With a ``rate``; its window and hop do not count.
    """

    def __init__(self, settings: Settings) -> None:
        assert settings.rate, "rows lie on a clock of known rate"
        self.period = round(NANOSECONDS / settings.rate)
        length, step = max(2.0, 8.0 / settings.rate), max(STEP, 1.0 / settings.rate)
        self.windows = WindowStream(settings.with_values(window=length, hop=step, max_lag=0.0, shares=1, share=0))
        self._angular = angular_channels(settings)
        self._last: int | None = None

    def clear(self) -> None:
        """Forget all samples."""
        self.windows.clear()
        self._last = None

    def ready(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return what is new: stamps (T,) int64, one period apart, and samples (T, N), NaN where unknown.

        Where time jumped the next stamps do not follow on the last.
        """
        rows = []
        for cut in self.windows.ready():
            window = cut.align()
            stamps = window.start + self.period * np.arange(len(window.samples), dtype=np.int64)
            new = slice(0, None)
            if self._last is not None and stamps[0] <= self._last < stamps[-1]:
                new = slice(int(np.searchsorted(stamps, self._last, side="right")), None)
            self._last = int(stamps[-1])
            rows.append((stamps[new], wrapped(window.samples[new], self._angular)))
        return rows


def angular_channels(settings: Settings) -> np.ndarray:
    """Tell which channels (N,) are angles."""
    return np.array([parse_channel(p).angular for m in settings.modalities for p in m.channels], dtype=np.bool_)


def wrapped(samples: np.ndarray, angular: np.ndarray) -> np.ndarray:
    """Return samples (T, N) with angles between -pi and pi: whole turns do not count."""
    result = samples.copy()
    result[:, angular] = np.remainder(result[:, angular] + np.pi, 2.0 * np.pi) - np.pi
    return result
