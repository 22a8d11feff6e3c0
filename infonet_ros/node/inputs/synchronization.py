"""Match messages of several topics into sets, with the message_filters of ROS 2.

The filters receive only the numbers read from the messages, with their stamps. So queues stay small, and topics without
a header take part with their time of arrival.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from rclpy.time import Time
from std_msgs.msg import Header

from infonet_ros.errors import MissingDependencyError
from infonet_ros.intake.windows.timeline import LEAP, Timeline
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

Values = Sequence[float | None]


@dataclass(frozen=True)
class StampedValues:
    """The values of one message, with a header as message_filters needs it."""

    header: Header
    stamp: int
    values: Values


class Synchronizer:
    """Matches readings of all modalities by their stamps, as ``synchronization`` 'approximate' or 'exact' says.

    ``take`` is called with the stamp of each set (the oldest of its readings, nanoseconds) and the values of all
    channels. Raises MissingDependencyError if message_filters is not installed.
    """

    def __init__(self, settings: Settings, take: Callable[[int, Values], None]) -> None:
        self._settings = settings
        self._take = take
        self._names = [modality.name for modality in settings.modalities]
        self.entered = dict.fromkeys(self._names, 0)  # readings so far
        self.jumps = dict.fromkeys(self._names, 0)  # of time in the stamps; each one empties the queues
        self.sets = 0  # so far; a reading that is not in a set was dropped, or still waits
        self._slowest = 0.0
        self._nearest = math.inf  # of the last stamps of all modalities, nanoseconds apart
        leap = max(LEAP, round(settings.window * NANOSECONDS))
        self._timeline: Timeline[tuple[str, int, Values]] = Timeline(leap)
        self._topics = {modality.name: modality.topic for modality in settings.modalities}
        self._last: dict[str, int] = {}
        self._matched: list[tuple[StampedValues, ...]] = []
        self._inputs: dict[str, Any] = {}
        self._rebuild()

    def push(self, name: str, stamp: int, values: Values, arrival: int | None = None) -> list[int]:
        """Add the reading of one message; return the stamps of this modality that were taken, see `Timeline.admit`."""
        admitted = self._timeline.admit(self._topics[name], stamp, (name, stamp, values), arrival)
        if admitted.jumped:
            self.jumps[name] += 1
            self._rebuild()  # full queues of another time would block all new readings
        for item in admitted.items:
            self._enter(*item)
        return [own_stamp for own, own_stamp, _ in admitted.items if own == name]

    @property
    def no_match(self) -> str:
        """Return that nothing matches, how near the stamps are, and what to do."""
        apart = f", the nearest are {self._nearest / NANOSECONDS:.3g} s apart" if math.isfinite(self._nearest) else ""
        if self._settings.synchronization == "exact":
            return (
                f"no messages match: none of all topics have the same stamp{apart}; set synchronization to "
                "'approximate' with a larger slop, or to 'resample'"
            )
        slop = f"within the slop of {self._settings.slop:g} s"
        return f"no messages match {slop}{apart}: raise slop or queue_size, or set synchronization to 'resample'"

    def outliers(self, name: str) -> int:
        """Return how many messages of a modality's topic were set aside."""
        return self._timeline.outliers.get(self._topics[name], 0)

    def offset(self, name: str) -> float:
        """Return how far ahead of the others the last of these was, seconds; NaN without one."""
        return self._timeline.offsets.get(self._topics[name], math.nan)

    def _enter(self, name: str, stamp: int, values: Values) -> None:
        self.entered[name] += 1
        self._last[name] = stamp
        if len(self._last) == len(self._names):
            self._nearest = min(self._nearest, max(self._last.values()) - min(self._last.values()))
        began = time.perf_counter()
        try:
            self._inputs[name].signalMessage(
                StampedValues(Header(stamp=Time(nanoseconds=stamp).to_msg()), stamp, values)
            )
        except Exception:
            self._rebuild()  # An exception leaves the filter's lock held forever.
            raise
        self._slowest = max(self._slowest, time.perf_counter() - began)
        # Outside the filter, which holds its lock during its callback.
        matched, self._matched = self._matched, []
        for readings in matched:
            self.sets += 1
            self._take(min(r.stamp for r in readings), tuple(chain.from_iterable(r.values for r in readings)))

    def take_slowest(self) -> float:
        """Return the longest time that a message took to match since the last call, seconds."""
        slowest, self._slowest = self._slowest, 0.0
        return slowest

    def _rebuild(self) -> None:
        filters = _message_filters()
        self._last, self._matched = {}, []
        self._inputs = {name: filters.SimpleFilter() for name in self._names}
        inputs = list(self._inputs.values())
        # By keyword: the order of the positional arguments changed between releases.
        if self._settings.synchronization == "exact":
            synchronizer = filters.TimeSynchronizer(fs=inputs, queue_size=self._settings.queue_size)
        else:
            synchronizer = filters.ApproximateTimeSynchronizer(
                fs=inputs, queue_size=self._settings.queue_size, slop=self._settings.slop
            )
        synchronizer.registerCallback(self._collect)

    def _collect(self, *readings: StampedValues) -> None:
        self._matched.append(readings)


def _message_filters() -> Any:
    try:
        import message_filters
    except ImportError as error:
        raise MissingDependencyError(
            "synchronization 'approximate' or 'exact'",
            "message_filters",
            "install ros-$ROS_DISTRO-message-filters, or set synchronization to 'resample'",
        ) from error
    return message_filters
