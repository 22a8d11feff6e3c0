"""The storage files of a bag: found, decompressed, and opened by the reader that their first bytes ask for."""

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from infonet_ros.errors import InfonetError, RecordingError
from infonet_ros.files import check_file
from infonet_ros.intake.packed import PACKED, ZSTD, zstd
from infonet_ros.intake.storage.connection import Storage
from infonet_ros.intake.storage.mcap import McapFile
from infonet_ros.intake.storage.ros1 import Ros1File
from infonet_ros.intake.storage.sqlite import SqliteFile
from infonet_ros.interruptions import temporary_folder
from infonet_ros.text import are, listed, one_line

_READERS: dict[str, Callable[[Path], Storage]] = {".mcap": McapFile, ".db3": SqliteFile, ".bag": Ros1File}
STARTS = {b"\x89MCAP0\r\n": ".mcap", b"SQLite format 3\0": ".db3", b"#ROSBAG": ".bag"}
"""First bytes of files, and the suffix that they should have."""

_COMPRESSED = (".zst", ".zstd")
_ACTIVE = ".active"  # behind the name of a file that a ROS 1 recorder did not finish
# Files that a metadata.yaml names.
_LISTED = re.compile(r"^[ -]*(?:path: *)?[\"']?(?:.*/)?([^/\n]+\.(?:mcap|db3)(?:\.zstd?)?)[\"']? *$", re.MULTILINE)


_Contents = tuple[int, int, tuple[tuple[str, int], ...]]  # times, and the number of messages of each topic


@contextmanager
def one_sentence(label: str) -> Iterator[None]:
    """Turn every exception that a reader raises on damaged or foreign bytes into one sentence."""
    try:
        yield
    except (InfonetError, GeneratorExit):
        raise
    except FileNotFoundError as error:
        name = error.filename or " ".join(map(str, error.args))
        raise RecordingError(f"{name} is not there: expected a bag.") from error
    except PermissionError as error:
        raise RecordingError(f"this user may not read {error.filename}: change its permissions.") from error
    except Exception as error:  # The reader parses untrusted bytes; what it raises on damaged ones is no closed list.
        raise RecordingError(
            f"{label} is not a readable bag ({one_line(error)}): it may be truncated or of another kind; expected a "
            "ROS 1 .bag, or a ROS 2 bag in mcap or sqlite3; `ros2 bag reindex` or `mcap recover` may repair it."
        ) from error


def storage_files(path: Path, missing: list[str]) -> list[Path]:
    """Return the storage files of a path; append a sentence to ``missing`` if they are not those of its metadata."""
    if path.is_dir():
        return _files_of_folder(path, missing)
    check_file(path, "a bag, a folder or a .mcap, .db3 or .bag file", RecordingError)
    if not _kind(path):
        raise RecordingError(
            f"{path} is not a bag: expected a folder, or a .mcap, .db3 or .bag file; `infonet csv` reads tables."
        )
    return [path]


def _files_of_folder(path: Path, missing: list[str]) -> list[Path]:
    inside = {file.name: file for file in sorted(path.iterdir()) if storage_suffix(file)}
    metadata = path / "metadata.yaml"
    named = dict.fromkeys(_LISTED.findall(metadata.read_text(errors="replace"))) if metadata.is_file() else {}
    if named:  # only ROS 2 writes a metadata.yaml; the bag that it was converted from often lies beside it
        for name in [name for name, file in inside.items() if _is_ros1(file)]:
            del inside[name]
            missing.append(f"{name} is left out: it is a ROS 1 bag in the folder of a ROS 2 bag; give its own path.")
    there = set(map(_plain_name, inside))
    if lost := [name for name in named if _plain_name(name) not in there]:
        missing.append(f"{_they_are(lost)} missing in {path.name}, although listed in its metadata.yaml.")
    elif named and (strange := sorted(there.difference(map(_plain_name, named)))):
        missing.append(f"{_they_are(strange)} read too, although not listed in the metadata.yaml of {path.name}.")
    # Some players leave the decompressed file beside the compressed one.
    files = [file for file in inside.values() if file.suffix not in _COMPRESSED or file.stem not in inside]
    if not files:
        reason = missing.pop().rstrip(".") if lost else "expected .mcap, .db3 or .bag files in it"
        bags = [
            folder
            for folder in sorted(path.iterdir())
            if folder.is_dir() and any(map(storage_suffix, folder.iterdir()))
        ]
        if bags:
            reason += f"; these folders in it are bags: {listed([folder.name for folder in bags])}"
        raise RecordingError(f"{path} is not a bag: {reason}.")
    return files


def _they_are(names: Sequence[str]) -> str:
    return f"{listed(names)} {are(len(names))}"


