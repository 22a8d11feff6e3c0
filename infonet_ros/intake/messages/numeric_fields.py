"""Every channel that a message type could give, found by walking over its fields."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.channels import KEY_VALUE, NAME_ARRAYS, key_field
from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.messages.reductions import number_of_text
from infonet_ros.intake.messages.types import NUMBER, TEXT, Field, Schema
from infonet_ros.intake.recording import NumericField

_STAMPS = ("builtin_interfaces/msg/Time", "builtin_interfaces/msg/Duration")
_HEADER = "std_msgs/msg/Header"
_QUATERNION = "geometry_msgs/msg/Quaternion"

_OPAQUE = ("sensor_msgs/msg/CompressedImage",)  # bytes that are not numbers
_LONGEST_LISTED = 9  # elements of an array that become channels one by one; longer arrays are reduced

FIRST, ELEMENTS, LAST = range(3)


def numeric_fields(type_name: str, schema: Schema, message: Any) -> tuple[list[NumericField], list[str]]:
    """List the channels of a message type; lengths and names of arrays are those of ``message``.

    Their paths are as `parse_channel` understands them, in the order of the message. Also returns the fields with
    numbers that give no channel, with the reason.
    """
    walk = _Walk(schema)
    fields = [field for field in walk.message(type_name, message, "") if walk.accepts(field.path)]
    return fields, walk.left_out


class _Walk:
    """Goes through a message, and the messages inside it; notes what it leaves out."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.left_out: list[str] = []

    def message(self, type_name: str, message: Any, prefix: str) -> Iterator[NumericField]:
        """Yield the channels of a message; ``prefix`` is its path, with a point at its end."""
        if type_name in _OPAQUE:
            self.left_out.append(
                f"{prefix.rstrip('.') or 'the message'} is of type {type_name}, whose bytes are not numbers: record "
                "the raw images, or convert these with `ros2 run image_transport republish`"
            )
        elif type_name in _SPECIAL:
            yield from (NumericField(prefix + path, ELEMENTS) for path in _SPECIAL[type_name](message))
        else:
            members = self._schema(type_name)
            for name, member in members.items():
                path, value = prefix + name, getattr(message, name)
                if member == Field(NUMBER, array=True):
                    yield from _array(path, value, _names(members, message))
                else:
                    yield from self._member(member, value, path)

    def _member(self, member: Field, value: Any, path: str) -> Iterator[NumericField]:
        """Yield the channels of a field that is no array of numbers."""
        if member.kind == NUMBER:
            yield NumericField(path, _rank(path))
        elif member.kind in (TEXT, _HEADER, *_STAMPS):
            return
        elif member.array:
            if (key := key_field(member.kind, self._schema)) is not None:
                for element in value:
                    yield from self.message(member.kind, element, f"{path}[{getattr(element, key)}].")
            elif len(value):
                self.left_out.append(f"{path} is an array of {member.kind}: choose elements of it in a parameter file")
        elif member.kind == _QUATERNION:
            yield from (NumericField(f"{path}|{angle}", FIRST) for angle in ("roll", "pitch", "yaw"))
        else:
            yield from self.message(member.kind, value, path + ".")

    def accepts(self, path: str) -> bool:
        """Return whether a path can be parsed; note that it is left out if not."""
        try:
            parse_channel(path)
        except ConfigurationError:
            self.left_out.append(f"{path!r} has a name that a channel path cannot contain")
            return False
        return True


def _of_value(message: Any) -> Iterator[str]:
    if not math.isnan(number_of_text(message.value)):
        yield "value"


_SPECIAL: dict[str, Callable[[Any], Iterable[str]]] = {
    "sensor_msgs/msg/Image": lambda message: ("pixels|mean", "pixels|std"),
    "sensor_msgs/msg/PointCloud2": lambda message: (f"points.{field.name}|mean" for field in message.fields),
    KEY_VALUE: _of_value,
}
"""Paths in messages of types that are not read field by field."""


def _array(path: str, values: Sequence[float], names: Sequence[str] | None) -> Iterator[NumericField]:
    if names is not None and len(names) == len(values):
        yield from (NumericField(f"{path}[{name}]", FIRST) for name in names)
    elif len(values) <= _LONGEST_LISTED or "covariance" in path:
        yield from (NumericField(f"{path}[{index}]", max(ELEMENTS, _rank(path))) for index in range(len(values)))
    else:
        yield from (NumericField(f"{path}|{reduction}", ELEMENTS) for reduction in ("min", "mean", "std"))


def _names(members: Mapping[str, Field], message: Any) -> Sequence[str] | None:
    for name in NAME_ARRAYS:
        if members.get(name) == Field(TEXT, array=True):
            return list(getattr(message, name))
    return None


def _rank(path: str) -> int:
    return LAST if "covariance" in path else FIRST
