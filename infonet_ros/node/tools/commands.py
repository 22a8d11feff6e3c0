"""The commands that need a running ROS 2: `infonet demo`, `infonet monitor` and `infonet play`."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from infonet_ros import output_names


def play(
    bags: Annotated[list[Path], typer.Argument(metavar="BAG", help="Bags of ROS 2 or ROS 1: folders or files.")],
    topics: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Play only topics that match this glob; can be repeated.")
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="FACTOR", help="Speed: 2 plays twice as fast as recorded.", min=0.001)
    ] = 1.0,
    start: Annotated[float, typer.Option(metavar="SECONDS", help="Time of the recording to skip.", min=0.0)] = 0.0,
    duration: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Time of the recording to play; default: all.", min=0.0)
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Start again at the end, until Ctrl-C.")] = False,
    clock: Annotated[bool, typer.Option("--clock", help="Publish /clock too, for nodes with use_sim_time.")] = False,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", help="Maximum time to wait for a subscriber of every topic.", min=0.0)
    ] = 0.0,
) -> None:
    """Play a recording as live topics, until its end or Ctrl-C. Needs no ros2 bag."""
    from infonet_ros.node.prerequisites import require_ros

    require_ros("infonet play")

    from infonet_ros.node.tools.player import Playback, play_bags

    play_bags(bags, Playback(topics or (), start, duration, rate, loop, clock, wait))


def demo(
    folder: Annotated[
        Path, typer.Option(parser=output_names.folder, metavar="FOLDER", help="Folder for the picture and the logs.")
    ] = Path("demo_output"),
    rate: Annotated[float, typer.Option(metavar="FACTOR", help="Speed of the replay.", min=0.1)] = 8.0,
) -> None:
    """Replay a recording of a real robot into the node.

    It shows the matrix, and takes about a minute.
    """
    from infonet_ros.node.prerequisites import require_ros

    require_ros("infonet demo")

    from rich.console import Console

    from infonet_ros.node.tools.demo import Demonstration

    Demonstration(Console(), folder, rate).run()


class Order(str, Enum):
    """Sort order of pairs."""

    MI = "mi"
    NAME = "name"
    DELAY = "delay"


def monitor(
    node: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the node, with its namespace: /robot1/infonet.")
    ] = "infonet",
    modalities: Annotated[bool, typer.Option("--modalities", help="Show modalities first, not channels.")] = False,
    sort: Annotated[Order, typer.Option(help="Order of the pairs.")] = Order.MI,
    find: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="Show only names that contain this text, or one of several texts separated by blanks."
        ),
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="Print one matrix and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each matrix as a line of JSON, for scripts.")] = False,
    timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Time to wait for the first matrix; a terminal has no limit.", min=0.0),
    ] = 60.0,
) -> None:
    """Show the matrix and the alerts of a running node.

    It also shows the strongest pairs and their delays. Press ? for the list of keys.
    """
    from infonet_ros.node.prerequisites import require_ros

    require_ros("infonet monitor")

    from infonet_ros.drawing.view_options import CHANNELS, MODALITIES, ViewOptions
    from infonet_ros.node.tools.monitor import monitor as show

    show(node, ViewOptions(MODALITIES if modalities else CHANNELS, sort.value, find), once, as_json, timeout)
