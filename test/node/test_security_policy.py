"""The policy for SROS2 allows exactly the topics and services of the running node."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from nav_msgs.msg import Odometry
from rclpy.action import get_action_client_names_and_types_by_node, get_action_server_names_and_types_by_node
from sensor_msgs.msg import Imu

CONFIG = Path(__file__).parents[2] / "config"
ONLY_WITH_TF2 = {"/tf", "/tf_static"}


def allowed(kind, right):
    """Full names of the topics or services that the policy grants a right to."""
    (profile,) = ElementTree.parse(CONFIG / "sros2_policy.xml").iter("profile")
    node = f"{profile.get('ns')}{profile.get('node')}"
    granted = profile.iterfind(f"{kind}[@{right}='ALLOW']/*")
    return [name.text.replace("~", node) if name.text[0] == "~" else name.text for name in granted]


@pytest.fixture
def running(graph):
    """A function from a kind of endpoint to the names of those that the node has."""
    topics = {"/imu/data": Imu, "/husky_velocity_controller/odom": Odometry}
    publishers = [graph.robot.create_publisher(kind, topic, 10) for topic, kind in topics.items()]
    graph.infonet(cli_args=["--ros-args", "--params-file", str(CONFIG / "husky.yaml")])
    graph.until(lambda: all(publisher.get_subscription_count() for publisher in publishers))
    graph_query = "get_{}_names_and_types_by_node".format
    return lambda kind: {name for name, _ in getattr(graph.robot, graph_query(kind))("infonet", "/")}


def test_the_policy_is_the_graph_of_the_node(graph, running):
    assert running("publisher") == set(allowed("topics", "publish"))
    assert running("subscriber") - ONLY_WITH_TF2 == set(allowed("topics", "subscribe")) - ONLY_WITH_TF2
    assert running("service") == set(allowed("services", "reply"))
    assert running("client") == set(allowed("services", "request")) == set()
    for actions in (get_action_client_names_and_types_by_node, get_action_server_names_and_types_by_node):
        assert actions(graph.robot, "infonet", "/") == []


def test_nothing_is_granted_twice():
    for kind, right in (("topics", "publish"), ("topics", "subscribe"), ("services", "reply")):
        names = allowed(kind, right)
        assert sorted(set(names)) == sorted(names)
