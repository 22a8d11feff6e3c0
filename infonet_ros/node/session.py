"""A ROS 2 context for the duration of a command."""

import gc
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import get_default_context

from infonet_ros.errors import ConfigurationError
from infonet_ros.interruptions import cleared_afterwards
from infonet_ros.signals import signals_waiting
from infonet_ros.text import one_line

_ARGUMENTS = (
    "expected '--ros-args' with '--params-file FILE', '-p NAME:=VALUE' or '-r FROM:=TO', a file that can be read, and "
    "environment variables ROS_... of ROS 2"
)
_LOG_FOLDER = "expected a folder for its log; set ROS_LOG_DIR to one that can be written"


def without_place(error: Exception) -> str:
    """Return the text of an error of rcl in one line, without the place in its source."""
    return one_line(re.sub(r", at \S+:\d+", "", str(error)))


@contextmanager
def ros_session(arguments: list[str] | None = None) -> Iterator[None]:
    """Start ROS 2, and end it without leaving its shared memory on the machine.

    Without rclpy's own handlers, Ctrl-C raises an exception as usual. It waits while ROS 2 starts or ends. Arguments
    for ROS 2 follow ``--ros-args``, by default those of the process. Raises ConfigurationError if ROS 2 refuses an
    argument, or has no folder for its log.
    """
    with ExitStack() as stack:
        with signals_waiting():
            _start(arguments)
            stack.enter_context(cleared_afterwards(_end))
        yield


def _start(arguments: list[str] | None) -> None:
    try:
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:
        reason = without_place(error).removeprefix("failed to initialize rcl: ")
        advice = _LOG_FOLDER if "logging" in reason else _ARGUMENTS
        raise ConfigurationError(f"ROS 2 does not start ({reason}): {advice}.") from error


def _end() -> None:
    """End ROS 2: Fast DDS removes its shared memory only if its context is destroyed and nothing refers to it."""
    context = get_default_context()
    with signals_waiting():
        rclpy.try_shutdown()
        gc.collect()
        context.destroy()
