"""A recording played as a robot on which everything goes wrong: seeded, so that a run can be repeated.

    robot = FaultyRobot(load_messages(bag), seed=0)
    robot.begin(episode)                            # see `episodes`
    for topic, raw in robot.messages_until(12.5):   # seconds since the start; serialised messages, in order of arrival
        ...
    robot.end()

Some loss, duplicates and jitter are always there. Episodes add one fault for a while, some of them (storms) several.
"""

import heapq
import itertools
import math
import random
import struct
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.time import Time

from infonet_ros.intake.bags import Bag
from infonet_ros.intake.messages.types import message_class
from infonet_ros.text import NANOSECONDS

START = 1_750_000_000 * NANOSECONDS
"""Sensor time at which a run begins."""

FAULTS = {
    "loss": "60 % of all messages are lost",
    "duplicates": "30 % of all messages come twice",
    "reordering": "messages come up to 0.5 s late, each topic out of order",
    "silence": "a topic says nothing",
    "departure": "a topic's publisher goes, and returns",
    "not a number": "a third of a topic's messages hold NaN",
    "infinite": "a third of a topic's messages hold infinite or huge values",
    "short arrays": "half of a topic's messages have arrays of any length down to none",
    "constant": "a topic repeats one value",
    "backward step": "clock and stamps step 5 to 300 s back",
    "forward step": "clock and stamps step 30 to 600 s ahead",
    "small step": "clock and stamps step 0.5 s back",
    "slow estimator": "20 surrogates for each pair, while other processes take all cores",
    "deactivation": "the node is deactivated, and activated again",
    "reconfiguration": "the node is deactivated and cleaned up, configured and activated again",
}
STORMS, STORM_FAULTS = 5, 3
"""So many episodes of several faults at once come with one episode of each fault."""

_ALWAYS = {"loss": 0.01, "duplicates": 0.005}
_SHARES = {"loss": 0.6, "duplicates": 0.3, "not a number": 0.33, "infinite": 0.33, "short arrays": 0.5}
_VALUES = {"not a number": (math.nan,), "infinite": (math.inf, -math.inf, 3e38)}
_JITTER, _DISORDER = 0.02, 0.5  # seconds
_SMALL_STEP = 0.5  # seconds
_STAMP_OFFSET = 4  # bytes: a serialised message begins with four of its encoding, and a header with its stamp


@dataclass(frozen=True)
class Episode:
    """Faults for some seconds; ``topic`` is the victim of those with only one, ``step`` that of the clock (s)."""

    faults: tuple[str, ...]
    topic: str
    duration: float
    step: float


@dataclass(frozen=True)
class Message:
    """One recorded message: seconds since the first, serialised; ``lead`` is how far its stamp is ahead, nanoseconds.

    ``lead`` is None for a message without a header.
    """

    seconds: float
    topic: str
    type: str
    raw: bytes
    lead: int | None


def load_messages(bag: Bag, topics: Sequence[str]) -> list[Message]:
    """Read the messages of some topics of an open bag."""
    messages = []
    for connection, received, raw in bag.raw_messages(topics, bag.start, bag.end + 1):
        message = deserialize_message(bytes(raw), message_class(connection.type))
        stamp = Time.from_msg(message.header.stamp).nanoseconds if hasattr(message, "header") else 0
        lead = stamp - received if stamp else None  # a stamp of 0 was never set
        seconds = (received - bag.start) / NANOSECONDS
        messages.append(Message(seconds, connection.topic, connection.type, bytes(raw), lead))
    return messages


def episodes(messages: Sequence[Message], seed: int, shortest: float, storm: Sequence[str] = ()) -> Iterator[Episode]:
    """Yield episodes without end, of ``shortest`` to twice as many seconds.

    Again and again each fault and some storms in any order, or nothing but one given storm.
    """
    rng = random.Random(seed)  # noqa: S311 (it need not be secret)
    topics = sorted({message.topic for message in messages})
    with_arrays = sorted({message.topic for message in messages if _sequences(_decoded(message))})
    while True:
        deck: list[tuple[str, ...]] = [(fault,) for fault in FAULTS]
        deck += [tuple(rng.sample(list(FAULTS), STORM_FAULTS)) for _ in range(STORMS)]
        rng.shuffle(deck)
        for faults in [tuple(storm)] if storm else deck:
            step = rng.uniform(-300.0, -5.0) if "backward step" in faults else 0.0
            step += rng.uniform(30.0, 600.0) if "forward step" in faults else 0.0
            step -= _SMALL_STEP if "small step" in faults else 0.0
            victim = rng.choice(with_arrays if "short arrays" in faults else topics)
            yield Episode(faults, victim, shortest * rng.uniform(1.0, 2.0), step)


