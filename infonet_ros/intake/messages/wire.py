"""The encodings of messages, and walking over a message: CDR and XCDR2 in both byte orders, the format of ROS 1.

Wrong lengths and missing bytes raise `Unreadable` before anything is allocated.
"""

from dataclasses import dataclass
from struct import Struct

_MOST_PARTS = 200_000  # texts and arrays in one message
_OTHER_ENCODINGS = {
    **dict.fromkeys((0x0002, 0x0003), "PL_CDR"),
    **dict.fromkeys((0x000A, 0x000B), "XCDR2 for types that are mutable"),
}  # by how a message begins; table 60 of the OMG's DDS-XTypes 1.3


class Unreadable(Exception):
    """The bytes are not a message of this type."""


@dataclass(frozen=True)
class Wire:
    """The encoding of a family of messages."""

    head: int  # bytes before the body
    alignment: int  # numbers stand at multiples of their size, but of no more than this
    terminator: bytes  # ends a text
    padding: int  # most bytes behind the body
    begins: tuple[bytes, ...] = ()  # first bytes of a message, in big and in little endian order
    headed: bool = False  # an array of anything but numbers stands behind its size in bytes
    delimited: bool = False  # so does a message, and each message in it

    def aligned(self, position: int, size: int) -> int:
        """Return where a number of a size stands that comes at or behind a position."""
        size = min(size, self.alignment)
        return (position + size - 1) & -size


CDR = Wire(head=4, alignment=8, terminator=b"\0", padding=3, begins=(b"\0\0", b"\0\1"))
XCDR2 = Wire(head=4, alignment=4, terminator=b"\0", padding=3, begins=(b"\0\6", b"\0\7"), headed=True)
"""Of types that are final, as those of ROS are."""

XCDR2_APPENDABLE = Wire(4, 4, b"\0", 3, begins=(b"\0\x08", b"\0\x09"), headed=True, delimited=True)
"""Of types to which later versions may append fields, as Fast DDS writes those of its own programs."""

ROS1 = Wire(head=0, alignment=1, terminator=b"", padding=0)


class Walk:
    """The state of a walk over one message; positions count from the start of the body."""

    def __init__(self, wire: Wire, data: bytes) -> None:
        self.wire = wire
        self.data = data
        self.size = len(data) - wire.head
        self.order = "<"
        self.parts = [(0, 2 if wire.head else 0)]
        if wire.head:
            if bytes(data[:2]) not in wire.begins or self.size < 0:
                other = _OTHER_ENCODINGS.get(int.from_bytes(data[:2], "big")) if self.size >= 0 else None
                raise Unreadable(f"it is written in {other}, not in CDR" if other else "it does not begin as CDR does")
            self.order = "<" if data[1] & 1 else ">"
        self._length = Struct(self.order + "I").unpack_from

    def length(self, position: int, least: int) -> tuple[int, int]:
        """Read the length of a text or array, whose elements have at least ``least`` bytes, and the place behind it."""
        position = self.wire.aligned(position, 4)
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
                f"it ends at byte {self.size}, but what begins at byte {position} needs {count * least} bytes or more"
            )

    def forget(self) -> None:
        """Drop the message."""
        self.data, self.parts = b"", []

    def note(self, first: int, last: int) -> None:
        """Record bytes that determine the layout."""
        if len(self.parts) >= _MOST_PARTS:
            raise Unreadable(f"it has more than {_MOST_PARTS} texts and arrays")
        self.parts.append((first, last))
