"""Channels: one number out of a message, named by a path over its fields.

A path names fields joined by dots, chooses elements in brackets, may end in a reduction after a bar, and in ``|rate``::

    angular_velocity.y              a number
    covariance[7]                   one element of an array
    position[front_left_wheel]      the element whose name stands in the `name` array beside it, message by message
    transforms[base_link].transform.translation.x   the element that has this name inside: child_frame_id, name or key
    status[motor].values[Temperature].value         a text beside such a key, read as a number
    ranges[300:380]|min             a reduction of a part of an array: min, max, mean, std, norm, count (of finite ones)
    angular_velocity|norm           a reduction over the numbers of a small message
    orientation|yaw                 an angle of a quaternion: roll, pitch, yaw; unwrapped before it is interpolated
    heading|degrees                 a number that is an angle, in degrees or radians; read in radians, unwrapped alike
    pose.position.x|rate            change per second, by the stamps of the messages; orientation|yaw|rate of an angle
    pixels[100:200, 0:320]|mean     sensor_msgs/Image: rows, columns (and colours)
    points.z|min                    sensor_msgs/PointCloud2: one field of all points

Nothing is evaluated: a path is parsed once, bound once to a message type, and then only reads attributes, so it works
on rclpy messages and on the messages that rosbags deserialises alike::

    channel = parse_channel("angular_velocity.y").bind("sensor_msgs/msg/Imu", ros_schema, "/imu/data")
    channel.extract(message)        # float; NaN: not known; None: this message says nothing about the channel
    header_stamp(message)           # nanoseconds, or None

A channel first chooses its place in the message, then makes a number of what stands there. The `Decoder` chooses once
for all messages that are laid out alike.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.arrays import cloud_field, image_pixels
from infonet_ros.intake.types import NUMBER, TEXT, Field, Schema, full_type_name
from infonet_ros.text import did_you_mean

_STEP = re.compile(r"([A-Za-z_]\w*)(?:\[([^\[\]]+)\])?")
_INDEX = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?")
_NAME_ARRAYS = ("name", "names", "joint_names")
_KEYS = ("child_frame_id", "name", "key")  # fields that an element of an array is named by
KEY_VALUE = "diagnostic_msgs/msg/KeyValue"
_QUATERNION = {"x", "y", "z", "w"}
_RATE = "rate"

Selector = str | tuple[int | slice, ...]


@dataclass(frozen=True)
class Step:
    """One field of a path with what stands in its brackets: indices and slices, or a name."""

    field: str
    selector: Selector | None = None


@dataclass(frozen=True)
class ChannelPath:
    """A parsed path; `bind` checks it against a message type.

    Attributes
    ----------
    text : str
        As it was written.
    steps : tuple of Step
    reduction : str or None
        What makes one number of the end of the steps, such as "norm" or "yaw".
    rate : bool
        The channel is the change of that number per second. A message alone does not tell it: what is extracted is the
        number itself, and the windows differentiate it.
    """

    text: str
    steps: tuple[Step, ...]
    reduction: str | None
    rate: bool = False

    @property
    def wraps(self) -> bool:
        """What is extracted is an angle in (-pi, pi], to be unwrapped before it is interpolated or differentiated."""
        return self.reduction in _ANGLES or self.reduction in _TURNS

    @property
    def angular(self) -> bool:
        """The channel itself is an angle; the rate of one is none."""
        return self.wraps and not self.rate

    def of_number(self, topic: str) -> Callable[[float], float]:
        """Return what the path makes of a field that is a single number.

        Raises
        ------
        ConfigurationError
            It ends in a reduction of many numbers.
        """
        if self.reduction is None:
            return float
        if self.reduction not in _TURNS:
            raise ConfigurationError(
                f"topic {topic}, channel {self.text!r}: it ends in a single number, nothing to reduce: leave "
                f"'|{self.reduction}' out."
            )
        return _TURNS[self.reduction]

    def bind(self, type_name: str, schema: Schema, topic: str) -> "Channel":
        """Check the path against a message type and compile it.

        Raises
        ------
        ConfigurationError
            The type has no such field, or the path does not end in one number; names the topic, the path and what
            the type has instead.
        """
        return _Binding(self, type_name, schema, topic).channel()


@dataclass(frozen=True)
class Channel:
    """A path bound to a message type.

    Attributes
    ----------
    path : str
        The path as it was written.
    choose : callable
        From a message to what the number is made of: a number, an array, a tuple, or a message in it. Raises `Absent`
        when the message says nothing about the channel (a joint that it does not name), and IndexError when an array
        is too short.
    finish : callable
        From that to a float.
    direct : bool
        What is chosen is the number itself.
    """

    path: str
    choose: Callable[[Any], Any]
    finish: Callable[[Any], float]
    direct: bool

    def extract(self, message: Any) -> float | None:
        """Read a message.

        Returns
        -------
        float or None
            Not yet differentiated where the path ends in ``|rate``; NaN when the value is not known (NaN, infinite, an
            array that is too short), None when the message says nothing about the channel.
        """
        try:
            number = self.finish(self.choose(message))
        except IndexError:
            return math.nan
        except Absent:
            return None
        return number if math.isfinite(number) else math.nan


class Absent(Exception):
    """The message says nothing about the channel."""


def parse_channel(text: str) -> ChannelPath:
    """Parse a path such as ``ranges[300:380]|min``.

    Raises
    ------
    ConfigurationError
        The text is not a path.
    """
    if not text.isprintable():  # names come from recordings, and would move the cursor of a terminal
        raise ConfigurationError(f"channel {text!r} holds control characters: expected a path of plain text.")
    body, *ends = (part.strip() for part in text.split("|"))
    rate = ends[-1:] == [_RATE]
    reductions = ends[:-1] if rate else ends
    known = (*_REDUCTIONS, *_ANGLES, *_TURNS)
    if reductions and (len(reductions) > 1 or reductions[0] not in known):
        raise ConfigurationError(
            f"channel {text!r} ends in the reduction {'|'.join(reductions)!r}{did_you_mean(reductions[-1], known)}: "
            f"expected one of {', '.join(known)}, and then '|{_RATE}' or nothing."
        )
    reduction = reductions[0] if reductions else None
    steps, position = [], 0
    while match := _STEP.match(body, position):
        try:
            steps.append(Step(match[1], None if match[2] is None else _parse_selector(match[2])))
        except ValueError:  # a slice with a step of 0, or more digits than any index has
            break
        position = match.end()
        if position == len(body):
            return ChannelPath(text, tuple(steps), reduction, rate)
        if body[position] != ".":
            break
        position += 1
    raise ConfigurationError(
        f"channel {text!r} is not a field path: expected fields joined by dots such as 'angular_velocity.y', "
        "'position[wheel]' or 'ranges[300:380]|min'."
    )


def header_stamp(message: Any) -> int | None:
    """Return the header stamp in nanoseconds; None without a header, or when its stamp was never set (zero)."""
    stamp = getattr(getattr(message, "header", None), "stamp", None)
    if stamp is None:
        return None
    return stamp.sec * 1_000_000_000 + stamp.nanosec or None


def _parse_selector(text: str) -> Selector:
    items: list[int | slice] = []
    for part in text.split(","):
        part = part.strip()
        if _INDEX.fullmatch(part):
            items.append(int(part))
        elif match := _SLICE.fullmatch(part):
            bounds = [None if bound is None else int(bound) for bound in match.groups()]
            if bounds[2] == 0:
                raise ValueError(f"the slice {part!r} has a step of 0")
            items.append(slice(*bounds))
        else:
            return text.strip()
    return tuple(items)


class _Binding:
    """Walks a path along a message type and collects the stages that lead from a message to a number."""

    def __init__(self, path: ChannelPath, type_name: str, schema: Schema, topic: str) -> None:
        self._path = path
        self._schema = schema
        self._topic = topic
        self._type = full_type_name(type_name)
        self._stages: list[Callable[[Any], Any]] = []  # that choose, and then
        self._finish_stages: list[Callable[[Any], Any]] = []
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
            for names in _NAME_ARRAYS:
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
            raise self._error(f"a part of {field} is no number: choose one element")
        self._stages.append(lambda values: values[index])
        return Field(field.kind, array=isinstance(index, slice))

    def _finish(self, field: Field) -> Channel:
        reduction = self._path.reduction
        if field == Field(TEXT) and self._type == KEY_VALUE and reduction is None:
            self._flush()
            return Channel(self._path.text, _chained(self._stages), number_of_text, direct=False)
        if field.kind == TEXT:
            raise self._error(f"it ends in {field}, not in a number")
        if reduction in _ANGLES:
            fields = {} if field.array or field.kind == NUMBER else self._schema(field.kind)
            if set(fields) != _QUATERNION:
                raise self._error(f"{reduction!r} needs a quaternion, and it ends in {field}")
        elif field == Field(NUMBER):
            self._flush()
            of_number = self._path.of_number(self._topic)
            return Channel(self._path.text, _chained(self._stages), of_number, direct=reduction is None)
        elif reduction in _TURNS:
            raise self._error(f"'|{reduction}' needs a single number, and it ends in {field}")
        elif field.kind != NUMBER:
            self._numbers_of(field)
        elif reduction is None:
            raise self._error(f"it ends in {field}: choose one element by [index], or a reduction such as |mean")
        self._flush()
        assert reduction is not None
        finish = _chained([*self._finish_stages, (_REDUCTIONS | _ANGLES)[reduction]])
        return Channel(self._path.text, _chained(self._stages), finish, direct=False)

    def _numbers_of(self, field: Field) -> None:
        """Let a small message of numbers, such as a vector, stand for the array of them."""
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
        try:
            position = names_of(message).index(name)
        except ValueError:
            raise Absent from None
        return values_of(message)[position]

    return stage


def _keyed_element(key: str, name: str) -> Callable[[Any], Any]:
    key_of = attrgetter(key)

    def stage(elements: Any) -> Any:
        for element in elements:
            if key_of(element) == name:
                return element
        raise Absent

    return stage


def key_field(type_name: str, schema: Schema) -> str | None:
    """Return the field that tells elements of this type apart by name, if the type has one."""
    if type_name in (NUMBER, TEXT):
        return None
    fields = schema(type_name)
    return next((key for key in _KEYS if fields.get(key) == Field(TEXT)), None)


def number_of_text(text: str) -> float:
    """Return the number that a text is; NaN when it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _listed(fields: Mapping[str, Field]) -> str:
    return ", ".join(f"{name} ({field})" for name, field in fields.items())


