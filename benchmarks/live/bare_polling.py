"""Takes the bytes of topics and does nothing with them, in its own process: the least that intake can cost.

SIGINT ends it; then it prints how many messages came. Needs ROS 2.
"""

import argparse
import signal
import time

import rclpy
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions

from infonet_ros.intake.messages.types import message_class
from infonet_ros.node.inputs.polling import Polled, waiting

PERIOD = 0.02  # s


def main() -> None:
    """Poll until SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live.bare_polling", description=__doc__)
    parser.add_argument("topics", nargs="+")
    parser.add_argument("--type", required=True)
    parser.add_argument("--depth", type=int, required=True)
    given = parser.parse_args()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node, kind, group = rclpy.create_node("bare_polling"), message_class(given.type), Polled()
    subscriptions = [
        node.create_subscription(kind, topic, print, QoSProfile(depth=given.depth), callback_group=group, raw=True)
        for topic in given.topics
    ]
    ended: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: ended.append(number))
    taken = 0
    while not ended:
        time.sleep(PERIOD)
        taken += sum(1 for subscription in subscriptions for _ in waiting(subscription))
    print(taken, flush=True)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
