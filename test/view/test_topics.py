"""The node's image and markers, as a subscriber in another node receives them over DDS."""

import itertools
import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="rclpy is not installed: source ROS 2, or run `make setup`")
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, Imu
from visualization_msgs.msg import Marker, MarkerArray

from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.infonet_node import InfonetNode
from infonet_ros.node.messages import matrix_from_message, time_message
from infonet_ros.view import palette
from infonet_ros.view.heatmap import Layout

DOMAIN = 60
RATE = 50.0
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
    """A node with two sensors that share a signal, and with subscriptions to what is to be seen."""

    def __init__(self, context):
        self.node = rclpy.create_node("robot", context=context)
        self.imu = self.node.create_publisher(Imu, "/imu", 200)
        self.accelerometer = self.node.create_publisher(Imu, "/accelerometer", 200)
        self.received = {}
        self._signal = np.random.default_rng(0)
        self._tick = 0

    def subscribe(self, kind, topic, qos=1):
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
def context():
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    yield context
    rclpy.shutdown(context=context)


@pytest.fixture
def drive(context):
    """A running node, and a function that drives the robot until a condition holds."""
    overrides = [Parameter(name, value=value) for name, value in PARAMETERS.items()]
    node = InfonetNode(context=context, parameter_overrides=overrides)
    robot = Robot(context)
    executor = SingleThreadedExecutor(context=context)
    for each in (node, robot.node):
        executor.add_node(each)
    node.start()

    def drive_until(condition, timeout=60.0):
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            robot.drive()
            executor.spin_once(timeout_sec=0.005)

    yield robot, drive_until
    node.end(5.0)
    robot.node.destroy_node()
    executor.shutdown()


def test_image_and_markers_show_the_published_matrix(drive):
    robot, drive_until = drive
    robot.subscribe(Image, "/infonet/image")
    robot.subscribe(MarkerArray, "/infonet/markers")
    latched = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    robot.subscribe(MutualInformationMatrix, "/infonet/channels", latched)
    robot.subscribe(MutualInformationMatrix, "/infonet/modalities", latched)

    def stamps(topic):
        return {(stamp.sec, stamp.nanosec) for stamp in (stamp_of(message) for message in robot.received[topic])}

    drive_until(lambda: stamps("/infonet/image") & stamps("/infonet/channels"))
    drive_until(lambda: stamps("/infonet/markers") & stamps("/infonet/modalities"))
    check_image(*newest_pair(robot.received["/infonet/image"], robot.received["/infonet/channels"]))
    check_markers(*newest_pair(robot.received["/infonet/markers"], robot.received["/infonet/modalities"]))


def test_nothing_is_drawn_while_nobody_subscribes(drive, monkeypatch):
    drawn = []
    for name in ("infonet_ros.view.image.HeatMap.render", "infonet_ros.view.markers.dependence_graph"):
        monkeypatch.setattr(name, lambda *_, name=name, **__: drawn.append(name))
    robot, drive_until = drive
    latched = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    robot.subscribe(MutualInformationMatrix, "/infonet/channels", latched)
    robot.subscribe(MutualInformationMatrix, "/infonet/modalities", latched)
    drive_until(lambda: min(map(len, robot.received.values())) >= 2)
    assert drawn == []


def check_image(message, matrix):
    assert message.encoding == "rgb8"
    assert message.header.frame_id == "chassis"
    assert message.step == 3 * message.width
    picture = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.width, 3)
    matrix = matrix_from_message(matrix)
    assert matrix.mi[0, 2] > 0.3
    layout = Layout.of(matrix.names)
    ends = [palette.scale_end(float(np.nanmax(matrix.mi)) * factor) for factor in (1.0, 1.3, 2.0)]
    shown = [
        all(
            (picture[layout.box(row, column)][-2, 1] == palette.colours(matrix.mi[row, column], end)).all()
            for row, column in itertools.permutations(range(3), 2)
        )
        for end in ends
    ]
    assert any(shown)


def check_markers(message, matrix):
    markers = [marker for marker in message.markers if marker.action == Marker.ADD]
    assert {marker.header.frame_id for marker in markers} == {"chassis"}
    texts = {marker.ns: [m.text for m in markers if m.ns == marker.ns] for marker in markers}
    assert texts["names"] == ["gyro", "accelerometer"]
    assert texts["nats"] == [f"{matrix.pairs[0].mi:.2f} nats"]


def stamp_of(message):
    return message.markers[0].header.stamp if isinstance(message, MarkerArray) else message.header.stamp


def newest_pair(messages, matrices):
    """Return the newest of two lists of messages that have the same stamp."""
    by_stamp = {(m.header.stamp.sec, m.header.stamp.nanosec): m for m in matrices}
    for message in reversed(messages):
        stamp = stamp_of(message)
        if (stamp.sec, stamp.nanosec) in by_stamp:
            return message, by_stamp[stamp.sec, stamp.nanosec]
    raise AssertionError("no two messages are of the same window")
