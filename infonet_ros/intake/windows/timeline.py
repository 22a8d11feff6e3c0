"""Judge stamps: accept those that follow on, set outliers aside, and detect jumps of time.

    timeline = Timeline(leap)
    admitted = timeline.admit("/imu", stamp, item, arrival)
    if admitted.jumped:
        ...                             # the items that were taken before belong to another time
    for item in admitted.items:         # this item, or none, or also the items that waited
        ...

A sender's clock may be wrong for one message, or permanently. A message whose stamp does not continue those before it
is set aside until it is clear which is the case:

- The next message of the topic continues the earlier ones: the message that was set aside was an outlier, and is
  dropped.
- Several messages in a row agree with one another, and they are less than a leap away: the topic had paused, or its
  clock was set back. The waiting messages are taken. If its clock was set ahead while the others continue as before,
  they stay aside: the others would all seem late.
- They agree, and so do most of the other topics: time has jumped, and the waiting messages are the first of the new
  time.
- They agree, and most of the other topics continue as before: the topic's clock is wrong, and its messages stay aside.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from infonet_ros.text import NANOSECONDS

Item = TypeVar("Item")

DISORDER = NANOSECONDS
"""A stamp may be so far behind the newest stamp of its topic, or ahead of the newest stamp of all topics."""

LEAP = 10 * NANOSECONDS
"""The stamps of two topics may always be so far apart."""

SEVERAL = 5
"""So many messages in a row that agree are no accident."""

_PERIODS = 3  # of a slow topic, may lie between two of its messages
_SMOOTHING = 0.1  # of that period
_DECIDED = 2 * NANOSECONDS  # of sensor time, after which the majority of the topics decides
_KEPT = 5000  # messages of a topic that wait, at most


@dataclass
class _Waiting(Generic[Item]):
    """A message that was set aside; ``number`` counts the messages of all topics."""

    number: int
    stamp: int
    arrival: int | None
    item: Item


@dataclass
class _Topic(Generic[Item]):
    """The state of one topic since the last jump of time.

    ``waiting`` are consecutive messages that do not continue the earlier ones, but agree with one another: from the
    stamp ``first``, which was ``ahead`` of the others, to ``newest``, since message number ``began``.
    """

    taken: int = 0
    last: int | None = None  # newest stamp that was taken
    lead: int = 0  # by which it was ahead of those of the other topics
    moved: int = 0  # number of the message that brought it
    period: float = 0.0  # nanoseconds, usual
    error: int | None = None  # of the last stamp, against its arrival
    waiting: deque[_Waiting[Item]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    began: int = 0
    first: int = 0
    ahead: int = 0  # of the newest stamp that all topics had then
    gained: int = 0  # by how much more than before, of the others; a pause gains nothing
    newest: int = 0

    @property
    def believable(self) -> bool:
        return self.error is not None and abs(self.error) <= LEAP


@dataclass
class Admission(Generic[Item]):
    """The decision about a message: whether time jumped before it, and the items to take now."""

    jumped: bool
    items: list[Item]


def longest_run(stamps: np.ndarray) -> float:
    """Return the longest time, in seconds, for which strictly increasing stamps (M,) continue without a leap."""
    steps = np.diff(stamps)
    if not len(steps):
        return 0.0
    leaps = np.flatnonzero(steps > max(LEAP, _PERIODS * float(np.median(steps)))) + 1
    first, last = stamps[[0, *leaps]], stamps[[*(leaps - 1), -1]]
    return (float((last - first).max()) + float(np.median(steps))) / NANOSECONDS


class Timeline(Generic[Item]):
    """Judges the stamps of several topics, which may be ``leap`` nanoseconds apart, against one another."""

    def __init__(self, leap: int = LEAP) -> None:
        self.leap = leap
        self.backward_jumps = self.forward_jumps = 0
        self.outliers: dict[str, int] = {}  # messages of each topic that were set aside, and not taken later
        # Seconds by which the last message of each topic that was set aside is ahead of the others; negative if behind.
        self.offsets: dict[str, float] = {}
        # Seconds by which the clock of each topic alone was set while it ran; negative backwards.
        self.steps: dict[str, list[float]] = {}
        self.clear()

    def clear(self) -> None:
        """Forget the time; the next message begins a new one."""
        self.newest: int | None = None  # newest stamp that was taken
        self._number = 0
        self.topics: dict[str, _Topic[Item]] = {}
        self._leader: _Topic[Item] | None = None  # the topic with the newest stamp,
        self._behind: int | None = None  # and the newest one of all others: a look at each would cost for each message

    def follow(self, name: str, stamps: np.ndarray, arrival: int | None = None) -> bool:
        """Take many messages of a topic at once, (M,) int64, if all of them are usual; return whether they are.

        ``arrival`` is that of the last of them; see `admit`.
        """
        topic = self.topics.get(name)
        if topic is None or topic.last is None or self.newest is None or not len(stamps):
            return False
        low, high, steps = int(stamps.min()), int(stamps.max()), np.diff(stamps)
        latest = self._latest(topic)
        if len(steps) and int(steps.min()) < 0:
            usual = max(topic.last, high) - DISORDER <= low and high <= latest
        else:
            longest = max(DISORDER, _PERIODS * topic.period)
            usual = topic.last - DISORDER <= low <= latest and (not len(steps) or int(steps.max()) <= longest)
        if usual:
            self._number += len(stamps)
            self._take(topic, high, arrival, len(stamps))
        return usual

    def follow_one(self, name: str, stamp: int, arrival: int | None = None) -> bool:
        """Take one message of a topic if it is usual; return whether it is."""
        topic = self.topics.get(name)
        if topic is None or not self._follows(topic, stamp):
            return False
        self._number += 1
        self._take(topic, stamp, arrival)
        return True

    def admit(self, name: str, stamp: int, item: Item, arrival: int | None = None) -> Admission[Item]:
        """Judge one message of a topic, with its stamp in nanoseconds.

        The ``item`` is returned when it is to be taken: now, or with a later message. ``arrival`` is when the message
        arrived or was recorded: of two topics that do not agree, the one whose stamps are closer to it is believed.
        """
        self._number += 1
        topic = self.topics.setdefault(name, _Topic())
        if self._follows(topic, stamp):
            self._take(topic, stamp, arrival)
            return Admission(False, [item])
        self._set_aside(name, topic, _Waiting(self._number, stamp, arrival, item))
        voters = self._voters(topic)
        if sum(len(self.topics[voter].waiting) for voter in voters) < SEVERAL or topic.newest == topic.first:
            return Admission(False, [])
        assert self.newest is not None
        if topic.first >= self.newest and topic.ahead <= self.leap and not self._set_ahead(topic, voters):
            return Admission(False, self._take_waiting(voters))
        if self._time_jumped(topic, voters):
            return Admission(True, self._begin_anew(topic, voters))
        if topic.newest - topic.first >= _DECIDED and -self.leap <= topic.newest - self.newest <= DISORDER:
            # Its own clock was set back, by less than topics may be apart.
            if topic.last is not None:
                self.steps.setdefault(name, []).append((topic.first - topic.last - topic.period) / NANOSECONDS)
            topic.last = None
            self._find_leader()
            return Admission(False, self._take_waiting([name]))
        return Admission(False, [])

    def _latest(self, topic: _Topic[Item]) -> float:
        """Return the latest stamp that continues those of the topic."""
        assert self.newest is not None
        own = -math.inf if topic.last is None else topic.last + _PERIODS * topic.period
        return max(self.newest + DISORDER, own)

    def _follows(self, topic: _Topic[Item], stamp: int) -> bool:
        if self.newest is None:
            return True
        earliest = self.newest - self.leap if topic.last is None else topic.last - DISORDER
        return earliest <= stamp <= self._latest(topic)

    def _take(self, topic: _Topic[Item], stamp: int, arrival: int | None, count: int = 1) -> None:
        topic.waiting.clear()
        if topic.last is None or stamp > topic.last:
            if topic.last is not None:
                step = (stamp - topic.last) / count
                topic.period += (_SMOOTHING if topic.period else 1.0) * (step - topic.period)
            topic.last, topic.moved = stamp, self._number
            self._note_newest(topic, stamp)
            topic.lead = stamp - self._newest_beside(topic)
        if arrival is not None:
            topic.error = stamp - arrival
        topic.taken += count
        self.newest = stamp if self.newest is None else max(self.newest, stamp)

    def _set_aside(self, name: str, topic: _Topic[Item], message: _Waiting[Item]) -> None:
        assert self.newest is not None
        self.outliers[name] = self.outliers.get(name, 0) + 1
        self.offsets[name] = (message.stamp - self.newest) / NANOSECONDS
        if not (topic.waiting and -DISORDER <= message.stamp - topic.newest <= self.leap):
            topic.waiting.clear()
            topic.began, topic.first, topic.newest = message.number, message.stamp, message.stamp
            topic.ahead = message.stamp - self.newest
            topic.gained = 0 if topic.last is None else message.stamp - self._newest_beside(topic) - topic.lead
        topic.waiting.append(message)
        topic.newest = max(topic.newest, message.stamp)
        if message.arrival is not None:
            topic.error = message.stamp - message.arrival

    def _voters(self, topic: _Topic[Item]) -> list[str]:
        """Return the topics with waiting messages that agree with those of this topic."""
        return [
            name
            for name, other in self.topics.items()
            if other.waiting and abs(other.newest - topic.newest) <= self.leap
        ]

    def _note_newest(self, topic: _Topic[Item], stamp: int) -> None:
        leader = self._leader
        if leader is None or leader.last is None:
            self._leader = topic
        elif topic is not leader and stamp > leader.last:
            self._leader, self._behind = topic, leader.last
        elif topic is not leader:
            self._behind = stamp if self._behind is None else max(self._behind, stamp)

    def _find_leader(self) -> None:
        """Find the newest stamps again, after one was forgotten."""
        self._leader = self._behind = None
        for topic in self.topics.values():
            if topic.last is not None:
                self._note_newest(topic, topic.last)

    def _newest_beside(self, topic: _Topic[Item]) -> int:
        """Return the newest stamp that was taken of all topics but one; its own if there is no other."""
        leader = self._leader
        newest = self._behind if leader is None or leader is topic else leader.last
        return newest if newest is not None else topic.last or 0

    def _set_ahead(self, topic: _Topic[Item], voters: list[str]) -> bool:
        """Return whether the clock of this topic may have been set ahead, while the others continue as before.

        After a pause it is ahead of them by as much as before, or they jump, too.
        """
        if topic.gained <= DISORDER:
            return False
        stay, unheard = self._others(voters)
        behind = any(other.last is not None and other.last < topic.newest - DISORDER for other in stay)
        return behind or (not stay and unheard and topic.newest - topic.first < _DECIDED)

    def _others(self, voters: list[str]) -> tuple[list[_Topic[Item]], bool]:
        """Return the topics that continued as before since voters have waited, and whether another one may yet."""
        assert self.newest is not None
        began, newest = min(self.topics[voter].began for voter in voters), self.newest
        others = [other for other in self.topics.values() if not other.waiting]
        stay = [other for other in others if other.moved > began]
        unheard = any(
            other.moved <= began and other.last is not None and other.last >= newest - _DECIDED for other in others
        )
        return stay, unheard

    def _time_jumped(self, topic: _Topic[Item], voters: list[str]) -> bool:
        """Return whether other topics have jumped too, not only this one."""
        stay, unheard = self._others(voters)
        decided = topic.newest - topic.first >= _DECIDED
        if not stay:
            return decided or not unheard
        moved = [self.topics[voter] for voter in voters]
        return decided and _weight(moved) > _weight(stay)

    def _take_waiting(self, names: list[str]) -> list[Item]:
        """Take the waiting messages of these topics, in the order of arrival."""
        messages = [(message, name) for name in names for message in self.topics[name].waiting]
        messages.sort(key=lambda pair: pair[0].number)
        for message, name in messages:
            self.outliers[name] -= 1
            self._take(self.topics[name], message.stamp, message.arrival)
        return [message.item for message, _ in messages]

    def _begin_anew(self, topic: _Topic[Item], voters: list[str]) -> list[Item]:
        """Begin a new time with the waiting messages of the topics that agree."""
        assert self.newest is not None
        if sum(other.taken for other in self.topics.values()) < SEVERAL:  # too few messages for a jump
            for name, other in self.topics.items():
                if other.last is not None:
                    self.outliers[name] = self.outliers.get(name, 0) + other.taken
                    self.offsets[name] = (other.last - topic.newest) / NANOSECONDS
        elif topic.newest < self.newest:
            self.backward_jumps += 1
        else:
            self.forward_jumps += 1
        self.newest = None
        self.topics = {name: self.topics[name] for name in voters}
        for other in self.topics.values():
            other.taken, other.last, other.moved, other.period = 0, None, 0, 0.0
        self._find_leader()
        return self._take_waiting(voters)


def _weight(topics: Iterable[_Topic[Any]]) -> tuple[int, int]:
    """Return how much a group of topics is believed: by their number, then by how many have stamps near the arrival."""
    topics = list(topics)
    return len(topics), sum(topic.believable for topic in topics)
