"""Subscriptions to all topics. The executor's thread only converts messages to values of channels.

The node subscribes to a topic when it has a publisher, because only then its type and its quality of service are known.
It checks the graph twice a second, so the subscription follows publishers that start late, stop, or change. Messages
are taken as bytes, in batches; see `polling`.
"""

import time
from collections.abc import Callable, Sequence

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.timer import Timer

from infonet_ros.errors import ConfigurationError
from infonet_ros.node.inputs.arrival_clock import ArrivalClock
from infonet_ros.node.inputs.polling import USUAL_PERIOD, fitting_period
from infonet_ros.node.inputs.topic_input import ReceivedBatch, TopicInput
from infonet_ros.node.session import without_place
from infonet_ros.settings import Modality, Settings
from infonet_ros.text import NANOSECONDS

GRAPH_PERIOD = 0.5
"""Least seconds between two checks of the graph: one that is due waits for the next read."""

_LOOKS_A_LOG = 10  # checks of the graph (five seconds or some more) between two log lines on the messages of a topic

Take = Callable[[Sequence[ReceivedBatch]], None]


class Subscriptions:
    """All topics of the settings, in the order of the modalities.

    ``take`` is called with the batches of all topics that had messages, many times a second. Raises ConfigurationError
    if a topic's name, type or channels cannot be used. A topic that is not in the graph yet is checked later.
    """

    def __init__(self, node: Node, settings: Settings, take: Take) -> None:
        self._node = node
        self._take = take
        self.hop = settings.hop  # the messages are read less often if it is long
        by_topic: dict[str, list[Modality]] = {}
        for modality in settings.modalities:
            by_topic.setdefault(_full_name(node, modality), []).append(modality)
        self._clock = ArrivalClock(node)
        self.topics = [TopicInput(node, topic, modalities, self._clock) for topic, modalities in by_topic.items()]
        for topic in self.topics:
            topic.bind_if_published()
        self.poll_timer: Timer | None = None
        self._looks, self._looked = 0, 0.0  # number of checks, and the time of the last one by a steady clock, s

    def open(self) -> None:
        """Subscribe to the published topics, and keep checking for the others."""
        self._clock.open()
        # By a steady clock, since simulated time may stand still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.poll_timer = self._node.create_timer(USUAL_PERIOD, self._poll, clock=steady)
        self._taken = [topic.taken for topic in self.topics]
        self._look()

    def close(self) -> None:
        """End all subscriptions."""
        if self.poll_timer is not None:
            self._node.destroy_timer(self.poll_timer)
        self.poll_timer = None
        self._clock.close()
        for topic in self.topics:
            topic.close()

    def sensor_frames(self) -> dict[str, str]:
        """Frame of each modality's last message, by the modality's name."""
        return {name: topic.frame_id for topic in self.topics for name in topic.modality_names}

    def read(self) -> None:
        """Take the messages that wait now, and pass them on."""
        batches = [batch for topic in self.topics if (batch := topic.read()) is not None]
        if batches:
            self._take(batches)

    def _poll(self) -> None:
        """Read, and check the graph if it is time to: a timer of its own would wake the executor as often again."""
        if time.monotonic() >= self._looked + GRAPH_PERIOD:
            self._look()
        self.read()

    def _look(self) -> None:
        self._looks += 1
        before, self._looked = self._looked, time.monotonic()
        for topic in self.topics:
            topic.look()
            topic.note_events()
            if self._looks % _LOOKS_A_LOG == 0:
                topic.log_problems()
        self._fit_period(self._looked - before)

    def _fit_period(self, passed: float) -> None:
        """Set the period of reading so that no queue overflows, by the messages of the seconds that passed."""
        taken = [topic.taken for topic in self.topics]
        rates = [(now - before) / passed for now, before in zip(taken, self._taken, strict=True)]
        self._taken = taken
        sizes = [topic.queue_size for topic in self.topics]
        period = round(fitting_period(self.hop, sizes, rates) * NANOSECONDS)
        if self.poll_timer is not None and period != self.poll_timer.timer_period_ns:
            self.poll_timer.timer_period_ns = period


def _full_name(node: Node, modality: Modality) -> str:
    try:
        return node.resolve_topic_name(modality.topic)
    except (InvalidTopicNameException, RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"{modality.name}.topic is {modality.topic!r}, which is not a topic name: {without_place(error)}."
        ) from error
