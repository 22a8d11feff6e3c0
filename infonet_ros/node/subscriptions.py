"""Topics in: each message becomes the values of its channels, and nothing else happens on the executor's thread.

A topic is subscribed to once somebody publishes it, because only then its type and its quality of service are known.
The graph is looked at twice a second, so the subscription follows publishers that come late, go, or change.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
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
from rclpy.timer import Timer
from rclpy.topic_endpoint_info import TopicEndpointInfo

from infonet_ros.errors import ConfigurationError, InfonetError
from infonet_ros.node.topic_status import TopicStatus
from infonet_ros.streams.channels import Channel, header_stamp, parse_channel
from infonet_ros.streams.message_types import full_type_name, message_class, ros_schema
from infonet_ros.streams.settings import Modality, Settings
from infonet_ros.view.sensor_frames import sensor_frame

GRAPH_PERIOD = 0.5
"""Seconds between two looks at the graph."""

_QUEUE = 200  # messages that wait while the executor is busy: two seconds of a topic at 100 Hz
_LARGE_QUEUE = 5  # of those that can be megabytes each
_LARGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/PointCloud2")

Take = Callable[[str, int, Sequence[float | None]], None]
Quality = tuple[ReliabilityPolicy, DurabilityPolicy]


class TopicInput:
    """One topic: waits for a publisher, subscribes as it wants, and reads the channels of each message.

    Parameters
    ----------
    node : Node
    topic : str
        Full name.
    modalities : sequence of Modality
        Those that come from this topic.
    take : callable
        Called with the name of the modality, the stamp in nanoseconds, and a value for each of its channels.

    Attributes
    ----------
    status : TopicStatus
        What is known about the topic since the node was configured.
    frame_id : str
        Frame that the last message was measured in; empty until one says so.

    Raises
    ------
    ConfigurationError
        The type is given and unknown, or lacks a field that a channel names.
    """

    def __init__(self, node: Node, topic: str, modalities: Sequence[Modality], take: Take) -> None:
        self.topic = topic
        self.modality_names = [modality.name for modality in modalities]
        self.status = TopicStatus(problem="nobody publishes it yet")
        self.frame_id = ""
        self._node = node
        self._modalities = modalities
        self._take = take
        self._subscription: Subscription[Any] | None = None
        self._subscribed_as: tuple[str, Quality] | None = None
        self._channels: Mapping[str, Sequence[Channel]] = {}
        self._given_type = _given_type(topic, modalities)
        self._type = ""
        if self._given_type:
            self._bind(self._given_type)

    def bind_if_published(self) -> None:
        """Check the channels against the type in the graph, if it is not known yet and somebody publishes the topic.

        Raises
        ------
        ConfigurationError
            The type is not installed, is not the same for all publishers, or lacks a field that a channel names.
        """
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        if publishers:
            self._bind(self._given_type or _published_type(self.topic, publishers))

    def look(self) -> None:
        """Look at the topic's publishers: subscribe, or subscribe anew when they are others than before."""
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        if not publishers:
            self.status.problem = "nobody publishes it" if self.status.received else "nobody publishes it yet"
            return
        try:
            self._bind(self._given_type or _published_type(self.topic, publishers))
            self._subscribe(_common_quality(publishers))
            self._check_publishers(publishers)
        except InfonetError as error:
            self._log_new(str(error), self.status.problem)
            self.status.problem = str(error)
        else:
            self.status.problem = ""

    def close(self) -> None:
        """End the subscription."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribed_as = None

    def _bind(self, type_name: str) -> None:
        """Compile the channels for a message type, unless they are."""
        if type_name == self._type:
            return
        self._channels = {
            modality.name: [parse_channel(path).bind(type_name, ros_schema, self.topic) for path in modality.channels]
            for modality in self._modalities
        }
        self._type = type_name

    def _subscribe(self, quality: Quality) -> None:
        """Subscribe, unless it is done already, with this quality of service and whatever the user overrides of it."""
        if (self._type, quality) == self._subscribed_as:
            return
        self.close()
        depth = _LARGE_QUEUE if self._type in _LARGE_TYPES else _QUEUE
        reliability, durability = quality
        try:
            self._subscription = self._node.create_subscription(
                message_class(self._type),
                self.topic,
                self._receive,
                QoSProfile(depth=depth, reliability=reliability, durability=durability),
                # Each event that is listened to costs time at every message; the graph tells the others.
                event_callbacks=SubscriptionEventCallbacks(
                    message_lost=self._on_message_lost, use_default_callbacks=False
                ),
                qos_overriding_options=QoSOverridingOptions(_overridden_policies(self._node, self.topic)),
            )
        except (RuntimeError, ValueError) as error:  # what rclpy makes of an override that it does not know
            raise ConfigurationError(f"topic {self.topic} cannot be subscribed to: {error}.") from error
        self._subscribed_as = (self._type, quality)
        taken = self._subscription.qos_profile  # with what the user overrides
        names = f"{taken.reliability.name.lower()}, {taken.durability.name.lower()}"
        self._node.get_logger().info(f"listening to {self.topic} [{self._type}], {names}")

    def _check_publishers(self, publishers: Sequence[TopicEndpointInfo]) -> None:
        """Raise ConfigurationError when nothing can come from one of the publishers."""
        assert self._subscription is not None
        for publisher in publishers:
            if publisher.topic_type != self._type:
                raise ConfigurationError(
                    f"topic {self.topic} is published with the type {publisher.topic_type} by {publisher.node_name}, "
                    f"where {self._type} is expected: nothing comes from there; correct <modality>.type."
                )
            verdict, reason = qos_check_compatible(publisher.qos_profile, self._subscription.qos_profile)
            if verdict == QoSCompatibility.ERROR:
                raise ConfigurationError(
                    f"topic {self.topic}: {publisher.node_name} offers incompatible quality of service "
                    f"({reason.removeprefix('ERROR: ').rstrip(';')}), nothing comes from there; change "
                    f"'qos_overrides.{self.topic}.subscription.*', or the publisher."
                )

    def _receive(self, message: Any) -> None:
        arrival = self._node.get_clock().now().nanoseconds
        stamp = header_stamp(message) or arrival
        self.status.note(stamp, arrival)
        self.frame_id = sensor_frame(message)
        for name, channels in self._channels.items():
            try:
                values = [channel.extract(message) for channel in channels]
            except Exception as error:
                self.status.unreadable += 1
                problem = f"topic {self.topic}: a message cannot be read: {error}"
                self._log_new(problem, self.status.reading_problem)
                self.status.reading_problem = problem
                return
            self.status.note_values(values)
            self._take(name, stamp, values)
        self.status.reading_problem = ""

    def _on_message_lost(self, event: Any) -> None:
        self.status.lost += event.total_count_change

    def _log_new(self, problem: str, known: str) -> None:
        if problem != known:
            self._node.get_logger().error(problem)


class Subscriptions:
    """All topics of the settings, in the order of the modalities.

    Raises
    ------
    ConfigurationError
        A topic's name, type or channels cannot be used; what is not in the graph yet is checked when it appears.
    """

    def __init__(self, node: Node, settings: Settings, take: Take) -> None:
        self._node = node
        by_topic: dict[str, list[Modality]] = {}
        for modality in settings.modalities:
            by_topic.setdefault(_full_name(node, modality), []).append(modality)
        self.topics = [TopicInput(node, topic, modalities, take) for topic, modalities in by_topic.items()]
        for topic in self.topics:
            topic.bind_if_published()
        self._timer: Timer | None = None

    def open(self) -> None:
        """Subscribe to what is published, and keep looking for the rest."""
        # By a steady clock, since simulated time may stand still.
        self._timer = self._node.create_timer(GRAPH_PERIOD, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._look()

    def close(self) -> None:
        """End all subscriptions."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None
        for topic in self.topics:
            topic.close()

    def sensor_frames(self) -> dict[str, str]:
        """Frame of each modality's last message, by the modality's name."""
        return {name: topic.frame_id for topic in self.topics for name in topic.modality_names}

    def _look(self) -> None:
        for topic in self.topics:
            topic.look()


