"""Opens any recording: the contents of a file decide which reader takes it, not the command and not the file's name."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from infonet_ros.errors import ConfigurationError, MissingDependencyError, RecordingError
from infonet_ros.intake.recording import Recording
from infonet_ros.intake.storage.opening import STARTS, beginning, storage_suffix


class TableClock(NamedTuple):
    """The time column of tables, its unit, and the rate of tables without one, as `open_recording` takes them."""

    time: str | None = None
    unit: str = "auto"
    rate: float | None = None


STAMPED = TableClock()
"""Of bags, which have stamps, and of tables whose time is found by name and content."""


def open_recording(
    paths: Sequence[Path], time: str | None = None, unit: str = "auto", rate: float | None = None
) -> AbstractContextManager[Recording]:
    """Return the reader of a recording, a `Bag` or `Tables`, to be entered as a context.

    Raises RecordingError for bags and tables together, or a file that is neither. Raises ConfigurationError if a time
    column is named for a bag. Raises MissingDependencyError if what reads it is not installed.

    Parameters
    ----------
    paths : sequence of Path
        Bags, or tables; several are one recording.
    time, unit : str
    rate : float, optional
        See `Tables`; all three have no effect on bags, which have stamps.
    """
    check_once(paths)
    if described := next((path for path in paths if path.name == "metadata.yaml"), None):
        raise RecordingError(f"{described} only describes a bag: give its folder, {described.parent}.")
    bags = [path for path in paths if _is_bag(path)]
    if bags and len(bags) < len(paths):
        table = next(path for path in paths if path not in bags)
        raise RecordingError(f"{bags[0]} is a bag and {table} is not: analyse them one after the other.")
    if bags:
        if time is not None or unit != "auto":
            raise ConfigurationError(
                "--time and --time-unit are for tables: the messages of a bag have stamps; leave them out."
            )
        from infonet_ros.intake.bags import Bag

        return Bag(paths)
    if find_spec("pyarrow") is None:
        raise MissingDependencyError("Reading tables", "pyarrow", "run `pip install pyarrow`")
    from infonet_ros.intake.tables.tables import Tables

    return Tables(paths, time, unit, rate)


def check_once(paths: Sequence[Path]) -> None:
    """Raise RecordingError if two paths lead to one recording: it would count twice as evidence."""
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise RecordingError(f"{path} was given twice: give each recording once.")
        seen.add(path.resolve())


def _is_bag(path: Path) -> bool:
    """Recognise a bag by its folder, by its first bytes, or by its name, since it may be damaged or compressed."""
    try:
        if path.is_dir():
            inside = list(path.iterdir())
            return not inside or any(file.name == "metadata.yaml" or storage_suffix(file) for file in inside)
    except OSError:
        return False
    head = beginning(path, 256)
    return head.startswith(tuple(STARTS)) or (storage_suffix(path) != "" and not _is_text(head))


def _is_text(head: bytes) -> bool:
    """Recognise a table that is named like a bag: it begins with lines of plain text."""
    return b"\n" in head and head.isascii() and head.translate(None, b"\r\n\t").decode().isprintable()
