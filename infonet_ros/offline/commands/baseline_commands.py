"""`infonet learn`, `infonet check` and `infonet compare`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infonet_ros.errors import ConfigurationError
from infonet_ros.offline.commands.options import Duration, Quiet, Start, Time, TimeUnit, Unit
from infonet_ros.output_names import file
from infonet_ros.text import counted, printable

if TYPE_CHECKING:
    from infonet_ros.offline.baselines.checking import Check
    from infonet_ros.offline.baselines.comparing import Comparison
    from infonet_ros.offline.baselines.learning import Learnt
    from infonet_ros.offline.progress import Progress

ALARMED = 3
"""Exit status of `infonet check` when there was an alarm."""

_BASELINE = Path("robot.baseline")

Good = Annotated[list[Path], typer.Argument(metavar="GOOD", help="Recordings without faults.")]
New = Annotated[Path, typer.Argument(metavar="NEW", help="The recording to check.")]
Before = Annotated[list[Path], typer.Argument(metavar="BEFORE", help="Recordings of the first group.")]
Against = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="RECORDING", help="A recording of the second group; can be repeated. Without it, give two recordings."
    ),
]
Out = Annotated[Path, typer.Option(parser=file, metavar="FILE", help="File for the baseline.")]
Known = Annotated[Path, typer.Option(metavar="FILE", help="Baseline file of `infonet learn`.")]
Pairs = Annotated[
    int,
    typer.Option(
        metavar="NUMBER", min=1, help="Number of pairs; more only if a channel would otherwise be in no pair."
    ),
]
Interval = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=1.0, max=1e9, help="Mean time between false alarms, all pairs together."),
]
Window = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", min=0.01, help="Length of a window; default: chosen for the recordings."),
]
Params = Annotated[Path | None, typer.Option(metavar="FILE", help="Parameter file of the node; default: propose one.")]
Remap = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD:=NEW",
        help="Topic or namespace OLD is called NEW in the new recordings, such as /:=/robot2; can be repeated.",
    ),
]
Page = Annotated[
    Path | None, typer.Option(parser=file, metavar="FILE", help="File for a page with the evidence over time.")
]


def learn(
    paths: Good,
    out: Out = _BASELINE,
    params: Params = None,
    pairs: Pairs = 12,
    interval: Interval = 3600.0,
    start: Start = 0.0,
    duration: Duration = None,
    time: Time = None,
    time_unit: Unit = TimeUnit.auto,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was learnt as JSON on standard output.")] = False,
    quiet: Quiet = False,
) -> None:
    """Learn from good recordings which streams depend on each other.

    The result is a baseline for `infonet check` and for the node.
    """
    from infonet_ros.intake.opener import TableClock
    from infonet_ros.offline.baselines.learning import Learnt, learn_baseline
    from infonet_ros.offline.results.outputs import OutputFolder
    from infonet_ros.settings import load_settings

    settings, clock = load_settings(params) if params else None, TableClock(time, time_unit.value)
    with _progress(quiet) as (progress, notices):
        baseline, left_out = learn_baseline(
            paths, settings, start=start, duration=duration, clock=clock, most=pairs, progress=progress
        )
        notices += left_out
    with OutputFolder(out.parent) as folder:
        folder.write(out.name, baseline.save)
    _print(Learnt(baseline, out, interval, tuple(notices)), as_json, quiet)


def check(
    path: New,
    baseline: Known = _BASELINE,
    interval: Interval = 3600.0,
    start: Start = 0.0,
    duration: Duration = None,
    time: Time = None,
    time_unit: Unit = TimeUnit.auto,
    remap: Remap = None,
    report: Page = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the alarms as JSON on standard output.")] = False,
    quiet: Quiet = False,
) -> None:
    """Check a recording against a baseline.

    The exit status is 0 without an alarm, 3 with one.
    """
    from infonet_ros.dependence.baselines.baseline import Baseline
    from infonet_ros.intake.opener import TableClock
    from infonet_ros.offline.baselines.checking import check_recording
    from infonet_ros.offline.results.outputs import OutputFolder

    known, clock = Baseline.load(baseline), TableClock(time, time_unit.value)
    with _progress(quiet) as (progress, notices):
        result = check_recording(
            path,
            known,
            interval,
            start=start,
            duration=duration,
            clock=clock,
            remappings=remap or (),
            progress=progress,
        )
        notices += result.notices
    if report is not None:
        from infonet_ros.offline.pages.check_report import render_check

        page = render_check(result)
        with OutputFolder(report.parent) as folder:
            folder.write(report.name, lambda place: place.write_text(page, encoding="utf-8"))
    _print(result, as_json, quiet)
    if result.alarms:
        raise typer.Exit(ALARMED)


def compare(
    paths: Before,
    against: Against = None,
    params: Params = None,
    window: Window = None,
    time: Time = None,
    time_unit: Unit = TimeUnit.auto,
    remap: Remap = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all differences as JSON on standard output.")] = False,
    quiet: Quiet = False,
) -> None:
    """Compare two recordings, or two groups of recordings.

    It reports which pairs and channels differ, and by how much.
    """
    first, second = _groups(paths, against or [])
    from infonet_ros.intake.opener import TableClock
    from infonet_ros.offline.baselines.comparing import compare_recordings
    from infonet_ros.settings import Settings, load_settings

    settings = load_settings(params) if params else Settings()
    chosen = {} if window is None else {"window": window}
    settings, clock = settings.with_values(**chosen), TableClock(time, time_unit.value)
    with _progress(quiet) as (progress, notices):
        comparison = compare_recordings(
            first, second, settings, given=[*chosen], clock=clock, remappings=remap or (), progress=progress
        )
        notices += comparison.notices
    _print(comparison, as_json, quiet)


@contextmanager
def _progress(quiet: bool) -> "Iterator[tuple[Progress, list[str]]]":
    """Show the progress of the work inside, and after it the notices that it added to a list."""
    from infonet_ros.offline.progress import print_notices, progress_bars, standard_error

    notices: list[str] = []
    console = standard_error(quiet)
    with progress_bars(console) as progress:
        yield progress, notices
    print_notices(console, notices)


def _groups(paths: list[Path], against: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return the recordings of the two groups: without a second one, the two recordings that are given."""
    if against:
        return paths, against
    if len(paths) != 2:
        raise ConfigurationError(
            f"{counted(len(paths), 'recording')} without --against: expected two recordings, or --against before each "
            "recording of the second group."
        )
    return paths[:1], paths[1:]


def _print(result: "Learnt | Check | Comparison", as_json: bool, quiet: bool) -> None:
    """Print a result as JSON, or in words unless ``quiet``."""
    if as_json:
        print(json.dumps(result.record(), indent=2))
    elif not quiet:
        print("\n".join(map(printable, str(result).splitlines())))
