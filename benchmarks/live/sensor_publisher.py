"""Publishes the same message of a sensor again and again, with its stamp, in a process of its own. Needs ROS 2."""

import argparse
import time
from typing import Any

import rclpy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, Imu

from benchmarks.live.load import BOUND

IMAGE_SHAPE = (480, 640, 3)
"""Rows, columns and colours: 0.9 MB."""

SUBSCRIBERS = 2  # the node, and the bare process


def main() -> None:
    """Publish as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live.sensor_publisher", description=__doc__)
    parser.add_argument("topics", nargs="+")
    parser.add_argument("--kind", choices=("imu", "image"), required=True)
    parser.add_argument("--rate", type=float, required=True, help="Hz, of each topic")
    parser.add_argument("--count", type=int, required=True, help="messages on each topic")
    given = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node("sensor_publisher")
    message = Imu() if given.kind == "imu" else image()
    publishers = [node.create_publisher(type(message), topic, QoSProfile(depth=100)) for topic in given.topics]
    deadline = time.monotonic() + BOUND
    while not all(publisher.get_subscription_count() >= SUBSCRIBERS for publisher in publishers):
        if time.monotonic() > deadline:
            raise SystemExit(f"not {SUBSCRIBERS} subscribers of {', '.join(given.topics)} within {BOUND:g} s.")
        time.sleep(0.1)
    due = time.monotonic()
    for _ in range(given.count):
        due += 1.0 / given.rate
        time.sleep(max(0.0, due - time.monotonic()))
        for publisher in publishers:
            message.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(message)
    for publisher in publishers:
        publisher.wait_for_all_acked()
    rclpy.shutdown()


def image() -> Any:
    """Return a picture of noise."""
    rows, columns, colours = IMAGE_SHAPE
    return Image(
        encoding="rgb8", height=rows, width=columns, step=columns * colours, data=bytes(rows * columns * colours)
    )


if __name__ == "__main__":
    main()
