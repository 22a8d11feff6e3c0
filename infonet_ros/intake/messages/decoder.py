"""From serialised messages of one topic to arrays: stamps, and a value for each channel.

    decoder = Decoder("sensor_msgs/msg/Imu", typestore.fielddefs, ("angular_velocity.y", "orientation|yaw"), "/imu")
    readings = decoder.read(messages)       # bytes of M messages, in the order in which they came
    readings.values, readings.present       # (M, 2), (M, 2)
    readings.stamps, readings.readable      # (M,), (M,)

Messages of one layout are read together: their numbers stand at the same places, so one view of the joined bytes gives
a channel of all of them. A message that cannot be read is counted and has no other effect. ROS is not needed:
definitions come from the bag, or from the installed packages by `installed_definitions`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.channels import Absent, Channel, bind_channel
from infonet_ros.intake.messages.layouts import MessageLayout, column, columns, find_message_layout, read_all
from infonet_ros.intake.messages.shape_compiler import Definitions, compile_shape
from infonet_ros.intake.messages.shapes import FixedMessage, Number
from infonet_ros.intake.messages.types import definitions_schema, full_type_name
from infonet_ros.intake.messages.wire import CDR, ROS1, XCDR2, XCDR2_APPENDABLE, Unreadable
from infonet_ros.text import NANOSECONDS

NO_STAMP = 0
"""Stamp of a message without a header, or whose stamp was never set."""

_LONGEST_JOINED = 16_384  # bytes; longer messages are read one by one, as views
_KEPT_LAYOUTS = 4  # of one length of message
_KEPT_LENGTHS = 64
_INTEGERS = set("bBhHiIqQ")
_LONGEST_SECONDS = np.iinfo(np.int64).max // NANOSECONDS


@dataclass(eq=False)
class Readings:
    """Stamps and values of M messages."""

    readable: np.ndarray
    """(M,) bool: false where the bytes are no message of this type, or a channel cannot be read from it."""
    stamps: np.ndarray  # (M,) int64: of the headers, nanoseconds; ``NO_STAMP`` without one
    values: np.ndarray  # (M, C) float64: NaN where not known
    present: np.ndarray  # (M, C) bool: false where the message says nothing about the channel, or is not readable
    frame_ids: np.ndarray  # (M,) str: frames that the messages were measured in; empty if the message has none
    problem: str = ""  # why the last unreadable message cannot be read; empty if all can be read
    absences: dict[int, Absent] = field(default_factory=dict)
    """Why a message says nothing about a channel, by the channel's number; the last reason of each."""

    @classmethod
    def empty(cls, count: int, channels: int) -> "Readings":
        """Make readings of ``count`` messages, none of them readable yet."""
        return cls(
            readable=np.zeros(count, dtype=np.bool_),
            stamps=np.full(count, NO_STAMP, dtype=np.int64),
            values=np.full((count, channels), math.nan),
            present=np.zeros((count, channels), dtype=np.bool_),
            frame_ids=np.full(count, "", dtype=object),
        )

    @property
    def unreadable(self) -> int:
        """Number of messages that cannot be read."""
        return len(self.readable) - int(np.count_nonzero(self.readable))

    def note_unreadable(self, row: int, problem: str) -> None:
        """Mark a message as unreadable, and remove what was read of it."""
        self.readable[row] = False
        self.stamps[row] = NO_STAMP
        self.values[row] = math.nan
        self.present[row] = False
        self.frame_ids[row] = ""
        self.problem = problem.rstrip(".")  # part of a sentence


