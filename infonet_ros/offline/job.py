"""One run of `infonet bag` or `infonet csv`: from the options to the files, with progress on standard error."""

import json
import math
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from infonet_ros import __version__
from infonet_ros.errors import MissingDependencyError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.offline import writers
from infonet_ros.offline.analysis import Analysis, analyse
from infonet_ros.offline.matrix_bag import write_matrix_bag
from infonet_ros.offline.outputs import OutputFolder
from infonet_ros.offline.proposal import matching_topics, params_document, propose
from infonet_ros.offline.recording import Recording, Span, check_topics, chosen_span
from infonet_ros.offline.report import Provenance, render_report
from infonet_ros.streams.settings import Settings, load_settings

FORMATS = ("html", "csv", "parquet", "npz", "png", "mcap")
PARAMS_FILE = "params.yaml"

_NEED_PACKAGES = ("html", "parquet")  # left out with a notice where the package is missing and nobody asked for them
_LIBRARIES = ("torch", "numpy", "rosbags", "plotly")


@dataclass(frozen=True)
class Job:
    """The options of one run; see the help texts in `commands`. ``formats`` None: all that this machine can write."""

    params: Path | None
    topics: tuple[str, ...]
    start: float
    duration: float | None
    overrides: Mapping[str, Any]
    max_channels: int
    out: Path
    formats: tuple[str, ...] | None
    json: bool
    quiet: bool


def run(recording: AbstractContextManager[Recording], job: Job) -> None:
    """Analyse a recording and write the results.

    Raises
    ------
    InfonetError
        One sentence for the user; what was in the output folder before has not changed.
    """
    began = time.perf_counter()
    errors = Console(stderr=True, quiet=job.quiet, highlight=False, soft_wrap=True)
    with recording as opened, OutputFolder(job.out) as folder:
        span = chosen_span(opened, job.start, job.duration)
        settings, notices = _settings(opened, job, span)
        for notice in notices:
            errors.print(f"Note: {notice}", markup=False)
        net = InfoNet.from_pretrained(device=settings.device)
        with _progress_bar(errors) as progress:
            analysis = analyse(opened, settings, span, net, progress)
        notices += _write(folder, analysis, job, notices, errors)
    if job.json:
        print(json.dumps(_findings(analysis, folder, notices), indent=2))
    elif not job.quiet:
        _print_summary(analysis, folder, time.perf_counter() - began)


def _settings(recording: Recording, job: Job, span: Span) -> tuple[Settings, list[str]]:
    """Take the settings of the params file or of a proposal, with the options of the command line on top."""
    if job.params is None:
        proposal = propose(recording, Settings().with_values(**job.overrides), span, job.topics, job.max_channels)
        return proposal.settings, list(proposal.notices)
    settings = load_settings(job.params).with_values(**job.overrides)
    if job.topics:
        wanted = matching_topics(recording, job.topics)
        modalities = tuple(m for m in settings.modalities if m.topic in wanted)
        kept = {name for m in modalities for name in (m.name, *m.channel_names)}
        watches = tuple(w for w in settings.watches if set(w.pair) <= kept)
        settings = replace(settings, modalities=modalities, watches=watches)
    check_topics(recording, settings)
    return settings, []


def _write(folder: OutputFolder, analysis: Analysis, job: Job, notices: list[str], errors: Console) -> list[str]:
    """Write every format; return notices about those that this machine cannot write."""
    comment = f"Settings of the analysis of {analysis.label}; the node takes them as they are."
    params = params_document(analysis.settings, " ".join(comment.split()))
    provenance = Provenance(_command(), _versions(), params, tuple(notices))
    matrices = analysis.matrices
    writes = {
        "csv": ("infonet.csv", lambda path: writers.write_csv(path, matrices)),
        "parquet": ("infonet.parquet", lambda path: writers.write_parquet(path, matrices)),
        "npz": ("infonet.npz", lambda path: writers.write_npz(path, analysis)),
        "png": ("heatmap.png", lambda path: writers.write_picture(path, analysis)),
        "mcap": ("matrices", lambda path: write_matrix_bag(path, {"/infonet/channels": matrices})),
        "html": (
            "report.html",
            lambda path: path.write_text(render_report(analysis, provenance), encoding="utf-8", newline="\n"),
        ),
    }
    folder.write(PARAMS_FILE, lambda path: path.write_text(params, encoding="utf-8"))
    missing = []
    for name in FORMATS if job.formats is None else dict.fromkeys(job.formats):
        try:
            folder.write(*writes[name])
        except MissingDependencyError as error:
            if job.formats is not None or name not in _NEED_PACKAGES:
                raise
            missing.append(str(error))
            errors.print(f"Note: {error}", markup=False)
    return missing


@contextmanager
def _progress_bar(console: Console) -> Iterator[Any]:
    """Bar with the time left, on standard error when that is a terminal."""
    share = TextColumn("{task.percentage:3.0f} %")
    columns = (TextColumn("{task.description}"), BarColumn(), share, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=console.quiet or not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def progress(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what.capitalize(), total=1.0)
            bar.update(tasks[what], completed=share)

        yield progress


def _command() -> str:
    return shlex.join(["infonet", *sys.argv[1:]])


def _versions() -> dict[str, str]:
    versions = {"infonet_ros": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**versions, "Python": platform.python_version(), "on": f"{platform.system()} {platform.machine()}"}


def _findings(analysis: Analysis, folder: OutputFolder, notices: list[str]) -> dict[str, Any]:
    overall, names = analysis.overall, analysis.names

    def number(value: float) -> float | None:
        return round(float(value), 6) if math.isfinite(value) else None

    return {
        "recording": analysis.label,
        "duration": analysis.span.duration,
        "windows": len(analysis.matrices),
        "rate": overall.sample_rate,
        "channels": list(names),
        "pairs": [
            {
                "a": names[a],
                "b": names[b],
                **{key: number(getattr(overall, key)[a, b]) for key in ("mi", "lower", "upper", "p_value", "lag")},
            }
            for a, b in analysis.strongest(len(names) ** 2)
        ],
        "changes": [
            {"a": c.a, "b": c.b, "time": c.time / 1e9, "before": number(c.before), "after": number(c.after)}
            for c in analysis.changes
        ],
        "notices": notices,
        "files": [str(path) for path in folder.written],
    }


def _print_summary(analysis: Analysis, folder: OutputFolder, seconds: float) -> None:
    overall, names = analysis.overall, analysis.names
    print(
        f"{analysis.label}: {len(names)} channels, {len(analysis.matrices)} windows, {len(analysis.changes)} changes "
        f"of dependence, in {seconds:.1f} s. Strongest over the whole recording:"
    )
    for a, b in analysis.strongest(5):
        lag = float(overall.lag[a, b])
        delay = f", {names[b] if lag > 0 else names[a]} {abs(lag):.2f} s later" if lag else ""
        print(f"  {overall.mi[a, b]:.2f} nats  {names[a]} - {names[b]}{delay}")
    print(f"Written to {folder.path}: {', '.join(path.name for path in folder.written)}")
