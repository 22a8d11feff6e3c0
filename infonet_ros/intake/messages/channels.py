"""Channels: one number out of each message of a type, chosen by a path.

    schema = definitions_schema(typestore.fielddefs)
    channel = bind_channel("angular_velocity.y", "sensor_msgs/msg/Imu", schema, "/imu/data")
    channel.extract(message)        # float; NaN: not known; None: this message says nothing about the channel

A path is bound once to a message type. After that it only reads attributes, so it works on messages of rclpy and of
rosbags alike. A channel first chooses a place in the message, then computes a number from what stands there. The
`Decoder` chooses once for all messages of one layout.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.arrays import cloud_field, image_pixels
from infonet_ros.intake.messages.paths import ChannelPath, Step, parse_channel
from infonet_ros.intake.messages.reductions import ANGLES, REDUCTIONS, TURNS, number_of_text
from infonet_ros.intake.messages.types import NUMBER, TEXT, Field, Schema, full_type_name
from infonet_ros.text import did_you_mean, listed

NAME_ARRAYS = ("name", "names", "joint_names")
"""Fields that can hold the names of the elements of another array."""

_KEYS = ("child_frame_id", "name", "key")  # fields that can hold the name of an element
KEY_VALUE = "diagnostic_msgs/msg/KeyValue"
_QUATERNION = dict.fromkeys("xyzw", Field(NUMBER))


@dataclass(frozen=True)
class Channel:
    """A path bound to a message type."""

    path: str  # the path as it was written
    choose: Callable[[Any], Any]
    """Takes a message, and returns what the number is computed from: a number, an array, a tuple, or a message inside
    it. Raises `Absent` if the message says nothing about the channel (a joint that it does not name), and IndexError if
    an array is too short."""
    finish: Callable[[Any], float]  # takes what ``choose`` returned, and returns a float
    direct: bool  # ``choose`` returns the number itself
    together: bool = False  # ``finish`` also takes a message whose fields are arrays, one element for each message

    def extract(self, message: Any) -> float | None:
        """Read a message; the value is not yet differentiated if the path ends in ``|rate``.

        NaN if the value is not known (NaN, infinite, an array that is too short), None if the message says nothing
        about the channel.
        """
        try:
            number = self.finish(self.choose(message))
        except IndexError:
            return math.nan
        except Absent:
            return None
        return float(number) if math.isfinite(number) else math.nan


class Absent(Exception):
    """The message lacks the element ``name`` that the channel needs; ``there`` are the names of those that it has."""

    def __init__(self, name: str, there: Sequence[str]) -> None:
        super().__init__(name)
        self.name, self.there = name, there

    def __str__(self) -> str:
        return f"{self.name!r} is not among {listed(self.there)}{did_you_mean(self.name, self.there)}"


def bind_channel(path: str, type_name: str, schema: Schema, topic: str) -> Channel:
    """Check a path against a message type and compile it.

    Raises ConfigurationError if the text is no path, the type has no such field, or the path does not end in one
    number. The error names the topic, the path and what the type has instead.
    """
    return _Binding(parse_channel(path), type_name, schema, topic).channel()


class _Binding:
    """Follows a path through a message type, and collects the steps from a message to a number."""

    def __init__(self, path: ChannelPath, type_name: str, schema: Schema, topic: str) -> None:
        self._path = path
        self._schema = schema
        self._topic = topic
        self._type = full_type_name(type_name)
        self._stages: list[Callable[[Any], Any]] = []  # of `Channel.choose`
        self._finish_stages: list[Callable[[Any], Any]] = []  # of `Channel.finish`
        # Plain fields since the last element was chosen, and the fields of the messages that they pass through.
        self._chain: list[str] = []
        self._passed: list[Mapping[str, Field]] = []

    def channel(self) -> Channel:
        field = Field(self._type)
        steps = list(self._path.steps)
        while steps:
            step = steps.pop(0)
            if field.array or field.kind in (NUMBER, TEXT):
                raise self._error(f"{self._chain[-1]!r} is {field} and has no fields of its own")
            self._type = field.kind
            if field.kind == "sensor_msgs/msg/Image" and step.field == "pixels":
                field = self._view(image_pixels, step)
            elif field.kind == "sensor_msgs/msg/PointCloud2" and step.field == "points" and steps:
                column = steps.pop(0)
                field = self._view(partial(cloud_field, name=column.field), column)
            else:
                field = self._step(step)
        return self._finish(field)

    def _step(self, step: Step) -> Field:
        fields = self._schema(self._type)
        if step.field not in fields:
            hint = did_you_mean(step.field, fields)
            raise self._error(f"{self._type} has no field {step.field!r}{hint}: it has {_listed(fields)}")
        field = fields[step.field]
        self._passed.append(fields)
        if isinstance(step.selector, str):
            return self._by_name(field, step.field, step.selector)
        self._chain.append(step.field)
        if step.selector is None:
            return field
        if not field.array:
            raise self._error(f"{step.field!r} is {field}, not an array")
        if len(step.selector) > 1:
            raise self._error(f"{step.field!r} has one dimension, not {len(step.selector)}")
        self._flush()
        return self._select(field, step.selector)

    def _by_name(self, field: Field, array: str, name: str) -> Field:
        """Element of an array by its name, looked up in the nearest array of names, message by message."""
        if not field.array:
            raise self._error(f"{array!r} is {field}, not an array")
        for depth in reversed(range(len(self._passed))):
            for names in NAME_ARRAYS:
                if self._passed[depth].get(names) == Field(TEXT, array=True):
                    names_path, values_path = [*self._chain[:depth], names], [*self._chain, array]
                    self._stages.append(_named_element(".".join(names_path), ".".join(values_path), name))
                    self._chain, self._passed = [], []
                    return Field(field.kind)
        key = key_field(field.kind, self._schema)
        if key is None:
            raise self._error(f"{array!r} has no array of names beside it: choose an element by its index, {array}[0]")
        self._chain.append(array)
        self._flush()
        self._stages.append(_keyed_element(key, name))
        return Field(field.kind)

    def _view(self, view: Callable[[Any], np.ndarray], step: Step) -> Field:
        """All pixels of an image, or one field of all points of a cloud, as an array."""
        if isinstance(step.selector, str):
            raise self._error(f"{step.selector!r} is not an index or a slice")
        self._flush()
        self._finish_stages.append(view)
        if step.selector is not None:
            selector = step.selector
            self._finish_stages.append(lambda values: values[selector])
        return Field(NUMBER, array=True)

    def _select(self, field: Field, selector: tuple[int | slice, ...]) -> Field:
        index = selector[0]
        if isinstance(index, slice) and field.kind != NUMBER:
            raise self._error(f"a part of {field} is not a number: choose one element")
        self._stages.append(lambda values: values[index])
        return Field(field.kind, array=isinstance(index, slice))

    def _finish(self, field: Field) -> Channel:
        reduction = self._path.reduction
        if field == Field(TEXT) and self._type == KEY_VALUE and reduction is None:
            self._flush()
            return Channel(self._path.text, _chained(self._stages), number_of_text, direct=False)
        if field.kind == TEXT:
            raise self._error(f"it ends in {field}, not in a number")
        if reduction in ANGLES:
            fields = {} if field.array or field.kind == NUMBER else self._schema(field.kind)
            if fields != _QUATERNION:
                raise self._error(f"{reduction!r} needs a quaternion, and it ends in {field}")
        elif field == Field(NUMBER):
            self._flush()
            of_number = self._path.of_number(self._topic)
            return Channel(self._path.text, _chained(self._stages), of_number, direct=reduction is None)
        elif reduction in TURNS:
            raise self._error(f"'|{reduction}' needs a single number, and it ends in {field}")
        elif field.kind != NUMBER:
            self._numbers_of(field)
        elif reduction is None:
            raise self._error(f"it ends in {field}: choose one element by [index], or a reduction such as |mean")
        self._flush()
        assert reduction is not None
        finish = _chained([*self._finish_stages, (REDUCTIONS | ANGLES)[reduction]])
        together = reduction in ANGLES and not self._finish_stages
        return Channel(self._path.text, _chained(self._stages), finish, direct=False, together=together)

    def _numbers_of(self, field: Field) -> None:
        """Read a small message of numbers, such as a vector, as an array."""
        fields = {} if field.array else self._schema(field.kind)
        if field.array or self._path.reduction is None or any(f != Field(NUMBER) for f in fields.values()):
            inside = f", which has {_listed(fields)}" if fields else ": choose an element by [index]"
            raise self._error(f"it ends in {field}{inside}")
        self._flush()
        self._stages.append(attrgetter(*fields))

    def _flush(self) -> None:
        if self._chain:
            self._stages.append(attrgetter(".".join(self._chain)))
        self._chain, self._passed = [], []

    def _error(self, reason: str) -> ConfigurationError:
        return ConfigurationError(f"topic {self._topic}, channel {self._path.text!r}: {reason}.")


def _chained(stages: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    if len(stages) == 1:
        return stages[0]

    def chain(value: Any) -> Any:
        for stage in stages:
            value = stage(value)
        return value

    return chain


def _named_element(names_path: str, values_path: str, name: str) -> Callable[[Any], Any]:
    names_of, values_of = attrgetter(names_path), attrgetter(values_path)

    def stage(message: Any) -> Any:
        names = names_of(message)
        try:
            position = names.index(name)
        except ValueError:
            raise Absent(name, names) from None
        return values_of(message)[position]

    return stage


def _keyed_element(key: str, name: str) -> Callable[[Any], Any]:
    key_of = attrgetter(key)

    def stage(elements: Any) -> Any:
        for element in elements:
            if key_of(element) == name:
                return element
        raise Absent(name, [key_of(element) for element in elements])

    return stage


def key_field(type_name: str, schema: Schema) -> str | None:
    """Return the field that holds the name of an element of this type; None if the type has no such field."""
    if type_name in (NUMBER, TEXT):
        return None
    fields = schema(type_name)
    return next((key for key in _KEYS if fields.get(key) == Field(TEXT)), None)


def _listed(fields: Mapping[str, Field]) -> str:
    return ", ".join(f"{name} ({field})" for name, field in fields.items())
