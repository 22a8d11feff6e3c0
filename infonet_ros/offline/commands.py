"""`infonet bag` and `infonet csv`."""

from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from infonet_ros.errors import MissingDependencyError
from infonet_ros.offline.options import Options, with_options


class TimeUnit(str, Enum):
    """Units of a time column."""

    auto = "auto"
    s = "s"
    ms = "ms"
    us = "us"
    ns = "ns"


@with_options
def bag(
    paths: Annotated[list[Path], typer.Argument(help="Bags: folders, or .mcap, .db3 or .bag files.")],
    options: Options,
) -> None:
    """Analyse a bag: which streams depend on which, when that changed, and with what delay. Needs no ROS."""
    _check_rosbags()
    from infonet_ros.offline.bags import Bag
    from infonet_ros.offline.job import run

    run(Bag(paths), options, options.out or _folder(paths[0].resolve().stem))


@with_options
def csv(
    file: Annotated[Path, typer.Argument(help="A table with a header line and a time column; .csv, .csv.gz, ...")],
    options: Options,
    time: Annotated[str | None, typer.Option(help="Name of the time column; by default found by its name.")] = None,
    time_unit: Annotated[TimeUnit, typer.Option(help="Its unit; auto judges by its size.")] = TimeUnit.auto,
) -> None:
    """Analyse a table with a time column, as `infonet bag` does a bag; groups of columns take the place of topics."""
    _check_rosbags()
    from infonet_ros.offline.job import run
    from infonet_ros.offline.tables import Table

    run(Table(file, time, time_unit.value), options, options.out or _folder(file.name.split(".")[0]))


def _folder(name: str) -> Path:
    return Path(f"{name}_infonet")


def _check_rosbags() -> None:
    """ROS distributions do not carry it; bags are read, and matrices written, by it."""
    if find_spec("rosbags") is None:
        raise MissingDependencyError("The analysis of recordings", "rosbags", "run `pip install rosbags`")
