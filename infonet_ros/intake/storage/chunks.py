"""Files that hold their messages in chunks, compressed or not: mcap and ROS 1 bags."""

import bz2
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from struct import error as StructError
from typing import Any

from lz4.frame import LZ4FrameDecompressor

from infonet_ros.intake.packed import ZSTD, zstd
from infonet_ros.intake.storage.connection import LAST_TIME, Connection, Message, is_time, left_out
from infonet_ros.text import counted, moment, shorten

_LARGEST = 1 << 30  # bytes of a chunk or a message; recorders write chunks of 1 MB
_DECOMPRESSORS = {"lz4": LZ4FrameDecompressor, "zstd": zstd.ZstdDecompressor, "bz2": bz2.BZ2Decompressor}


class DamagedError(Exception):
    """Bytes are missing or wrong."""


class _Everything:
    def __contains__(self, number: object) -> bool:
        return True


EVERY = _Everything()
"""All connections."""


Found = tuple[int, int, Any]
"""Number of the connection, time of recording, bytes."""


@dataclass(eq=False)
class Chunk:
    """A part of a file: its place, the number of messages of each connection, and when they were recorded.

    ``odd`` counts messages whose time of recording is damaged, and ``lost`` those that an index counts, but whose
    record is damaged.
    """

    place: int
    size: int
    start: int = LAST_TIME
    end: int = -1
    counts: Mapping[int, int] = field(default_factory=dict)
    odd: int = 0
    lost: int = 0


