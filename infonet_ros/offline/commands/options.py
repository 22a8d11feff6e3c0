"""The options that commands about recordings share. Imports nothing heavy: `infonet --help` reads this file."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from infonet_ros.offline.results.formats import KINDS, Format
from infonet_ros.output_names import folder


class TimeUnit(str, Enum):
    """Units of a time column."""

    auto = "auto"
    ns = "ns"
    us = "us"
    ms = "ms"
    s = "s"
    min = "min"
    h = "h"
    d = "d"


Time = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Time column of a table; default: found by name and content.")
]
Unit = Annotated[TimeUnit, typer.Option(help="Unit of the time column of a table; auto: from its name or its numbers.")]
Start = Annotated[float, typer.Option(metavar="SECONDS", min=0.0, help="Time to skip at the beginning.")]
Duration = Annotated[float | None, typer.Option(metavar="SECONDS", min=0.01, help="Time to use; default: all.")]
Formats = Annotated[
    list[Format] | None, typer.Option("--format", metavar=KINDS, help="Files to write; can be repeated. Default: all.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors: no progress, no summary.")]


@dataclass(frozen=True)
class Options:
    """The options of `infonet bag` and `infonet csv`; each field is a command-line option with its help."""

    params: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Parameter file of the node; default: propose one, and write it to the results."
        ),
    ] = None
    topics: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Only topics that match this glob, such as '/imu*'; can be repeated."),
    ] = None
    start: Start = 0.0
    duration: Duration = None
    window: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.01, help="Length of a window; default: chosen for the recording."),
    ] = None
    hop: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.01,
            help="Time between the ends of two windows; default: chosen for the recording.",
        ),
    ] = None
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="HZ",
            min=0.0,
            help="Samples per second; default: rate of the slowest topic with enough samples in a window. "
            "A table without times has as many rows per second.",
        ),
    ] = None
    max_lag: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.0,
            help="Largest delay to search in every window; default: delays only for the whole recording.",
        ),
    ] = None
    given: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHANNEL",
            help="Channel, by its name here or in the recording, or time: compute the conditional MI of all pairs "
            "given it; can be repeated.",
        ),
    ] = None
    target: Annotated[
        str | None,
        typer.Option(
            metavar="CHANNEL",
            help="Channel to explain, by its name here or in the recording: finds the channels with most information "
            "about it.",
        ),
    ] = None
    surrogates: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            min=0,
            help="Shifted copies for the p-values of every window; each takes as long as the analysis itself. Default: "
            "p-values only for the whole recording.",
        ),
    ] = None
    max_channels: Annotated[
        int, typer.Option(metavar="NUMBER", min=2, help="Largest number of channels in a proposal.")
    ] = 32
    device: Annotated[
        str | None, typer.Option(metavar="DEVICE", help="Device of the network: auto, cpu, cuda or cuda:<index>.")
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(parser=folder, metavar="FOLDER", help="Folder for the results; default: NAME_infonet."),
    ] = None
    formats: Formats = None
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON on standard output.")] = False
    quiet: Quiet = False

    @property
    def overrides(self) -> dict[str, Any]:
        """Parameters from the command line, which override those of a file or a proposal."""
        given = {name: getattr(self, name) for name in ("window", "hop", "rate", "max_lag", "surrogates", "device")}
        return {name: value for name, value in given.items() if value is not None}


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see the fields of `Options` as options of a command that takes them together, as ``options``."""
    hints = get_type_hints(Options, include_extras=True)

    @functools.wraps(command)
    def expanded(**values: Any) -> None:
        options = Options(**{name: values.pop(name) for name in hints})
        command(**values, options=options)

    own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name != "options"]
    shared = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in fields(Options)
    ]
    expanded.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    return expanded