def _full_name(node: Node, modality: Modality) -> str:
    try:
        return node.resolve_topic_name(modality.topic)
    except (InvalidTopicNameException, RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"{modality.name}.topic is {modality.topic!r}, no name of a topic: {error}."
        ) from error


def _given_type(topic: str, modalities: Sequence[Modality]) -> str:
    given = {full_type_name(modality.type) for modality in modalities if modality.type}
    if len(given) > 1:
        raise ConfigurationError(f"topic {topic} is given two types, {' and '.join(sorted(given))}: expected one.")
    return given.pop() if given else ""


def _published_type(topic: str, publishers: Sequence[TopicEndpointInfo]) -> str:
    types = {publisher.topic_type for publisher in publishers}
    if len(types) > 1:
        raise ConfigurationError(
            f"topic {topic} is published with the types {', '.join(sorted(types))}: say which one by <modality>.type."
        )
    return types.pop()


def _common_quality(publishers: Sequence[TopicEndpointInfo]) -> Quality:
    """Reliable if all publishers are, and latched if all are; otherwise less, which takes from all."""
    reliable = all(p.qos_profile.reliability == ReliabilityPolicy.RELIABLE for p in publishers)
    latched = all(p.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in publishers)
    return (
        ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def _overridden_policies(node: Node, topic: str) -> list[QoSPolicyKind]:
    """Policies that the user gave as parameters; only those, so that the others may follow the publishers."""
    given = partial("qos_overrides.{}.subscription.{}".format, topic)
    return [kind for kind in QoSPolicyKind if node.has_parameter(given(kind.name.lower()))]
