import math

import pytest
from rclpy.duration import Duration
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from infonet_ros.drawing.graph import dependence_graph
from infonet_ros.node.outputs.markers import keys, marker_array

NAMES = ["imu", "odom", "fix"]
HEADER = Header(frame_id="base_link")
NAN = float("nan")


def markers_of(make_matrix, pairs, shown=None, names=NAMES):
    matrix = make_matrix(names, pairs, method="sliced")
    graph = dependence_graph(matrix, {"imu": (0.1, 0.2, 0.3)}, radius=1.0, end=1.0)
    return marker_array(graph, HEADER, Duration(seconds=6), shown).markers


def in_namespace(markers, namespace):
    return {marker.id: marker for marker in markers if marker.ns == namespace and marker.action == Marker.ADD}


def test_a_known_matrix_becomes_the_right_markers(make_matrix):
    markers = markers_of(make_matrix, {("imu", "odom"): (0.9, 0.0, NAN), ("imu", "fix"): (0.2, 0.0, NAN)})
    spheres, names = in_namespace(markers, "modalities"), in_namespace(markers, "names")
    lines, nats = in_namespace(markers, "dependence"), in_namespace(markers, "nats")
    assert [names[number].text for number in sorted(names)] == NAMES
    assert sorted(spheres) == sorted(names) == [0, 1, 2]
    assert sorted(lines) == sorted(nats) == [1, 2, 5]
    assert {marker.type for marker in spheres.values()} == {Marker.SPHERE}
    assert {marker.type for marker in lines.values()} == {Marker.LINE_STRIP}
    assert nats[1].text == "0.90 nats"
    assert lines[1].scale.x > lines[2].scale.x > lines[5].scale.x
    assert spheres[0].pose.position.z == pytest.approx(0.3)
    assert lines[1].points == [spheres[0].pose.position, spheres[1].pose.position]


def test_markers_are_what_rviz_can_draw(make_matrix):
    markers = markers_of(make_matrix, {("imu", "odom"): (0.0, 0.0, 0.5)})
    assert len(keys(markers)) == len([marker for marker in markers if marker.action == Marker.ADD])
    for marker in markers:
        assert marker.header == HEADER
        if marker.action != Marker.ADD:
            continue
        used = {
            Marker.SPHERE: (marker.scale.x, marker.scale.y, marker.scale.z),
            Marker.LINE_STRIP: (marker.scale.x,),
            Marker.TEXT_VIEW_FACING: (marker.scale.z,),
        }[marker.type]
        assert min(used) > 0
        assert marker.color.a > 0
        assert marker.lifetime.sec == 6
        assert marker.frame_locked
        quaternion = marker.pose.orientation
        assert math.hypot(quaternion.x, quaternion.y, quaternion.z, quaternion.w) == pytest.approx(1.0)


def test_the_first_message_clears_what_others_left(make_matrix):
    markers = markers_of(make_matrix, {})
    assert markers[0].action == Marker.DELETEALL
    assert all(marker.action == Marker.ADD for marker in markers[1:])


def test_a_pair_that_is_no_longer_known_is_deleted(make_matrix):
    before = keys(markers_of(make_matrix, {}))
    markers = markers_of(make_matrix, {("imu", "odom"): (NAN, 0.0, NAN)}, shown=before)
    deleted = {(marker.ns, marker.id) for marker in markers if marker.action == Marker.DELETE}
    assert deleted == {("dependence", 1), ("nats", 1)}
    assert not any(marker.action == Marker.DELETEALL for marker in markers)
    assert keys(markers) == before - deleted
