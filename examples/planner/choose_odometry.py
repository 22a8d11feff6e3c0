"""Tells a planner which odometry to trust: the one that shares most with the gyroscope, or none."""

from contextlib import suppress
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from std_msgs.msg import String

from infonet_ros.msg import MutualInformationMatrix

LAST_ONE_KEPT = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class OdometryChoice(Node):
    """Publishes the name of a channel on ~/choice, empty when none can be trusted."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__("odometry_choice", **arguments)
        self.reference = self.declare_parameter("reference", "imu.angular_velocity.z").value
        self.candidates = self.declare_parameter("candidates", ["wheels.twist.twist.angular.z"]).value
        self.least = self.declare_parameter("least", 0.1).value  # nats
        self.margin = self.declare_parameter("margin", 0.1).value  # nats by which another one must be better
        self.max_age = self.declare_parameter("max_age", 10.0).value  # seconds since the end of the window
        self.choice = ""
        self.stamp = Time(clock_type=self.get_clock().clock_type)
        self.publisher = self.create_publisher(String, "~/choice", LAST_ONE_KEPT)
        self.create_subscription(MutualInformationMatrix, "/infonet/channels", self.choose, LAST_ONE_KEPT)
        self.create_timer(0.5, lambda: self.tell(self.choice))

    def choose(self, matrix: MutualInformationMatrix) -> None:
        """Compare the lower ends of the intervals: an uncertain or unknown value (NaN) is not trusted."""
        size = len(matrix.names)
        rows = {name: matrix.lower[k * size : (k + 1) * size] for k, name in enumerate(matrix.names)}
        if missing := {self.reference, *self.candidates} - rows.keys():
            text = f"the matrix has no {', '.join(sorted(missing))}, but {', '.join(rows)}"
            self.get_logger().warning(text, throttle_duration_sec=10.0)
        lower = dict(zip(matrix.names, rows.get(self.reference, ()), strict=False))
        trusted = [name for name in self.candidates if lower.get(name, 0.0) >= self.least]
        self.stamp = Time.from_msg(matrix.header.stamp, self.get_clock().clock_type)
        self.tell(max(trusted, key=lambda name: lower[name] + self.margin * (name == self.choice), default=""))

    def tell(self, choice: str) -> None:
        """Publish the choice, or an empty name if the last matrix is too old: matrices have stopped, or came late."""
        age = (self.get_clock().now() - self.stamp).nanoseconds / 1e9
        if age > self.max_age:
            text = "no new matrix, so no choice; with a bag or a simulator, set use_sim_time here and in the node"
            self.get_logger().warning(text, throttle_duration_sec=10.0)
        self.choice = choice if age <= self.max_age else ""
        self.publisher.publish(String(data=self.choice))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, ExternalShutdownException), rclpy.init():
        rclpy.spin(OdometryChoice())
