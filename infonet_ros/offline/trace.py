"""Aligned samples of a whole recording, joined from its windows, so that only one code aligns."""

from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.intake.windows.alignment import unwrapped
from infonet_ros.intake.windows.cut import Cut
from infonet_ros.intake.windows.window import Window
from infonet_ros.series import runs
from infonet_ros.text import NANOSECONDS

STRETCHES = 8
"""Parts that represent a recording that is too long to be analysed as a whole."""


@dataclass(frozen=True, eq=False)
class Overview:
    """The whole recording, or evenly spaced stretches of it, as one window."""

    window: Window  # holes in time are marked by unknown samples, at least as many as a delay may be long
    stamps: np.ndarray  # (T,) int64: of its samples, nanoseconds; those within a hole have no meaning
    complete: bool  # false when only stretches were taken

    def with_holes(self, least: int) -> "Overview":
        """Return a copy with ``least`` unknown samples in each hole, or more, for longer delays."""
        holes = runs(np.isnan(self.window.samples).all(axis=1))
        counts = np.ones(len(self.stamps), dtype=np.int64)
        counts[holes[:, 0]] += np.maximum(least - (holes[:, 1] - holes[:, 0]), 0)
        rows = np.repeat(np.arange(len(counts)), counts)
        return replace(self, window=replace(self.window, samples=self.window.samples[rows]), stamps=self.stamps[rows])


class Trace:
    """Takes windows one after the other, and keeps each sample once.

    Every window unwraps the ``angular`` channels (N,) from its own first sample, so whole turns join them. A hole
    becomes as many unknown samples as ``longest_lag``, seconds, so that no delay reaches across it.
    """

    def __init__(self, angular: np.ndarray, longest_lag: float) -> None:
        self._angular = angular
        self._longest_lag = longest_lag
        self._stamps: list[np.ndarray] = []
        self._samples: list[np.ndarray] = []
        self._spikes: list[np.ndarray] = []
        self._last: Window | None = None

    def add(self, window: Window, cut: Cut | None = None) -> None:
        """Add the new samples of a window on a regular clock, and the `spikes` of its cut, if given."""
        since = np.linspace(0, window.end - window.start, len(window.samples))
        stamps = window.start + since.round().astype(np.int64)  # since 1970 a float would have steps of 256 ns
        new = slice(0, None)
        if self._last is not None:
            period = NANOSECONDS / window.rate
            new = slice(int(np.searchsorted(stamps, self._last.end, side="right")), None)
            if stamps[0] > self._last.end + 1.5 * period or window.end < self._last.start:
                self._add_hole(self._last)
                new = slice(0, None)
        self._stamps.append(stamps[new])
        self._samples.append(window.samples[new])
        if cut is not None:
            self._spikes.append(cut.spikes(new))
        self._last = window

    def spikes(self) -> np.ndarray:
        """Return the `Cut.spikes` of all samples so far: (T, N)."""
        return np.concatenate(self._spikes)

    def overview(self, most: int) -> Overview:
        """Return the samples so far as one window of about ``most`` samples at most."""
        assert self._last is not None, "no window was added"
        last, parts = self._last, self._stamps
        stamps, samples = np.concatenate(parts), np.concatenate(self._samples)
        for column in np.flatnonzero(self._angular):
            samples[:, column] = unwrapped(samples[:, column])
        complete = len(stamps) <= most
        if not complete:
            stamps, samples = self._stretches(stamps, samples, most, last.rate)
        return Overview(Window(last.names, samples, int(stamps[0]), int(stamps[-1]), last.rate), stamps, complete)

    def _add_hole(self, last: Window) -> None:
        count = self._hole_samples(last.rate)
        self._stamps.append(np.full(count, last.end, dtype=np.int64))
        self._samples.append(np.full((count, len(last.names)), np.nan))
        if self._spikes:
            self._spikes.append(np.full((count, len(last.names)), np.nan))

    def _hole_samples(self, rate: float) -> int:
        return int(np.ceil(self._longest_lag * rate)) + 1

    def _stretches(
        self, stamps: np.ndarray, samples: np.ndarray, most: int, rate: float
    ) -> tuple[np.ndarray, np.ndarray]:
        length = most // STRETCHES
        hole = np.full((self._hole_samples(rate), samples.shape[1]), np.nan)
        times, rows = [], []
        for first in np.linspace(0, len(stamps) - length, STRETCHES).astype(int):
            times += [stamps[first : first + length], np.full(len(hole), stamps[first + length - 1])]
            rows += [samples[first : first + length], hole]
        return np.concatenate(times[:-1]), np.concatenate(rows[:-1])
