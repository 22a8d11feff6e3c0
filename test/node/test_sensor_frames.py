import sys

import pytest
from geometry_msgs.msg import TransformStamped

from infonet_ros.node.outputs.sensor_frames import SensorFrames


def test_without_tf2_no_place_is_known_and_this_is_logged_once(graph, monkeypatch):
    node, said = graph.robot, []
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    monkeypatch.setattr(node, "get_logger", lambda: type("Log", (), {"info": lambda _, text: said.append(text)})())
    sensors = SensorFrames(node, "base_link")
    assert said == []
    assert sensors.positions({"imu": "imu_link"}) == {}
    assert sensors.positions({"imu": "imu_link"}) == {}
    assert len(said) == 1
    assert "ros-$ROS_DISTRO-tf2-ros-py" in said[0]
    sensors.close()


def test_places_come_from_tf(graph):
    tf2_ros = pytest.importorskip("tf2_ros", reason="tf2_ros is not installed: apt install ros-$ROS_DISTRO-tf2-ros-py")
    transform = TransformStamped()
    transform.header.frame_id, transform.child_frame_id = "base_link", "imu_link"
    transform.transform.translation.x, transform.transform.translation.z = 0.25, 0.5
    transform.transform.rotation.w = 1.0
    broadcaster = tf2_ros.StaticTransformBroadcaster(graph.robot)
    broadcaster.sendTransform(transform)
    sensors = SensorFrames(graph.robot, "base_link")
    places = graph.until(lambda: sensors.positions({"imu": "imu_link", "scan": "laser", "command": ""}))
    assert places == {"imu": pytest.approx((0.25, 0.0, 0.5))}
    sensors.close()
    assert "/tf_static" not in {subscription.topic_name for subscription in graph.robot.subscriptions}
    assert not [service for service in graph.robot.services if service.srv_name.endswith("tf2_frames")]
