"""`infonet bag` and `infonet csv`: one command with two names, because the content of a file decides how it is read."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from infonet_ros.offline.commands.options import Options, Time, TimeUnit, Unit, with_options

_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zstd")


@with_options
def bag(
    paths: Annotated[
        list[Path], typer.Argument(metavar="BAG", help="Bags: folders, or .mcap, .db3 or .bag files. Or tables.")
    ],
    options: Options,
    time: Time = None,
    time_unit: Unit = TimeUnit.auto,
) -> None:
    """Analyse a bag: which streams depend on each other, and how.

    Needs no ROS.

    It detects the format of each file, and reads tables, too.
    """
    _analyse(paths, options, time, time_unit)


@with_options
def csv(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="TABLE",
            help="Tables: text, JSON, YAML, .parquet, .feather, .npz, .mat, .ulg, .log, .bvh, or compressed. Or bags.",
        ),
    ],
    options: Options,
    time: Time = None,
    time_unit: Unit = TimeUnit.auto,
) -> None:
    """Analyse tables with a time column: see `infonet bag`.

    Several files are one recording; the name of each file is a topic.

    It detects the format of each file, and reads bags, too.
    """
    _analyse(paths, options, time, time_unit)


def _analyse(paths: list[Path], options: Options, time: str | None, time_unit: TimeUnit) -> None:
    with _loading():
        from infonet_ros.intake.opener import open_recording
    # Before the rest is loaded, which takes a second or two.
    with open_recording(paths, time, time_unit.value, options.rate) as recording:
        with _loading():
            from infonet_ros.offline.commands.analysis_command import run
        name = paths[0].resolve()
        while name.suffix in _COMPRESSED:
            name = name.with_suffix("")
        run(recording, options, options.out or Path(f"{name.stem}_infonet"))


@contextmanager
def _loading() -> Iterator[None]:
    """Collect no garbage during imports, and exclude what they made from later collections: it is kept anyway."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
