"""The common interface of storage files: connections, and messages with the time of their recording."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2.metadata import parse_qos

from infonet_ros.text import NANOSECONDS, counted

LAST_TIME = 2**31 * NANOSECONDS
"""Just after the last time of recording that is one; before 0 there is none either."""

ROS1 = "ros1"
"""Encoding of the messages of ROS 1."""


@dataclass(frozen=True, eq=False)
class Connection:
    """Messages of one type on one topic, as one or more publishers sent them.

    Attributes
    ----------
    topic, type : str
        The type as the file writes it.
    encoding : str
        "cdr" in ROS 2, ``ROS1`` in ROS 1; others are not of ROS.
    definition, language : str
        Of the type, and "ros2msg", "ros2idl" or "ros1msg"; empty where the file has none.
    count : int
        Messages.
    reliable, latched : bool
        How the publishers offered them.
    """

    topic: str
    type: str
    encoding: str
    definition: str
    language: str
    count: int
    reliable: bool = True
    latched: bool = False


Message = tuple[Connection, int, bytes]
"""A serialised message: where it came from, when it was recorded."""


class Storage(Protocol):
    """A file of messages.

    Attributes
    ----------
    connections : sequence of Connection
    start, end : int
        First and last time of recording, nanoseconds; without messages, ``start`` is later.
    """

    connections: Sequence[Connection]
    start: int
    end: int

    @property
    def notices(self) -> Sequence[str]:
        """Sentences about what is lost of the file, as far as it was read."""

    def messages(self, connections: Collection[Connection], start: int, stop: int) -> Iterator[Message]:
        """Read the messages of some connections from ``start`` to before ``stop``, in the order of time."""

    def heads(self, most: int) -> Mapping[Connection, Sequence[tuple[int, bytes]]]:
        """Read the first messages of each connection, so many or all there are."""

    def close(self) -> None:
        """Let go of the file."""


def offered(profiles: str) -> tuple[bool, bool]:
    """Tell from the recorded qualities of service whether messages were sent reliably, and kept for who came later."""
    try:
        offers = parse_qos(profiles)
    except Exception:  # Any text may stand there; what parsing it raises is no closed list.
        return True, False
    reliable = all(offer.reliability != QosReliability.BEST_EFFORT for offer in offers)
    return reliable, any(offer.durability == QosDurability.TRANSIENT_LOCAL for offer in offers)


def is_time(nanoseconds: int) -> bool:
    """Tell whether this is a time at which something can have been recorded."""
    return 0 <= nanoseconds < LAST_TIME


def no_time(count: int, name: str) -> str:
    """Say that messages of a file are left out for when they were recorded."""
    return f"{counted(count, 'message')} of {name} left out, with a time of recording before 1970 or after 2038."


def no_topic(count: int, name: str) -> str:
    """Say that messages of a file are left out, as nothing tells what they are."""
    return f"{counted(count, 'message')} of {name} left out, whose topic is described nowhere."
