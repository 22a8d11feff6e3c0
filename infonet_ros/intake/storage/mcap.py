"""Files of MCAP (https://mcap.dev/spec): ROS 2, ROS 1, and channels that are of neither.

The summary at the end of a file lists its chunks. A file without one, because its recorder was killed or wrote no
chunks, is read through once.
"""

import re
from binascii import crc32
from collections.abc import Callable, Container, Iterator, Mapping
from functools import partial
from itertools import islice
from mmap import ACCESS_READ, mmap
from struct import Struct, error, iter_unpack
from typing import Any, NamedTuple

from infonet_ros.intake.storage.chunks import Chunk, ChunkedFile, DamagedError, Found, decompress, message_of
from infonet_ros.intake.storage.connection import Connection, is_time, offered

_MAGIC = b"\x89MCAP0\r\n"
_FOOTER_SIZE = 9 + 20 + len(_MAGIC)
_HEADER, _FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _CHUNK_INDEX, _DATA_END = 1, 2, 3, 4, 5, 6, 8, 15
_START = Struct("<BQ")  # of a record: its kind and its length
_MESSAGE_START = Struct("<BQHIQQ")  # with channel, sequence, and the times of recording and sending
_CHUNK_START = Struct("<QQQII")  # times, decompressed bytes, checksum, length of the compression's name
_BEGIN = re.compile(
    # of a chunk, with two lengths, each below 2^40: of the record, and of its messages
    rb"\x06(.{5}\0{3}).{16}.{5}\0{3}.{4}(?:\x03\0{3}lz4|\x04\0{3}zstd|\0{4})(.{5}\0{3})"
    rb"|\x05.{4}\0{4}(..).{4}.{7}[\0-\x1d]",  # of a message, with its channel, shorter than 2^32, and before 2038
    re.DOTALL,
)
_SURE = 3  # records one after the other, which no bytes form by chance
_UNCHUNKED = 1 << 20  # bytes of messages outside of chunks that are read together
_INDEX_ENTRY = 16  # bytes, of each message


class _Record(NamedTuple):
    kind: int
    place: int  # of its contents
    size: int


class _Channel(NamedTuple):
    schema: int
    topic: str
    encoding: str
    metadata: Mapping[str, str]


class _Schema(NamedTuple):
    name: str
    language: str
    definition: str


