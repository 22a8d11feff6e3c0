"""The common interface of storage files: connections, and messages with the time of their recording."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2.metadata import parse_qos

from infonet_ros.text import LAST_SECOND, NANOSECONDS, counted

LAST_TIME = (LAST_SECOND + 1) * NANOSECONDS
"""Times of recording at or after this one are damaged, and so are those before 0."""

ROS1 = "ros1"
"""Encoding of the messages of ROS 1."""


@dataclass(frozen=True, eq=False)
class Connection:
    """Messages of one type on one topic, as one or more publishers sent them."""

    topic: str
    type: str  # as the file writes it
    encoding: str  # "cdr" in ROS 2, ``ROS1`` in ROS 1; messages of other encodings are not of ROS
    definition: str
    language: str
    """``definition``, ``language``: of the type, and "ros2msg", "ros2idl" or "ros1msg"; empty if the file has none."""
    count: int  # messages
    reliable: bool = True  # reliable, latched: quality of service that the publishers offered
    latched: bool = False


Message = tuple[Connection, int, bytes]
"""A serialised message: its connection, its time of recording, its bytes."""


class Storage(Protocol):
    """A file of messages."""

    connections: Sequence[Connection]
    start: int  # start, end: first and last time of recording, nanoseconds; without messages, ``start`` is later
    end: int

    @property
    def notices(self) -> Sequence[str]:
        """Sentences about lost messages, in the part of the file that was read."""

    def messages(self, connections: Collection[Connection], start: int, stop: int) -> Iterator[Message]:
        """Read the messages of some connections from ``start`` to before ``stop``, in the order of time."""

    def heads(self, most: int) -> Mapping[Connection, Sequence[tuple[int, bytes]]]:
        """Read the first messages of each connection, ``most`` or all there are."""

    def close(self) -> None:
        """Close the file."""


def offered(profiles: str) -> tuple[bool, bool]:
    """Return whether the recorded quality of service was reliable, and whether it was latched (transient local)."""
    try:
        offers = parse_qos(profiles)
    except Exception:  # Any text may stand there; what parsing it raises is no closed list.
        return True, False
    reliable = all(offer.reliability != QosReliability.BEST_EFFORT for offer in offers)
    return reliable, any(offer.durability == QosDurability.TRANSIENT_LOCAL for offer in offers)


def is_time(nanoseconds: int) -> bool:
    """Return whether this can be a time of recording."""
    return 0 <= nanoseconds < LAST_TIME


def left_out(name: str, *, astray: int, odd: int, lost: int) -> list[str]:
    """Say how many messages of a file are left out.

    Nothing tells what those ``astray`` are, the ``odd`` ones have no time of recording, those ``lost`` are damaged.
    """
    reasons = {
        ", whose topic is described nowhere": astray,
        ", with a time of recording before 1970 or after 2038": odd,
        ": they are damaged": lost,
    }
    return [f"{counted(count, 'message')} of {name} left out{why}." for why, count in reasons.items() if count]
