"""The views of `infonet monitor`: live in a terminal, one matrix as text, or each matrix as a line of JSON."""

import json
import math
import time
from collections.abc import Callable

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rich.console import Console, RenderableType
from rich.live import Live

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing.keys import Keys
from infonet_ros.drawing.screen import can_redraw, screen
from infonet_ros.drawing.view_options import ViewOptions
from infonet_ros.errors import InfonetError
from infonet_ros.node.session import ros_session
from infonet_ros.node.tools.matrix_listener import MatrixListener
from infonet_ros.text import NANOSECONDS

_POLL = 0.1  # seconds that a key waits at most
_REDRAW = 1.0  # seconds after which the age of the matrix is shown again


def monitor(target: str, options: ViewOptions, once: bool, as_json: bool, timeout: float) -> None:
    """Show the matrices of the node with the full name ``target`` until a key or Ctrl-C ends it, or only the first one.

    ``as_json`` prints lines of JSON in place of the live view; where none is possible, matrices are printed as text.
    Both wait for the first matrix for ``timeout`` seconds.
    """
    console = Console()
    with ros_session():
        executor = SingleThreadedExecutor()
        node = rclpy.create_node("infonet_monitor", start_parameter_services=False, enable_rosout=False)
        executor.add_node(node)
        listener = MatrixListener(node, target)
        try:
            if as_json:
                print_json(listener, executor, options, once, timeout)
            elif once or not can_redraw(console):
                print_text(listener, executor, options, console, once, timeout)
            else:
                watch(listener, executor, options, console)
        finally:
            executor.shutdown()
            node.destroy_node()


def watch(listener: MatrixListener, executor: SingleThreadedExecutor, options: ViewOptions, console: Console) -> None:
    """Show the live view in a terminal until q is pressed."""
    drawn: tuple[object, ...] = ()
    with Keys() as keys, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            for key in keys.pressed():
                if key == "q" and not options.typing:
                    return
                options = options.pressed(key)
            listener.listen(options.kind)
            seen = (options, listener.received, console.size, int(time.monotonic() / _REDRAW))
            if seen != drawn:
                drawn = seen
                live.update(_drawn(listener, options, console, console.height, keys.available), refresh=True)
            executor.spin_once(timeout_sec=_POLL)


def follow(
    listener: MatrixListener,
    executor: SingleThreadedExecutor,
    options: ViewOptions,
    show: Callable[[], None],
    once: bool,
    timeout: float,
) -> None:
    """Call ``show`` after each matrix, or only after the first if ``once``.

    Raises InfonetError if no matrix came in ``timeout`` seconds.
    """
    listener.listen(options.kind)
    seen, deadline = 0, time.monotonic() + timeout
    while not (once and seen):
        if not seen and time.monotonic() > deadline:
            raise InfonetError(
                f"no matrix came from {listener.target}/{options.kind} within {timeout:g} s: {listener.reason()}."
            )
        executor.spin_once(timeout_sec=_POLL)
        if listener.received > seen:
            seen = listener.received
            show()


def print_text(
    listener: MatrixListener,
    executor: SingleThreadedExecutor,
    options: ViewOptions,
    console: Console,
    once: bool,
    timeout: float,
) -> None:
    """Print each matrix at full height."""

    def show() -> None:
        console.print(_drawn(listener, options, console, None))

    follow(listener, executor, options, show, once, timeout)


def print_json(
    listener: MatrixListener, executor: SingleThreadedExecutor, options: ViewOptions, once: bool, timeout: float
) -> None:
    """Print a line of JSON for each matrix; unknown numbers are null."""

    def show() -> None:
        assert listener.matrix is not None
        print(json.dumps(record(listener.matrix, options), allow_nan=False), flush=True)

    follow(listener, executor, options, show, once, timeout)


def record(matrix: DependenceMatrix, options: ViewOptions) -> dict[str, object]:
    """Return a matrix as a dict for JSON: its window, and the selected pairs in order."""
    return {
        "kind": options.kind,
        "window_start": matrix.start / NANOSECONDS,
        "window_end": matrix.end / NANOSECONDS,
        "sample_count": matrix.sample_count,
        "sample_rate": _number(matrix.sample_rate),
        "method": matrix.method,
        "given": list(matrix.given),
        "estimator": matrix.estimator,
        "estimator_version": matrix.version,
        "names": list(matrix.names),
        "valid": matrix.valid.tolist(),
        "pairs": [
            {key: value if isinstance(value, str) else _number(value) for key, value in pair._asdict().items()}
            for pair in options.pairs(matrix)
        ],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _drawn(
    listener: MatrixListener, options: ViewOptions, console: Console, height: int | None, keys: bool = False
) -> RenderableType:
    return screen(listener.snapshot(), options, console.width, height, keys)