class Decoder:
    """Reads channels from the serialised messages of one topic.

    Raises ConfigurationError if a definition is missing or cannot be read, or the type lacks a field that a path names.

    Parameters
    ----------
    type_name : str
        Full name, such as ``sensor_msgs/msg/Imu``.
    definitions : mapping
        Of this type and all in it: ``fielddefs`` of a rosbags type store, or `installed_definitions`.
    paths : sequence of str
        C channels; see `parse_channel`.
    topic : str
        For errors.
    ros1 : bool
        The messages are serialised as ROS 1 does; else CDR or XCDR2, except for mutable types, in either byte order.

    Attributes
    ----------
    has_header : bool
        Whether messages of this type have a header, and so a stamp, set or not.

    Examples
    --------
    >>> from rosbags.typesys import Stores, get_typestore
    >>> store = get_typestore(Stores.LATEST)
    >>> decoder = Decoder("std_msgs/msg/Float64", store.fielddefs, ("data",), "/speed")
    >>> messages = [store.serialize_cdr(store.types["std_msgs/msg/Float64"](v), "std_msgs/msg/Float64") for v in (1, 2)]
    >>> decoder.read([*messages, b"no message"]).values
    array([[ 1.],
           [ 2.],
           [nan]])
    """

    def __init__(
        self, type_name: str, definitions: Definitions, paths: Sequence[str], topic: str, *, ros1: bool = False
    ) -> None:
        type_name = full_type_name(type_name)
        self._wire = ROS1 if ros1 else CDR
        self._shape = cache(partial(compile_shape, type_name, definitions))
        self._shape(self._wire)
        schema = definitions_schema(definitions)
        self.has_header = "header" in schema(type_name)
        self._channels = [bind_channel(path, type_name, schema, topic) for path in paths]
        # Readers for the layouts of earlier messages, by the length of the messages; the latest first.
        self._known: Callable[[int], list[_Reader]] = lru_cache(_KEPT_LENGTHS)(lambda length: [])

    def read(self, messages: Sequence[bytes]) -> Readings:
        """Read messages in the order in which they came."""
        batch = Readings.empty(len(messages), len(self._channels))
        with np.errstate(invalid="ignore", over="ignore"):  # bytes can be any number, also NaN and infinity
            for length, rows in _by_length(messages).items():
                if length > _LONGEST_JOINED:
                    for row in rows:
                        self._read_alike(messages[row], [row], batch)
                else:
                    self._read_alike(b"".join([messages[row] for row in rows]), rows, batch)
        batch.values[~np.isfinite(batch.values)] = math.nan
        return batch

    def locate(self, data: bytes) -> Any:
        """Return a message with its texts, the lengths of its arrays, and places for numbers; see `layouts`.

        Raises Unreadable if the bytes are no message of this type.
        """
        return self._layout(data).message

    def _layout(self, data: bytes) -> MessageLayout:
        others = (wire for wire in (XCDR2, XCDR2_APPENDABLE) if self._wire is CDR and bytes(data[:2]) in wire.begins)
        try:
            shape = self._shape(next(others, self._wire))
        except ConfigurationError as error:  # a kind of field that XCDR2 writes in another way
            raise Unreadable(str(error)) from error
        return find_message_layout(shape, data)

    def _read_alike(self, joined: bytes, which: Sequence[int], batch: Readings) -> None:
        """Read messages of one length, whose bytes are joined, into rows of the batch."""
        rows = np.array(which)
        data = np.frombuffer(joined, np.uint8).reshape(len(rows), -1) if joined else np.empty((len(rows), 0), np.uint8)
        known = self._known(data.shape[1])
        for reader in list(known):
            data, rows = reader.read_fitting(data, rows, batch)
            if not len(rows):
                return
        tried = 0
        while len(rows):
            try:
                reader = _Reader(self._layout(data[0]), self._channels)
            except Unreadable as error:
                batch.note_unreadable(rows[0], str(error))
                data, rows = data[1:], rows[1:]
                continue
            tried += 1
            if reader.layout.shared and tried <= _KEPT_LAYOUTS:
                known.insert(0, reader)
                del known[_KEPT_LAYOUTS:]
                data, rows = reader.read_fitting(data, rows, batch)
            else:
                reader.read(data[:1], rows[:1], batch)
                data, rows = data[1:], rows[1:]


