"""The command `infonet monitor`."""

from enum import Enum
from typing import Annotated

import typer


class Order(str, Enum):
    """Sort order of pairs."""

    MI = "mi"
    NAME = "name"
    DELAY = "delay"


def monitor(
    node: Annotated[str, typer.Option(help="Name of the node, with its namespace: /robot1/infonet.")] = "infonet",
    modalities: Annotated[bool, typer.Option("--modalities", help="Show modalities first, not channels.")] = False,
    sort: Annotated[Order, typer.Option(help="Order of the pairs.")] = Order.MI,
    find: Annotated[
        str, typer.Option(help="Show only names that contain this text, or one of several texts separated by blanks.")
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="Print one matrix and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each matrix as a line of JSON, for scripts.")] = False,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for the first matrix, with --once or --json.", min=0.0)
    ] = 60.0,
) -> None:
    """Show the matrix, strongest pairs, delays and alerts of a running node.

    Press ? for the list of keys.
    """
    from infonet_ros.node.prerequisites import require_ros

    require_ros("infonet monitor")

    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rich.console import Console

    from infonet_ros.drawing.selection import CHANNELS, MODALITIES, Selection
    from infonet_ros.node import monitor as view
    from infonet_ros.node.session import ros_session

    selection = Selection(MODALITIES if modalities else CHANNELS, sort.value, find)
    with ros_session():
        executor = SingleThreadedExecutor()
        listening = rclpy.create_node("infonet_monitor", start_parameter_services=False, enable_rosout=False)
        executor.add_node(listening)
        listener = view.Listener(listening, node)
        try:
            if as_json:
                view.print_json(listener, executor, selection, once, timeout)
            elif once:
                view.print_once(listener, executor, selection, Console(), timeout)
            else:
                view.watch(listener, executor, selection, Console())
        finally:
            executor.shutdown()
            listening.destroy_node()