def _plain_name(name: str) -> str:
    return re.sub(r"\.zstd?$", "", name)


def _kind(path: Path) -> str:
    """Return the suffix that fits the first bytes of a file, or else its own; empty for a file that is no bag."""
    head = beginning(path)
    return next((suffix for start, suffix in STARTS.items() if head.startswith(start)), storage_suffix(path))


def beginning(path: Path, count: int = 16) -> bytes:
    """Return the first bytes of a file; none of anything else, and of a file that cannot be read."""
    if path.is_file():  # to open a pipe would wait for its writer
        with suppress(OSError), path.open("rb") as file:
            return file.read(count)
    return b""


def storage_suffix(path: Path) -> str:
    """Return the suffix that stands for the kind of storage; empty if there is none."""
    suffix = Path(path.stem).suffix if path.suffix in (*_COMPRESSED, _ACTIVE) else path.suffix
    return suffix if suffix in _READERS else ""


def open_all(paths: Sequence[Path], stack: ExitStack, missing: list[str]) -> list[Storage]:
    """Open all files that can be read, copies once, with a sentence about each other; fails if none can be read."""
    opened: dict[_Contents | Path, tuple[Path, Storage]] = {}
    problems: list[RecordingError] = []
    for path in paths:
        try:
            with one_sentence(path.name):
                storage = _open(path, stack)
                first, _ = opened.setdefault(_contents(storage) or path, (path, storage))
        except RecordingError as error:
            problems.append(error)
            continue
        if first != path:
            missing.append(f"{path} is left out: it holds the same topics, numbers of messages and times as {first}.")
    if not opened:
        raise problems[0]
    missing += [f"left out: {problem}" for problem in problems]
    return [storage for _, storage in opened.values()]


def _contents(storage: Storage) -> _Contents | None:
    """Return what a file has in common with the one that it was converted from; None if it holds no messages."""
    counts = Counter[str]()
    for connection in storage.connections:
        counts[connection.topic] += connection.count
    return (storage.start, storage.end, tuple(sorted(counts.items()))) if counts.total() else None


def _open(path: Path, stack: ExitStack) -> Storage:
    check_file(path, "a bag", RecordingError)
    if not path.stat().st_size:
        raise RecordingError(f"{path} is empty: expected a bag; the recorder may have been killed before it wrote.")
    plain = _decompressed(path, stack) if beginning(path).startswith(ZSTD) else path
    if beginning(plain).startswith(PACKED):
        raise RecordingError(f"{path} is compressed or an archive: unpack it; expected a bag.")
    storage = _READERS[_kind(plain)](_beside_its_log(plain, stack))
    stack.callback(storage.close)
    return storage


def _beside_its_log(path: Path, stack: ExitStack) -> Path:
    """Return a file, or a copy if SQLite must write beside it to read the log of a killed recorder, but may not."""
    log = path.with_name(path.name + "-wal")
    if not log.exists() or os.access(path.parent, os.W_OK):
        return path
    with _in_temporary_folder(path, path.name, "copied", stack) as copy:
        for source, target in ((path, copy), (log, copy.with_name(copy.name + "-wal"))):
            shutil.copyfile(source, target)
    return copy


def _decompressed(path: Path, stack: ExitStack) -> Path:
    """Decompress a file into a folder that is removed with the stack."""
    with (
        _in_temporary_folder(path, path.stem, "decompressed", stack) as plain,
        zstd.open(path, "rb") as source,
        plain.open("wb") as target,
        suppress(EOFError, zstd.ZstdError),  # the part before a cut is read; its reader finds that it is not complete
    ):
        shutil.copyfileobj(cast("Any", source), target)
    return plain


@contextmanager
def _in_temporary_folder(path: Path, name: str, done: str, stack: ExitStack) -> Iterator[Path]:
    """Yield the place of a file in a folder that is removed with the stack; ``done`` is how it comes there."""
    try:
        yield stack.enter_context(temporary_folder()) / name
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be {done} in {tempfile.gettempdir()} ({error.strerror}): make room there, or name "
            "another folder by the environment variable TMPDIR."
        ) from error


def check_one_kind(files: Sequence[Path]) -> None:
    """Raise RecordingError for bags of ROS 1 and ROS 2 together, with one name of each."""
    ros1 = next((file.name for file in files if _is_ros1(file)), "")
    ros2 = next((file.name for file in files if not _is_ros1(file)), "")
    if ros1 and ros2:
        raise RecordingError(
            f"a ROS 1 bag ({ros1}) and a ROS 2 bag ({ros2}) were given together: analyse them one after the other."
        )


def _is_ros1(file: Path) -> bool:
    return _kind(file) == ".bag"