def _finite(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array if array.dtype.kind in "iub" else array[np.isfinite(array)]


def _over_finite(reduce: Callable[..., Any]) -> Callable[[Any], float]:
    def reduction(values: Any) -> float:
        finite = _finite(values)
        return float(reduce(finite)) if finite.size else math.nan

    return reduction


_REDUCTIONS: dict[str, Callable[[Any], float]] = {
    "min": _over_finite(np.min),
    "max": _over_finite(np.max),
    "mean": _over_finite(lambda values: np.mean(values, dtype=np.float64)),
    "std": _over_finite(lambda values: np.std(values, dtype=np.float64)),
    "norm": lambda values: float(np.linalg.norm(np.asarray(values, dtype=np.float64))),
    "count": lambda values: float(_finite(values).size),
}


def _angle(formula: Callable[[float, float, float, float], float]) -> Callable[[Any], float]:
    def angle(q: Any) -> float:
        length = math.hypot(q.x, q.y, q.z, q.w)
        return formula(q.x / length, q.y / length, q.z / length, q.w / length) if length > 0.0 else math.nan

    return angle


_ANGLES: dict[str, Callable[[Any], float]] = {
    "roll": _angle(lambda x, y, z, w: math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))),
    "pitch": _angle(lambda x, y, z, w: math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))),
    "yaw": _angle(lambda x, y, z, w: math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))),
}


def _turn(factor: float) -> Callable[[float], float]:
    def turn(value: float) -> float:
        return math.remainder(float(value) * factor, math.tau) if math.isfinite(value) else math.nan

    return turn


_TURNS: dict[str, Callable[[float], float]] = {"degrees": _turn(math.pi / 180.0), "radians": _turn(1.0)}
