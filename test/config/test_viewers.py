"""The layouts for rviz and Foxglove name only what the node publishes, under its own types and fields."""

import json
import re
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="rclpy is not installed: source ROS 2, or run `make setup`")
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from infonet_ros.msg import MutualInformationMatrix, MutualInformationPair
from infonet_ros.node.outputs.markers import MARKERS_TOPIC
from infonet_ros.node.outputs.publishers import CHANNELS_TOPIC, IMAGE_TOPIC, MODALITIES_TOPIC

CONFIG = Path(__file__).parents[2] / "config"
PUBLISHED = {
    topic.replace("~", "/infonet"): kind
    for topic, kind in {
        CHANNELS_TOPIC: MutualInformationMatrix,
        MODALITIES_TOPIC: MutualInformationMatrix,
        IMAGE_TOPIC: Image,
        MARKERS_TOPIC: MarkerArray,
        "~/alerts": DiagnosticStatus,
        "/diagnostics": DiagnosticArray,
    }.items()
}
RVIZ_TYPES = {"rviz_default_plugins/Image": Image, "rviz_default_plugins/MarkerArray": MarkerArray}
FOXGLOVE_TYPES = {"Image": Image, "3D": MarkerArray, "DiagnosticSummary": DiagnosticArray}


def test_rviz_shows_image_graph_and_tf():
    manager = yaml.safe_load((CONFIG / "infonet.rviz").read_text())["Visualization Manager"]
    displays = {display["Class"]: display for display in manager["Displays"]}
    assert {*RVIZ_TYPES, "rviz_default_plugins/TF"} <= set(displays)
    for name, kind in RVIZ_TYPES.items():
        assert PUBLISHED[displays[name]["Topic"]["Value"]] is kind
    assert all(display["Enabled"] for display in manager["Displays"])


def test_rviz_stands_in_the_frame_of_the_markers():
    from infonet_ros.settings import Settings

    manager = yaml.safe_load((CONFIG / "infonet.rviz").read_text())["Visualization Manager"]
    assert manager["Global Options"]["Fixed Frame"] == Settings().frame_id


@pytest.fixture
def foxglove():
    return json.loads((CONFIG / "foxglove.json").read_text())


def test_foxglove_lays_out_each_of_its_panels_once(foxglove):
    def panels(part):
        return [part] if isinstance(part, str) else panels(part["first"]) + panels(part["second"])

    assert sorted(panels(foxglove["layout"])) == sorted(foxglove["configById"])


def test_foxglove_panels_are_bound_to_topics_of_their_type(foxglove):
    for panel, config in foxglove["configById"].items():
        kind = panel.partition("!")[0]
        bound = {
            "Image": lambda config: [config["imageMode"]["imageTopic"]],
            "3D": lambda config: list(config["topics"]),
            "DiagnosticSummary": lambda config: [config["topicToRender"]],
            "RawMessages": lambda config: [config["topicPath"]],
            "Plot": lambda config: [],
        }[kind](config)
        for topic in bound:
            assert PUBLISHED[topic] is FOXGLOVE_TYPES.get(kind, PUBLISHED[topic])


def test_foxglove_plots_fields_that_exist(foxglove):
    paths = [path["value"] for config in foxglove["configById"].values() for path in config.get("paths", [])]
    assert any("pairs[:]" in path for path in paths)
    for path in paths:
        topic, part, filter_field, field = re.fullmatch(
            r"(/[\w/]+)\.(\w+)\[[:\d]+\](?:\{(\w+)==true\})?\.(\w+)", path
        ).groups()
        types = PUBLISHED[topic].get_fields_and_field_types()
        assert types[part] == "sequence<infonet_ros/MutualInformationPair>"
        fields = MutualInformationPair.get_fields_and_field_types()
        assert fields[field] == "float"
        assert filter_field is None or fields[filter_field] == "boolean"
