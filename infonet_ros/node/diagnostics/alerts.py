"""The topic ~/alerts: the status of each alert when it begins, changes or ends."""

import threading
from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile

from infonet_ros.node.diagnostics.statuses import ERROR
from infonet_ros.text import listed


class Alerts:
    """Publishes the status of a watched pair or channel when its alert begins, changes or ends, and all active ones.

    So the last messages (as many as are watched, ``most``) contain every active alert, for late subscribers.
    """

    def __init__(self, node: LifecycleNode, most: int) -> None:
        self._node = node
        latched = QoSProfile(depth=max(1, most), durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._publisher = node.create_lifecycle_publisher(DiagnosticStatus, "~/alerts", latched)
        self._lasting: dict[str, DiagnosticStatus] = {}
        self._lock = threading.Lock()  # windows are judged on the worker's thread, samples on the reader's

    def update(self, statuses: Mapping[str, DiagnosticStatus]) -> None:
        """Take the newest status of some pairs or channels, by name; one of level ERROR is an alert."""
        with self._lock:
            before = self._lasting
            on = {name: status for name, status in statuses.items() if status.level == ERROR}
            ended = [name for name in statuses if name in before and name not in on]
            begun = [name for name in on if name not in before or _kind(on[name]) != _kind(before[name])]
            lasting = {name: status for name, status in (before | on).items() if name not in (*ended, *begun)}
            self._lasting = lasting | {name: on[name] for name in begun}
            for message in dict.fromkeys(on[name].message for name in begun):  # one channel may end many pairs
                names = [name for name in begun if on[name].message == message]
                self._node.get_logger().warning(f"{listed(names)}: {message}")
            for name in ended:
                self._node.get_logger().info(f"{name}: the alert has ended, {statuses[name].message}")
            if ended or begun:
                for status in (*(statuses[name] for name in ended), *self._lasting.values()):
                    self._publisher.publish(status)

    def close(self) -> None:
        """Destroy the publisher."""
        self._node.destroy_lifecycle_publisher(self._publisher)


def _kind(status: DiagnosticStatus) -> str:
    """Return what is wrong with a pair of a baseline, which may show a while after its alert began."""
    return next((one.value for one in status.values if one.key == "kind"), "")
