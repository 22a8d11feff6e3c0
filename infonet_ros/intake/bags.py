"""ROS 1 and ROS 2 bags, read without ROS: mcap, sqlite3 and ROS 1, folders or files, compressed or not.

Message types are taken from the definitions that the bag carries, so custom types work. Some thousand messages are read
at a time; nothing is kept.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection
from rosbags.typesys import Stores, get_typestore

from infonet_ros.errors import ConfigurationError, InfonetError, RecordingError
from infonet_ros.intake.decoder import NO_STAMP, Decoder, Readings
from infonet_ros.intake.layouts import Unreadable
from infonet_ros.intake.message_fields import numeric_fields
from infonet_ros.intake.pieces import Piece, TopicPart, pieces_of
from infonet_ros.intake.recording import Field, Sample, Topic
from infonet_ros.intake.types import Schema, full_type_name, store_schema
from infonet_ros.settings import Modality
from infonet_ros.text import counted

_STORAGE = (".mcap", ".db3", ".bag")
_COMPRESSED = (".zst", ".zstd")
_FIRST_MESSAGES = 25  # of a topic, that tell its fields
_CHUNK = 8 * 2**20  # bytes of messages that are read together
_OVERHEAD = 2048  # bytes that each of them counts more

Message = tuple[Connection, int, bytes]
"""A serialised message: where it came from, when it was recorded."""


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

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self.label = ", ".join(path.name or str(path.resolve().name) for path in self._paths)
        self.unstamped: set[str] = set()
        self._unreadable: dict[str, tuple[int, str]] = {}
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

    @property
    def notices(self) -> Sequence[str]:
        """Sentences about messages that could not be read so far."""
        return [
            f"{counted(count, 'message')} of {topic} left out, because what they hold cannot be read: {why}."
            for topic, (count, why) in self._unreadable.items()
        ]

    def fields(self, topic: str) -> tuple[list[Field], list[str]]:
        """Return the numeric channels that a topic could give, and sentences about what else it holds."""
        type_name = self._type(topic)
        try:
            decoder = self._decoder(topic, ())
        except ConfigurationError as error:
            raise RecordingError(f"its messages cannot be read: {error}") from error
        fields: dict[Field, None] = {}
        left_out: dict[str, None] = {}
        problem = ""
        # Several messages, since two publishers on one topic may name different joints.
        for _, _, raw in islice(self._raw([topic], self.start, self.end + 1), _FIRST_MESSAGES):
            try:
                found, rest = numeric_fields(type_name, self.schema, decoder.locate(raw))
            except Unreadable as error:
                problem = str(error)
                continue
            except (AttributeError, TypeError) as error:
                raise RecordingError(f"{topic} defines {type_name} in its own way: {error}.") from error
            fields.update(dict.fromkeys(found))
            left_out.update(dict.fromkeys(rest))
        if problem and not fields:
            raise RecordingError(f"its messages cannot be read: {problem}.")
        return list(fields), list(left_out)

    def samples(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Sample]:
        """Read the samples recorded from ``start`` to before ``stop``, in the order of recording."""
        for parts, received in self._parts(modalities, start, stop):
            samples = [
                (place, Sample(name, stamp, _values(row[own], there[own]), when))
                for part in parts
                for place, stamp, row, there, when in zip(
                    *(part.places.tolist(), part.stamps.tolist(), part.values, part.present),
                    received[part.places].tolist(),
                    strict=True,
                )
                for name, own in part.columns.items()
            ]
            samples.sort(key=itemgetter(0))
            yield from (sample for _, sample in samples)

    def pieces(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Piece]:
        """Read what was recorded from ``start`` to before ``stop`` in short pieces."""
        for parts, received in self._parts(modalities, start, stop):
            yield from pieces_of(parts, received)

    def _parts(
        self, modalities: Sequence[Modality], start: int, stop: int
    ) -> Iterator[tuple[list[TopicPart], np.ndarray]]:
        """Read some thousand messages at a time: those of each topic, and when all of them were recorded."""
        own: dict[str, list[Modality]] = {}
        for modality in modalities:
            self._check_type(modality)
            own.setdefault(modality.topic, []).append(modality)
        decoders = {topic: self._decoder(topic, [p for m in ms for p in m.channels]) for topic, ms in own.items()}
        columns = {topic: _columns(ms) for topic, ms in own.items()}
        numbers = {topic: number for number, topic in enumerate(own)}
        for connections, times, raws in _chunks(self._raw(list(own), start, stop)):
            received = np.array(times, dtype=np.int64)
            owners = np.array([numbers[connection.topic] for connection in connections])
            parts = []
            for topic in own:
                places = np.flatnonzero(owners == numbers[topic])
                readings = decoders[topic].read([raws[place] for place in places.tolist()])
                self._note(topic, readings)
                stamps = np.where(readings.stamps == NO_STAMP, received[places], readings.stamps)
                part = TopicPart(places, stamps, readings.values, readings.present, columns[topic])
                parts.append(part if readings.readable.all() else part.only(readings.readable))
            yield parts, received

    def _note(self, topic: str, readings: Readings) -> None:
        """Keep in mind what a topic lacks."""
        if (readings.stamps[readings.readable] == NO_STAMP).any():
            self.unstamped.add(topic)
        if readings.unreadable:
            count, why = self._unreadable.get(topic, (0, readings.problem))
            self._unreadable[topic] = count + readings.unreadable, why

    def _decoder(self, topic: str, paths: Sequence[str]) -> Decoder:
        definitions = self._reader.typestore.fielddefs
        return Decoder(self._type(topic), definitions, paths, topic, ros1=not self._reader.is2)

    def _check_type(self, modality: Modality) -> None:
        type_name = self._type(modality.topic)
        if modality.type and full_type_name(modality.type) != type_name:
            raise RecordingError(
                f"topic {modality.topic} has messages of type {type_name} in {self.label}, but modality "
                f"{modality.name!r} expects {modality.type}: correct the params file."
            )

    @property
    def reader(self) -> AnyReader:
        """What reads the bag: its connections, with their quality of service, and its type store."""
        return self._reader

    def raw_messages(self, topics: Sequence[str], start: int, stop: int) -> Iterator[Message]:
        """Read serialised messages, with the time of their recording, from ``start`` to before ``stop``."""
        yield from self._messages([c for c in self._reader.connections if c.topic in topics], start, stop)

    def _raw(self, topics: Sequence[str], start: int, stop: int) -> Iterator[Message]:
        """Read serialised messages of the type that their topic has."""
        types = {topic: self._type(topic) for topic in topics}
        connections = []
        for connection in self._reader.connections:
            if connection.topic in types:
                type_name = full_type_name(connection.msgtype)
                if type_name == types[connection.topic]:
                    connections.append(connection)
                elif connection.msgcount:
                    why = f"they are of type {type_name}, not {types[connection.topic]} as others are"
                    self._unreadable[connection.topic] = connection.msgcount, why
        yield from self._messages(connections, start, stop)

    def _messages(self, connections: Sequence[Connection], start: int, stop: int) -> Iterator[Message]:
        connections = [connection for connection in connections if connection.msgcount]
        if connections:
            with _one_sentence(self.label):
                yield from self._reader.messages(connections, start, stop)

    def _type(self, topic: str) -> str:
        """Return the message type of a topic, whose definition is known."""
        type_name = self.topics[topic].type
        if type_name not in self._reader.typestore.fielddefs:
            raise RecordingError(
                f"topic {topic} has messages of type {type_name}, whose definition {self.label} does not carry: record "
                "it again with message definitions (mcap), or leave the topic out with --topics."
            )
        return type_name


def _chunks(messages: Iterator[Message]) -> Iterator[tuple[list[Connection], list[int], list[bytes]]]:
    """Gather messages: as many as are well read together, and no more bytes than memory has at hand."""
    # Three lists, since the collector of garbage looks at tuples again and again.
    connections: list[Connection] = []
    times: list[int] = []
    raws: list[bytes] = []
    size = 0
    for connection, received, raw in messages:
        connections.append(connection)
        times.append(received)
        raws.append(raw)
        size += len(raw) + _OVERHEAD
        if size >= _CHUNK:
            yield connections, times, raws
            connections, times, raws, size = [], [], [], 0
    if raws:
        yield connections, times, raws


def _columns(modalities: Sequence[Modality]) -> dict[str, slice]:
    """Columns of each modality among the channels of all."""
    columns, first = {}, 0
    for modality in modalities:
        columns[modality.name] = slice(first, first + len(modality.channels))
        first += len(modality.channels)
    return columns


def _values(row: np.ndarray, present: np.ndarray) -> list[float | None]:
    values: list[float | None] = row.tolist()
    return values if present.all() else [v if there else None for v, there in zip(values, present, strict=True)]


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
