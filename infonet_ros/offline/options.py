"""The options that `infonet bag` and `infonet csv` share. Imports nothing heavy: `infonet --help` reads this file."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from infonet_ros.files import kind_of


class Format(str, Enum):
    """Kinds of output."""

    html = "html"
    csv = "csv"
    parquet = "parquet"
    npz = "npz"
    png = "png"
    mcap = "mcap"


def folder(name: str) -> Path:
    """Take the name of a folder from the command line; an empty one would be the folder that one is in."""
    if not name.strip():
        raise typer.BadParameter("it is empty: expected the name of a folder.")
    return Path(name)


def file(name: str) -> Path:
    """Take the name of a file to write from the command line; anything else there is refused: it would be replaced."""
    if not name.strip():
        raise typer.BadParameter("it is empty: expected the name of a file.")
    path = Path(name)
    try:
        kind = kind_of(path)
    except OSError as error:
        raise typer.BadParameter(f"no file can have this name ({error.strerror}).") from error
    if kind == "folder":
        raise typer.BadParameter(f"{name} is a folder: expected the name of a file, such as {path / 'NAME'}.")
    if kind not in ("file", ""):
        raise typer.BadParameter(f"{name} is a {kind}: expected the name of a file.")
    return path


@dataclass(frozen=True)
class Options:
    """What to analyse, how, and what to write; each field is an option, and its help says what it does."""

    params: Annotated[
        Path | None, typer.Option(help="Params file of the node. Without one, a proposal is made and written out.")
    ] = None
    topics: Annotated[
        list[str] | None, typer.Option(help="Only topics that match this glob, such as '/imu*'; may be given again.")
    ] = None
    start: Annotated[float, typer.Option(min=0.0, help="Seconds to skip at the beginning.")] = 0.0
    duration: Annotated[float | None, typer.Option(min=0.01, help="Seconds to analyse; by default all.")] = None
    window: Annotated[
        float | None, typer.Option(min=0.01, help="Length of a window, seconds; by default it suits the recording.")
    ] = None
    hop: Annotated[
        float | None,
        typer.Option(
            min=0.01, help="Time between the ends of two windows, seconds; by default it suits the recording."
        ),
    ] = None
    rate: Annotated[
        float | None,
        typer.Option(min=0.0, help="Samples per second; by default those of the slowest topic that fills a window."),
    ] = None
    max_lag: Annotated[
        float | None, typer.Option(min=0.0, help="Longest delay to look for in every window, seconds.")
    ] = None
    given: Annotated[
        list[str] | None,
        typer.Option(help="Channel, or time, to condition all pairs on; may be given again."),
    ] = None
    target: Annotated[
        str | None, typer.Option(help="Channel to explain: finds the channels that tell most about it.")
    ] = None
    surrogates: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Shifted copies for the p-values of every window; each takes as long as the data. By default only the "
            "whole recording has p-values.",
        ),
    ] = None
    max_channels: Annotated[int, typer.Option(min=2, help="Largest number of channels in a proposal.")] = 32
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:<index>.")] = None
    out: Annotated[
        Path | None,
        typer.Option(parser=folder, metavar="PATH", help="Folder for the results; by default NAME_infonet."),
    ] = None
    formats: Annotated[
        list[Format] | None,
        typer.Option("--format", help="What to write; may be given again. By default everything."),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON on standard output.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary; only errors.")] = False

    @property
    def overrides(self) -> dict[str, Any]:
        """Parameters that were given on the command line, which go before those of a file or a proposal."""
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
