"""The topic ``~/image``: the heat map of each matrix, drawn only while somebody subscribes."""

from array import array

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing.heatmap import HeatMap
from infonet_ros.node.matrix_publisher import MatrixPublisher
from infonet_ros.node.messages import time_message

IMAGE_TOPIC = "~/image"


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
