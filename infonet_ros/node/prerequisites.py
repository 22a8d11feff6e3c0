"""The one sentence for who runs a command that needs ROS 2 where there is none."""

from importlib.util import find_spec

from infonet_ros.errors import MissingDependencyError


def require_ros(feature: str) -> None:
    """Raise MissingDependencyError unless rclpy and the messages of this package can be imported."""
    if find_spec("rclpy") is None:
        raise MissingDependencyError(
            feature,
            "rclpy of ROS 2 (ros-<distro>-rclpy)",
            "source your ROS 2, or run `make setup` in a checkout of infonet_ros and then "
            "`. .venv/bin/activate && . install/setup.bash`",
        )
    if find_spec("infonet_ros.msg") is None:
        raise MissingDependencyError(
            feature,
            "the messages of infonet_ros",
            "build it by `colcon build` (or `make setup`), then `. install/setup.bash`",
        )
