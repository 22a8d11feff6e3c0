"""The publishers of matrices: a list for each kind.

They are made when the node is configured. `Outputs` checks ``wanted`` before each matrix, and calls ``publish`` on the
worker's thread, so drawing delays no message. To add a `MatrixPublisher`, name it in `Outputs`.
"""

from collections.abc import Callable, Mapping

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.image import ImagePublisher
from infonet_ros.node.markers import MarkerPublisher
from infonet_ros.node.matrix_publisher import MatrixPublisher
from infonet_ros.node.messages import matrix_message

CHANNELS_TOPIC = "~/channels"
MODALITIES_TOPIC = "~/modalities"
TRANSFER_TOPIC = "~/transfer"


class MessagePublisher(MatrixPublisher):
    """Publishes matrices as MutualInformationMatrix; the last one is kept for late subscribers.

    With ``always``, matrices are computed without a subscriber, too.
    """

    def __init__(self, node: LifecycleNode, topic: str, always: bool = False) -> None:
        qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        super().__init__(node, MutualInformationMatrix, topic, qos)
        self._always = always

    def wanted(self) -> bool:
        """Return whether a matrix is needed."""
        return self._always or super().wanted()

    def publish(self, matrix: DependenceMatrix) -> None:
        """Send one matrix."""
        self._publisher.publish(matrix_message(matrix))


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
