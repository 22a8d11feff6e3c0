"""Subscription to one topic, with the quality of service of its publishers, read in batches."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo

from infonet_ros.errors import ConfigurationError, InfonetError
from infonet_ros.intake.messages.decoder import NO_STAMP, Decoder
from infonet_ros.intake.messages.types import full_type_name, installed_definitions
from infonet_ros.intake.pieces import columns_of, values_there
from infonet_ros.intake.windows.window_stream import Columns
from infonet_ros.node.inputs.arrival_clock import ArrivalClock
from infonet_ros.node.inputs.polling import Message, Polled, happened, queue_size, waiting
from infonet_ros.node.inputs.topic_status import UNSET, TopicStatus
from infonet_ros.node.inputs.type_support import subscription_class
from infonet_ros.settings import Modality
from infonet_ros.text import counted, did_you_mean, listed, one_line, shorten

_QUEUE = 1000  # messages that wait while the reader is busy: two seconds of a topic at 500 Hz
_LARGE_QUEUE = 20  # messages of types that can have megabytes each
_LARGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/PointCloud2")
_OF_ROS = ("/parameter_events", "/rosout")  # topics of every node, which are never meant

Quality = tuple[ReliabilityPolicy, DurabilityPolicy]


class Reading(NamedTuple):
    """One message of a `ReceivedBatch` with the values of one modality; None if it has none."""

    received: int
    modality: str
    stamp: int
    arrival: int
    values: Sequence[float | None]
    status: TopicStatus


@dataclass(frozen=True, eq=False)
class ReceivedBatch:
    """Messages of one topic in the order in which they came."""

    status: TopicStatus  # of the topic
    stamps: np.ndarray
    arrivals: np.ndarray
    received: np.ndarray
    """``stamps``, ``arrivals``, ``received``: (M,) int64; sensor time, and time of arrival by the node's clock and by
    the system's; nanoseconds."""
    columns: Columns  # dict of str to (values, present): by the name of the modality; see `WindowStream.extend`

    def readings(self) -> Iterator[Reading]:
        """Split the batch into messages, modality by modality."""
        times = zip(self.received.tolist(), self.stamps.tolist(), self.arrivals.tolist(), strict=True)
        for row, (received, stamp, arrival) in enumerate(times):
            for name, (values, present) in self.columns.items():
                own = values_there(values[row], present[row])
                yield Reading(received, name, stamp, arrival, own, self.status)


