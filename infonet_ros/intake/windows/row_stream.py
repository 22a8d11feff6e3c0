"""Aligned samples as they arrive, each once: for detectors that look at every sample and wait for no window."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.windows.alignment import GAP_PERIODS
from infonet_ros.intake.windows.between_ticks import messages_since
from infonet_ros.intake.windows.window import Cut
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

STEP = 0.5
"""Seconds of sensor time between two deliveries of rows: hops are usually a multiple, so both read the topics once."""


class Rows(NamedTuple):
    """Aligned samples in a row."""

    stamps: np.ndarray
    """(T,) int64: nanoseconds, one period apart. After a jump of time, the next rows do not continue the last ones."""
    samples: np.ndarray  # (T, N) float64: NaN where unknown
    messages: np.ndarray
    """(T, N) float64: number of messages of each channel since the row before; NaN if they cannot be counted."""
    spikes: np.ndarray  # (T, N) float64: by how much one of these messages stands out; see `Cut.spikes`


class RowStream:
    """A `WindowStream` of short overlapping windows, of which only the new rows are handed out.

    The settings have a ``rate``; their window and hop do not count. ``periods`` are the usual seconds between two
    messages of each channel: the short windows do not show those of slow topics.
    """

    def __init__(self, settings: Settings, periods: Mapping[str, float] | None = None) -> None:
        assert settings.rate, "rows lie on a clock of known rate"
        self.period = round(NANOSECONDS / settings.rate)
        length, step = max(2.0, 8.0 / settings.rate), max(STEP, 1.0 / settings.rate)
        seconds = np.array([(periods or {}).get(name, 0.0) for name in settings.channel_names])
        gaps = GAP_PERIODS * np.maximum(self.period, np.round(seconds * NANOSECONDS).astype(np.int64))
        own = settings.with_values(window=length, hop=step, max_lag=0.0, shares=1, share=0)
        self.windows = WindowStream(own, np.where(seconds > 0.0, gaps, 0))
        self._angular = angular_channels(settings)
        self._last: int | None = None

    def clear(self) -> None:
        """Forget all samples."""
        self.windows.clear()
        self._last = None

    def ready(self) -> list[Rows]:
        """Return the new rows."""
        rows = []
        for cut in self.windows.ready():
            stamps, new = cut.ticks, slice(0, None)
            assert stamps is not None, "rows lie on a clock"
            if self._last is not None and stamps[0] <= self._last < stamps[-1]:
                new = slice(int(np.searchsorted(stamps, self._last, side="right")), None)
            self._last = int(stamps[-1])
            samples, messages = wrapped(cut.align(new).samples, self._angular), self._messages(cut, stamps[new])
            rows.append(Rows(stamps[new], samples, messages, cut.spikes(new)))
        return rows

    def _messages(self, cut: Cut, stamps: np.ndarray) -> np.ndarray:
        """Count the messages (T, N) of each channel that have a value."""
        counts = []
        for own, values, _ in cut.samples:
            known = np.isfinite(values)
            if known.all():
                counts += [messages_since(own, stamps, self.period)] * known.shape[1]
            else:
                counts += [messages_since(own[there], stamps, self.period) for there in known.T]
        return np.stack(counts, axis=1)


def angular_channels(settings: Settings) -> np.ndarray:
    """Return which channels (N,) are angles."""
    return np.array([parse_channel(path).angular for path in settings.channel_paths], dtype=np.bool_)


def wrapped(samples: np.ndarray, angular: np.ndarray) -> np.ndarray:
    """Return samples (T, N) with angles between -pi and pi: whole turns do not count."""
    result = samples.copy()
    result[:, angular] = np.remainder(result[:, angular] + np.pi, 2.0 * np.pi) - np.pi
    return result
