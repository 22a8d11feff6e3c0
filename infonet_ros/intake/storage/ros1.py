"""Bags of ROS 1 (http://wiki.ros.org/Bags/Format/2.0), with an index or without one."""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from functools import partial
from struct import Struct, error
from typing import NamedTuple

from infonet_ros.intake.storage.chunks import Chunk, ChunkedFile, DamagedError, Found, decompress
from infonet_ros.intake.storage.connection import LAST_TIME, ROS1, Connection
from infonet_ros.text import NANOSECONDS

_MAGIC = b"#ROSBAG V2.0\n"
_MESSAGE, _CHUNK, _CHUNK_INFO, _CONNECTION = 2, 5, 6, 7
_NUMBER, _PLACE, _PAIR = Struct("<I"), Struct("<Q"), Struct("<II")
_LONGEST_HEADER = 1 << 24
_UNCHUNKED = 1 << 20  # bytes of messages outside of chunks that are read together
_UNFINISHED = 1 << 26  # bytes of a chunk whose size was never written

Header = Mapping[bytes, bytes]


class _Record(NamedTuple):
    begin: int
    header: Header
    place: int  # of the data
    end: int

    @property
    def kind(self) -> int:
        return _kind(self.header)


class Ros1File(ChunkedFile):
    """A bag of ROS 1."""

    def _open(self) -> Mapping[int, Callable[[int], Connection]]:
        if self._exactly(0, len(_MAGIC)) != _MAGIC:
            raise DamagedError("it does not begin as a ROS 1 bag of version 2.0 does")
        self._made: dict[int, Callable[[int], Connection]] = {}
        bag = self._record(len(_MAGIC))
        if bag.header.get(b"encryptor"):
            raise DamagedError("it is encrypted")
        try:
            self._read_index(_PLACE.unpack(bag.header[b"index_pos"])[0])
        except (DamagedError, error, KeyError):
            self._made, self._chunks = {}, []
        if not self._chunks:
            self._go_through(bag.end)
        return self._made

    def _read_index(self, place: int) -> None:
        """Read the connections, and where the chunks are, from the end of the file."""
        while 0 < place < self._size:
            record = self._record(place)
            data = self._exactly(record.place, record.end - record.place)
            if record.kind == _CONNECTION:
                self._take_connection(record.header, data)
            elif record.kind == _CHUNK_INFO and data:
                (begin,) = _PLACE.unpack(record.header[b"chunk_pos"])
                start, end = (_time(record.header[key]) for key in (b"start_time", b"end_time"))
                size = self._record(begin).end - begin
                self._exactly(begin + size - 1, 1)
                counts = dict(_PAIR.iter_unpack(data))
                if not all(counts.values()):
                    raise DamagedError("a chunk is listed with messages that it does not have")
                self._chunks.append(Chunk(begin, size, start, end, counts))
            elif not record.kind:
                raise DamagedError("the index is damaged")
            place = record.end

    def _go_through(self, place: int) -> None:
        """Find the chunks, and messages outside of chunks, from the first record to the end of the file."""
        loose: Chunk | None = None
        while place < self._size:
            try:
                record = self._record(place)
            except DamagedError:
                self._cut = True
                break
            empty = record.kind == _CHUNK and record.end == record.place  # its size is written when it is complete
            if empty or record.end > self._size:
                self._cut = True
                record = record._replace(end=self._size)
            if record.kind in (_MESSAGE, _CONNECTION):
                if loose is None or loose.place + loose.size != place or loose.size > _UNCHUNKED:
                    loose = Chunk(place, 0)
                    self._chunks.append(loose)
                loose.size = record.end - loose.place
            elif record.kind == _CHUNK:
                self._chunks.append(Chunk(place, record.end - place))
            place = record.end
        for chunk in self._chunks:
            self._survey(chunk)

    def _take_definitions(self, data: bytes) -> None:
        for header, place, end in _records_in(data):
            if _kind(header) == _CONNECTION:
                self._take_connection(header, data[place:end])

    def _take_connection(self, header: Header, data: bytes) -> None:
        names = (b"type", b"message_definition", b"latching", b"topic")
        fields = {**header, **_fields(data), b"topic": header.get(b"topic", b"")}
        type_name, definition, latching, topic = (fields.get(name, b"").decode(errors="replace") for name in names)
        topic = re.sub("/+", "/", topic.rstrip("/"))
        made = partial(Connection, topic, type_name, ROS1, definition, "ros1msg", latched=latching == "1")
        self._made.setdefault(_number(header), made)  # the index, which repeats it, may be damaged

    def _record(self, place: int) -> _Record:
        """Read the header of a record; its data may end behind the file."""
        (length,) = _NUMBER.unpack(self._exactly(place, 4))
        if length > _LONGEST_HEADER:
            raise DamagedError(f"a header claims to have {length} bytes")
        header = self._exactly(place + 4, length + 4)
        after = place + 8 + length
        return _Record(place, _fields(header[:-4]), after, after + _NUMBER.unpack(header[-4:])[0])

    def _decompressed(self, chunk: Chunk) -> bytes:
        """Read a chunk without its header; one that is cut off gives fewer bytes. Other records are returned as is."""
        record = self._record(chunk.place)
        if record.kind != _CHUNK:
            return self._exactly(chunk.place, chunk.size)
        data = self._exactly(record.place, chunk.place + chunk.size - record.place)
        compression = record.header.get(b"compression", b"").decode(errors="replace")
        (size,) = _NUMBER.unpack(record.header.get(b"size", bytes(4)))
        return decompress(data, compression, size or _UNFINISHED)

    def _found(self, data: bytes, wanted: Container[int]) -> list[Found]:
        found = []
        for header, place, end in _records_in(data):
            if _kind(header) == _MESSAGE and (number := _number(header)) in wanted:
                found.append((number, _time(header.get(b"time", b"")), data[place:end]))
        return found


def _records_in(data: bytes) -> Iterator[tuple[Header, int, int]]:
    """Go through the complete records of a chunk: header, start and end of the data."""
    place, end = 0, len(data)
    while place + 8 <= end:
        (length,) = _NUMBER.unpack_from(data, place)
        after = place + 8 + length
        if after > end:
            return
        until = after + _NUMBER.unpack_from(data, after - 4)[0]
        if until > end:
            return
        yield _fields(data[place + 4 : after - 4]), after, until
        place = until


def _fields(data: bytes) -> Header:
    """Read the fields of a header: a length before each, and its name before ``=``."""
    fields = {}
    place = 0
    while place + 4 <= len(data):
        (length,) = _NUMBER.unpack_from(data, place)
        place += 4 + length
        name, _, value = data[place - length : place].partition(b"=")
        fields[name] = value
    return fields


def _kind(header: Header) -> int:
    return (header.get(b"op") or b"\0")[0]


def _number(header: Header) -> int:
    return int.from_bytes(header.get(b"conn", b""), "little")


def _time(value: bytes) -> int:
    seconds, rest = _PAIR.unpack(value) if len(value) == _PAIR.size else (LAST_TIME, 0)
    return int(seconds * NANOSECONDS + rest)