class TopicInput:
    """One topic: waits for a publisher, subscribes with its quality of service, and reads the channels of each message.

    The topic has its full name, and the clock gives the time of messages without a stamp. Raises ConfigurationError if
    the type is given and unknown, or does not have a field that a channel names.
    """

    def __init__(self, node: Node, topic: str, modalities: Sequence[Modality], clock: ArrivalClock) -> None:
        self.topic = topic
        self.modality_names = [modality.name for modality in modalities]
        paths = [path for modality in modalities for path in modality.channels]
        self.status = TopicStatus(problem="it has no publisher yet", channels=paths)
        self.frame_id = ""  # of the last message
        self.taken = 0  # messages from the queue so far
        self._problem_logged, self._unreadable_logged, self._unset_logged = "", 0, False
        self._node = node
        self._modalities = modalities
        self._clock = clock
        self._handed: list[Message] = []  # by an executor
        self._late: list[Message] = []  # taken, but not read yet
        self.subscription: Subscription[Any] | None = None
        self._subscribed_as: tuple[str, Quality] | None = None
        self._joining, self._taken_before = False, 0  # until the first message of a latched topic; `taken` at its start
        self._decoder: Decoder | None = None
        self._columns = columns_of(modalities)
        self._given_type = _given_type(topic, modalities)
        self._type = ""
        if self._given_type:
            self._bind(self._given_type)

    def bind_if_published(self) -> None:
        """Check the channels against the type in the graph, if the type is not known yet and the topic has a publisher.

        Raises ConfigurationError if the type is not installed, differs between publishers, or does not have a field
        that a channel names.
        """
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        if publishers:
            self._bind(self._given_type or _published_type(self.topic, publishers))

    def look(self) -> None:
        """Check the topic's publishers: subscribe, or subscribe again if they have changed."""
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        if not publishers:
            self.status.problem = (
                "it has no publisher" if self.status.received else f"it has no publisher yet{self._hint()}"
            )
            return
        try:
            self._bind(self._given_type or _published_type(self.topic, publishers))
            self._subscribe(_common_quality(publishers))
            self._check_publishers(publishers)
        except InfonetError as error:
            self.status.problem = str(error)
            if self.status.problem != self._problem_logged:
                self._problem_logged = self.status.problem
                self._node.get_logger().error(self.status.problem)
        else:
            self.status.problem = ""

    def _hint(self) -> str:
        """Return a hint with a topic of the graph that has a similar name."""
        there = {name for name, _ in self._node.get_topic_names_and_types()}
        return did_you_mean(self.topic, sorted(there - {self.topic, *_OF_ROS}))

    def log_problems(self) -> None:
        """Log what is new since the last call: why no message can arrive, stamps never set, and unreadable messages."""
        if self.status.problem != self._problem_logged:
            self._problem_logged = self.status.problem
            if self.status.problem:
                self._node.get_logger().warning(f"topic {self.topic}: {self.status.problem}")
            else:
                self._node.get_logger().info(f"topic {self.topic}: messages can arrive now")
        if self.status.unset and not self._unset_logged:
            self._unset_logged = True
            self._node.get_logger().warning(f"topic {self.topic}: messages with {UNSET}")
        count = self.status.unreadable - self._unreadable_logged
        if count:
            self._unreadable_logged = self.status.unreadable
            self._node.get_logger().error(
                f"topic {self.topic}: {counted(count, 'message')} cannot be read, the last because "
                f"{self.status.reading_problem}"
            )

    def read(self, until: int) -> ReceivedBatch | None:
        """Read the messages that arrived since the last call, up to a time of the system's clock; None without one.

        A later message waits for the next call, which reads it in any case, because that clock can be set back.
        """
        earlier, self._late = self._late, self._waiting()
        count = next((n for n, message in enumerate(self._late) if message.received > until), len(self._late))
        messages = [*earlier, *self._late[:count]]
        del self._late[:count]
        self.taken += len(messages)
        return self._decode(messages) if messages else None

    def note_events(self) -> None:
        """Count the messages that the middleware reports as lost."""
        if self.subscription is not None:
            for callback, event in happened(self.subscription):
                callback(event)
        self._joining = self._joining and self.taken == self._taken_before

    def note_lost(self, event: Any) -> None:
        """Count the lost messages of one event, except those that a latched publisher sent and gave up before."""
        if not self._joining:
            self.status.lost += event.total_count_change

    @property
    def queue_size(self) -> float:
        """How many messages may wait; infinite without a subscription."""
        return float("inf") if self.subscription is None else queue_size(self.subscription)

    def close(self) -> None:
        """End the subscription."""
        if self.subscription is not None:
            self._node.destroy_subscription(self.subscription)
            self.subscription = self._subscribed_as = None
            self._handed, self._late = [], []

    def _bind(self, type_name: str) -> None:
        """Compile the channels for a message type, unless this is done already."""
        if type_name == self._type:
            return
        self._decoder = Decoder(type_name, installed_definitions(type_name), self.status.channels, self.topic)
        self._type = type_name

    def _subscribe(self, quality: Quality) -> None:
        """Subscribe, unless this is done already, with this quality of service and the overrides of the user."""
        if (self._type, quality) == self._subscribed_as:
            return
        same_type = self._subscribed_as is not None and self._subscribed_as[0] == self._type
        left = [*self._late, *self._waiting()] if same_type else []
        self.close()
        self._late = left
        depth = _LARGE_QUEUE if self._type in _LARGE_TYPES else _QUEUE
        reliability, durability = quality
        overrides = _overrides(self._node, self.topic)
        try:
            self.subscription = self._node.create_subscription(
                subscription_class(self._type),
                self.topic,
                self._note_handed,
                QoSProfile(depth=depth, reliability=reliability, durability=durability),
                callback_group=Polled(),
                # The graph gives the information of the other events.
                event_callbacks=SubscriptionEventCallbacks(message_lost=self.note_lost, use_default_callbacks=False),
                qos_overriding_options=QoSOverridingOptions(list(overrides)),
                raw=True,
            )
        # rclpy raises any of these for an override of the wrong type, without its name
        except (AssertionError, AttributeError, RuntimeError, TypeError, ValueError) as error:
            raise _not_subscribed(self.topic, overrides.values(), error) from error
        self._subscribed_as = (self._type, quality)
        taken = self.subscription.qos_profile  # with the overrides of the user
        self._joining, self._taken_before = taken.durability == DurabilityPolicy.TRANSIENT_LOCAL, self.taken
        names = f"{taken.reliability.name.lower()}, {taken.durability.name.lower()}"
        self._node.get_logger().info(f"listening to {self.topic} [{self._type}], {names}")
        self._problem_logged = ""  # this line says that it has ended

    def _check_publishers(self, publishers: Sequence[TopicEndpointInfo]) -> None:
        """Raise ConfigurationError if no message of one of the publishers can be received."""
        assert self.subscription is not None
        for publisher in publishers:
            if publisher.topic_type != self._type:
                raise ConfigurationError(
                    f"topic {self.topic} is published with the type {publisher.topic_type} by {publisher.node_name}, "
                    f"where {self._type} is expected: its messages are not received; correct <modality>.type."
                )
            verdict, reason = qos_check_compatible(publisher.qos_profile, self.subscription.qos_profile)
            if verdict == QoSCompatibility.ERROR:
                raise ConfigurationError(
                    f"topic {self.topic}: {publisher.node_name} offers incompatible quality of service "
                    f"({reason.removeprefix('ERROR: ').rstrip(';')}), its messages are not received; change "
                    f"'qos_overrides.{self.topic}.subscription.*', or the publisher."
                )

    def _waiting(self) -> list[Message]:
        """Take the messages that have arrived."""
        if self.subscription is None:
            return []
        handed = self._handed[:]
        del self._handed[: len(handed)]  # an executor may add another meanwhile
        return [*handed, *waiting(self.subscription)]

    def _note_handed(self, data: Any) -> None:
        """Keep a message that an executor took; the EventsExecutor ignores callback groups."""
        self._handed.append(Message(data, time.time_ns()))

    def _decode(self, messages: Sequence[Message]) -> ReceivedBatch | None:
        """Read stamps, frame and channels; None if no message is readable."""
        assert self._decoder is not None
        received = np.array([message.received for message in messages], dtype=np.int64)
        arrivals = self._clock.times(received)
        self.status.note_arrivals(arrivals)
        read = self._decoder.read([message.data for message in messages])
        if read.unreadable:
            self.status.note_unreadable(read.unreadable, read.problem)
            if not read.readable.any():
                return None
        rows = np.flatnonzero(read.readable) if read.unreadable else slice(None)
        sent, arrivals, received = read.stamps[rows], arrivals[rows], received[rows]
        stamps = np.where(sent == NO_STAMP, arrivals, sent)
        self.status.note_ages(int(sent[-1]), int(arrivals[-1]), int(received[-1]))
        if self._decoder.has_header:  # with simulated time, 0 may be the true stamp
            self.status.unset += int(np.count_nonzero((sent == NO_STAMP) & (arrivals != 0)))
        values, present = read.values[rows], read.present[rows]
        self.frame_id = read.frame_ids[rows][-1]
        self.status.note_values(values, present, read.absences)
        columns = {name: (values[:, own], present[:, own]) for name, own in self._columns.items()}
        return ReceivedBatch(self.status, stamps, arrivals, received, columns)


