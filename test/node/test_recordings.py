"""Recordings of real robots, replayed into the node."""

from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from paired_topics import square
from rclpy.qos import QoSProfile
from rclpy.time import Time
from robot_graph import Diagnosis
from rosgraph_msgs.msg import Clock

from infonet_ros import InfoNet
from infonet_ros.dependence.window_matrices import channel_matrix
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.messages.types import message_class
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.settings import load_settings, settings_from_parameters

ROOT = Path(__file__).parents[2]
HUSKY = ROOT / "share" / "husky"
GUARDIAN = ROOT / "test" / "data" / "guardian"

YAW_RATES = {
    "modalities": ["imu", "odom"],
    "imu.topic": "/imu/data",
    "imu.channels": ["angular_velocity.x", "angular_velocity.y"],
    "odom.topic": "/husky_velocity_controller/odom",
    "odom.channels": ["twist.twist.angular.z"],
    "window": 20.0,
    "hop": 5.0,
    "max_lag": 0.4,
    "lag_step": 0.4,
}


def as_parameters(settings):
    """Flat parameters of settings that were read from a file."""
    flat = {"modalities": [modality.name for modality in settings.modalities]}
    for modality in settings.modalities:
        flat[f"{modality.name}.topic"] = modality.topic
        flat[f"{modality.name}.channels"] = list(modality.channels)
    return {**flat, "window": settings.window, "hop": settings.hop, "max_lag": settings.max_lag}


def replay(graph, node, recording, seconds, clock=None, keep=lambda topic, time: True):
    """Publish the raw messages of a bag in their order, as fast as the node takes them in."""
    topics = {topic.topic: topic.status for topic in node.topics.topics}
    sent = dict.fromkeys(topics, 0)
    publishers = {}
    with Bag([recording]) as bag:
        for topic in topics:
            kind = message_class(bag.topics[topic].type)
            publishers[topic] = graph.robot.create_publisher(kind, topic, QoSProfile(depth=100))
        graph.until(lambda: all(publisher.get_subscription_count() for publisher in publishers.values()))
        start = bag.start
        messages = bag.raw_messages(list(topics), start, start + round(seconds * 1e9))
        for count, (connection, received, raw) in enumerate(messages):
            if not keep(connection.topic, (received - start) / 1e9):
                continue
            if clock is not None:
                clock.publish(Clock(clock=Time(nanoseconds=received).to_msg()))
                graph.until(lambda received=received: node.get_clock().now().nanoseconds >= received)
            publishers[connection.topic].publish(bytes(raw))
            sent[connection.topic] += 1
            if count % 20 == 0:
                graph.until(lambda: all(topics[topic].received >= sent[topic] for topic in topics))
                graph.until(lambda: node.estimation.worker.idle)  # so that no window is skipped
        graph.until(lambda: all(topics[topic].received >= sent[topic] for topic in topics))


def offline(recording, settings, seconds, net):
    """Matrices by the end of their window, without ROS."""
    stream, found = WindowStream(settings), {}
    with Bag([recording]) as bag:
        for sample in bag.samples(settings.modalities, bag.start, bag.start + round(seconds * 1e9)):
            stream.push(sample.modality, sample.stamp, sample.values)
            for cut in stream.ready():
                matrix = channel_matrix(net, cut.align(), settings)
                found[matrix.end] = matrix
    return found


def test_live_and_offline_agree(graph):
    net = InfoNet.from_pretrained("cpu")
    expected = offline(HUSKY, settings_from_parameters(YAW_RATES), 60.0, net)
    received = graph.listen(MutualInformationMatrix, "/infonet/channels")
    node = graph.infonet(load=lambda device, weights: net, **YAW_RATES)
    replay(graph, node, HUSKY, 60.0)
    graph.until(lambda: node.estimation.worker.done + node.estimation.worker.skipped >= len(expected))
    graph.until(lambda: received and Time.from_msg(received[-1].window_end).nanoseconds == max(expected))
    assert len(received) >= 2
    for live in received:
        matrix = expected[Time.from_msg(live.window_end).nanoseconds]
        for field in ("mi", "lower", "upper", "lag"):
            np.testing.assert_allclose(square(live, field), getattr(matrix, field), atol=1e-5)
    best = max(received, key=lambda live: square(live)[1, 2])
    assert square(best)[1, 2] > 0.3  # the gyroscope's y axis is the robot's yaw
    assert square(best, "lag")[1, 2] == pytest.approx(0.4)  # and the odometry follows


def test_a_topic_that_freezes_half_way_raises_an_alert(graph):
    """The wheels' odometry stops at 40 s, while the robot turns on."""
    watch = {
        "watches": ["slip"],
        "slip.pair": ["imu.angular_velocity.y", "odom.twist.twist.angular.z"],
        "slip.threshold": 0.1,
        "slip.duration": 5.0,
    }
    alerts = graph.listen(DiagnosticStatus, "/infonet/alerts")
    node = graph.infonet(**{**YAW_RATES, **watch, "window": 10.0, "hop": 1.0, "max_lag": 0.0})
    replay(graph, node, HUSKY, 70.0, keep=lambda topic, time: time < 40.0 or topic == "/imu/data")
    alert = graph.until(lambda: alerts and alerts[0])
    assert alert.level == DiagnosticStatus.ERROR
    assert "imu.angular_velocity.y and odom.twist.twist.angular.z must stay dependent" in alert.message
    with Bag([HUSKY]) as bag:
        stamp = next(float(item.value) for item in alert.values if item.key == "stamp [s]")
        assert stamp > bag.start / 1e9 + 40.0


def test_the_guardian_with_its_parameter_file(graph):
    """Two publishers of joint states, commands without a header, two lasers, in simulated time."""
    settings = load_settings(ROOT / "config" / "guardian.yaml")
    changes = {"window": 6.0, "hop": 1.0, "max_lag": 0.0, "rate": 20.0, "use_sim_time": True}
    received = graph.listen(MutualInformationMatrix, "/infonet/channels")
    modalities = graph.listen(MutualInformationMatrix, "/infonet/modalities")
    clock = graph.robot.create_publisher(Clock, "/clock", 100)
    node = graph.infonet(**{**as_parameters(settings), **changes})
    graph.until(clock.get_subscription_count)
    replay(graph, node, GUARDIAN, 10.0, clock)
    graph.until(lambda: received and modalities)
    matrix = received[0]
    names = list(matrix.names)
    assert tuple(names) == settings.channel_names
    moving = [name for name, valid in zip(names, matrix.valid, strict=True) if valid]
    assert {name.partition(".")[0] for name in moving} >= {"command", "odom", "wheels", "front_laser", "back_laser"}
    speed, left, right = (
        names.index(name)
        for name in (
            "odom.twist.twist.linear.x",
            "wheels.position[joint_front_left_wheel]",
            "wheels.position[joint_front_right_wheel]",
        )
    )
    assert square(matrix)[left, right] > 0.3
    assert np.isfinite(square(matrix)[speed, [left, right]]).all()
    joints = next(topic.status for topic in node.topics.topics if topic.topic == "/joint_states")
    assert joints.unreadable == joints.unknown == 0
    status = Diagnosis(graph).until("infonet: /joint_states", lambda status: True)
    assert status.values
