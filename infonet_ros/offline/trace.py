"""Aligned samples of a whole recording, joined from its windows, so that only one code aligns."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from infonet_ros.intake.windows.alignment import unwrapped
from infonet_ros.intake.windows.window import Cut, Window
from infonet_ros.series import runs
from infonet_ros.text import NANOSECONDS

STRETCHES = 8
"""Parts that represent a recording that is too long to be analysed as a whole."""


class Finer(NamedTuple):
    """Samples between those of a clock: (T, K, N), the last of each K are those of the clock.

    ``steps`` (N,) tells how many of the K each channel can use: those that are slower than the clock use one.
    """

    samples: np.ndarray
    steps: np.ndarray


@dataclass(frozen=True, eq=False)
class Overview:
    """The whole recording, or evenly spaced stretches of it, as one window."""

    window: Window  # holes in time are marked by unknown samples, at least as many as a delay may be long
    stamps: np.ndarray  # (T,) int64: of its samples, nanoseconds; those within a hole have no meaning
    complete: bool  # false when only stretches were taken
    finer: Finer | None = None  # where at least two channels are faster than the clock

    @property
    def steps(self) -> np.ndarray:
        """(N,) int64: how many samples each channel has in a period of the clock, see `at_steps`."""
        return np.ones(len(self.window.names), dtype=np.int64) if self.finer is None else self.finer.steps

    def at_steps(self, steps: int) -> np.ndarray:
        """Return the samples (T * steps, N) of a clock that is so many times faster; a power of two."""
        if self.finer is None:
            return self.window.samples
        samples = self.finer.samples
        every = samples.shape[1] // steps
        return samples[:, every - 1 :: every].reshape(-1, samples.shape[2])

    def taking(self, rows: np.ndarray) -> "Overview":
        """Return a copy with some rows."""
        finer = self.finer and self.finer._replace(samples=self.finer.samples[rows])
        window = replace(self.window, samples=self.window.samples[rows])
        return replace(self, window=window, stamps=self.stamps[rows], finer=finer)

    def without(self, unknown: np.ndarray) -> "Overview":
        """Return a copy without some samples (T, N), or (T, 1)."""
        finer = self.finer and self.finer._replace(samples=np.where(unknown[:, None], np.nan, self.finer.samples))
        window = replace(self.window, samples=np.where(unknown, np.nan, self.window.samples))
        return replace(self, window=window, finer=finer)

    def with_holes(self, least: int) -> "Overview":
        """Return a copy with ``least`` unknown samples in each hole, or more, for longer delays."""
        holes = runs(np.isnan(self.window.samples).all(axis=1))
        counts = np.ones(len(self.stamps), dtype=np.int64)
        counts[holes[:, 0]] += np.maximum(least - (holes[:, 1] - holes[:, 0]), 0)
        return self.taking(np.repeat(np.arange(len(counts)), counts))


class Trace:
    """Takes windows one after the other, and keeps each sample once.

    Every window unwraps the ``angular`` channels (N,) from its own first sample, so whole turns join them. A hole
    becomes as many unknown samples as ``longest_lag``, seconds, so that no delay reaches across it. For the samples of
    each period of the clock, ``most_steps`` at most, see `Finer`; ``with_spikes`` keeps the `Cut.spikes`, too.
    """

    def __init__(
        self, angular: np.ndarray, longest_lag: float, *, most_steps: int = 1, with_spikes: bool = False
    ) -> None:
        self._angular = angular
        self._longest_lag = longest_lag
        self._most_steps = most_steps
        self._with_spikes = with_spikes
        self._steps = np.ones(len(angular), dtype=np.int64)
        self._stamps: list[np.ndarray] = []
        self._samples: list[np.ndarray] = []  # (T, K, N)
        self._spikes: list[np.ndarray] = []
        self._last: Window | None = None

    def add(self, cut: Cut) -> Window:
        """Align a cut, add the new samples of its window, and return that."""
        window = cut.align()
        since = np.linspace(0, window.end - window.start, len(window.samples))
        stamps = window.start + since.round().astype(np.int64)  # since 1970 a float would have steps of 256 ns
        new = slice(0, None)
        if self._last is None:
            if self._most_steps > 1:
                steps = cut.steps(self._most_steps)
                self._steps = np.minimum(steps, np.sort(steps)[-2])  # as two channels have
        elif stamps[0] > self._last.end + 1.5 * NANOSECONDS / window.rate or window.end < self._last.start:
            self._add_hole(self._last)
        else:
            new = slice(int(np.searchsorted(stamps, self._last.end, side="right")), None)
        finest = int(self._steps.max())
        self._stamps.append(stamps[new])
        self._samples.append(cut.finer(new, finest) if finest > 1 else window.samples[new, None])
        if self._with_spikes:
            self._spikes.append(cut.spikes(new))
        self._last = window
        return window

    def spikes(self) -> np.ndarray:
        """Return the `Cut.spikes` of all samples so far: (T, N)."""
        return np.concatenate(self._spikes)

    def overview(self, most: int) -> Overview:
        """Return the samples so far as one window of about ``most`` samples at most."""
        assert self._last is not None, "no window was added"
        last, parts = self._last, self._stamps
        stamps, samples = np.concatenate(parts), np.concatenate(self._samples)
        for column in np.flatnonzero(self._angular):
            samples[..., column] = unwrapped(samples[..., column].ravel()).reshape(samples.shape[:2])
        complete = len(stamps) <= most
        if not complete:
            stamps, samples = self._stretches(stamps, samples, most, last.rate)
        window = Window(last.names, samples[:, -1], int(stamps[0]), int(stamps[-1]), last.rate)
        return Overview(window, stamps, complete, Finer(samples, self._steps) if samples.shape[1] > 1 else None)

    def _add_hole(self, last: Window) -> None:
        count = self._hole_samples(last.rate)
        self._stamps.append(np.full(count, last.end, dtype=np.int64))
        self._samples.append(np.full((count, *self._samples[-1].shape[1:]), np.nan))
        if self._with_spikes:
            self._spikes.append(np.full((count, len(last.names)), np.nan))

    def _hole_samples(self, rate: float) -> int:
        return int(np.ceil(self._longest_lag * rate)) + 1

    def _stretches(
        self, stamps: np.ndarray, samples: np.ndarray, most: int, rate: float
    ) -> tuple[np.ndarray, np.ndarray]:
        length = most // STRETCHES
        hole = np.full((self._hole_samples(rate), *samples.shape[1:]), np.nan)
        times, rows = [], []
        for first in np.linspace(0, len(stamps) - length, STRETCHES).astype(int):
            times += [stamps[first : first + length], np.full(len(hole), stamps[first + length - 1])]
            rows += [samples[first : first + length], hole]
        return np.concatenate(times[:-1]), np.concatenate(rows[:-1])
