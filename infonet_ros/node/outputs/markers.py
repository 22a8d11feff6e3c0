"""The topic ``~/markers``: the graph of modalities for rviz and Foxglove, drawn only while somebody subscribes."""

from collections.abc import Callable, Iterable, Mapping

from geometry_msgs.msg import Point as PointMessage
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing import palette
from infonet_ros.drawing.graph import Colour, Edge, Graph, Point, Vertex, dependence_graph
from infonet_ros.node.outputs.matrix_publisher import MatrixPublisher
from infonet_ros.node.outputs.messages import time_message
from infonet_ros.node.outputs.sensor_frames import SensorFrames

MARKERS_TOPIC = "~/markers"

_WHITE: Colour = (1.0, 1.0, 1.0, 1.0)

MarkerKey = tuple[str, int]
"""Namespace and id, which identify a marker."""


class MarkerPublisher(MatrixPublisher):
    """Publishes matrices of modalities as markers, in the frame of the parameter ``frame_id``.

    ``frames`` returns the known tf frames of the sensors, by the modality's name.
    """

    def __init__(self, node: LifecycleNode, frames: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(node, MarkerArray, MARKERS_TOPIC, QoSProfile(depth=1))
        self._frames = frames
        self._frame_id = node.get_parameter("frame_id").value
        self._radius = node.get_parameter("marker_radius").value
        self._sensors = SensorFrames(node, self._frame_id)
        self._scale = palette.Scale()
        self._shown: frozenset[MarkerKey] | None = None

    def publish(self, matrix: DependenceMatrix) -> None:
        """Draw and send one matrix."""
        places = self._sensors.positions(self._frames())
        graph = dependence_graph(matrix, places, radius=self._radius, end=self._scale.end(matrix.mi))
        header = Header(stamp=time_message(matrix.end), frame_id=self._frame_id)
        message = marker_array(graph, header, self._lifetime(matrix), self._shown)
        self._shown = keys(message.markers)
        self._publisher.publish(message)

    def close(self) -> None:
        """Destroy the publisher, and stop listening to tf."""
        self._sensors.close()
        super().close()

    def _lifetime(self, matrix: DependenceMatrix) -> Duration:
        """Return the time after which rviz deletes the markers, so that a stopped node leaves no graph."""
        hop = self._node.get_parameter("hop").value
        return Duration(nanoseconds=max(matrix.end - matrix.start, int(3e9 * hop)))


def marker_array(
    graph: Graph, header: Header, lifetime: Duration, shown: frozenset[MarkerKey] | None = None
) -> MarkerArray:
    """Turn a graph into markers with a lifetime, in the frame and at the time of a header.

    ``shown`` are those of the message before: the ones that are not in this one are deleted. Without it, all markers of
    the topic are deleted.
    """
    markers = [marker for vertex_id, vertex in enumerate(graph.vertices) for marker in _vertex(vertex_id, vertex)]
    count = len(graph.vertices)
    markers += [marker for edge in graph.edges for marker in _edge(edge.row * count + edge.column, edge)]
    for marker in markers:
        marker.lifetime = lifetime.to_msg()
        marker.pose.orientation.w = 1.0
        # The positions hold at any time in this frame, so the newest transform of it is the right one.
        marker.frame_locked = True
    if shown is None:
        markers.insert(0, Marker(action=Marker.DELETEALL))
    else:
        gone = sorted(shown - keys(markers))
        markers += [Marker(ns=namespace, id=number, action=Marker.DELETE) for namespace, number in gone]
    for marker in markers:
        marker.header = header
    return MarkerArray(markers=markers)


def keys(markers: Iterable[Marker]) -> frozenset[MarkerKey]:
    """Return namespace and id of the markers that are added."""
    return frozenset((marker.ns, marker.id) for marker in markers if marker.action == Marker.ADD)


def _vertex(number: int, vertex: Vertex) -> tuple[Marker, Marker]:
    sphere = Marker(ns="modalities", id=number, type=Marker.SPHERE, color=_colour(vertex.colour))
    sphere.pose.position = _point(vertex.position)
    sphere.scale.x = sphere.scale.y = sphere.scale.z = vertex.diameter
    return sphere, _text("names", number, vertex.name, vertex.label, vertex.letters, vertex.colour)


def _edge(number: int, edge: Edge) -> tuple[Marker, Marker]:
    line = Marker(ns="dependence", id=number, type=Marker.LINE_STRIP, color=_colour(edge.colour))
    line.points = [_point(end) for end in edge.ends]
    line.scale.x = edge.width
    return line, _text("nats", number, edge.text, edge.label, edge.letters, (*_WHITE[:3], edge.colour[3]))


def _text(namespace: str, number: int, text: str, position: Point, letters: float, colour: Colour) -> Marker:
    marker = Marker(ns=namespace, id=number, type=Marker.TEXT_VIEW_FACING, text=text, color=_colour(colour))
    marker.pose.position = _point(position)
    marker.scale.z = letters
    return marker


def _colour(colour: Colour) -> ColorRGBA:
    red, green, blue, opacity = colour
    return ColorRGBA(r=red, g=green, b=blue, a=opacity)


def _point(point: Point) -> PointMessage:
    x, y, z = point
    return PointMessage(x=x, y=y, z=z)
