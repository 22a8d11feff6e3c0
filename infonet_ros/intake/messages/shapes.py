"""Shapes: the structure of the parts of a serialised message, and their places in it.

`shape_compiler` makes the shape of a message type; `wire` walks over the bytes of a message.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

from infonet_ros.caching import cached_property
from infonet_ros.intake.messages.wire import Unreadable, Walk, Wire


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


Located = tuple[Any, int]


class Shape(Protocol):
    """The layout of a part of a message."""

    @property
    def wire(self) -> Wire:
        """Encoding of the message."""

    @property
    def least(self) -> int:
        """Smallest number of bytes."""

    @property
    def advance(self) -> Sequence[int] | None:
        """Bytes to the end of the part, from positions with the remainders 0 to 7 modulo 8; None if they vary."""

    def locate(self, walk: Walk, position: int) -> Located:
        """Return the part at a position, and the position behind it."""


@dataclass(frozen=True)
class NumberShape:
    """A number, at a multiple of its size where the encoding aligns."""

    wire: Wire
    code: str

    @cached_property
    def least(self) -> int:
        """See `Shape`."""
        return Struct("=" + self.code).size

    @cached_property
    def advance(self) -> Sequence[int]:
        """See `Shape`."""
        return [self.start(position) + self.least - position for position in range(8)]

    def start(self, position: int) -> int:
        """Return where a number behind a position begins."""
        return self.wire.aligned(position, self.least)

    def locate(self, walk: Walk, position: int) -> Located:
        """See `Shape`."""
        start = self.start(position)
        return Number(walk.order + self.code, start + walk.wire.head), start + self.least


@dataclass(frozen=True)
class TextShape:
    """A text, behind its length in bytes; some programs write an empty one without its end."""

    wire: Wire
    advance: None = None
    least: int = 4

    def locate(self, walk: Walk, position: int) -> Located:
        """See `Shape`."""
        length, position = walk.length(position, 1)
        first = position + walk.wire.head
        text = bytes(walk.data[first : first + length])
        ending = walk.wire.terminator
        if text and not text.endswith(ending):
            raise Unreadable(f"a text at byte {position} has no end")
        walk.note(first, first + length)
        return text.removesuffix(ending).decode(errors="replace"), position + length  # as in rclpy


@dataclass(frozen=True)
class WideTextShape:
    """A text of UTF-16 as Fast DDS and Cyclone DDS write it for ROS 2: four bytes for each unit, and no end."""

    wire: Wire
    advance: None = None
    least: int = 4

    def locate(self, walk: Walk, position: int) -> Located:
        """See `Shape`."""
        count, position = walk.length(position, 4)
        first, last = position + walk.wire.head, position + walk.wire.head + 4 * count
        walk.note(first, last)
        units = Struct(f"{walk.order}{count}I").unpack(walk.data[first:last])
        text = Struct(f"<{count}H").pack(*(unit & 0xFFFF for unit in units))
        return text.decode("utf-16-le", errors="replace"), position + 4 * count


@dataclass(frozen=True, eq=False)
class RecordShape:
    """A message, or one inside of another."""

    wire: Wire
    fields: Mapping[str, Shape]

    @cached_property
    def least(self) -> int:
        """See `Shape`."""
        return 4 * self.wire.delimited + sum(shape.least for shape in self.fields.values())

    @cached_property
    def advance(self) -> Sequence[int] | None:
        """See `Shape`."""
        advances = [shape.advance for shape in self.fields.values()]
        return (
            None
            if self.wire.delimited or None in advances
            else [_advance_over(advances, position) for position in range(8)]
        )

    @cached_property
    def starts(self) -> Sequence[Mapping[str, int]]:
        """Bytes to each field, from positions with the remainders 0 to 7 modulo 8, if all advances are known."""
        advances = [shape.advance for shape in self.fields.values()]
        return [dict(zip(self.fields, _starts(advances, position), strict=True)) for position in range(8)]

    def locate(self, walk: Walk, position: int) -> Located:
        """See `Shape`."""
        if self.advance is not None:
            return FixedMessage(self, walk, position), position + self.advance[position & 7]
        walk.claim(position, 1, self.least)
        size = None
        if self.wire.delimited:
            size, position = walk.length(position, 1)
        begin, fields = position, {}
        for name, shape in self.fields.items():
            fields[name], position = shape.locate(walk, position)
        if size not in (None, position - begin):
            raise Unreadable(f"what begins at byte {begin} has {size} bytes, but its definition {position - begin}")
        return SimpleNamespace(**fields), position


@dataclass(frozen=True, eq=False)
class ArrayShape:
    """An array; ``count`` is None if the message holds its length."""

    wire: Wire
    element: Shape
    count: int | None

    @cached_property
    def _headed(self) -> bool:
        return self.wire.headed and not isinstance(self.element, NumberShape)

    @cached_property
    def least(self) -> int:
        """See `Shape`."""
        return 4 * self._headed + (4 if self.count is None else self.count * self.element.least)

    def _start(self, position: int) -> int:
        """Return where the array begins, behind its size in bytes if that stands before it."""
        return self.wire.aligned(position, 4) + 4 if self._headed else position

    @cached_property
    def advance(self) -> Sequence[int] | None:
        """See `Shape`."""
        if self.count is None or self.element.advance is None:
            return None
        return [_end(self.element.advance, self._start(place), self.count) - place for place in range(8)]

    def locate(self, walk: Walk, position: int) -> Located:
        """See `Shape`."""
        element, count, position = self.element, self.count, self._start(position)
        if count is None:
            count, position = walk.length(position, element.least)
        else:
            walk.claim(position, count, element.least)
        if isinstance(element, NumberShape):
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
    """Yield the bytes from a position to the start of each of consecutive parts."""
    start = position
    for advance in advances:
        yield start - position
        start += advance[start & 7]


def _advance_over(advances: Sequence[Any], position: int) -> int:
    """Return the bytes from a position to the end of consecutive parts."""
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

    def __init__(self, record: RecordShape, walk: Walk, position: int) -> None:
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
