"""Counters of one topic: updated as messages arrive, read once a second for the diagnostics."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from infonet_ros.intake.windows.alignment import GAP_PERIODS, stream_period
from infonet_ros.intake.windows.timeline import DISORDER

_REMEMBERED = 200  # messages that rate and gaps are judged by


@dataclass
class TopicStatus:
    """Counts of one topic.

    Attributes
    ----------
    received, out_of_order, repeated : int
        Messages so far, and stamps that were taken: of which older than the newest, and the same.
    gaps : int
        How often the stamps went on by more than three usual periods.
    lost : int
        Messages that the middleware reported as lost.
    unknown : int
        Values that were NaN, infinite, or beyond the end of an array.
    unreadable : int
        Messages that no value could be read from.
    last_stamp, last_arrival : int or None
        Nanoseconds: the newest stamp that was taken, and when the last message came by the node's clock.
    problem : str
        Why nothing comes, as far as the graph tells; empty without a reason.
    reading_problem : str
        Why the last message that cannot be read cannot; empty without one.
    """

    received: int = 0
    out_of_order: int = 0
    repeated: int = 0
    gaps: int = 0
    lost: int = 0
    unknown: int = 0
    unreadable: int = 0
    last_stamp: int | None = None
    last_arrival: int | None = None
    problem: str = ""
    reading_problem: str = ""
    _stamps: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _period: float = math.nan

    def note_arrivals(self, arrivals: Sequence[int] | np.ndarray) -> None:
        """Count messages that came in."""
        self.received += len(arrivals)
        self.last_arrival = int(arrivals[-1])

    def note_stamps(self, stamps: Iterable[int]) -> None:
        """Count the stamps that were taken; one that is far behind begins a new time."""
        for stamp in stamps:
            newest = self.last_stamp
            if newest is not None and stamp < newest - DISORDER:
                self._stamps.clear()
                newest = None
            if newest is not None:
                self.out_of_order += stamp < newest
                self.repeated += stamp == newest
                self.gaps += stamp - newest > GAP_PERIODS * self._period
            self.last_stamp = stamp if newest is None else max(stamp, newest)
            self._stamps.append(stamp)

    def note_unreadable(self, count: int, reason: str) -> None:
        """Count messages, of those that came in, that cannot be read."""
        self.unreadable += count
        self.reading_problem = reason

    def measure_rate(self) -> float:
        """Return the messages per second of sensor time, Hz; NaN with fewer than three. Gaps are judged by it."""
        self._period = stream_period(np.sort(np.array(self._stamps, dtype=np.int64)))
        return 1e9 / self._period if self._period > 0 else math.nan
