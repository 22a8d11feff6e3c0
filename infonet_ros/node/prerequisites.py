"""Check that the packages of the node are installed before importing them; one sentence names those missing."""

from importlib.util import find_spec

from infonet_ros.errors import MissingDependencyError

_FROM_PIP = ("rosbags", "safetensors", "torch")
"""Packages that the node imports and that ROS 2 does not install; apt has only torch, and not everywhere."""


def require_packages(feature: str) -> None:
    """Raise MissingDependencyError with all packages that must come from pip."""
    missing = [name for name in _FROM_PIP if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(feature, ", ".join(missing), f"run `pip install {' '.join(missing)}`")


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
