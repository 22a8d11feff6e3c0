"""The publishers of matrices: a list for each kind.

A class that shows or sends matrices is a `MatrixPublisher`. It is created at configuration with the node as its only
argument. It creates its publishers with ``node.create_lifecycle_publisher``, with
names relative to the node (``~/...``). `Outputs` checks ``wanted`` before each matrix, and calls ``publish`` on the
worker's thread, so drawing delays no message. To add a class, name it in `Outputs`.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.image import ImagePublisher
from infonet_ros.node.markers import MarkerPublisher
from infonet_ros.node.messages import matrix_message

CHANNELS_TOPIC = "~/channels"
MODALITIES_TOPIC = "~/modalities"
TRANSFER_TOPIC = "~/transfer"


class MatrixPublisher(Protocol):
    """Publishes matrices as a message, a picture or markers."""

    def wanted(self) -> bool:
        """Return whether there is a subscriber; without one, nothing is drawn or sent."""

    def publish(self, matrix: DependenceMatrix) -> None:
        """Send one matrix; called on the worker's thread, only while the node is active."""

    def close(self) -> None:
        """Destroy the publishers; called on the executor's thread at cleanup."""


class MessagePublisher:
    """Publishes matrices as MutualInformationMatrix; the last one is kept for late subscribers.

    With ``always``, matrices are computed without a subscriber, too.
    """

    def __init__(self, node: LifecycleNode, topic: str, always: bool = False) -> None:
        self._node = node
        self._always = always
        qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._publisher = node.create_lifecycle_publisher(MutualInformationMatrix, topic, qos)

    def wanted(self) -> bool:
        """Return whether a matrix is needed."""
        return self._always or self._publisher.get_subscription_count() > 0

    def publish(self, matrix: DependenceMatrix) -> None:
        """Send one matrix."""
        self._publisher.publish(matrix_message(matrix))

    def close(self) -> None:
        """Destroy the publisher."""
        self._node.destroy_lifecycle_publisher(self._publisher)


class Outputs:
    """The publishers of the matrices of channels, of modalities, and of transfer entropy."""

    def __init__(self, node: LifecycleNode, sensor_frames: Callable[[], Mapping[str, str]]) -> None:
        self.channels: list[MatrixPublisher] = [
            MessagePublisher(node, CHANNELS_TOPIC, always=True),
            ImagePublisher(node),
        ]
        self.modalities: list[MatrixPublisher] = [
            MessagePublisher(node, MODALITIES_TOPIC),
            MarkerPublisher(node, sensor_frames),
        ]
        self.transfer: list[MatrixPublisher] = [MessagePublisher(node, TRANSFER_TOPIC)]

    def close(self) -> None:
        """Destroy all publishers."""
        for publisher in (*self.channels, *self.modalities, *self.transfer):
            publisher.close()


def anybody_wants(publishers: list[MatrixPublisher]) -> bool:
    """Return whether any of the publishers has a subscriber."""
    return any(publisher.wanted() for publisher in publishers)


def publish_to_all(publishers: list[MatrixPublisher], matrix: DependenceMatrix) -> None:
    """Send a matrix to each publisher with a subscriber."""
    for publisher in publishers:
        if publisher.wanted():
            publisher.publish(matrix)
