import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from recordings import write_ros2
from rosbags.highlevel import AnyReader
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_typestore
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Imu, NavSatFix
from std_msgs.msg import Float64, String

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import Span
from infonet_ros.node.tools.player import CLOCK_PERIOD, Playback, PlaybackClock, Player

HUSKY = Path(__file__).parents[2] / "share" / "husky"
BOUND = 120.0  # seconds until a test gives up, on a busy machine
SECOND = 1_000_000_000


@pytest.fixture
def graph():
    """Two nodes in their own domain."""
    context = rclpy.Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    yield rclpy.create_node("sender", context=context), rclpy.create_node("receiver", context=context)
    rclpy.shutdown(context=context)


def receive(node, message_type, topic, qos=1000, raw=False):
    received = []
    node.create_subscription(message_type, topic, received.append, qos, raw=raw)
    return received


def spin_until(node, condition):
    executor = rclpy.executors.SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    end = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < end, "nothing came in time"
        executor.spin_once(timeout_sec=0.05)
    executor.shutdown()


def play(graph, bag, **playback):
    """Play to the end; what comes waits in the receiver's queue."""
    player = Player(graph[0], bag, Playback(wait=BOUND, **playback))
    player.wait_for_subscribers()
    player.play()
    return player


def ros1_bag(path):
    """Write a ROS 1 bag with a message whose fields ROS 2 renamed, and one with a sequence number in its header."""
    store = get_typestore(Stores.ROS1_NOETIC)
    types = store.types
    header = types["std_msgs/msg/Header"](seq=7, stamp=types["builtin_interfaces/msg/Time"](12, 34), frame_id="imu")
    vector, covariance = types["geometry_msgs/msg/Vector3"], np.arange(9.0)
    imu = types["sensor_msgs/msg/Imu"](
        header, types["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0), covariance,
        vector(1.0, 2.0, 3.0), covariance,
        vector(4.0, 5.0, 6.0), covariance,
    )  # fmt: skip
    roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    camera = types["sensor_msgs/msg/CameraInfo"](
        header, 480, 640, "plumb_bob", np.arange(5.0), np.arange(9.0), np.eye(3).ravel(), np.arange(12.0), 1, 1, roi
    )
    with Writer1(path) as writer:
        for second, (topic, message) in enumerate((("/imu", imu), ("/camera_info", camera)), start=10):
            name = message.__msgtype__
            connection = writer.add_connection(topic, name, typestore=store, latching=1)
            writer.write(connection, second * SECOND, store.serialize_ros1(message, name))
    return path


def test_a_ros2_bag_arrives_byte_by_byte(graph):
    received = receive(graph[1], Imu, "/imu/data", raw=True)
    with Bag([HUSKY]) as bag:
        player = play(graph, bag, topics=["/imu/*"], start=100.0, duration=2.0, rate=50.0)
    spin_until(graph[1], lambda: len(received) == player.played)

    with AnyReader([HUSKY]) as reader:
        begin = reader.start_time + 100 * SECOND
        connections = [c for c in reader.connections if c.topic == "/imu/data"]
        expected = [raw for _, _, raw in reader.messages(connections, begin, begin + 2 * SECOND)]
    assert len(expected) == 60
    assert received == expected


def test_a_ros1_bag_arrives_as_ros2_messages(graph, tmp_path):
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    imus = receive(graph[1], Imu, "/imu", latched)
    cameras = receive(graph[1], CameraInfo, "/camera_info", latched)
    with Bag([ros1_bag(tmp_path / "old.bag")]) as bag:
        play(graph, bag)
    spin_until(graph[1], lambda: imus and cameras)

    assert (imus[0].header.stamp.sec, imus[0].header.stamp.nanosec, imus[0].header.frame_id) == (12, 34, "imu")
    assert imus[0].angular_velocity.z == 3.0
    assert imus[0].linear_acceleration.x == 4.0
    assert list(cameras[0].d) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert (cameras[0].width, cameras[0].height, cameras[0].p[11]) == (640, 480, 11.0)


def test_a_latched_topic_reaches_a_late_subscriber(graph, tmp_path):
    store = get_typestore(Stores.ROS2_JAZZY)
    for_ever = QosTime(2147483647, 4294967295)
    latched = Qos(
        QosHistory.KEEP_LAST, 1, QosReliability.RELIABLE, QosDurability.TRANSIENT_LOCAL, for_ever, for_ever,
        QosLiveliness.AUTOMATIC, for_ever, avoid_ros_namespace_conventions=False,
    )  # fmt: skip
    with Writer2(tmp_path / "bag", version=9) as writer:
        name = "std_msgs/msg/String"
        connection = writer.add_connection("/words", name, typestore=store, offered_qos_profiles=[latched])
        writer.write(connection, 0, store.serialize_cdr(store.types[name]("hello"), name))
    with Bag([tmp_path / "bag"]) as bag:
        assert bag.connections[0].latched
        Player(graph[0], bag, Playback()).play()
        words = receive(graph[1], String, "/words", QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))
        spin_until(graph[1], lambda: words)

    assert words[0].data == "hello"


class WallTime:
    """In place of the module `time`: seconds that the test sets; a sleep takes ``extra`` seconds more."""

    def __init__(self, now=0.0, extra=0.0):
        self.now = now
        self._extra = extra

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds + self._extra


