"""Positions of sensors, looked up in tf2 by their frames."""

from collections.abc import Mapping
from typing import Any

from rclpy.node import Node
from rclpy.time import Time

from infonet_ros.drawing.graph import Point


class SensorFrames:
    """Looks up the positions of sensors in the frame ``frame_id``.

    tf2 is imported at the first look-up, because listening to ``/tf`` costs time on a busy robot. Without tf2 no
    position is known.
    """

    def __init__(self, node: Node, frame_id: str) -> None:
        self._node = node
        self._frame_id = frame_id
        self._tf2: Any = None
        self._buffer: Any = None
        self._listener: Any = None
        self._asked = False

    def positions(self, frames: Mapping[str, str]) -> dict[str, Point]:
        """Return the position of each sensor whose frame is known to tf, metres; ``frames`` are theirs by name."""
        if not self._asked:
            self._asked = True
            self._listen()
        if self._buffer is None:
            return {}
        places = {name: self._look_up(frame) for name, frame in frames.items() if frame}
        return {name: place for name, place in places.items() if place is not None}

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.unregister()
            self._node.destroy_service(self._buffer.srv)
        self._listener = self._buffer = None
        self._asked = False

    def _listen(self) -> None:
        try:
            import tf2_ros
        except ImportError:
            self._node.get_logger().info(
                "the markers are drawn on a circle, not at the sensors, because tf2_ros is not installed: "
                "on Debian, apt install ros-$ROS_DISTRO-tf2-ros-py"
            )
            return
        self._tf2 = tf2_ros
        # Needs the node, so that the buffer is emptied when simulated time jumps back.
        self._buffer = tf2_ros.Buffer(node=self._node)
        self._listener = tf2_ros.TransformListener(self._buffer, self._node, spin_thread=False)

    def _look_up(self, frame: str) -> Point | None:
        try:
            transform = self._buffer.lookup_transform(self._frame_id, frame, Time())
        except self._tf2.TransformException:  # not known, or not yet
            return None
        place = transform.transform.translation
        return (place.x, place.y, place.z)
