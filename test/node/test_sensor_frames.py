import sys
import time

import pytest

rclpy = pytest.importorskip("rclpy", reason="rclpy is not installed: source ROS 2, or run `make setup`")
from geometry_msgs.msg import TransformStamped
from rclpy.executors import SingleThreadedExecutor

from infonet_ros.node.outputs.sensor_frames import SensorFrames


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("viewer", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_without_tf2_no_place_is_known_and_this_is_logged_once(node, monkeypatch):
    said = []
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    monkeypatch.setattr(node, "get_logger", lambda: type("Log", (), {"info": lambda _, text: said.append(text)})())
    sensors = SensorFrames(node, "base_link")
    assert said == []
    assert sensors.positions({"imu": "imu_link"}) == {}
    assert sensors.positions({"imu": "imu_link"}) == {}
    assert len(said) == 1
    assert "ros-$ROS_DISTRO-tf2-ros-py" in said[0]
    sensors.close()


def test_places_come_from_tf(node):
    tf2_ros = pytest.importorskip("tf2_ros", reason="tf2_ros is not installed: apt install ros-$ROS_DISTRO-tf2-ros-py")
    transform = TransformStamped()
    transform.header.frame_id, transform.child_frame_id = "base_link", "imu_link"
    transform.transform.translation.x, transform.transform.translation.z = 0.25, 0.5
    transform.transform.rotation.w = 1.0
    broadcaster = tf2_ros.StaticTransformBroadcaster(node)
    broadcaster.sendTransform(transform)
    sensors = SensorFrames(node, "base_link")
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    deadline = time.monotonic() + 60.0
    while not (places := sensors.positions({"imu": "imu_link", "scan": "laser", "command": ""})):
        assert time.monotonic() < deadline, "the transform did not arrive in time"
        executor.spin_once(timeout_sec=0.05)
    assert places == {"imu": pytest.approx((0.25, 0.0, 0.5))}
    sensors.close()
    assert "/tf_static" not in {subscription.topic_name for subscription in node.subscriptions}
    assert not [service for service in node.services if service.srv_name.endswith("tf2_frames")]
    executor.shutdown()
