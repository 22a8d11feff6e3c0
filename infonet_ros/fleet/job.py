"""Send bags to Dask workers, and collect their findings.

Each bag is one task: one worker analyses it on one core as `infonet bag` does, so the results are identical to the last
bit. Its folder is made elsewhere and renamed at the end, so it appears complete or not at all. If a worker dies,
another worker repeats its task.
"""

import logging
import os
import signal
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import active_children, resource_tracker
from pathlib import Path
from typing import Any

import dask
from dask.distributed import Client, Future, LocalCluster, as_completed

from infonet_ros.dependence.comparison import WindowedRecording
from infonet_ros.errors import ConfigurationError, InfonetError
from infonet_ros.intake.opener import check_once
from infonet_ros.interruptions import cleared_afterwards, folder_for_now, made_folder, temporary_folder
from infonet_ros.offline.baselines.comparing import windows_of
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.job import analyse_bag
from infonet_ros.offline.results.formats import Format
from infonet_ros.offline.results.outputs import cannot_write
from infonet_ros.settings import Settings
from infonet_ros.signals import signals_waiting
from infonet_ros.text import shorten, unique_names

_ATTEMPTS = ".attempts"  # folders that are being made, inside the folder of results: renaming stays on one disk
SUMMARY_FILES = ("fleet.html", "fleet.csv", "differences.csv")
"""Files beside the folders of the bags."""

_LONGEST_NAME = 80  # characters, of three bytes each at most: file systems allow 255 bytes
_CONNECT = 30  # seconds


@dataclass(frozen=True)
class Outcome:
    """Result of one bag: its findings (see `findings_record`) and windows, or its problem."""

    name: str
    findings: dict[str, Any] = field(default_factory=dict)
    windows: WindowedRecording | None = None
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"{self.name}: {self.problem}"
        return f"{self.name}: {len(self.findings['channels'])} channels, {self.findings['windows']} windows"


@contextmanager
def connected(scheduler: str | None, workers: int | None) -> Iterator[Client]:
    """Connect to a scheduler, or start workers on this machine and end them with the context.

    Raises ConfigurationError if no scheduler answers at that address.
    """
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_CONNECT)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"no Dask scheduler answers at {scheduler!r} ({error}): expected an address such as tcp://host:8786, "
                "which `dask scheduler` prints when it starts."
            ) from error
        with client:
            yield client
        return
    count = workers or len(os.sched_getaffinity(0))
    with (
        temporary_folder() as scratch,
        dask.config.set({"temporary-directory": str(scratch)}),
        _no_process_left(),
        _local_cluster(count, scratch) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def _local_cluster(workers: int, scratch: Path) -> Iterator[LocalCluster]:
    """Start workers that ignore Ctrl-C: this process ends them, and they print nothing.

    Some are killed in the middle of their work. The files that they leave are in ``scratch``.
    """
    resource_tracker.ensure_running()  # which would unblock Ctrl-C when it starts
    for handler in logging.getLogger("distributed").handlers:  # Dask's own silence ends before its last messages
        handler.setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        with signals_waiting():  # a cluster that is interrupted while it starts would go on to start
            before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # which threads and processes inherit
            try:
                cluster = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # or a second fleet warns of a used port
                    env={"TMPDIR": str(scratch)},
                    silence_logs=logging.CRITICAL,  # the outcome of a bag reports the death of its worker
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            stack.enter_context(cluster)
        yield cluster


@contextmanager
def _no_process_left() -> Iterator[None]:
    """End the workers that Dask leaves running if it is interrupted."""
    before = active_children()

    def end_others() -> None:
        for process in active_children():
            if process not in before:
                process.kill()
                process.join()

    with cleared_afterwards(end_others):
        yield


@contextmanager
def folder_of_attempts(out: Path) -> Iterator[None]:
    """Make the folder of results, and inside it one for unfinished results, which is removed with the context.

    Leave the context after that of the workers: they would make this folder again. Raises OutputError if the folder
    cannot be made.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(made_folder(out))
            stack.enter_context(folder_for_now(out / _ATTEMPTS))
        except OSError as error:
            raise cannot_write(out, error) from error
        yield


def analyse_fleet(
    client: Client,
    bags: Sequence[Path],
    out: Path,
    settings: Settings,
    formats: Sequence[Format] | None = None,
    on_done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Analyse bags on the workers of a client, each into a folder of its name under ``out``.

    Returns an outcome for each bag, in the order of the bags. The workers must see bags and results under the same
    paths, and ``out`` is inside `folder_of_attempts`. Without modalities in the settings, those are proposed for each
    bag; for ``formats`` see `analyse_bag`. ``on_done`` is called with each outcome as soon as it is known. A bag that
    cannot be analysed, or whose workers die again and again, has a problem; the other bags have their results.
    """
    out = out.absolute()
    names = folder_names(bags)
    futures = {
        client.submit(_analyse, bag.absolute(), out, name, settings, formats, pure=False): name
        for bag, name in zip(bags, names, strict=True)
    }
    outcomes = {}
    for future in as_completed(futures):
        name = futures[future]
        outcomes[name] = _outcome(future, name)
        on_done(outcomes[name])
    return [outcomes[name] for name in names]


def folder_names(bags: Sequence[Path]) -> list[str]:
    """Return the name of the folder of each bag: that of the bag, or if two are equal, their paths in a common folder.

    Raises RecordingError if a bag was given twice.
    """
    check_once(bags)
    paths = [bag.absolute() for bag in bags]
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        common = os.path.commonpath(paths)
        names = ["_".join(path.relative_to(common).parts) for path in paths]
    return unique_names((shorten(name, _LONGEST_NAME) for name in names), taken=(_ATTEMPTS, *SUMMARY_FILES))


def _analyse(bag: Path, out: Path, name: str, settings: Settings, formats: Sequence[Format] | None) -> Outcome:
    """Analyse one bag, on a worker; an error that the user can correct is an outcome, which Dask does not log."""
    attempt = out / _ATTEMPTS / uuid.uuid4().hex
    try:
        results = analyse_bag(bag, attempt, settings, formats=formats, cores=1)
    except InfonetError as error:
        return Outcome(name, problem=str(error))
    try:
        if (out / name).exists():
            (out / name).rename(attempt.with_suffix(".previous"))
        attempt.rename(out / name)
    except OSError as error:
        return Outcome(name, problem=str(cannot_write(out / name, error)))
    return Outcome(name, findings_record(results.analysis), windows_of(results.analysis))


def _outcome(future: "Future[Any]", name: str) -> Outcome:
    error = future.exception()
    if error is None:
        outcome: Outcome = future.result()
        return outcome
    return Outcome(name, problem=f"{type(error).__name__}: {' '.join(str(error).split())}")
