"""The process of the node: `ros2 run infonet_ros infonet_node`, or `python3 -m infonet_ros.node`.

A signal may come at any moment: while torch is loaded (which takes seconds), in a callback, or in the middle of a
window. So one thread waits for signals from the first line on. The other threads are not interrupted. They end by
themselves, or with the process if they take too long. Libraries are loaded before ROS 2 starts, so that they need no
cleanup.
"""

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from infonet_ros.signals import ENDING

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from infonet_ros.node.infonet_node import InfonetNode

_GRACE = 3.0  # seconds of processor time that the main thread has from the signal to the end of the process
_POLL = 0.05  # seconds
_MOST_POLLS = 160  # 8 s on a machine that runs; whoever sends SIGINT kills the process after ten, as ros2 launch does
_WORKER_GRACE = 0.2  # seconds for the window that is being computed
_MOST_KERNELS = {"LRU_CACHE_CAPACITY": "16", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64"}
"""Compiled products of matrices that torch keeps with their buffers: in each thread, and in the whole process. A batch
size has about eight. torch would keep a thousand: those of all sizes, which a node meets in the course of hours."""


class Interruption:
    """Waits for one of the signals that end a program, and ends the process soon after it.

    The executor, if there is one, is woken by the signal. The main thread may compute for so many seconds of ``grace``
    before the process is killed, 0 until ROS 2 starts.
    """

    def __init__(self) -> None:
        self.executor: Executor | None = None
        self.grace = 0.0
        self._main = threading.get_ident()
        self._came = threading.Event()
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # also for all threads that are started from now on
        threading.Thread(target=self._wait, name="signals", daemon=True).start()

    def __bool__(self) -> bool:
        return self._came.is_set()

    def _wait(self) -> None:
        signal.sigwait(ENDING)
        self._came.set()
        if self.executor is not None:
            self.executor.wake()
        self._let_end()
        end()  # nothing else interrupts the loading of a library

    def _let_end(self) -> None:
        """Wait until the main thread has had its time. A busy machine gives it less, and ROS 2 must end properly."""
        clock = time.pthread_getcpuclockid(self._main)
        begun = time.clock_gettime(clock)
        for _ in range(_MOST_POLLS):
            if time.clock_gettime(clock) - begun >= self.grace:
                return
            time.sleep(_POLL)


def end() -> None:
    """End the process at once.

    Python must not shut down while another thread computes, and unloading torch takes half a second.
    """
    sys.stdout.flush()
    os._exit(0)


def main(args: list[str] | None = None) -> int:
    """Run the node until Ctrl-C or the end of ROS; return the exit code."""
    interruption = Interruption()
    for variable, most in _MOST_KERNELS.items():
        os.environ.setdefault(variable, most)  # torch reads it when it is loaded
    from infonet_ros.errors import InfonetError, missing_packages_named
    from infonet_ros.node.prerequisites import require_packages
    from infonet_ros.text import printable

    try:
        require_packages("The node")
        with missing_packages_named("The node"):
            from infonet_ros.node import estimation  # noqa: F401 (torch)
            from infonet_ros.node.session import ros_session

        interruption.grace = _GRACE
        with ros_session(args):
            _serve(interruption)  # a function of its own: what refers to the context must be gone when the session ends
    except InfonetError as error:
        print(f"infonet_node: {printable(str(error))}", file=sys.stderr)
        return 1
    end()
    return 0


def _serve(interruption: Interruption) -> None:
    """Make the node, run it until it is interrupted, and end it."""
    from rclpy.executors import SingleThreadedExecutor

    from infonet_ros.node.infonet_node import InfonetNode

    node = InfonetNode()
    executor = interruption.executor = SingleThreadedExecutor()
    executor.add_node(node)
    node.start()
    spin(node, executor, interruption)
    interruption.executor = None
    executor.shutdown()
    node.end(_WORKER_GRACE)


def spin(node: "InfonetNode", executor: "Executor", interruption: Interruption) -> None:
    """Run the node until it is interrupted or ROS ends; exceptions of callbacks are reported, and do not end it."""
    while node.context.ok() and not interruption:
        try:
            executor.spin_once()
        except Exception as error:
            node.report(error)


if __name__ == "__main__":
    sys.exit(main())