class McapFile(ChunkedFile):
    """A file of MCAP."""

    def _open(self) -> Mapping[int, Callable[[int], Connection]]:
        if self._exactly(0, len(_MAGIC)) != _MAGIC:
            raise DamagedError("it does not begin as MCAP does")
        self._schemas: dict[int, _Schema] = {}
        self._channels: dict[int, _Channel] = {}
        self._another = 0  # byte where another file begins that was appended
        try:
            self._read_summary()
        except (DamagedError, error, UnicodeDecodeError):
            self._chunks = []
        if not self._are_described():
            self._chunks = []
            self._go_through()
        return {number: partial(self._connection, channel) for number, channel in self._channels.items()}

    @property
    def notices(self) -> list[str]:
        """Sentences about lost data."""
        notices = super().notices
        if self._another:
            notices.append(f"{self._name} holds another recording behind its end: split it at byte {self._another}.")
        return notices

    def _connection(self, channel: _Channel, count: int) -> Connection:
        schema = self._schemas.get(channel.schema, _Schema("no type", "", ""))
        reliable, latched = offered(channel.metadata.get("offered_qos_profiles", ""))
        latched |= channel.metadata.get("latching") == "1"
        return Connection(
            channel.topic, schema.name, channel.encoding, schema.definition, schema.language, count, reliable, latched
        )

    def _read_summary(self) -> None:
        """Read where the chunks are from the end of the file."""
        footer = self._exactly(self._size - _FOOTER_SIZE, _FOOTER_SIZE)
        if not footer.endswith(_MAGIC) or footer[:9] != _START.pack(_FOOTER, 20):
            raise DamagedError("it has no footer")
        summary = int.from_bytes(footer[9:17], "little")
        end = summary = summary or self._size - _FOOTER_SIZE
        for record in self._records(summary, self._size - _FOOTER_SIZE):
            self._take_definition(record.kind, self._exactly(record.place, record.size))
            if record.kind == _CHUNK_INDEX:
                self._chunks.append(self._indexed(self._exactly(record.place, record.size)))
            end = record.place + record.size
        if end != self._size - _FOOTER_SIZE:
            raise DamagedError("its summary does not end where its footer begins")

    def _are_described(self) -> bool:
        """Return whether there are chunks, and the summary describes all that they hold, which it need not."""
        numbers = {number for chunk in self._chunks for number in chunk.counts}
        channels = [self._channels.get(number) for number in numbers]
        return bool(self._chunks) and all(channel and channel.schema in {0, *self._schemas} for channel in channels)

    def _indexed(self, data: bytes) -> Chunk:
        """Read the index of a chunk: where it is, and how many messages of each channel it holds."""
        fields = _Fields(data)
        start, end, place, size = fields.numbers("<QQQQ")
        offsets = sorted((offset, number) for number, offset in iter_unpack("<HQ", fields.bytes()))
        (index_size,) = fields.numbers("<Q")
        ends = [*(offset for offset, _ in offsets[1:]), place + size + index_size]
        counts = {
            number: (end - offset) // _INDEX_ENTRY
            for (offset, number), end in zip(offsets, ends, strict=False)
            if end - offset > _INDEX_ENTRY
        }
        chunk = Chunk(place, size, start, end, counts)
        if not counts or not (is_time(start) and is_time(end)):
            self._survey(chunk)
        return chunk

    def _go_through(self) -> None:
        """Find the chunks, and messages outside of chunks, from the first record to the last complete one."""
        with mmap(self._file.fileno(), 0, access=ACCESS_READ) as data:
            self._another = max(data.find(_MAGIC + bytes([_HEADER]), len(_MAGIC)), 0)
        self._size = self._another or self._size
        end = self._go_on(len(_MAGIC))
        while end is not None and (following := self._next_records(end + 1)):
            self._damaged[Chunk(end, following - end)] = f"no records from byte {end} to {following}"
            end = self._go_on(following)
        if end is not None:
            self._cut = True
            if self._size - end > _START.size + _CHUNK_START.size and self._exactly(end, 1)[0] == _CHUNK:
                self._chunks.append(Chunk(end, self._size - end))
        for chunk in self._chunks:
            self._survey(chunk)

    def _go_on(self, place: int) -> int | None:
        """Find chunks and messages from a record on; return where records end before the data do, else None."""
        end = place
        loose: Chunk | None = None
        for record in self._records(place, self._size):
            end = record.place + record.size
            begin = record.place - _START.size
            if record.kind in (_DATA_END, _FOOTER):
                return None
            if record.kind == _MESSAGE:
                if loose is None or begin != loose.place + loose.size or loose.size > _UNCHUNKED:
                    loose = Chunk(begin, 0)
                    self._chunks.append(loose)
                loose.size = end - loose.place
            elif record.kind == _CHUNK:
                self._chunks.append(Chunk(begin, end - begin))
            else:
                self._take_definition(record.kind, self._exactly(record.place, record.size))
        return end

    def _next_records(self, place: int) -> int | None:
        """Look for records behind bytes that are none: a complete chunk, or messages one after the other."""
        if place >= self._size:
            return None
        with mmap(self._file.fileno(), 0, access=ACCESS_READ) as data:
            while found := _BEGIN.search(data, place):
                size, packed, channel = (int.from_bytes(number or b"", "little") for number in found.groups())
                place = found.start()
                if found[1] is None:
                    complete = channel in self._channels and self._are_records(place)
                else:
                    complete = found.end() + packed == place + _START.size + size <= self._size
                if complete:
                    return place
                place += 1
        return None

    def _are_records(self, place: int) -> bool:
        some = list(islice(self._records(place, self._size), _SURE))
        return len(some) == _SURE and all(record.kind <= _DATA_END for record in some)

    def _records(self, place: int, end: int) -> Iterator[_Record]:
        """Go through the records of a part of the file, as long as they are complete."""
        while place + _START.size <= end:
            kind, size = _START.unpack(self._exactly(place, _START.size))
            place += _START.size
            if not kind or place + size > end:
                return
            yield _Record(kind, place, size)
            place += size

    def _take_definitions(self, data: bytes) -> None:
        place = 0
        while place + _START.size <= len(data):
            kind, size = _START.unpack_from(data, place)
            place += _START.size + size
            self._take_definition(kind, data[place - size : place])

    def _take_definition(self, kind: int, data: bytes) -> None:
        """Store a schema or a channel."""
        fields = _Fields(data)
        try:
            if kind == _SCHEMA:
                (number,) = fields.numbers("<H")
                self._schemas[number] = _Schema(fields.text(), fields.text(), fields.text())
            elif kind == _CHANNEL:
                number, schema = fields.numbers("<HH")
                self._channels[number] = _Channel(schema, fields.text(), fields.text(), dict(fields.pairs()))
        except error as problem:
            raise DamagedError(f"a record is damaged: {problem}") from problem

    def _decompressed(self, chunk: Chunk) -> bytes:
        """Read a chunk without its header; one that is cut off gives fewer bytes. Other records are returned as is."""
        data = self._exactly(chunk.place, chunk.size)
        if data[:1] != bytes([_CHUNK]):
            return data
        _, _, size, checksum, length = _CHUNK_START.unpack_from(data, _START.size)
        place = _START.size + _CHUNK_START.size + length
        compression = data[place - length : place].decode(errors="replace")
        end = place + 8 + int.from_bytes(data[place : place + 8], "little")
        content = decompress(data[place + 8 : end], compression, size)
        complete = end <= len(data)
        if complete and (len(content) != size or (checksum and crc32(content) != checksum)):
            raise DamagedError("the checksum of a chunk is wrong")
        return content

    def _found(self, data: bytes, wanted: Container[int]) -> list[Found]:
        found = []
        place, end = 0, len(data)
        start, unpack_from = _MESSAGE_START.size, _MESSAGE_START.unpack_from
        while place + start <= end:
            kind, size, number, _, time, _ = unpack_from(data, place)
            after = place + _START.size + size
            if after > end:
                break
            if kind == _MESSAGE and number in wanted:
                found.append((number, time, message_of(data[place + start : after])))
            place = after
        return found


class _Fields:
    """Fields of a record, read one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def numbers(self, form: str) -> Any:
        struct = Struct(form)
        numbers = struct.unpack_from(self._data, self._place)
        self._place += struct.size
        return numbers

    def bytes(self) -> bytes:
        (length,) = self.numbers("<I")
        self._place += length
        return self._data[self._place - length : self._place]

    def text(self) -> str:
        return self.bytes().decode(errors="replace")

    def pairs(self) -> Iterator[tuple[str, str]]:
        inner = _Fields(self.bytes())
        while inner._place < len(inner._data):
            yield inner.text(), inner.text()
