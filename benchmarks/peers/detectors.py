"""Four ways to notice that two streams are no longer coupled: a baseline, and three usual ones.

The thresholds of the others are taken from sound samples: as low as they can be for one false alarm in the same time.
"""

from collections import deque
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from infonet_ros import InfoNet
from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.watching.evidence import EvidenceMonitor
from infonet_ros.text import NANOSECONDS


class Detector(Protocol):
    """Finds the moment at which a pair (T, 2) is broken."""

    name: str

    def samples_until_found(self, samples: np.ndarray, moment: int) -> int | None:
        """Return how many samples after a moment the alarm starts; None if it does not."""
        ...


def alarms(monitor: EvidenceMonitor, samples: np.ndarray, step: int, first: int = 0) -> Iterator[int]:
    """Yield the samples at which an alarm starts, with a check every ``step`` samples; ``first`` came before them."""
    stamps = ((first + np.arange(len(samples))) * NANOSECONDS / monitor.baseline.rate).astype(np.int64)
    parts = [slice(begin, begin + step) for begin in range(0, len(samples), step)]
    return (min(part.stop, len(samples)) - 1 for part in parts for _ in monitor.push(stamps[part], samples[part]))


class ByBaseline:
    """The evidence of a baseline."""

    name = "baseline"

    def __init__(self, baseline: Baseline, interval: float) -> None:
        self._baseline, self._interval = baseline, interval

    def samples_until_found(self, samples: np.ndarray, moment: int) -> int | None:
        """Look at every second sample. An alarm that is on at the moment counts, as for the other detectors."""
        monitor = EvidenceMonitor(self._baseline, self._interval)
        deque(alarms(monitor, samples[:moment], step=2), maxlen=0)
        return 0 if monitor.on else next(alarms(monitor, samples[moment:], 2, first=moment), None)


class Threshold:
    """Gives an alarm if a statistic of the last samples passes what it reaches once in a stretch of sound ones.

    ``lag`` is that of the second stream, ``stretches`` how many intervals between false alarms ``sound`` lasts.
    """

    name: str

    def __init__(self, sound: np.ndarray, lag: int, stretches: int = 1) -> None:
        self._lag = lag
        highest = [float(np.nanmax(part)) for part in np.array_split(self.statistic(sound), stretches)]
        # Alarms that come at random leave out one interval in e.
        self._most = highest[0] if stretches == 1 else float(np.quantile(highest, np.exp(-1.0)))

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        """Return it at each sample, (T,); NaN where there is none yet."""
        raise NotImplementedError

    def samples_until_found(self, samples: np.ndarray, moment: int) -> int | None:
        """Take the first sample that passes. A silent sensor has no statistic; a time-out would find it."""
        statistic = self.statistic(samples)[moment:]
        found = np.flatnonzero((statistic > self._most) | np.isnan(statistic))
        return int(found[0]) if len(found) else None

    def _aligned(self, samples: np.ndarray) -> np.ndarray:
        return np.stack([samples[: len(samples) - self._lag, 0], samples[self._lag :, 1]], axis=1)


class WindowedInformation(Threshold):
    """The MI of the last 200 samples, every 20."""

    name = "MI of 20 s"
    _WINDOW, _HOP = 200, 20

    def __init__(self, net: InfoNet, sound: np.ndarray, lag: int, stretches: int = 1) -> None:
        self._net = net
        super().__init__(sound, lag, stretches)

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        """Return minus the MI; between two windows nothing is new."""
        aligned = self._aligned(samples)
        ends = np.arange(self._WINDOW, len(aligned) + 1, self._HOP)
        windows = [aligned[end - self._WINDOW : end] for end in ends]
        values = np.full(len(samples), -np.inf)
        for end, found in zip(ends, self._net.pairwise_windows(windows), strict=True):
            values[end + self._lag - 1] = -found.mi[0, 1]
        return values


class SlidingCorrelation(Threshold):
    """The correlation of the last 50 samples."""

    name = "correlation of 5 s"
    _WINDOW = 50

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        """Return minus the correlation; 0 where a stream is still."""
        aligned = self._aligned(samples)
        values = np.full(len(samples), -np.inf)
        for end in range(self._WINDOW, len(aligned) + 1):
            window = aligned[end - self._WINDOW : end]
            spread = window.std(axis=0)
            values[end + self._lag - 1] = -np.corrcoef(window.T)[0, 1] if (spread > 0.0).all() else 0.0
        return values


class LinearResidual(Threshold):
    """Page's sum of the squared residual of a line over its mean, less one and a half."""

    name = "linear residual"

    def __init__(self, good: np.ndarray, sound: np.ndarray, lag: int, stretches: int = 1) -> None:
        self._lag = lag
        x, y = self._aligned(good).T
        known = np.isfinite(x) & np.isfinite(y)
        self._line = np.polyfit(x[known], y[known], 1)
        self._size = float(np.std(y[known] - np.polyval(self._line, x[known])))
        super().__init__(sound, lag, stretches)

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        """Return the sum; nothing is known after the first unknown sample."""
        x, y = self._aligned(samples).T
        residual = (y - np.polyval(self._line, x)) / self._size
        total, values = 0.0, np.full(len(samples), -np.inf)
        for k, one in enumerate(residual**2 - 1.5):
            total = max(0.0, total + one) if np.isfinite(one) else np.nan
            values[k + self._lag] = total
            if np.isnan(total):
                break
        return values
