"""The samples of one window, cut out of the streams, and their alignment onto one clock."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from infonet_ros.intake.windows.alignment import (
    gap_limit,
    mean_rates_of_change,
    rates_of_change,
    resample,
    slope_span,
    stream_period,
    unwrapped,
)
from infonet_ros.intake.windows.between_ticks import spikes_since
from infonet_ros.text import NANOSECONDS

_AS_FAST = 0.9  # messages for each tick: with fewer, a topic is slower than the clock
_JITTER = 1.1  # times more often than measured a channel may be sampled


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


@dataclass(frozen=True, eq=False)
class Cut:
    """The samples of one window, copied out of the buffers.

    ``samples`` are the (stamps, values, present) of each buffer. ``wraps`` (N,) marks channels whose values are angles,
    ``rates`` (N,) those that are a rate of change. ``spans`` (N,) are the nanoseconds over which that is taken, 0 for
    those between two samples. ``ticks`` is the clock of the window; None if its samples are not resampled. ``max_gaps``
    (N,) are the longest gaps to bridge, nanoseconds; see `gap_limit`.
    """

    names: tuple[str, ...]
    samples: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]
    wraps: np.ndarray
    rates: np.ndarray
    spans: np.ndarray
    end: int
    ticks: np.ndarray | None
    period: int
    interpolation: str
    max_gaps: np.ndarray

    def align(self, rows: slice = slice(None)) -> Window:
        """Align all channels on one clock; only some rows of it take less time, and have the same values."""
        if self.ticks is None:
            ((stamps, values, _),) = self.samples
            return Window(self.names, values, int(stamps[0]), int(stamps[-1]), float("nan"))
        ticks = self.ticks[rows]
        return Window(self.names, self._at(ticks), int(ticks[0]), int(ticks[-1]), NANOSECONDS / self.period)

    def finer(self, rows: slice, steps: int) -> np.ndarray:
        """Return the samples (T, steps, N) of some rows and between them: the last is that of the row itself."""
        assert self.ticks is not None, "there is a clock"
        before = self.period * np.arange(1 - steps, 1) // steps
        times = (self.ticks[rows, None] + before).ravel()
        return self._at(times).reshape(-1, steps, len(self.names))

    def steps(self, most: int) -> np.ndarray:
        """Return how often each channel is sampled in a period of the clock: (N,) int64, powers of two, 1 ... most."""
        periods = np.empty(len(self.names))
        for own, stamps, _ in self._of_shared_stamps():
            periods[own] = stream_period(stamps)
        times = np.nan_to_num(self.period / periods * _JITTER, nan=1.0)
        doublings = np.floor(np.log2(np.clip(times, 1.0, most)))
        return np.left_shift(1, doublings.astype(np.int64))

    def _at(self, times: np.ndarray) -> np.ndarray:
        """Return the samples of all channels (T, N) at some times, nanoseconds."""
        aligned = np.empty((len(times), len(self.names)))
        for own, stamps, values in self._of_shared_stamps():
            aligned[:, own] = self._on_clock(times, stamps, values, own)
        return aligned

    def _of_shared_stamps(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Go through channels that share their stamps: their numbers (K,), the stamps (M,) and the values (M, K)."""
        first = 0
        for stamps, values, present in self.samples:
            own = np.arange(first, first + values.shape[1])
            if present.all():
                yield own, stamps, values
            else:
                for column, rows in enumerate(present.T):
                    one = slice(column, column + 1)
                    yield own[one], stamps[rows], values[rows, one]
            first += values.shape[1]

    def spikes(self, rows: slice) -> np.ndarray:
        """Return `spikes_since` of the messages of each channel: (T, N) for some rows of the aligned window.

        They are NaN for a rate of change, which is not in the messages, and for topics that are slower than the clock:
        a window may hold too few of their messages.
        """
        assert self.ticks is not None, "there is a clock"
        ticks = self.ticks[rows]
        found = np.full((len(ticks), len(self.names)), np.nan)
        chosen, streams, first = [], [], 0
        for stamps, values, _ in self.samples:
            inside = slice(*np.searchsorted(stamps, self.ticks[[0, -1]]))
            enough = np.isfinite(values[inside]).sum(axis=0) >= _AS_FAST * (len(self.ticks) - 1)
            own = np.flatnonzero(enough & ~self.rates[first : first + values.shape[1]])
            chosen.append(first + own)
            streams.append((stamps, values[:, own]))
            first += values.shape[1]
        fast = np.concatenate(chosen)
        if len(ticks):
            found[:, fast] = spikes_since(streams, ticks, self.period, self.wraps[fast])
        return found

    def _on_clock(self, ticks: np.ndarray, stamps: np.ndarray, values: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Align the channels ``own``, which share their stamps, at some times of the window."""
        assert self.ticks is not None, "there is a clock"
        result = np.empty((len(ticks), len(own)))
        rates, (begin, end) = self.rates[own], self.ticks[[0, -1]]
        if not rates.all():
            near, plain, max_gap = self._needed(stamps, values[:, ~rates], own[~rates], begin, end)
            result[:, ~rates] = resample(near, plain, ticks, self.interpolation, max_gap)
        for wanted in set(self.spans[own[rates]].tolist()):
            alike = rates & (self.spans[own] == wanted)
            span = span_of_rates(stamps, self.end, begin, self.period, wanted)
            around = begin - span // 2, end + span // 2
            near, plain, max_gap = self._needed(stamps, values[:, alike], own[alike], *around)
            differentiate = mean_rates_of_change if wanted else rates_of_change
            result[:, alike] = differentiate(near, plain, ticks, span, max_gap)
        return result

    def _needed(
        self, stamps: np.ndarray, values: np.ndarray, own: np.ndarray, begin: int, end: int
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return only the samples that are needed from ``begin`` to ``end``, and the longest gap to bridge.

        How many later samples there are depends on the order of arrival, and must not matter.
        """
        first = max(0, int(stamps.searchsorted(begin, side="right")) - 1)
        last = int(stamps.searchsorted(end)) + 1
        stamps, values = stamps[first:last], values[first:last]
        if wraps := np.flatnonzero(self.wraps[own]).tolist():
            values = values.copy()
            for column in wraps:
                values[:, column] = unwrapped(values[:, column])
        return stamps, values, gap_limit(int(self.max_gaps[own].max()), self.period, stamps)


def span_of_rates(stamps: np.ndarray, end: int, since: int, period: int, wanted: int = 0) -> int:
    """Return the `slope_span` of a stream from its stamps (M,) within a window: later samples do not change it.

    The window is from ``since`` to ``end``. All are nanoseconds, as is the time ``wanted``, which is taken if longer.
    """
    return max(wanted, slope_span(stamps[(stamps >= since) & (stamps <= end)], period))