class ChunkedFile(ABC):
    """A `Storage` whose messages lie in chunks."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._chunks: list[Chunk] = []
        self._cut = False
        self._damaged: dict[Chunk, str] = {}
        try:
            numbered = self._open()
        except BaseException:
            self._file.close()
            raise
        totals: Counter[int] = Counter()
        for chunk in self._chunks:
            totals.update(chunk.counts)
        self._astray = totals.total() - sum(totals[number] for number in numbered)
        if (self._cut or self._damaged or self._astray) and totals.total() == self._astray:
            self._file.close()
            reason = "has a topic that is described" if self._astray else "is complete"
            raise DamagedError(next(iter(self._damaged.values()), f"no message in it {reason}"))
        self._chunks.sort(key=lambda chunk: chunk.start)
        self._numbered = {number: make(totals[number]) for number, make in numbered.items()}
        self._numbers = {connection: number for number, connection in self._numbered.items()}
        self.connections: Sequence[Connection] = list(self._numbers)
        self.start = min((chunk.start for chunk in self._chunks), default=LAST_TIME)
        self.end = max((chunk.end for chunk in self._chunks), default=-1)

    @abstractmethod
    def _open(self) -> Mapping[int, Any]:
        """Find the chunks; return, by number, a function that makes each connection from the count of its messages.

        Raises DamagedError if the file is of another kind, or no part of it is undamaged.
        """

    @abstractmethod
    def _decompressed(self, chunk: Chunk) -> bytes:
        """Read and decompress the bytes of a chunk. Raises DamagedError if they are not complete."""

    @abstractmethod
    def _take_definitions(self, data: bytes) -> None:
        """Store the connections that the bytes of a chunk define."""

    @abstractmethod
    def _found(self, data: bytes, wanted: Container[int]) -> list[Found]:
        """Find the complete messages of some connections in the bytes of a chunk."""

    @property
    def notices(self) -> list[str]:
        """Sentences about lost data."""
        notices = []
        if self._cut:
            notices.append(
                f"{self._name} is cut off, as if its recorder was killed: the messages up to {moment(self.end)} are "
                "read."
            )
        if self._damaged:
            count = sum(sum(chunk.counts.values()) for chunk in self._damaged)
            reason = next(iter(self._damaged.values()))
            notices.append(
                f"{self._name} is damaged in {counted(len(self._damaged), 'place')} ({reason}): "
                f"{counted(count, 'message') if count else 'the messages there are'} left out."
            )
        odd, lost = sum(chunk.odd for chunk in self._chunks), sum(chunk.lost for chunk in self._chunks)
        return [*notices, *left_out(self._name, astray=self._astray, odd=odd, lost=lost)]

    def messages(self, connections: Collection[Connection], start: int, stop: int) -> Iterator[Message]:
        """Read messages in the order of time."""
        wanted = {self._numbers[connection] for connection in connections}
        chunks = [c for c in self._chunks if c.start < stop and c.end >= start and not wanted.isdisjoint(c.counts)]
        waiting: list[Found] = []
        for chunk, until in zip(chunks, [*(chunk.start for chunk in chunks[1:]), LAST_TIME], strict=True):
            waiting += [found for found in self._read(chunk, wanted) if start <= found[1] < stop and is_time(found[1])]
            waiting.sort(key=itemgetter(1))
            ready = bisect_left(waiting, until, key=itemgetter(1))
            for number, time, data in waiting[:ready]:
                yield self._numbered[number], time, data
            del waiting[:ready]

    def heads(self, most: int) -> dict[Connection, list[tuple[int, bytes]]]:
        """Read the first messages of each connection."""
        heads: dict[Connection, list[tuple[int, bytes]]] = {connection: [] for connection in self.connections}
        wanted = {number for number, connection in self._numbered.items() if connection.count}
        for chunk in self._chunks:
            if wanted.isdisjoint(chunk.counts):
                continue
            for number, time, data in sorted(self._read(chunk, wanted), key=itemgetter(1)):
                connection = self._numbered[number]
                if len(heads[connection]) < most and is_time(time):
                    heads[connection].append((time, data))
            wanted = {n for n in wanted if len(heads[self._numbered[n]]) < min(most, self._numbered[n].count)}
        return heads

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _survey(self, chunk: Chunk) -> None:
        """Read a chunk that no index describes."""
        try:
            data = self._decompressed(chunk)
            self._take_definitions(data)
            times = self._found(data, EVERY)
        except (DamagedError, StructError) as error:
            self._damaged[chunk] = str(error)
            return
        good = [(number, time) for number, time, _ in times if is_time(time)]
        chunk.odd = len(times) - len(good)
        chunk.counts = Counter(number for number, _ in good)
        chunk.start = min((time for _, time in good), default=LAST_TIME)
        chunk.end = max((time for _, time in good), default=-1)

    def _read(self, chunk: Chunk, wanted: Container[int]) -> list[Found]:
        try:
            found = self._found(self._decompressed(chunk), wanted)
        except (DamagedError, StructError) as error:
            self._damaged[chunk] = str(error)
            return []
        counted_there = sum(count for number, count in chunk.counts.items() if number in wanted)
        whole = sum(self.start <= time <= self.end for _, time, _ in found)
        chunk.lost = max(chunk.lost, counted_there - whole)
        return found

    def _exactly(self, place: int, size: int) -> bytes:
        data = b""
        if place >= 0 and 0 <= size <= self._size - place:
            self._file.seek(place)
            data = self._file.read(size)
        if len(data) != size:
            raise DamagedError(f"it ends at byte {self._size}, within a record of {size} bytes at byte {place}")
        return data


def message_of(data: bytes) -> bytes:
    """Decompress a message that the recorder compressed by itself; return others, and damaged ones, as they are."""
    if data[:4] != ZSTD:  # no message in CDR begins so
        return data
    try:
        return decompress(data, "zstd", _LARGEST)
    except DamagedError:
        return data


def decompress(data: bytes, compression: str, size: int) -> bytes:
    """Decompress a chunk of ``size`` bytes; one that is cut off gives fewer.

    Raises DamagedError if the compression is unknown, the bytes are damaged, or the size is larger than that of any
    recorder's chunk.
    """
    if compression in ("", "none"):
        return data
    if compression not in _DECOMPRESSORS:
        raise DamagedError(f"a chunk is compressed by {shorten(compression, 20)!r}, which is unknown")
    if size > _LARGEST:
        raise DamagedError(f"a chunk claims to hold {size} bytes")
    try:
        return bytes(_DECOMPRESSORS[compression]().decompress(data, max_length=size))
    except Exception as error:  # Three libraries; what they raise on damaged bytes is no closed list.
        raise DamagedError(f"a chunk cannot be decompressed: {error}") from error
