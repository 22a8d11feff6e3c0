"""The command `infonet fleet`."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infonet_ros.errors import MissingDependencyError
from infonet_ros.offline.commands.options import Formats
from infonet_ros.offline.results.formats import Format
from infonet_ros.output_names import folder

if TYPE_CHECKING:
    from distributed import Client

    from infonet_ros.fleet.job import Outcome
    from infonet_ros.settings import Settings


Bags = Annotated[list[Path], typer.Argument(metavar="BAG", help="Bags: folders, or .mcap, .db3 or .bag files.")]
Out = Annotated[
    Path,
    typer.Option(
        parser=folder, metavar="FOLDER", help="Folder for the results: one folder for each bag, and a summary."
    ),
]
Against = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="BAG",
        help="A bag of a second group, to compare with the first; can be repeated. Default: compare each bag with all "
        "others.",
    ),
]
Params = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Parameter file of the node, for all bags. Default: propose one for each bag."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Address of a running Dask scheduler, whose workers see the same files; default: this machine.",
    ),
]
Workers = Annotated[
    int | None, typer.Option(metavar="NUMBER", min=1, help="Processes on this machine; default: one per core.")
]


def fleet(
    bags: Bags,
    out: Out,
    against: Against = None,
    params: Params = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    formats: Formats = None,
) -> None:
    """Analyse many bags, and compare them.

    Use it for many days of one robot, or for many robots. Needs no ROS.
    """
    if find_spec("distributed") is None:
        remedy = "run `pip install distributed`, or `infonet bag` bag by bag"
        raise MissingDependencyError("infonet fleet", "distributed", remedy)
    from infonet_ros.fleet.job import connected, folder_of_attempts
    from infonet_ros.settings import Settings, load_settings

    settings = Settings() if params is None else load_settings(params)
    with folder_of_attempts(out), connected(scheduler, workers) as client:
        outcomes = _analyse(client, [*bags, *(against or ())], out, settings, formats)
    _summarise(out, outcomes, len(bags))
    if any(outcome.problem for outcome in outcomes):
        raise typer.Exit(1)


def _analyse(
    client: "Client", bags: list[Path], out: Path, settings: "Settings", formats: list[Format] | None
) -> "list[Outcome]":
    """Analyse all bags, and print a line about each one when it is done."""
    from rich.console import Console

    from infonet_ros.fleet.job import analyse_fleet
    from infonet_ros.text import printable

    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def on_done(outcome: "Outcome") -> None:
        console.print(printable(str(outcome)), markup=False)

    return analyse_fleet(client, bags, out, settings, formats, on_done)


def _summarise(out: Path, outcomes: "list[Outcome]", first_group: int) -> None:
    """Compare the bags with each other, or the first group with the rest, and write the summary."""
    from infonet_ros.fleet.job import SUMMARY_FILES
    from infonet_ros.fleet.summary import differences, write_summary
    from infonet_ros.text import counted

    found = differences(outcomes[:first_group], outcomes[first_group:])
    write_summary(out, outcomes, found)
    files = ", ".join(str(out / name) for name in SUMMARY_FILES)
    typer.echo(f"Summary of {counted(len(outcomes), 'bag')}: {files}.")
