"""Publishers of matrices: as messages, as a picture, as markers."""

from abc import ABC, abstractmethod
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile

from infonet_ros.dependence.matrix import DependenceMatrix


class MatrixPublisher(ABC):
    """Publishes each matrix, as a message of a ``kind``, on one topic of the node, only while somebody subscribes."""

    def __init__(self, node: LifecycleNode, kind: type[Any], topic: str, qos: QoSProfile) -> None:
        self._node = node
        self._publisher = node.create_lifecycle_publisher(kind, topic, qos)

    def wanted(self) -> bool:
        """Return whether there is a subscriber; without one, nothing is drawn or sent."""
        return self._publisher.get_subscription_count() > 0

    @abstractmethod
    def publish(self, matrix: DependenceMatrix) -> None:
        """Send one matrix; called on the worker's thread, only while the node is active."""

    def close(self) -> None:
        """Destroy the publisher; called on the executor's thread at cleanup."""
        self._node.destroy_lifecycle_publisher(self._publisher)