class _Reader:
    """Reads channels from messages of one layout."""

    def __init__(self, layout: MessageLayout, channels: Sequence[Channel]) -> None:
        self.layout = layout
        self._direct: list[tuple[int, Number]] = []
        self._together: list[tuple[int, Channel, FixedMessage]] = []
        self._computed: list[tuple[Any, list[tuple[int, Channel]]]] = []  # by the part of the message
        self._present = np.ones(len(channels), dtype=np.bool_)
        self._absences: dict[int, Absent] = {}
        for index, channel in enumerate(channels):
            try:
                chosen = channel.choose(layout.message)
            except Absent as absence:
                self._present[index] = False
                self._absences[index] = absence.with_traceback(None)
            except IndexError:  # the array is too short: the value is not known
                pass
            else:
                if channel.direct:
                    self._direct.append((index, chosen))
                elif channel.together and isinstance(chosen, FixedMessage):
                    self._together.append((index, channel, chosen))
                elif alike := next((own for other, own in self._computed if other == chosen), None):
                    alike.append((index, channel))
                else:
                    self._computed.append((chosen, [(index, channel)]))
        self._stamp = _stamp(layout.message)
        self._frame_id = _frame(layout.message)

    def read_fitting(self, data: np.ndarray, rows: np.ndarray, batch: Readings) -> tuple[np.ndarray, np.ndarray]:
        """Read the messages of this layout; return the others."""
        fits = self.layout.fits(data)
        if fits.all():
            self.read(data, rows, batch)
            return data[:0], rows[:0]
        if fits.any():
            self.read(data[fits], rows[fits], batch)
        return data[~fits], rows[~fits]

    def read(self, data: np.ndarray, rows: np.ndarray, batch: Readings) -> None:
        """Read messages (M, L) into rows (M,) of the batch."""
        batch.readable[rows] = True
        batch.present[rows] = self._present
        batch.absences |= self._absences
        batch.frame_ids[rows] = self._frame_id
        if self._stamp is not None:
            seconds, nanoseconds = (column(number, data).astype(np.int64) for number in self._stamp)
            seconds[np.abs(seconds) >= _LONGEST_SECONDS] = 0  # no clock can give this stamp
            batch.stamps[rows] = seconds * NANOSECONDS + nanoseconds
        for index, number in self._direct:
            batch.values[rows, index] = column(number, data)
        for index, channel, chosen in self._together:
            batch.values[rows, index] = channel.finish(columns(chosen, data))
        for chosen, channels in self._computed:
            for row, value in zip(rows.tolist(), read_all(chosen, data), strict=True):
                _compute(channels, value, row, batch)


def _compute(channels: Sequence[tuple[int, Channel]], value: Any, row: int, batch: Readings) -> None:
    """Compute the numbers of some channels from what they chose in a message."""
    for index, channel in channels:
        try:
            batch.values[row, index] = channel.finish(value)
        except IndexError:
            continue
        except Exception as error:  # pixels and points of untrusted bytes can raise any error
            batch.note_unreadable(row, str(error))


def _by_length(messages: Sequence[bytes]) -> Mapping[int, Sequence[int]]:
    if len(lengths := set(map(len, messages))) == 1:
        return {lengths.pop(): range(len(messages))}
    rows: dict[int, list[int]] = {}
    for row, message in enumerate(messages):
        rows.setdefault(len(message), []).append(row)
    return rows


def _stamp(message: Any) -> tuple[Number, Number] | None:
    stamp = getattr(getattr(message, "header", None), "stamp", None)
    seconds, nanoseconds = getattr(stamp, "sec", None), getattr(stamp, "nanosec", None)
    if not (isinstance(seconds, Number) and isinstance(nanoseconds, Number)):
        return None
    return (seconds, nanoseconds) if {seconds.kind[-1], nanoseconds.kind[-1]} <= _INTEGERS else None


def _frame(message: Any) -> str:
    """Frame that a message was measured in: the twist of an Odometry is that of its ``child_frame_id``."""
    frames = getattr(message, "child_frame_id", ""), getattr(getattr(message, "header", None), "frame_id", "")
    return next((frame for frame in frames if frame and isinstance(frame, str)), "")
