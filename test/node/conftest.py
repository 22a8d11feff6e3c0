"""Real nodes on real middleware: each test on a ROS domain of its own, in time that the test makes itself."""

import itertools
import os
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("infonet_ros.msg", reason="needs the built messages")

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Vector3Stamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.time import Time

os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

_DOMAINS = itertools.cycle(range(30, 60))

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
    """A context on its own domain, an executor, and a node that publishes and listens."""

    def __init__(self):
        self.domain = next(_DOMAINS)
        self.context = Context()
        rclpy.init(context=self.context, domain_id=self.domain)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.robot = self.add(rclpy.create_node("robot", context=self.context))
        self._infonets = []

    def add(self, node):
        self.executor.add_node(node)
        return node

    def infonet(self, load=None, **values):
        """Start the node under test, as its executable does."""
        from infonet_ros.node.infonet_node import InfonetNode

        node = InfonetNode(load, context=self.context, parameter_overrides=parameters(**values))
        self.add(node)
        self._infonets.append(node)
        node.start()
        return node

    def listen(self, message_type, topic, qos=10):
        received = []
        self.robot.create_subscription(message_type, topic, received.append, qos)
        return received

    def until(self, condition, timeout=20.0):
        """Spin until the condition holds, and return what it returned."""
        deadline = time.monotonic() + timeout
        while not (result := condition()):
            assert time.monotonic() < deadline, "the condition did not come true in time"
            self.executor.spin_once(timeout_sec=0.05)
        return result

    def close(self):
        for node in self._infonets:
            assert node.end(timeout=10.0)
        self.executor.shutdown()
        self.robot.destroy_node()
        self.context.shutdown()


@pytest.fixture
def graph():
    graph = Graph()
    yield graph
    graph.close()


class Diagnosis:
    """Listens to /diagnostics, and gives the newest status by its name."""

    def __init__(self, graph):
        self._graph = graph
        self._statuses = {}
        graph.robot.create_subscription(DiagnosticArray, "/diagnostics", self._receive, 10)

    def _receive(self, array):
        self._statuses = {status.name: status for status in array.status}

    def until(self, name, condition, timeout=20.0):
        """Spin until the status of this name fulfils the condition, and return it."""

        def found():
            status = self._statuses.get(name)
            return status if status is not None and condition(status) else None

        return self._graph.until(found, timeout)


def value(status, key):
    return next(item.value for item in status.values if item.key == key)
