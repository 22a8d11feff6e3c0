"""Publishes dependent noise, in a process of its own; `Load.publishing` starts it. Needs ROS 2."""

import argparse
import time

import numpy as np
import rclpy
from geometry_msgs.msg import QuaternionStamped
from rclpy.qos import QoSProfile

from benchmarks.live.load import BOUND, CHANNELS


def main() -> None:
    """Publish as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live.publisher", description=__doc__)
    parser.add_argument("topics", nargs="+")
    parser.add_argument("--rate", type=float, required=True, help="Hz, of each topic")
    parser.add_argument("--count", type=int, required=True, help="messages on each topic")
    given = parser.parse_args()
    publish(given.topics, given.rate, given.count)


def publish(topics: list[str], rate: float, count: int) -> None:
    """Publish dependent noise on each topic, ``count`` messages at ``rate``, once the node listens."""
    rclpy.init()
    node = rclpy.create_node("publisher_" + topics[0].strip("/"))
    publishers = [node.create_publisher(QuaternionStamped, topic, QoSProfile(depth=100)) for topic in topics]
    deadline = time.monotonic() + BOUND
    while not all(publisher.get_subscription_count() for publisher in publishers):
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody subscribed to {', '.join(topics)} within {BOUND:g} s.")
        rclpy.spin_once(node, timeout_sec=0.1)
    rng = np.random.default_rng(0)
    message = QuaternionStamped()
    due = time.monotonic()
    for _ in range(count):
        due += 1.0 / rate
        time.sleep(max(0.0, due - time.monotonic()))
        if not rclpy.ok():
            return  # the process is ended
        common = rng.normal()
        for publisher in publishers:
            message.header.stamp = node.get_clock().now().to_msg()
            for name, value in zip(CHANNELS, common + rng.normal(size=len(CHANNELS)), strict=True):
                setattr(message.quaternion, name, float(value))
            publisher.publish(message)
    for publisher in publishers:
        publisher.wait_for_all_acked()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