def _given_type(topic: str, modalities: Sequence[Modality]) -> str:
    given = {full_type_name(modality.type) for modality in modalities if modality.type}
    if len(given) > 1:
        raise ConfigurationError(f"topic {topic} is given two types, {' and '.join(sorted(given))}: expected one.")
    return given.pop() if given else ""


def _published_type(topic: str, publishers: Sequence[TopicEndpointInfo]) -> str:
    types = {publisher.topic_type for publisher in publishers}
    if len(types) > 1:
        raise ConfigurationError(
            f"topic {topic} is published with the types {', '.join(sorted(types))}: choose one by <modality>.type."
        )
    return types.pop()


def _common_quality(publishers: Sequence[TopicEndpointInfo]) -> Quality:
    """Return reliable if all publishers are, and latched if all are; a weaker setting receives from all."""
    reliable = all(p.qos_profile.reliability == ReliabilityPolicy.RELIABLE for p in publishers)
    latched = all(p.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in publishers)
    return (
        ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def _overrides(node: Node, topic: str) -> "dict[QoSPolicyKind, Parameter[Any]]":
    """Return the policies that the user gave as parameters; the others follow the publishers."""
    names = {kind: f"qos_overrides.{topic}.subscription.{kind.name.lower()}" for kind in QoSPolicyKind}
    return {kind: node.get_parameter(name) for kind, name in names.items() if node.has_parameter(name)}


def _not_subscribed(topic: str, overrides: "Collection[Parameter[Any]]", error: Exception) -> ConfigurationError:
    """Return the error of a subscription that rclpy refused, with the parameters that may be the reason."""
    given = listed(f"{parameter.name} {shorten(repr(parameter.value), 40)}" for parameter in overrides)
    advice = f"; correct {given}, such as reliability best_effort, durability volatile, depth 10" if overrides else ""
    return ConfigurationError(f"topic {topic} cannot be subscribed to ({shorten(one_line(error), 150)}){advice}.")
