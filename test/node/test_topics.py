"""The node's image and markers, as a subscriber in another node receives them over DDS."""

import itertools
import re
import time
from pathlib import Path

import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, Imu
from visualization_msgs.msg import Marker, MarkerArray

from infonet_ros.drawing import palette
from infonet_ros.drawing.heatmap import HeatMapLayout
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.outputs.messages import matrix_from_message, time_message

RATE = 50.0
CALLBACKS = 6  # for each sample of both sensors: fewer than come in, and queues would overflow
PARAMETERS = {
    "modalities": ["gyro", "accelerometer"],
    "gyro.topic": "/imu",
    "gyro.channels": ["angular_velocity.x", "angular_velocity.y"],
    "accelerometer.topic": "/accelerometer",
    "accelerometer.channels": ["linear_acceleration.x"],
    "window": 4.0,
    "hop": 1.0,
    "frame_id": "chassis",
    "device": "cpu",
}


class Robot:
    """A node with two sensors that share a signal, and subscriptions to its image and markers."""

    def __init__(self, node):
        self.node = node
        self.imu = self.node.create_publisher(Imu, "/imu", 200)
        self.accelerometer = self.node.create_publisher(Imu, "/accelerometer", 200)
        self.received = {}
        self._signal = np.random.default_rng(0)
        self._tick = 0

    def subscribe(self, kind, topic, qos=50):
        self.received[topic] = []
        return self.node.create_subscription(kind, topic, self.received[topic].append, qos)

    def drive(self):
        """Publish one sample of both sensors."""
        self._tick += 1
        shared, other = self._signal.standard_normal(2)
        for publisher, frame in ((self.imu, "imu_link"), (self.accelerometer, "accelerometer_link")):
            message = Imu()
            message.header.stamp = time_message(int(self._tick * 1e9 / RATE))
            message.header.frame_id = frame
            message.angular_velocity.x = message.linear_acceleration.x = shared
            message.angular_velocity.y = other
            publisher.publish(message)


@pytest.fixture
def drive(graph):
    """A running node, and a function that drives the robot until a condition holds."""
    robot = Robot(graph.robot)
    graph.infonet(**PARAMETERS)

    def drive_until(condition, timeout=120.0):
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            robot.drive()
            for _ in range(CALLBACKS):
                graph.executor.spin_once(timeout_sec=0.005)

    return robot, drive_until


def test_image_and_markers_show_the_published_matrix(drive):
    robot, drive_until = drive
    robot.subscribe(Image, "/infonet/image")
    robot.subscribe(MarkerArray, "/infonet/markers")
    latched = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    robot.subscribe(MutualInformationMatrix, "/infonet/channels", latched)
    robot.subscribe(MutualInformationMatrix, "/infonet/modalities", latched)

    received = robot.received
    drive_until(lambda: same_windows(received["/infonet/image"], received["/infonet/channels"]))
    drive_until(lambda: same_windows(received["/infonet/markers"], received["/infonet/modalities"]))
    check_image(received["/infonet/image"], received["/infonet/channels"])
    check_markers(received["/infonet/markers"], received["/infonet/modalities"])


def test_the_layouts_of_the_viewers_name_topics_that_the_node_publishes(drive):
    robot, drive_until = drive
    config = Path(__file__).parents[2] / "config"
    text = (config / "infonet.rviz").read_text() + (config / "foxglove.json").read_text()
    named = set(re.findall(r"/infonet/\w+|/diagnostics", text))
    assert len(named) >= 5

    # Topic by topic: asked by the node's name, the graph may answer for the node of an earlier test, not yet collected.
    def published(topic):
        return "infonet" in {info.node_name for info in robot.node.get_publishers_info_by_topic(topic)}

    drive_until(lambda: all(map(published, named)))


def test_nothing_is_drawn_without_a_subscriber(drive, monkeypatch):
    drawn = []
    for place in ("publishers.HeatMap.render", "markers.dependence_graph"):
        name = f"infonet_ros.node.outputs.{place}"
        monkeypatch.setattr(name, lambda *_, name=name, **__: drawn.append(name))
    robot, drive_until = drive
    latched = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    robot.subscribe(MutualInformationMatrix, "/infonet/channels", latched)
    robot.subscribe(MutualInformationMatrix, "/infonet/modalities", latched)
    drive_until(lambda: min(map(len, robot.received.values())) >= 2)
    assert drawn == []


def check_image(images, matrices):
    """The cells of the last image have the colours of the matrix, on the scale of the images so far."""
    scale, pairs = palette.Scale(), same_windows(images, matrices)
    end = [scale.end(matrix.mi) for _, matrix in pairs][-1]
    message, matrix = pairs[-1]
    assert message.encoding == "rgb8"
    assert message.header.frame_id == "chassis"
    assert message.step == 3 * message.width
    assert min(message.width, message.height) >= 480
    assert matrix.mi[0, 2] > 0.3
    picture = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.width, 3)
    layout = HeatMapLayout.of(matrix.names)
    for row, column in itertools.permutations(range(3), 2):
        assert (picture[layout.box(row, column)][-2, 1] == palette.colours(matrix.mi[row, column], end)).all()


def check_markers(arrays, matrices):
    *_, (array, matrix) = same_windows(arrays, matrices)
    markers = [marker for marker in array.markers if marker.action == Marker.ADD]
    assert {marker.header.frame_id for marker in markers} == {"chassis"}
    texts = {marker.ns: [m.text for m in markers if m.ns == marker.ns] for marker in markers}
    assert texts["names"] == ["gyro", "accelerometer"]
    assert texts["nats"] == [f"{matrix.mi[0, 1]:.2f} nats"]


def stamp(message):
    header = message.markers[0].header if isinstance(message, MarkerArray) else message.header
    return header.stamp.sec, header.stamp.nanosec


def same_windows(messages, matrices):
    """Messages with the matrix of the same window, in the order of the messages."""
    by_stamp = {stamp(matrix): matrix_from_message(matrix) for matrix in matrices}
    return [(message, by_stamp[stamp(message)]) for message in messages if stamp(message) in by_stamp]