@pytest.mark.parametrize("extra", [0.0, 0.05], ids=["in time", "late"])
def test_the_clock_never_runs_ahead_of_the_recording(graph, monkeypatch, extra):
    clocks, imus = receive(graph[1], Clock, "/clock"), receive(graph[1], Imu, "/imu/data")
    with Bag([HUSKY]) as bag:
        player = Player(graph[0], bag, Playback(topics=["/imu/data"], duration=4.0, rate=10.0, clock=True))
        publishers = [one for one in graph[0].publishers if one.topic_name in ("/clock", "/imu/data")]
        assert len(publishers) == 2
        spin_until(graph[1], lambda: all(one.get_subscription_count() for one in publishers))
        monkeypatch.setattr(f"{Player.__module__}.time", WallTime(extra=extra))
        player.play()
        spin_until(graph[1], lambda: len(imus) == player.played)
        times = [stamp.clock.sec * SECOND + stamp.clock.nanosec for stamp in clocks]
        assert len(times) > 5
        assert times == sorted(times)
        assert bag.start <= times[0] and times[-1] <= bag.start + 4 * SECOND + SECOND // 5


def floats_on(path, store, *topics):
    kind = "std_msgs/msg/Float64"
    message = store.types[kind](data=1.0)
    return write_ros2(path, store, [(topic, kind, k * SECOND, message) for k in range(3) for topic in topics])


def test_a_topic_that_ros_2_refuses_keeps_no_other_from_being_played(graph, store, tmp_path, capfd):
    """Recordings of ROS 1 have such names, and those of strangers have any."""
    path = floats_on(tmp_path / "odd", store, "/1st", "/fine", "/\x1b[2J", "/" + 300 * "n", "/rosout")
    received = receive(graph[1], Float64, "/fine")
    with Bag([path]) as bag:
        player = Player(graph[0], bag, Playback(rate=100.0))
        player.wait_for_subscribers()
        player.play()
    assert player.played == 3
    spin_until(graph[1], lambda: len(received) == 3)
    told = capfd.readouterr().err
    assert "/1st cannot be played: ROS 2 does not allow this name: record the topic under another one." in told
    assert r"/\x1b[2J cannot be played: ROS 2 does not allow this name" in told
    assert "/rosout cannot be played: ROS 2 refuses it (" in told


def test_nothing_but_topics_that_ros_2_refuses_is_one_sentence_for_each(graph, store, tmp_path):
    with (
        Bag([floats_on(tmp_path / "odd", store, "/1st", "/é")]) as bag,
        pytest.raises(RecordingError, match=r"^/1st cannot be played: .* one\. /é cannot be played: .* one\.$"),
    ):
        Player(graph[0], bag, Playback())


@pytest.mark.parametrize(
    ("playback", "error", "sentence"),
    [
        (Playback(topics=["/lidar"]), RecordingError, "no topic of husky matches '/lidar'"),
        (Playback(start=1000.0), RecordingError, "lasts 395"),
        (Playback(duration=0.0), ConfigurationError, "--duration is 0: expected more"),
    ],
    ids=["a topic that is not there", "a start after the end", "no duration"],
)
def test_a_part_that_is_not_there_is_refused(graph, playback, error, sentence):
    with Bag([HUSKY]) as bag, pytest.raises(error, match=sentence):
        Player(graph[0], bag, playback)


@pytest.fixture
def wall(monkeypatch):
    wall = WallTime(now=100.0)
    monkeypatch.setattr(f"{Player.__module__}.time", wall)
    return wall


def test_messages_are_due_by_the_start_and_the_rate_alone(wall):
    clock = PlaybackClock(Span(5 * SECOND, 50 * SECOND), rate=4.0)

    assert clock.remaining(5 * SECOND) == 0.0
    assert clock.remaining(25 * SECOND) == pytest.approx(5.0)
    wall.now = 103.0
    assert clock.remaining(25 * SECOND) == pytest.approx(2.0)
    wall.now = 106.0
    assert clock.remaining(25 * SECOND) == 0.0
    assert clock.remaining(33 * SECOND) == pytest.approx(1.0)


def test_the_clock_ticks_at_its_period_in_recording_time(wall):
    clock = PlaybackClock(Span(5 * SECOND, 50 * SECOND), rate=4.0)

    assert clock.tick() == 5 * SECOND
    wall.now = 100.0 + 0.5 * CLOCK_PERIOD
    assert clock.tick() is None
    wall.now = 101.0
    assert clock.tick() == 9 * SECOND
    wall.now = 102.0
    assert clock.tick(at_most=10 * SECOND) == 10 * SECOND


def ignore():
    """As a shell does before it starts a program in its background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_the_command_loops_until_interrupted(graph):
    command = [sys.executable, "-m", "infonet_ros", "play", str(HUSKY), "--topics", "/fix", "--loop"]
    command += ["--duration", "2", "--rate", "20"]
    fixes = receive(graph[1], NavSatFix, "/fix")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ignore)
    try:
        spin_until(
            graph[1], lambda: any(later.header.stamp.sec < first.header.stamp.sec for first, later in pairwise(fixes))
        )
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=BOUND)
    finally:
        process.kill()

    assert (process.returncode, errors) == (0, "")  # or ros2 launch reports that it died
    assert re.fullmatch(r"Played \d+ messages of husky in .* s\.\n", output)
