"""Shapes: the structure of the parts of a serialised message, and their places in it.

CDR of ROS 2 in both byte orders, and the format of ROS 1. Wrong lengths and missing bytes raise `Unreadable` before
anything is allocated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

from infonet_ros.errors import ConfigurationError
from infonet_ros.text import counted

Definitions = Mapping[str, tuple[Any, Sequence[tuple[str, Any]]]]
"""Of all types by full name, as ``fielddefs`` of a rosbags type store."""

_CODES = {
    **{"bool": "?", "byte": "b", "char": "B", "octet": "B", "float32": "f", "float64": "d"},
    **{"int8": "b", "uint8": "B", "int16": "h", "uint16": "H"},
    **{"int32": "i", "uint32": "I", "int64": "q", "uint64": "Q"},
}
_PLACEHOLDER = "structure_needs_at_least_one_member"  # of a type without fields; ROS 1 writes no byte for it
_DEEPEST = 64  # messages in messages; real ones have five
_MOST_PARTS = 200_000  # texts and arrays in one message
_OTHER_WAYS = {
    **dict.fromkeys((0x0002, 0x0003), "PL_CDR"),
    **dict.fromkeys(range(0x0006, 0x000C), "XCDR2"),
}  # by how a message begins; table 60 of the OMG's DDS-XTypes 1.3


class Unreadable(Exception):
    """The bytes are not a message of this type."""


class Number(NamedTuple):
    """One number: kind for `struct` and numpy, such as ``<d``, and its first byte."""

    kind: str
    place: int


class Numbers(NamedTuple):
    """An array of numbers: their kind, and their first bytes."""

    kind: str
    places: range

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: Any) -> Any:
        places = self.places[index]
        return Number(self.kind, places) if isinstance(places, int) else Numbers(self.kind, places)


def compile_shape(type_name: str, definitions: Definitions, *, ros1: bool) -> "Shape":
    """Compile the shape of the messages of a type.

    Raises
    ------
    ConfigurationError
        A definition is missing or names a kind that cannot be read, a type contains itself, or an array has elements
        without fields.
    """
    return _Compiler(definitions, _ROS1 if ros1 else _CDR).record(type_name, ())


@dataclass(frozen=True)
class _Wire:
    """The encoding of a family of messages: bytes before the body, alignment, bytes that end a text, padding."""

    head: int
    aligned: bool
    terminator: bytes
    padding: int


_CDR = _Wire(head=4, aligned=True, terminator=b"\0", padding=3)
_ROS1 = _Wire(head=0, aligned=False, terminator=b"", padding=0)


class Walk:
    """The state of a walk over one message; positions count from the start of the body."""

    def __init__(self, wire: _Wire, data: bytes) -> None:
        self.wire = wire
        self.data = data
        self.size = len(data) - wire.head
        self.order = "<"
        self.parts = [(0, 2 if wire.head else 0)]
        if wire.head:
            if bytes(data[:2]) not in (b"\0\0", b"\0\1") or self.size < 0:
                way = _OTHER_WAYS.get(int.from_bytes(data[:2], "big")) if self.size >= 0 else None
                raise Unreadable(f"it is written in {way}, not in CDR" if way else "it does not begin as CDR does")
            self.order = "<" if data[1] else ">"
        self._length = Struct(self.order + "I").unpack_from

    def length(self, position: int, least: int) -> tuple[int, int]:
        """Read the length of a text or an array whose elements have at least so many bytes, and what it leads to."""
        if self.wire.aligned:
            position = (position + 3) & -4
        first = position + self.wire.head
        if position + 4 > self.size:
            raise Unreadable(f"it ends at byte {self.size}, before a length")
        count = self._length(self.data, first)[0]
        self.note(first, first + 4)
        self.claim(position + 4, count, least)
        return count, position + 4

    def claim(self, position: int, count: int, least: int) -> None:
        """Refuse more elements than the bytes can hold."""
        if position + count * least > self.size:
            raise Unreadable(
                f"{counted(count, 'element')} claimed at byte {position}, where {self.size - position} bytes are left"
            )

    def forget(self) -> None:
        """Drop the message."""
        self.data, self.parts = b"", []

    def note(self, first: int, last: int) -> None:
        """Record bytes that determine the layout."""
        if len(self.parts) >= _MOST_PARTS:
            raise Unreadable(f"it has more than {_MOST_PARTS} texts and arrays")
        self.parts.append((first, last))


Located = tuple[Any, int]


class Shape(Protocol):
    """The layout of a part of a message.

    Attributes
    ----------
    least : int
        Bytes at least.
    advance : sequence of 8 int, or None
        Bytes to the end of the part from a position of each remainder by 8; None when the message tells.
    """

    @property
    def wire(self) -> _Wire:
        """How it is written."""

    @property
    def least(self) -> int:
        """Bytes at least."""

    @property
    def advance(self) -> Sequence[int] | None:
        """Bytes to its end."""

    def locate(self, walk: Walk, position: int) -> Located:
        """Return what lies at a position, and the position behind it."""


@dataclass(frozen=True)
class _Number:
    wire: _Wire
    code: str

    @cached_property
    def least(self) -> int:
        return Struct("=" + self.code).size

    @cached_property
    def advance(self) -> Sequence[int]:
        return [self.start(position) + self.least - position for position in range(8)]

    def start(self, position: int) -> int:
        return (position + self.least - 1) & -self.least if self.wire.aligned else position

    def locate(self, walk: Walk, position: int) -> Located:
        start = self.start(position)
        return Number(walk.order + self.code, start + walk.wire.head), start + self.least


@dataclass(frozen=True)
class _Text:
    wire: _Wire
    advance: None = None

    @property
    def least(self) -> int:
        return 4 + len(self.wire.terminator)

    def locate(self, walk: Walk, position: int) -> Located:
        length, position = walk.length(position, 1)
        first = position + walk.wire.head
        text = bytes(walk.data[first : first + length])
        ending = walk.wire.terminator
        if not text.endswith(ending):
            raise Unreadable(f"a text at byte {position} has no end")
        walk.note(first, first + length)
        return text.removesuffix(ending).decode(errors="replace"), position + length  # as in rclpy


@dataclass(frozen=True)
class _WideText:
    """A text of UTF-16 as Fast DDS and Cyclone DDS write it for ROS 2: four bytes for each unit, and no end."""

    wire: _Wire
    advance: None = None
    least: int = 4

    def locate(self, walk: Walk, position: int) -> Located:
        count, position = walk.length(position, 4)
        first, last = position + walk.wire.head, position + walk.wire.head + 4 * count
        walk.note(first, last)
        units = Struct(f"{walk.order}{count}I").unpack(walk.data[first:last])
        text = Struct(f"<{count}H").pack(*(unit & 0xFFFF for unit in units))
        return text.decode("utf-16-le", errors="replace"), position + 4 * count


@dataclass(frozen=True, eq=False)
class _Record:
    """A message, or one inside of another."""

    wire: _Wire
    fields: Mapping[str, Shape]

    @cached_property
    def least(self) -> int:
        return sum(shape.least for shape in self.fields.values())

    @cached_property
    def advance(self) -> Sequence[int] | None:
        advances = [shape.advance for shape in self.fields.values()]
        return None if None in advances else [_together(advances, position) for position in range(8)]

    @cached_property
    def starts(self) -> Sequence[Mapping[str, int]]:
        """Bytes to each field from a position of each remainder by 8, where all advances are known."""
        advances = [shape.advance for shape in self.fields.values()]
        return [dict(zip(self.fields, _starts(advances, position), strict=True)) for position in range(8)]

    def locate(self, walk: Walk, position: int) -> Located:
        if self.advance is not None:
            return FixedMessage(self, walk, position), position + self.advance[position & 7]
        walk.claim(position, 1, self.least)
        fields = {}
        for name, shape in self.fields.items():
            fields[name], position = shape.locate(walk, position)
        return SimpleNamespace(**fields), position


@dataclass(frozen=True, eq=False)
class _Array:
    """An array; ``count`` is None when the message tells."""

    wire: _Wire
    element: Shape
    count: int | None

    @cached_property
    def least(self) -> int:
        return 4 if self.count is None else self.count * self.element.least

    @cached_property
    def advance(self) -> Sequence[int] | None:
        if self.count is None or self.element.advance is None:
            return None
        return [_end(self.element.advance, position, self.count) - position for position in range(8)]

    def locate(self, walk: Walk, position: int) -> Located:
        element, count = self.element, self.count
        if count is None:
            count, position = walk.length(position, element.least)
        else:
            walk.claim(position, count, element.least)
        if isinstance(element, _Number):
            first = element.start(position) if count else position
            end = first + count * element.least
            places = range(first + walk.wire.head, end + walk.wire.head, element.least)
            return Numbers(walk.order + element.code, places), end
        if element.advance is not None:
            return _FixedMessages(element, walk, position, count), _end(element.advance, position, count)
        parts = []
        for _ in range(count):
            part, position = element.locate(walk, position)
            parts.append(part)
        return parts, position


def _starts(advances: Sequence[Any], position: int) -> Iterator[int]:
    start = position
    for advance in advances:
        yield start - position
        start += advance[start & 7]


def _together(advances: Sequence[Any], position: int) -> int:
    end = position
    for advance in advances:
        end += advance[end & 7]
    return end - position


def _end(advance: Sequence[int], position: int, count: int) -> int:
    """Return where ``count`` elements end, in as many steps as ``count`` has binary digits."""
    while count:
        if count & 1:
            position += advance[position & 7]
        advance = [step + advance[(start + step) & 7] for start, step in enumerate(advance)]
        count >>= 1
    return position


class FixedMessage:
    """A message in which every place is known; a field is located when it is asked for."""

    def __init__(self, record: _Record, walk: Walk, position: int) -> None:
        self.record = record
        self._walk = walk
        self._position = position

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FixedMessage) and (self.record, self._position) == (other.record, other._position)

    def __getattr__(self, name: str) -> Any:
        if name not in self.record.fields:
            raise AttributeError(name)
        start = self._position + self.record.starts[self._position & 7][name]
        return self.record.fields[name].locate(self._walk, start)[0]


class _FixedMessages(Sequence[Any]):
    """An array of messages in which every place is known."""

    def __init__(self, element: Shape, walk: Walk, position: int, count: int) -> None:
        self._element = element
        self._walk = walk
        self._position = position
        self._indices = range(count)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: Any) -> Any:
        assert self._element.advance is not None
        position = _end(self._element.advance, self._position, self._indices[index])
        return self._element.locate(self._walk, position)[0]


class _Compiler:
    """Makes the shapes of definitions, each type once."""

    def __init__(self, definitions: Definitions, wire: _Wire) -> None:
        self._definitions = definitions
        self._wire = wire
        self._records: dict[str, _Record] = {}

    def record(self, name: str, outer: tuple[str, ...]) -> _Record:
        """Compile a type that stands in others."""
        if name in outer or len(outer) >= _DEEPEST:
            raise ConfigurationError(f"message type {outer[0]!r} contains itself, or messages {_DEEPEST} deep.")
        if name not in self._records:
            if name not in self._definitions:
                inside = f", which {outer[-1]!r} contains," if outer else ""
                raise ConfigurationError(
                    f"message type {name!r}{inside} has no definition here: expected one in the recording, or its "
                    "package installed and sourced."
                )
            fields = self._definitions[name][1]
            if self._wire is _ROS1:
                fields = [field for field in fields if field[0] != _PLACEHOLDER]
            outer = (*outer, name)
            self._records[name] = _Record(self._wire, {field: self._shape(node, outer) for field, node in fields})
        return self._records[name]

    def _shape(self, node: tuple[Any, Any], outer: tuple[str, ...]) -> Shape:
        kind, content = node
        if kind.name == "NAME":
            return self.record(content, outer)
        if kind.name in ("ARRAY", "SEQUENCE"):
            element = self._shape(content[0], outer)
            if not element.least:
                raise ConfigurationError(f"message type {outer[-1]!r} has an array of messages without fields.")
            return _Array(self._wire, element, content[1] if kind.name == "ARRAY" else None)
        if content[0] == "string":
            return _Text(self._wire)
        if content[0] == "wstring" and self._wire is _CDR:
            return _WideText(self._wire)
        if content[0] not in _CODES:
            raise _not_read(outer[-1], content[0])
        return _Number(self._wire, _CODES[content[0]])


def _not_read(type_name: str, kind: str) -> ConfigurationError:
    return ConfigurationError(f"message type {type_name!r} has a field of kind {kind}, which cannot be read.")
