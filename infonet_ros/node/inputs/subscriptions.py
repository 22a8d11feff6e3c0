"""Subscriptions to all topics, and the thread that reads them.

The node subscribes to a topic when it has a publisher, because only then its type and its quality of service are known.
It checks the graph twice a second, so the subscription follows publishers that start late, stop, or change. Messages
are taken as bytes, in batches; see `polling`.
"""

import time
from collections.abc import Callable, Sequence

from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node

from infonet_ros.errors import ConfigurationError
from infonet_ros.node.inputs.arrival_clock import ArrivalClock
from infonet_ros.node.inputs.polling import USUAL_PERIOD, Pace, Reader, fitting_period
from infonet_ros.node.inputs.topic_input import ReceivedBatch, TopicInput
from infonet_ros.node.session import without_place
from infonet_ros.settings import Modality, Settings

GRAPH_PERIOD = 0.5
"""Least seconds between two checks of the graph: one that is due waits for the next read."""

_LOOKS_A_LOG = 10  # checks of the graph (five seconds or some more) between two log lines on the messages of a topic

Take = Callable[[Sequence[ReceivedBatch]], tuple[int, int]]


class Subscriptions:
    """All topics of the settings, in the order of the modalities.

    ``take`` is called with the batches of all topics that had messages, many times a second and on a thread of its own.
    It returns the stamp that the next result waits for, and the newest. ``report`` is called with what it raised.
    Raises ConfigurationError if a topic's name, type or channels cannot be used. A topic that is not in the graph yet
    is checked later.
    """

    def __init__(self, node: Node, settings: Settings, take: Take, report: Callable[[Exception], None]) -> None:
        self._node = node
        self._take = take
        by_topic: dict[str, list[Modality]] = {}
        for modality in settings.modalities:
            by_topic.setdefault(_full_name(node, modality), []).append(modality)
        self._clock = ArrivalClock(node)
        self.topics = [TopicInput(node, topic, modalities, self._clock) for topic, modalities in by_topic.items()]
        for topic in self.topics:
            topic.bind_if_published()
        self.reader = Reader(self.read, report)
        self._pace = Pace()
        self._longest = USUAL_PERIOD  # seconds between two reads
        self._looks, self._looked = 0, 0.0  # number of checks, and the time of the last one by a steady clock, s

    def open(self) -> None:
        """Subscribe to the published topics, and keep checking for the others."""
        self._clock.open()
        self._taken = [topic.taken for topic in self.topics]
        self._look()
        self.reader.start()

    def close(self) -> None:
        """End all subscriptions."""
        self.reader.stop()
        self._clock.close()
        for topic in self.topics:
            topic.close()

    def sensor_frames(self) -> dict[str, str]:
        """Frame of each modality's last message, by the modality's name."""
        return {name: topic.frame_id for topic in self.topics for name in topic.modality_names}

    def read(self) -> float:
        """Take the messages that wait now, and pass them on; return the seconds to the next call.

        Hold the reader's lock.
        """
        began = time.time_ns()  # what comes meanwhile waits, or a topic would be ahead of those that are read before it
        batches = [batch for topic in self.topics if (batch := topic.read(began)) is not None]
        if batches:
            self._pace.note(*self._take(batches), time.monotonic())
        if time.monotonic() >= self._looked + GRAPH_PERIOD:  # after the messages: another type may follow them
            self._look()
        return min(self._longest, self._pace.pause(time.monotonic()))

    def _look(self) -> None:
        self._looks += 1
        before, self._looked = self._looked, time.monotonic()
        for topic in self.topics:
            topic.look()
            topic.note_events()
            if self._looks % _LOOKS_A_LOG == 0:
                topic.log_problems()
        self._fit_to_queues(self._looked - before)

    def _fit_to_queues(self, passed: float) -> None:
        """Set the longest time between two reads so that no queue overflows, by the messages of the seconds passed."""
        taken = [topic.taken for topic in self.topics]
        rates = [(now - before) / passed for now, before in zip(taken, self._taken, strict=True)]
        self._taken = taken
        sizes = [topic.queue_size for topic in self.topics]
        self._longest = fitting_period(sizes, rates)


def _full_name(node: Node, modality: Modality) -> str:
    try:
        return node.resolve_topic_name(modality.topic)
    except (InvalidTopicNameException, RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"{modality.name}.topic is {modality.topic!r}, which is not a topic name: {without_place(error)}."
        ) from error
