"""Layouts: the byte offsets of all fields in a serialised message, and reading many messages that share one.

    shape = compile_shape("sensor_msgs/msg/Imu", typestore.fielddefs, CDR)
    layout = find_message_layout(shape, data)
    layout.message.angular_velocity.y       # Number: its kind and its place in the data
    layout.message.header.frame_id          # texts are read at once
    read(layout.message.orientation, data)  # a message with the values

Two messages of one length are laid out alike when their texts and the lengths of their arrays are the same bytes; that
is ``layout.fits``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from types import SimpleNamespace
from typing import Any

import numpy as np

from infonet_ros.intake.messages.shapes import FixedMessage, Number, Numbers, Shape
from infonet_ros.intake.messages.wire import Unreadable, Walk

_LONGEST_KEY = 4096  # bytes by which two messages are compared


@dataclass(frozen=True, eq=False)
class MessageLayout:
    """Byte offsets of all fields in messages that have the same texts and array lengths."""

    message: Any
    """With the fields of the message: `Number`, `Numbers`, str, a message of the same kind, or a sequence of these."""
    places: np.ndarray  # (K,) intp: bytes that determine the layout: byte order, lengths, texts
    bytes: np.ndarray  # (K,) uint8: their values
    shared: bool
    """Other messages may have it: the texts are short enough to be compared. False leaves ``places`` empty."""

    def fits(self, rows: np.ndarray) -> np.ndarray:
        """Return which of some messages (M, L) of the same length have this layout: (M,) bool."""
        return (rows[:, self.places] == self.bytes).all(axis=1)


def find_message_layout(shape: Shape, data: bytes) -> MessageLayout:
    """Walk over a message. Raises Unreadable if the bytes are no message of this type."""
    walk = Walk(shape.wire, data)
    message, position = shape.locate(walk, 0)
    left = walk.size - position
    # CDR may be padded to a multiple of four bytes.
    if not 0 <= left <= shape.wire.padding:
        raise Unreadable(f"it has {walk.size} bytes where {position} were expected")
    shared = sum(last - first for first, last in walk.parts) <= _LONGEST_KEY
    parts = [np.arange(first, last, dtype=np.intp) for first, last in walk.parts] if shared else []
    places = np.concatenate([np.empty(0, np.intp), *parts])
    walk.forget()  # the layout may exist longer than the message
    return MessageLayout(message, places, np.frombuffer(data, np.uint8)[places], shared)


def read(located: Any, data: bytes) -> Any:
    """Read what was located: numbers, arrays as views of the data, and messages with their fields."""
    if isinstance(located, Number):
        return Struct(located.kind).unpack_from(data, located.place)[0]
    if isinstance(located, Numbers):
        kind, places = located
        array = np.ndarray((len(places),), kind, data, places.start, (places.step,)) if places else np.empty(0, kind)
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if isinstance(located, str):
        return located
    if isinstance(located, tuple):
        return tuple(read(part, data) for part in located)
    if isinstance(located, SimpleNamespace):
        return SimpleNamespace(**{name: read(part, data) for name, part in vars(located).items()})
    if isinstance(located, FixedMessage):
        return SimpleNamespace(**{name: read(getattr(located, name), data) for name in located.record.fields})
    return [read(part, data) for part in located]


def read_all(located: Any, data: np.ndarray) -> Sequence[Any]:
    """Read the same part of each message (M, L) of this layout; see `read`."""
    if isinstance(located, Number):
        return column(located, data).tolist()
    if isinstance(located, tuple) and all(isinstance(part, Number) for part in located):
        return list(zip(*(read_all(part, data) for part in located), strict=True))
    return [read(located, message) for message in data]


def columns(located: FixedMessage, data: np.ndarray) -> SimpleNamespace:
    """Return a message of numbers whose fields are each the `column` of all messages (M, L)."""
    return SimpleNamespace(**{name: column(getattr(located, name), data) for name in located.record.fields})


def column(number: Number, data: np.ndarray) -> np.ndarray:
    """View one number of each message (M, L), which are contiguous, as (M,)."""
    kind = np.dtype(number.kind)
    view = np.ndarray((len(data),), "u1" if kind == np.bool_ else kind, data, number.place, (data.shape[1],))
    return view.astype(np.bool_) if kind == np.bool_ else view  # any byte but 0 is true
