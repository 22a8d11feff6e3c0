"""ROS 1 and ROS 2 bags, read without ROS: mcap, sqlite3 and ROS 1, folders or files, compressed or not.

Message types are taken from the definitions that the bag carries, so custom types work. Messages are read one by one;
nothing is kept.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, cast

from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection
from rosbags.typesys import Stores, get_typestore

from infonet_ros.errors import InfonetError, RecordingError
from infonet_ros.offline.message_fields import numeric_fields
from infonet_ros.offline.recording import Field, Sample, Topic
from infonet_ros.streams.channels import Channel, header_stamp, parse_channel
from infonet_ros.streams.message_types import Schema, full_type_name, store_schema
from infonet_ros.streams.settings import Modality

_STORAGE = (".mcap", ".db3", ".bag")
_COMPRESSED = (".zst", ".zstd")
_GLIMPSES = 8  # places of a recording to look at
_GLIMPSE_MESSAGES = 25  # of each topic, at each place
_GLIMPSE_READ = 2000  # messages at most, at each place


class Bag:
    """One recording in one or more bags.

    Parameters
    ----------
    paths : sequence of Path
        Folders with a ``metadata.yaml``, folders of storage files, or storage files (``.mcap``, ``.db3``, ``.bag``,
        also with ``.zst`` or ``.zstd`` behind).

    Raises
    ------
    RecordingError
        On entering or reading: a bag that is not there, is damaged, empty or of another kind.
    """

    kind = "bag"
    notices = ()

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self.label = ", ".join(path.name or str(path.resolve().name) for path in self._paths)
        self.unstamped: set[str] = set()
        self._stack = ExitStack()

    def __enter__(self) -> "Bag":
        with ExitStack() as stack, _one_sentence(self.label):
            files = [file for path in self._paths for file in _storage_files(path, stack)]
            _check_one_kind(files)
            # Older bags carry no definitions: the standard types are then the best guess.
            self._reader = stack.enter_context(AnyReader(files, default_typestore=get_typestore(Stores.LATEST)))
            if not self._reader.message_count:
                raise RecordingError(f"{self.label} holds no messages: there is nothing to analyse.")
            self.start = self._reader.start_time
            self.end = self._reader.end_time - 1
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @property
    def topics(self) -> Mapping[str, Topic]:
        """Topics by name."""
        with _one_sentence(self.label):
            return {
                name: Topic(name, full_type_name(info.msgtype or info.connections[0].msgtype), info.msgcount)
                for name, info in self._reader.topics.items()
            }

    @property
    def schema(self) -> Schema:
        """Fields of the message types of this bag."""
        return store_schema(self._reader.typestore)

    def fields(self, topic: str) -> tuple[list[Field], list[str]]:
        """Return the numeric channels that a topic could give, and sentences about what else it holds."""
        type_name = self._type(topic)
        fields: dict[Field, None] = {}
        left_out: dict[str, None] = {}
        # Several messages, since two publishers on one topic may name different joints.
        for _, _, message in islice(self._messages([topic], self.start, self.end + 1), _GLIMPSE_MESSAGES):
            with _one_sentence(self.label):  # a bag may define a standard type in its own way
                found, rest = numeric_fields(type_name, self.schema, message)
            fields.update(dict.fromkeys(found))
            left_out.update(dict.fromkeys(rest))
        return list(fields), list(left_out)

    def samples(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Sample]:
        """Read the samples recorded from ``start`` to before ``stop``, in the order of recording."""
        bound = self._bind(modalities)
        for topic, received, message in self._messages(list(bound), start, stop):
            with _one_sentence(self.label):
                stamp = header_stamp(message)
                readings = [(name, [extract(message) for extract in extractors]) for name, extractors in bound[topic]]
            if stamp is None:
                self.unstamped.add(topic)
                stamp = received
            for modality, values in readings:
                yield Sample(modality, stamp, values, received)

    def glimpse(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Sample]:
        """Read some samples of each modality, from all over that time."""
        step = max(1, (stop - start) // _GLIMPSES)
        for begin in range(start, stop, step):
            missing = {modality.name: _GLIMPSE_MESSAGES for modality in modalities}
            for sample in islice(self.samples(modalities, begin, min(begin + step, stop)), _GLIMPSE_READ):
                if missing.get(sample.modality):
                    missing[sample.modality] -= 1
                    yield sample
                if not any(missing.values()):
                    break

    def _bind(self, modalities: Sequence[Modality]) -> dict[str, list[tuple[str, list[Callable[[Any], float | None]]]]]:
        """Channels to extract from the messages of each topic, by modality."""
        bound: dict[str, list[tuple[str, list[Callable[[Any], float | None]]]]] = {}
        for modality in modalities:
            channels = [self._channel(modality, path) for path in modality.channels]
            bound.setdefault(modality.topic, []).append((modality.name, [c.extract for c in channels]))
        return bound

    def _channel(self, modality: Modality, path: str) -> Channel:
        type_name = self._type(modality.topic)
        if modality.type and full_type_name(modality.type) != type_name:
            raise RecordingError(
                f"topic {modality.topic} has messages of type {type_name} in {self.label}, but modality "
                f"{modality.name!r} expects {modality.type}: correct the params file."
            )
        return parse_channel(path).bind(type_name, self.schema, modality.topic)

    @property
    def reader(self) -> AnyReader:
        """What reads the bag: its connections, with their quality of service, and its type store."""
        return self._reader

    def raw_messages(self, topics: Sequence[str], start: int, stop: int) -> Iterator[tuple[Connection, int, bytes]]:
        """Read serialised messages, with the time of their recording, from ``start`` to before ``stop``."""
        connections = [c for c in self._reader.connections if c.topic in topics and c.msgcount]
        if connections:
            with _one_sentence(self.label):
                yield from self._reader.messages(connections, start, stop)

    def _messages(self, topics: Sequence[str], start: int, stop: int) -> Iterator[tuple[str, int, Any]]:
        with _one_sentence(self.label):
            for connection, received, raw in self.raw_messages(topics, start, stop):
                yield connection.topic, received, self._reader.deserialize(raw, connection.msgtype)

    def _type(self, topic: str) -> str:
        """Return the message type of a topic, whose definition is known."""
        type_name = self.topics[topic].type
        if type_name not in self._reader.typestore.fielddefs:
            raise RecordingError(
                f"topic {topic} has messages of type {type_name}, whose definition {self.label} does not carry: record "
                "it again with message definitions (mcap), or leave the topic out with --topics."
            )
        return type_name


@contextmanager
def _one_sentence(label: str) -> Iterator[None]:
    """Turn whatever damaged or foreign bytes make the reader raise into one sentence."""
    try:
        yield
    except (InfonetError, GeneratorExit):
        raise
    except FileNotFoundError as error:
        name = error.filename or " ".join(map(str, error.args))
        raise RecordingError(f"{name} is not there: expected a bag.") from error
    except PermissionError as error:
        raise RecordingError(f"{error.filename} must not be read by this user: change its permissions.") from error
    except Exception as error:  # The reader parses untrusted bytes; what it raises on damaged ones is no closed list.
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise RecordingError(
            f"{label} is not a readable bag ({reason}): it may be truncated or of another kind; expected a ROS 1 .bag, "
            "or a ROS 2 bag in mcap or sqlite3; `ros2 bag reindex` or `mcap recover` may repair it."
        ) from error


def _storage_files(path: Path, stack: ExitStack) -> list[Path]:
    """Return what the reader opens for a path: the folder itself, the storage files in it, or the unpacked file."""
    if not path.exists():
        raise RecordingError(f"{path} is not there: expected a bag, a folder or a .mcap, .db3 or .bag file.")
    if path.is_dir():
        if (path / "metadata.yaml").exists():
            return [path]
        inside = sorted(file for file in path.iterdir() if _storage_suffix(file))
        if not inside:
            raise RecordingError(f"{path} is not a bag: expected metadata.yaml, or .mcap, .db3 or .bag files in it.")
        return [unpacked for file in inside for unpacked in _storage_files(file, stack)]
    if not _storage_suffix(path):
        raise RecordingError(f"{path} is not a bag: expected a folder, or a .mcap, .db3 or .bag file.")
    if not path.stat().st_size:
        raise RecordingError(f"{path} is empty: expected a bag; the recorder may have been killed before it wrote.")
    return [_unpack(path, stack)] if path.suffix in _COMPRESSED else [path]


def _storage_suffix(path: Path) -> str:
    """Return the suffix that tells the kind of storage, or nothing."""
    suffix = Path(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix
    return suffix if suffix in _STORAGE else ""


def _unpack(path: Path, stack: ExitStack) -> Path:
    """Decompress a file into a folder that is removed with the stack."""
    try:
        from compression import zstd
    except ImportError:  # before Python 3.14
        from backports import zstd
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="infonet-")))
    unpacked = folder / path.stem
    with zstd.open(path, "rb") as packed, unpacked.open("wb") as plain:
        shutil.copyfileobj(cast("Any", packed), plain)
    return unpacked


def _check_one_kind(files: Sequence[Path]) -> None:
    if len({file.suffix == ".bag" for file in files}) > 1:
        raise RecordingError("ROS 1 and ROS 2 bags were given together: analyse them one after the other.")
