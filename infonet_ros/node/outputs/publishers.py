"""The publishers of matrices: a list for each kind.

They are made when the node is configured. `Outputs` checks ``wanted`` before each matrix, and calls ``publish`` on the
worker's thread, so drawing delays no message. To add a `MatrixPublisher`, name it in `Outputs`.
"""

from array import array
from collections.abc import Callable, Mapping

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing.heatmap import HeatMap
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.outputs.markers import MarkerPublisher
from infonet_ros.node.outputs.matrix_publisher import MatrixPublisher
from infonet_ros.node.outputs.messages import matrix_message, time_message

CHANNELS_TOPIC = "~/channels"
MODALITIES_TOPIC = "~/modalities"
TRANSFER_TOPIC = "~/transfer"
IMAGE_TOPIC = "~/image"


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


class ImagePublisher(MatrixPublisher):
    """Publishes heat maps of matrices as rgb8 images, reliably, in the frame of the parameter ``frame_id``."""

    def __init__(self, node: LifecycleNode) -> None:
        super().__init__(node, Image, IMAGE_TOPIC, QoSProfile(depth=1))
        self._heat_map = HeatMap()
        self._frame_id = node.get_parameter("frame_id").value

    def publish(self, matrix: DependenceMatrix) -> None:
        """Draw and send one matrix."""
        picture = self._heat_map.render(matrix)
        height, width, channels = picture.shape
        message = Image(height=height, width=width, encoding="rgb8", is_bigendian=0, step=width * channels)
        message.header.stamp = time_message(matrix.end)
        message.header.frame_id = self._frame_id
        # rclpy copies an array as it is; in any other type it checks each of the millions of bytes.
        message.data = array("B", picture.tobytes())
        self._publisher.publish(message)


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
