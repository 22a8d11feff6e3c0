"""`infonet bag` and `infonet csv`."""

from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infonet_ros.errors import MissingDependencyError

if TYPE_CHECKING:
    from infonet_ros.offline.job import Job


class Format(str, Enum):
    """Kinds of output."""

    html = "html"
    csv = "csv"
    parquet = "parquet"
    npz = "npz"
    png = "png"
    mcap = "mcap"


class TimeUnit(str, Enum):
    """Units of a time column."""

    auto = "auto"
    s = "s"
    ms = "ms"
    us = "us"
    ns = "ns"


Params = Annotated[
    Path | None, typer.Option(help="Params file of the node. Without one, a proposal is made and written out.")
]
Topics = Annotated[
    list[str] | None, typer.Option(help="Only topics that match this glob, such as '/imu*'; may be given again.")
]
Start = Annotated[float, typer.Option(min=0.0, help="Skip so many seconds.")]
Duration = Annotated[float | None, typer.Option(min=0.01, help="Stop after so many seconds.")]
Window = Annotated[float | None, typer.Option(min=0.01, help="Length of a window, seconds.")]
Hop = Annotated[float | None, typer.Option(min=0.01, help="Time between the ends of two windows, seconds.")]
Rate = Annotated[
    float | None, typer.Option(min=0.0, help="Samples per second; 0 takes the rate of the slowest channel.")
]
MaxLag = Annotated[
    float | None, typer.Option(min=0.0, help="Look for delays of each pair up to so many seconds, in every window.")
]
Surrogates = Annotated[
    int | None,
    typer.Option(
        min=0, help="Shifted copies for p-values: 19 resolve 0.05, 99 resolve 0.01; each as slow as the data."
    ),
]
MaxChannels = Annotated[int, typer.Option(min=2, help="Channels that a proposal holds at most.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:<index>.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the results; by default NAME_infonet.")]
Formats = Annotated[
    list[Format] | None, typer.Option("--format", help="What to write; may be given again. By default everything.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the findings as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary; only errors.")]


def bag(
    paths: Annotated[list[Path], typer.Argument(help="Bags: folders, or .mcap, .db3 or .bag files.")],
    params: Params = None,
    topics: Topics = None,
    start: Start = 0.0,
    duration: Duration = None,
    window: Window = None,
    hop: Hop = None,
    rate: Rate = None,
    max_lag: MaxLag = None,
    surrogates: Surrogates = None,
    max_channels: MaxChannels = 32,
    device: Device = None,
    out: Out = None,
    formats: Formats = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Analyse a bag: which streams depend on which, when that changed, and with what delay. Needs no ROS."""
    _check_rosbags()
    from infonet_ros.offline.bags import Bag
    from infonet_ros.offline.job import run

    given = {"window": window, "hop": hop, "rate": rate, "max_lag": max_lag, "surrogates": surrogates, "device": device}
    run(
        Bag(paths),
        _job(paths[0].resolve().stem, params, topics, start, duration, given, max_channels, out, formats, json, quiet),
    )


def csv(
    file: Annotated[Path, typer.Argument(help="A table with a header line and a time column; .csv, .csv.gz, ...")],
    time: Annotated[str | None, typer.Option(help="Name of the time column; by default found by its name.")] = None,
    time_unit: Annotated[TimeUnit, typer.Option(help="Its unit; auto judges by its size.")] = TimeUnit.auto,
    params: Params = None,
    topics: Topics = None,
    start: Start = 0.0,
    duration: Duration = None,
    window: Window = None,
    hop: Hop = None,
    rate: Rate = None,
    max_lag: MaxLag = None,
    surrogates: Surrogates = None,
    max_channels: MaxChannels = 32,
    device: Device = None,
    out: Out = None,
    formats: Formats = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Analyse a table with a time column, as `infonet bag` does a bag; groups of columns take the place of topics."""
    _check_rosbags()
    from infonet_ros.offline.job import run
    from infonet_ros.offline.tables import Table

    given = {"window": window, "hop": hop, "rate": rate, "max_lag": max_lag, "surrogates": surrogates, "device": device}
    run(
        Table(file, time, time_unit.value),
        _job(file.name.split(".")[0], params, topics, start, duration, given, max_channels, out, formats, json, quiet),
    )


def _check_rosbags() -> None:
    """ROS distributions do not carry it; bags are read, and matrices written, by it."""
    if find_spec("rosbags") is None:
        raise MissingDependencyError("The analysis of recordings", "rosbags", "run `pip install rosbags`")


def _job(
    name: str,
    params: Path | None,
    topics: list[str] | None,
    start: float,
    duration: float | None,
    given: dict[str, float | str | None],
    max_channels: int,
    out: Path | None,
    formats: list[Format] | None,
    json: bool,
    quiet: bool,
) -> "Job":
    from infonet_ros.offline.job import Job

    return Job(
        params=params,
        topics=tuple(topics or ()),
        start=start,
        duration=duration,
        overrides={parameter: value for parameter, value in given.items() if value is not None},
        max_channels=max_channels,
        out=out or Path(f"{name}_infonet"),
        formats=None if formats is None else tuple(kind.value for kind in formats),
        json=json,
        quiet=quiet,
    )
