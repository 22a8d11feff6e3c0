"""Opens any recording: the contents of a file decide which reader takes it, not the command and not the file's name."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from infonet_ros.errors import ConfigurationError, MissingDependencyError, RecordingError
from infonet_ros.intake.recording import Recording
from infonet_ros.intake.storage.opening import STARTS

_BAG_STARTS = tuple(STARTS)
_BAG_SUFFIXES = (".mcap", ".db3", ".bag")
_COMPRESSED = (".zst", ".zstd")


class TableClock(NamedTuple):
    """The time column of tables and its unit, as `open_recording` takes them."""

    time: str | None = None
    unit: str = "auto"


STAMPED = TableClock()
"""Of bags, which have stamps, and of tables whose time is found by name and content."""


def open_recording(
    paths: Sequence[Path], time: str | None = None, unit: str = "auto"
) -> AbstractContextManager[Recording]:
    """Return the reader of a recording, a `Bag` or `Tables`, to be entered as a context.

    Raises RecordingError for bags and tables together, or a file that is neither. Raises ConfigurationError if a time
    column is named for a bag. Raises MissingDependencyError if what reads it is not installed.

    Parameters
    ----------
    paths : sequence of Path
        Bags, or tables; several are one recording.
    time, unit : str
        See `Tables`; without effect on bags, which have stamps.
    """
    for number, path in enumerate(paths):
        if any(path.resolve() == other.resolve() for other in paths[:number]):
            raise RecordingError(f"{path} was given twice: give each recording once.")
        if path.name == "metadata.yaml":
            raise RecordingError(f"{path} only describes a bag: give its folder, {path.parent}.")
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

    return Tables(paths, time, unit)


def _is_bag(path: Path) -> bool:
    """Recognise a bag by its folder, by its first bytes, or by its name, since it may be damaged or compressed."""
    try:
        if _is_named_bag(path) and not path.is_dir():
            return not _is_text(path)
        if path.is_dir():
            inside = list(path.iterdir())
            return not inside or any(file.name == "metadata.yaml" or _is_named_bag(file) for file in inside)
        if not path.is_file():  # to open a pipe would wait for its writer
            return False
        with path.open("rb") as file:
            return file.read(16).startswith(_BAG_STARTS)
    except OSError:
        return False


def _is_text(path: Path) -> bool:
    """Recognise a table that is named like a bag: it begins with lines of plain text."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(256)
    return (
        not head.startswith(_BAG_STARTS)
        and b"\n" in head
        and head.isascii()
        and head.translate(None, b"\r\n\t").decode().isprintable()
    )


def _is_named_bag(path: Path) -> bool:
    return (Path(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix) in _BAG_SUFFIXES
