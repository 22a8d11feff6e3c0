"""Publishes messages with their stamps, in a process of its own: noise that the topics share, or one sensor's message.

Needs ROS 2.
"""

import argparse
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import QuaternionStamped
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image, Imu

from benchmarks.live.load import BOUND, CHANNELS, IMAGE_SHAPE


def main() -> None:
    """Publish as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live.publisher", description=__doc__)
    parser.add_argument("topics", nargs="+")
    parser.add_argument("--kind", choices=_MESSAGES, default="noise")
    parser.add_argument("--rate", type=float, required=True, help="Hz, of each topic")
    parser.add_argument("--count", type=int, required=True, help="messages on each topic")
    parser.add_argument("--listeners", type=int, default=1, help="subscribers of each topic to wait for")
    given = parser.parse_args()
    # With the handlers of rclpy, a signal would end the context between any two lines.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: ended.append(number))
    node = rclpy.create_node("publisher_" + given.topics[0].strip("/"))
    draw = _MESSAGES[given.kind]()
    kind = type(draw(0.0))
    publishers = [node.create_publisher(kind, topic, QoSProfile(depth=100)) for topic in given.topics]
    deadline = time.monotonic() + BOUND
    while not ended and not all(publisher.get_subscription_count() >= given.listeners for publisher in publishers):
        if time.monotonic() > deadline:
            raise SystemExit(f"not {given.listeners} subscribers of {', '.join(given.topics)} within {BOUND:g} s.")
        time.sleep(0.1)
    rng, due = np.random.default_rng(0), time.monotonic()
    for _ in range(given.count):
        due += 1.0 / given.rate
        time.sleep(max(0.0, due - time.monotonic()))
        if ended:
            break
        common = rng.normal()
        for publisher in publishers:
            message = draw(common)
            message.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(message)
    for publisher in () if ended else publishers:
        publisher.wait_for_all_acked()
    rclpy.shutdown()


def _noise() -> Callable[[float], Any]:
    """Make messages of noise around what all topics share."""
    rng, message = np.random.default_rng(1), QuaternionStamped()

    def draw(common: float) -> QuaternionStamped:
        for name, value in zip(CHANNELS, common + rng.normal(size=len(CHANNELS)), strict=True):
            setattr(message.quaternion, name, float(value))
        return message

    return draw


def _same(message: Any) -> Callable[[float], Any]:
    return lambda common: message


def _image() -> Image:
    rows, columns, colours = IMAGE_SHAPE
    size = rows * columns * colours
    return Image(encoding="rgb8", height=rows, width=columns, step=columns * colours, data=bytes(size))


_MESSAGES: dict[str, Callable[[], Callable[[float], Any]]] = {
    "noise": _noise,
    "imu": lambda: _same(Imu()),
    "image": lambda: _same(_image()),
}
"""What makes the next message of a topic, from what all topics share."""


if __name__ == "__main__":
    main()
