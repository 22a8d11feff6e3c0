"""Counters of one topic: updated as messages arrive, read once a second for the diagnostics."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from infonet_ros.intake.windows.alignment import GAP_PERIODS, stream_period
from infonet_ros.intake.windows.timeline import DISORDER
from infonet_ros.text import NANOSECONDS

UNSET = "a stamp that was never set: the time of arrival is used; set header.stamp in the driver"

_SEVERAL, _LONG = 20, 5 * NANOSECONDS  # messages, and time, without a value: no accident, and no slow second publisher
_REMEMBERED = 200  # last messages from which rate and gaps are computed


@dataclass
class _Without:
    """A channel without a value since an arrival, nanoseconds; ``absence`` says why its messages lack it."""

    since: int
    messages: int = 0
    absence: object = None


@dataclass
class TopicStatus:
    """Counts of one topic."""

    received: int = 0
    out_of_order: int = 0
    repeated: int = 0
    """``received``, ``out_of_order``, ``repeated``: messages so far; of the accepted stamps, those older than the
    newest, and those equal to it."""
    gaps: int = 0  # how often two stamps were more than three usual periods apart
    lost: int = 0  # messages that the middleware reported as lost
    unknown: int = 0  # values that were NaN, infinite, or outside an array
    unreadable: int = 0  # messages from which no value could be read
    unset: int = 0  # messages with a header whose stamp was never set; their time of arrival is used
    age: float = math.nan
    system_age: float = math.nan
    """``age``, ``system_age``: seconds from the stamp of the last message, as it was sent, to its arrival by the node's
    clock, and by the system's. NaN without a stamp, or if that clock does not give the arrival."""
    last_stamp: int | None = None
    last_arrival: int | None = None
    """``last_stamp``, ``last_arrival``: nanoseconds: the newest accepted stamp, and the arrival of the last message by
    the node's clock."""
    problem: str = ""  # why no message arrives, according to the graph; empty without a reason
    reading_problem: str = ""  # why the last unreadable message could not be read; empty without one
    channels: Sequence[str] = ()  # paths of the channels
    _without: dict[str, "_Without"] = field(default_factory=dict)
    _stamps: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _period: float = math.nan

    def note_arrivals(self, arrivals: Sequence[int] | np.ndarray) -> None:
        """Count messages that arrived."""
        self.received += len(arrivals)
        self.last_arrival = int(arrivals[-1])

    def note_ages(self, stamp: int, arrival: int, received: int) -> None:
        """Take the stamp of the last message, and its arrival by the node's clock and by the system's; 0: not known."""
        self.age, self.system_age = (
            (at - stamp) / NANOSECONDS if stamp and at else math.nan for at in (arrival, received)
        )

    def note_stamps(self, stamps: Iterable[int]) -> None:
        """Count the accepted stamps; a stamp far in the past restarts the time."""
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

    def note_values(self, values: np.ndarray, present: np.ndarray, absences: Mapping[int, object]) -> None:
        """Count unknown values (M, C), and note which channels have no value; ``absences`` says why, by number.

        Call it after `note_arrivals`.
        """
        known = ~np.isnan(values)  # an absent one is NaN, too
        self.unknown += int(np.count_nonzero(present & ~known))
        assert self.last_arrival is not None
        for number in np.flatnonzero(~known.any(axis=0)).tolist():
            without = self._without.setdefault(self.channels[number], _Without(self.last_arrival))
            without.messages += len(values)
            without.absence = absences.get(number)
        for number in np.flatnonzero(known.any(axis=0)).tolist() if self._without else ():
            self._without.pop(self.channels[number], None)

    def unknown_channels(self) -> Iterator[str]:
        """Describe the channels that have had no value for several messages, and for some time."""
        for path, without in self._without.items():
            if without.messages < _SEVERAL or (self.last_arrival or 0) - without.since < _LONG:
                continue
            if without.absence is None:
                yield f"every value of {path} is NaN, infinite, or outside its array"
            else:
                yield f"no message has {path}: {without.absence}"

    def note_unreadable(self, count: int, reason: str) -> None:
        """Count unreadable messages."""
        self.unreadable += count
        self.reading_problem = reason

    def measure_rate(self) -> float:
        """Return the messages per second of sensor time, Hz; NaN with fewer than three. Gaps are found by it."""
        self._period = stream_period(np.sort(np.array(self._stamps, dtype=np.int64)))
        return NANOSECONDS / self._period if self._period > 0 else math.nan
