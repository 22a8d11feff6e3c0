"""Real nodes on real middleware. The test publishes the sensor time itself."""

import itertools
import time
from contextlib import ExitStack

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Vector3Stamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.time import Time

START = 1_750_000_000.0
"""Sensor time at which the tests begin, seconds."""


def stamped(seconds, x=0.0, y=0.0, z=0.0):
    message = Vector3Stamped()
    message.header.stamp = Time(nanoseconds=round(seconds * 1e9)).to_msg()
    message.vector.x, message.vector.y, message.vector.z = float(x), float(y), float(z)
    return message


def parameters(**values):
    """Overrides from keyword arguments; two underscores stand for a dot."""
    return [Parameter(name.replace("__", "."), value=value) for name, value in values.items()]


class Graph:
    """A context on the domain of the test (``ros_domain``), an executor, and a node that publishes and listens."""

    def __init__(self):
        self.context = Context()
        rclpy.init(context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.robot = self.add(rclpy.create_node("robot", context=self.context))
        self._infonets = []

    def add(self, node):
        self.executor.add_node(node)
        return node

    def infonet(self, load=None, cli_args=None, **values):
        """Start the node under test, as its executable does."""
        from infonet_ros.node.infonet_node import InfonetNode

        node = InfonetNode(load, context=self.context, cli_args=cli_args, parameter_overrides=parameters(**values))
        self.add(node)
        self._infonets.append(node)
        node.start()
        return node

    def listen(self, message_type, topic, qos=10):
        received = []
        self.robot.create_subscription(message_type, topic, received.append, qos)
        return received

    def publisher(self, message_type, topic, qos=10):
        """Return a publisher that has a subscriber, which receives all that it publishes."""
        publisher = self.robot.create_publisher(message_type, topic, qos)
        self.until(publisher.get_subscription_count)
        return publisher

    def until(self, condition, timeout=120.0, last=lambda: None):
        """Spin until the condition holds, and return its result; ``last`` returns what was seen if it does not."""
        deadline = time.monotonic() + timeout
        while not (result := self._while_nothing_is_read(condition)):
            assert time.monotonic() < deadline, f"the condition did not come true in time; last seen: {last()}"
            self.executor.spin_once(timeout_sec=0.05)
        return result

    def _while_nothing_is_read(self, condition):
        with ExitStack() as held:
            for topics in [node.topics for node in self._infonets]:
                if topics is not None:
                    held.enter_context(topics.reader.lock)
            return condition()

    def close(self):
        for node in self._infonets:
            assert node.end(timeout=60.0)
        self.executor.shutdown()
        self.robot.destroy_node()
        self.context.shutdown()
        self.context.destroy()
        del self.executor, self.robot, self.context
        self._infonets.clear()


class Diagnosis:
    """Listens to /diagnostics, and gives the newest status by its name."""

    def __init__(self, graph):
        self._graph = graph
        self.statuses = {}
        graph.robot.create_subscription(DiagnosticArray, "/diagnostics", self._receive, 10)

    def _receive(self, array):
        self.statuses = {status.name: status for status in array.status}

    def found(self, name, condition):
        """Return the status of this name if it fulfils the condition."""
        status = self.statuses.get(name)
        return status if status is not None and condition(status) else None

    def until(self, name, condition, timeout=120.0):
        """Spin until the status of this name fulfils the condition, and return it."""
        return self._graph.until(lambda: self.found(name, condition), timeout, lambda: self.statuses.get(name))


def value(status, key):
    return next(item.value for item in status.values if item.key == key)


class Feed:
    """Publishes topics at 50 Hz of sensor time, as fast as the node takes them in.

    ``signals`` maps a topic to a function from the time in seconds to a message.
    """

    RATE = 50.0

    def __init__(self, graph, node, signals, qos=200):
        assert node.state == "active", node.problem
        self._graph = graph
        self._node = node
        self._signals = signals
        self.publishers = {}
        self._sent = dict.fromkeys(signals, 0)
        for topic, signal in signals.items():
            self.publishers[topic] = graph.robot.create_publisher(type(signal(START)), topic, qos)
        self.wait_for(1)

    def wait_for(self, subscribers):
        """Wait until each topic has so many subscribers; what is published before is lost to those that come later."""
        publishers = self.publishers.values()
        self._graph.until(lambda: all(publisher.get_subscription_count() >= subscribers for publisher in publishers))

    def run(self, start, seconds, only=None):
        """Publish for so many seconds of sensor time from ``start`` after the beginning."""
        topics = list(self._signals) if only is None else only
        for index in range(round(seconds * self.RATE)):
            for topic in topics:
                self.publishers[topic].publish(self._signals[topic](START + start + index / self.RATE))
            if index % 25 == 24:
                self._settle(25, topics)
        self._settle(round(seconds * self.RATE) % 25, topics)

    def until(self, start, condition):
        """Publish on and on from ``start``, so that a busy machine calls no topic silent, until the condition holds."""
        seconds = itertools.count(start, 0.5)

        def holds():
            self.run(next(seconds), 0.5)
            return condition()

        return self._graph.until(holds)

    def _settle(self, count, topics):
        for topic in topics:
            self._sent[topic] += count
        received = {topic.topic: topic.status for topic in self._node.topics.topics}

        def arrived():
            self._node.topics.read()  # at once, for speed
            return all(received[topic].received >= self._sent[topic] for topic in topics)

        self._graph.until(arrived)
