"""Plays recordings as live topics: ROS 2 bags as they are, ROS 1 bags translated message by message.

Messages are sent serialised, as they were recorded. Only those of ROS 1 are decoded, because their byte layout differs.
The time of each message is computed from the start of the recording and the rate, so errors do not accumulate.
"""

import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import rclpy
import typer
from rclpy.duration import Duration
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.convert.converter import STATIC_MSGTYPE_RENAMES, is_same_wireformat, migrate_bytes
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_typestore
from rosbags.typesys.store import Typestore
from rosgraph_msgs.msg import Clock as ClockMessage

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.messages.types import full_type_name, message_class
from infonet_ros.intake.proposing.proposal import matching_topics
from infonet_ros.intake.recording import Span, chosen_span
from infonet_ros.intake.storage.connection import Connection
from infonet_ros.node.outputs.messages import time_message
from infonet_ros.node.session import ros_session, without_place
from infonet_ros.signals import ended_by_ctrl_c
from infonet_ros.text import NANOSECONDS, printable

CLOCK_PERIOD = 0.01
"""Seconds of wall time between two messages on /clock."""

_QUEUE = 100  # messages that wait for a slow subscriber
_LOOK_PERIOD = 0.02  # seconds between two checks for subscribers
_FAREWELL = 5.0  # seconds at the end until the subscribers have received everything

Translate = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Playback:
    """Options of a replay.

    ``topics`` are globs (all topics when empty), ``start`` and ``duration`` seconds of recording, ``rate`` the speed.
    The first message waits until every topic has a subscriber, at most ``wait`` seconds.
    """

    topics: Sequence[str] = ()
    start: float = 0.0
    duration: float | None = None
    rate: float = 1.0
    loop: bool = False
    clock: bool = False
    wait: float = 0.0


def play_bags(paths: Sequence[Path], playback: Playback) -> None:
    """Play bags by a node of their own, until their end or Ctrl-C, and print how many messages were sent."""
    with Bag(paths) as bag, ros_session():
        node = rclpy.create_node("infonet_player")
        player = Player(node, bag, playback)
        player.wait_for_subscribers()
        begun = time.monotonic()
        with ended_by_ctrl_c():
            player.play()
        for notice in bag.notices:
            typer.echo(f"Note: {printable(notice)}", err=True)
        seconds = time.monotonic() - begun
        typer.echo(f"Played {player.played} messages of {printable(bag.label)} in {seconds:.1f} s.")
        node.destroy_node()


class Player:
    """Plays one open recording by publishers of a node, which need not be spun.

    Raises RecordingError if no topic matches, the start is after the end, or no message type of the recording is
    installed.
    """

    def __init__(self, node: Node, bag: Bag, playback: Playback) -> None:
        self._bag = bag
        self._playback = playback
        self._span = chosen_span(bag, playback.start, playback.duration)
        self._tracks = _tracks(node, bag, matching_topics(bag, playback.topics))
        self._clock = node.create_publisher(ClockMessage, "/clock", 10) if playback.clock else None
        self.played = 0

    def wait_for_subscribers(self) -> None:
        """Wait until every topic has a subscriber, at most ``wait`` seconds of the playback."""
        end = time.monotonic() + self._playback.wait
        publishers = [track.publisher for track in self._tracks.values()]
        while time.monotonic() < end and not all(publisher.get_subscription_count() for publisher in publishers):
            time.sleep(_LOOK_PERIOD)

    def play(self) -> None:
        """Publish all messages, repeatedly with ``loop``; then wait until the subscribers have received them."""
        self._play_once()
        while self._playback.loop:
            self._play_once()
        for track in self._tracks.values():
            track.publisher.wait_for_all_acked(Duration(seconds=_FAREWELL))

    def _play_once(self) -> None:
        clock = PlaybackClock(self._span, self._playback.rate)
        for connection, recorded, raw in self._bag.raw_messages(list(self._tracks), self._span.start, self._span.stop):
            self._wait_until(clock, recorded)
            self.played += self._tracks[connection.topic].publish(raw)

    def _wait_until(self, clock: "PlaybackClock", recorded: int) -> None:
        """Sleep until a message is due, and publish the clock meanwhile."""
        if self._clock is None:
            time.sleep(clock.remaining(recorded))
            return
        while (remaining := clock.remaining(recorded)) > 0.0:
            if (next_tick := clock.tick()) is not None:
                self._clock.publish(ClockMessage(clock=time_message(next_tick)))
            time.sleep(min(remaining, CLOCK_PERIOD))
        # When late, the clock must still advance: no message may lie far in its future.
        if (next_tick := clock.tick(recorded)) is not None:
            self._clock.publish(ClockMessage(clock=time_message(next_tick)))


