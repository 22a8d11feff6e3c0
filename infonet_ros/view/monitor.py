"""The live view in a terminal: listens to a node, and shows what it says until a key or Ctrl-C ends it."""

import json
import math
import time
from collections import deque
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.subscription import Subscription
from rich.console import Console, RenderableType
from rich.live import Live

from infonet_ros.errors import InfonetError
from infonet_ros.matrices import DependenceMatrix
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.messages import matrix_from_message
from infonet_ros.view import palette
from infonet_ros.view.keys import Keys
from infonet_ros.view.screen import Report, Snapshot, screen
from infonet_ros.view.selection import Selection

_POLL = 0.1  # seconds that a key waits at most
_REDRAW = 1.0  # seconds after which the age of the matrix is shown anew


class Listener:
    """What one node publishes, as far as the selection needs it.

    Parameters
    ----------
    node : Node
        Subscribes.
    target : str
        Name of the node to listen to.
    """

    def __init__(self, node: Node, target: str) -> None:
        self.target = f"/{target.strip('/')}"
        self.matrix: DependenceMatrix | None = None
        self.received = 0
        self._node = node
        self._kind = ""
        self._subscription: Subscription | None = None
        self._reports: dict[str, Report] = {}
        self._scale = palette.Scale()
        self._end = 1.0
        self._arrivals: deque[float] = deque(maxlen=10)
        self._begun = time.monotonic()
        node.create_subscription(DiagnosticArray, "/diagnostics", self._take_diagnostics, 10)

    def listen(self, kind: str) -> None:
        """Listen to the matrices of channels or of modalities, the node's last one first."""
        if kind == self._kind:
            return
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._kind, self.matrix = kind, None
        self._scale = palette.Scale()
        self._arrivals.clear()
        self._begun = time.monotonic()
        qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        topic = f"{self.target}/{kind}"
        self._subscription = self._node.create_subscription(MutualInformationMatrix, topic, self._take_matrix, qos)

    def snapshot(self) -> Snapshot:
        """Return all that is known now."""
        now = time.monotonic()
        arrivals = self._arrivals
        rate = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) if len(arrivals) > 1 else math.nan
        silence = now - (arrivals[-1] if arrivals else self._begun)
        return Snapshot(self.target, self.matrix, self._end, list(self._reports.values()), rate, silence)

    def _take_matrix(self, message: MutualInformationMatrix) -> None:
        self.matrix = matrix_from_message(message)
        self._end = self._scale.end(self.matrix.mi)
        self._arrivals.append(time.monotonic())
        self.received += 1

    def _take_diagnostics(self, array: DiagnosticArray) -> None:
        prefix = f"{self.target.rpartition('/')[2]}: "
        for status in array.status:
            if status.name.startswith(prefix):
                name = status.name.removeprefix(prefix)
                self._reports[name] = Report(status.level[0], name, status.message)


def watch(listener: Listener, executor: SingleThreadedExecutor, selection: Selection, console: Console) -> None:
    """Show everything until q is pressed; where the output is no terminal, print each matrix as it comes."""
    if not console.is_terminal:
        follow(listener, executor, selection, lambda: console.print(_drawn(listener, selection, console, None)))
        return
    drawn: tuple[object, ...] = ()
    with Keys() as keys, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            for key in keys.pressed():
                if key == "q" and not selection.typing:
                    return
                selection = selection.pressed(key)
            listener.listen(selection.kind)
            seen = (selection, listener.received, console.size, int(time.monotonic() / _REDRAW))
            if seen != drawn:
                drawn = seen
                live.update(_drawn(listener, selection, console, console.height, keys.available), refresh=True)
            executor.spin_once(timeout_sec=_POLL)


def follow(
    listener: Listener,
    executor: SingleThreadedExecutor,
    selection: Selection,
    show: Callable[[], None],
    once: bool = False,
    timeout: float = math.inf,
) -> None:
    """Call ``show`` after each matrix; after one, if ``once``.

    Raises
    ------
    InfonetError
        No matrix came in ``timeout`` seconds.
    """
    listener.listen(selection.kind)
    seen, deadline = 0, time.monotonic() + timeout
    while not (once and seen):
        if not seen and time.monotonic() > deadline:
            raise InfonetError(
                f"no matrix came from {listener.target}/{selection.kind} within {timeout:g} s: start the node "
                "(`ros2 launch infonet_ros infonet.launch.py`), or name it by --node; ROS_DOMAIN_ID must be the same."
            )
        executor.spin_once(timeout_sec=_POLL)
        if listener.received > seen:
            seen = listener.received
            show()


def print_once(
    listener: Listener, executor: SingleThreadedExecutor, selection: Selection, console: Console, timeout: float
) -> None:
    """Print one matrix, of whatever height."""

    def show() -> None:
        console.print(_drawn(listener, selection, console, None))

    follow(listener, executor, selection, show, once=True, timeout=timeout)


def print_json(
    listener: Listener, executor: SingleThreadedExecutor, selection: Selection, once: bool, timeout: float
) -> None:
    """Print a line of JSON for each matrix; numbers that are not known are null."""

    def show() -> None:
        assert listener.matrix is not None
        print(json.dumps(record(listener.matrix, selection), allow_nan=False), flush=True)

    follow(listener, executor, selection, show, once, timeout)


def record(matrix: DependenceMatrix, selection: Selection) -> dict[str, object]:
    """Return a matrix as JSON has it: its window, and the selected pairs in order."""
    return {
        "kind": selection.kind,
        "window_start": matrix.start / 1e9,
        "window_end": matrix.end / 1e9,
        "sample_count": matrix.sample_count,
        "sample_rate": _number(matrix.sample_rate),
        "method": matrix.method,
        "estimator": matrix.estimator,
        "estimator_version": matrix.version,
        "names": list(matrix.names),
        "valid": matrix.valid.tolist(),
        "pairs": [
            {key: value if isinstance(value, str) else _number(value) for key, value in pair._asdict().items()}
            for pair in selection.pairs(matrix)
        ],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _drawn(
    listener: Listener, selection: Selection, console: Console, height: int | None, keys: bool = False
) -> RenderableType:
    return screen(listener.snapshot(), selection, console.width, height, keys)