class FaultyRobot:
    """Plays a recording in a loop, in sensor time that goes on from lap to lap.

    Attributes
    ----------
    injected : Counter
        Messages that each fault hit, and how often the others were begun.
    sent : int
        Messages that went out.
    """

    def __init__(self, messages: Sequence[Message], seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311
        self._recorded = self._laps(messages)
        self._next = next(self._recorded)
        self._under_way: list[tuple[float, int, str, bytes]] = []
        self._episode: Episode | None = None
        self._frozen: dict[tuple[str, int], bytes] = {}
        self._serial = itertools.count()  # breaks ties of arrival
        self._step = 0
        self.injected: Counter[str] = Counter()
        self.sent = 0

    def time(self, elapsed: float) -> int:
        """Sensor time, nanoseconds, ``elapsed`` seconds after the start."""
        return START + self._step + round(elapsed * NANOSECONDS)

    def begin(self, episode: Episode) -> None:
        """Let faults happen from the next message on."""
        self._episode = episode
        self._step += round(episode.step * NANOSECONDS)
        self._frozen = {}
        message_faults = {*_SHARES, "reordering", "silence", "departure", "constant"}
        self.injected.update(fault for fault in episode.faults if fault not in message_faults)

    def end(self) -> None:
        """Return to the faults that are always present; steps of the clock stay."""
        self._episode = None

    def messages_until(self, elapsed: float) -> Iterator[tuple[str, bytes]]:
        """Yield topic and serialised message of what arrives up to ``elapsed`` seconds after the start."""
        while self._next[0] <= elapsed:
            self._send(*self._next)
            self._next = next(self._recorded)
        while self._under_way and self._under_way[0][0] <= elapsed:
            _, _, topic, raw = heapq.heappop(self._under_way)
            self.sent += 1
            yield topic, raw

    @staticmethod
    def _laps(messages: Sequence[Message]) -> Iterator[tuple[float, Message]]:
        lap = messages[-1].seconds + messages[-1].seconds / len(messages)
        for number in itertools.count():
            for message in messages:
                yield number * lap + message.seconds, message

    def _send(self, seconds: float, message: Message) -> None:
        """Put a message on its way, or lose it."""
        for fault in ("silence", "departure"):
            if self._hits(fault, message.topic):
                self.injected[fault] += 1
                return
        if self._happens("loss"):
            return
        raw = self._altered(message)
        if message.lead is not None:
            raw = _restamped(raw, self.time(seconds) + message.lead)
        for _ in range(2 if self._happens("duplicates") else 1):
            arrival = seconds + self._rng.uniform(0.0, _JITTER)
            if self._episode is not None and "reordering" in self._episode.faults:
                arrival += self._rng.uniform(0.0, _DISORDER)
                self.injected["reordering"] += 1
            heapq.heappush(self._under_way, (arrival, next(self._serial), message.topic, raw))

    def _altered(self, message: Message) -> bytes:
        """Damage the values of a message as the episode wants it."""
        topic = message.topic
        if self._hits("constant", topic):
            self.injected["constant"] += 1
            # By length, too: two publishers with different joints share a topic.
            return self._frozen.setdefault((topic, len(message.raw)), message.raw)
        raw = message.raw
        for fault in ("not a number", "infinite", "short arrays"):
            if self._hits(fault, topic) and self._happens(fault):
                decoded = deserialize_message(raw, message_class(message.type))
                if fault == "short arrays":
                    _shorten(decoded, self._rng)
                else:
                    _fill(decoded, self._rng.choice(_VALUES[fault]))
                raw = serialize_message(decoded)
        return raw

    def _hits(self, fault: str, topic: str) -> bool:
        return self._episode is not None and fault in self._episode.faults and topic == self._episode.topic

    def _happens(self, fault: str) -> bool:
        during = self._episode is not None and fault in self._episode.faults
        happens = self._rng.random() < (_SHARES[fault] if during else _ALWAYS[fault])
        self.injected[fault] += happens
        return happens


def _restamped(raw: bytes, stamp: int) -> bytes:
    order = "<" if raw[1] & 1 else ">"
    seconds, rest = divmod(stamp, NANOSECONDS)
    return raw[:_STAMP_OFFSET] + struct.pack(f"{order}iI", seconds, rest) + raw[_STAMP_OFFSET + 8 :]


def _decoded(message: Message) -> Any:
    return deserialize_message(message.raw, message_class(message.type))


def _sequences(message: Any) -> list[str]:
    """Name the fields that are arrays of numbers of any length."""
    return [name for name in message.get_fields_and_field_types() if isinstance(getattr(message, name), array)]


def _shorten(message: Any, rng: random.Random) -> None:
    for name in _sequences(message):
        values = getattr(message, name)
        setattr(message, name, values[: rng.randrange(len(values) + 1)])


def _fill(message: Any, value: float) -> None:
    """Set every number with a fraction, also those in arrays and in messages within."""
    for name in message.get_fields_and_field_types():
        field = getattr(message, name)
        if isinstance(field, float):
            setattr(message, name, value)
        elif isinstance(field, array) and field.typecode in "fd":
            setattr(message, name, array(field.typecode, [value] * len(field)))
        elif isinstance(field, np.ndarray) and field.dtype.kind == "f":
            field[:] = value
        elif hasattr(field, "get_fields_and_field_types"):
            _fill(field, value)