class PlaybackClock:
    """Converts the time of a recording that is played at a rate to wall time, seconds."""

    def __init__(self, span: Span, rate: float) -> None:
        self._start = span.start
        self._rate = rate
        self._begun = time.monotonic()
        self._last_tick = -CLOCK_PERIOD

    def remaining(self, recorded: int) -> float:
        """Seconds until a message recorded at that nanosecond is due; 0 when it is late."""
        due = self._begun + (recorded - self._start) / NANOSECONDS / self._rate
        return max(0.0, due - time.monotonic())

    def tick(self, at_most: int | None = None) -> int | None:
        """Return the recording time for the clock, nanoseconds, if one is due; never after ``at_most``."""
        elapsed = time.monotonic() - self._begun
        if elapsed - self._last_tick < CLOCK_PERIOD:
            return None
        self._last_tick = elapsed
        now = self._start + int(elapsed * self._rate * NANOSECONDS)
        return now if at_most is None else min(now, at_most)


class Track:
    """One topic: its publisher, and the conversion of the recorded bytes to the installed type."""

    def __init__(self, publisher: "Publisher[Any]", translate: Translate) -> None:
        self.publisher = publisher
        self._translate = translate

    def publish(self, raw: bytes) -> bool:
        """Send one serialised message; return whether it could be converted."""
        try:
            message = self._translate(raw)
        except (SerdeError, struct.error, ValueError, IndexError):
            return False
        self.publisher.publish(message)
        return True


def _tracks(node: Node, bag: Bag, topics: Sequence[str]) -> Mapping[str, Track]:
    """Make a track of each topic that can be published here; warn of the others."""
    tracks, problems = {}, []
    for topic in topics:
        try:
            tracks[topic] = _track(node, bag, topic)
        except RecordingError as error:
            problems.append(f"{printable(topic)} cannot be played: {printable(str(error))}")
    if not tracks:
        raise RecordingError(" ".join(problems))
    for problem in problems:
        node.get_logger().warning(problem)
    return tracks


def _track(node: Node, bag: Bag, topic: str) -> Track:
    """Make the track of a topic. Raises RecordingError if it cannot be published, for the reason in the text."""
    connections = bag.connections_of(topic)
    source, encoding = full_type_name(connections[0].type), connections[0].encoding
    target = STATIC_MSGTYPE_RENAMES.get(source, source)
    translate = _translation(bag, topic, encoding, source, target)
    try:
        publisher = node.create_publisher(message_class(target), topic, _quality_of_service(connections))
    except ConfigurationError as error:
        raise RecordingError(
            f"its type {target} is not installed here; install that package, or build it and source its workspace."
        ) from error
    except InvalidTopicNameException as error:
        raise RecordingError("ROS 2 does not allow this name: record the topic under another one.") from error
    except RuntimeError as error:  # such as a second type on /rosout
        raise RecordingError(f"ROS 2 refuses it ({without_place(error)}): leave it out with --topics.") from error
    return Track(publisher, translate)


def _quality_of_service(connections: Sequence[Connection]) -> QoSProfile:
    """Return the quality of service of the recorded publishers, or reliable and volatile if the bag has none."""
    reliable = all(connection.reliable for connection in connections)
    latched = any(connection.latched for connection in connections)
    return QoSProfile(
        depth=_QUEUE,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def _translation(bag: Bag, topic: str, encoding: str, source: str, target: str) -> Translate:
    """Return the function that converts a recorded message to the bytes of its ROS 2 type.

    Raises RecordingError if the message is not of ROS, or its definition cannot be read.
    """
    if encoding == "cdr":
        return bytes
    recorded = get_typestore(Stores.EMPTY)
    try:
        recorded.register(cast("Any", bag.definitions(topic)))
        return _from_ros1(recorded, source, target)
    except (TypesysError, SerdeError, KeyError) as error:
        raise RecordingError(f"its type {source} cannot be translated: {error}.") from error


def _from_ros1(recorded: Typestore, source: str, target: str) -> Translate:
    """Return the function that converts a ROS 1 message to the bytes of its ROS 2 type, whose fields may differ."""
    installed = get_typestore(Stores.LATEST)
    header = installed.fielddefs["std_msgs/msg/Header"]
    own = {name: fields for name, fields in recorded.fielddefs.items() if name not in installed.fielddefs}
    installed.register({**own, "std_msgs/msg/Header": header})
    if is_same_wireformat(recorded, installed, source, target):
        return lambda raw: bytes(installed.ros1_to_cdr(raw, target))
    cache: dict[str, object] = {}
    return lambda raw: bytes(
        migrate_bytes(recorded, installed, source, target, cache, raw, src_is2=False, dst_is2=True)
    )
