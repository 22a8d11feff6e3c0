"""Every channel that a message type could give, found by walking over its fields."""

import math
from collections.abc import Iterator, Mapping, Sequence
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

    Returns
    -------
    fields : list of NumericField
        Paths that `parse_channel` understands, in the order of the message.
    left_out : list of str
        Fields with numbers that give no channel, with the reason.
    """
    left_out: list[str] = []
    fields = [field for field in _walk(type_name, schema, message, "", left_out) if _parses(field.path, left_out)]
    return fields, left_out


def _walk(type_name: str, schema: Schema, message: Any, prefix: str, left_out: list[str]) -> Iterator[NumericField]:
    if type_name in _OPAQUE:
        left_out.append(
            f"{prefix.rstrip('.') or 'the message'} is of type {type_name}, whose bytes are not numbers: record the "
            "raw images, or convert these with `ros2 run image_transport republish`"
        )
        return
    if type_name == "sensor_msgs/msg/Image":
        yield from (NumericField(f"{prefix}pixels|{reduction}", ELEMENTS) for reduction in ("mean", "std"))
        return
    if type_name == "sensor_msgs/msg/PointCloud2":
        yield from (NumericField(f"{prefix}points.{field.name}|mean", ELEMENTS) for field in message.fields)
        return
    if type_name == KEY_VALUE:
        if not math.isnan(number_of_text(message.value)):
            yield NumericField(f"{prefix}value", ELEMENTS)
        return
    members = schema(type_name)
    for name, member in members.items():
        path, value = prefix + name, getattr(message, name)
        if member.kind in (TEXT, _HEADER, *_STAMPS):
            continue
        if member.kind == NUMBER:
            yield from (
                _array(path, value, _names(members, message)) if member.array else [NumericField(path, _rank(path))]
            )
        elif member.array:
            if (key := key_field(member.kind, schema)) is not None:
                for element in value:
                    yield from _walk(member.kind, schema, element, f"{path}[{getattr(element, key)}].", left_out)
            elif len(value):
                left_out.append(f"{path} is an array of {member.kind}: choose elements of it in a params file")
        elif member.kind == _QUATERNION:
            yield from (NumericField(f"{path}|{angle}", FIRST) for angle in ("roll", "pitch", "yaw"))
        else:
            yield from _walk(member.kind, schema, value, path + ".", left_out)


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


def _parses(path: str, left_out: list[str]) -> bool:
    try:
        parse_channel(path)
    except ConfigurationError:
        left_out.append(f"{path!r} has a name that a channel path cannot contain")
        return False
    return True
