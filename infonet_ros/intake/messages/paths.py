"""Paths that name a channel: one number out of a message.

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
    pose.position.x|rate(0.4)       the same, from the mean over 0.2 s before to that over 0.2 s after: with less noise
    pixels[100:200, 0:320]|mean     sensor_msgs/Image: rows, columns (and colours)
    points.z|min                    sensor_msgs/PointCloud2: one field of all points

Nothing is evaluated: a path is parsed once, and `bind_channel` checks it against a message type.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.reductions import ANGLES, REDUCTIONS, TURNS
from infonet_ros.text import did_you_mean

_STEP = re.compile(r"([A-Za-z_]\w*)(?:\[([^\[\]]+)\])?")
_INDEX = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?")
_RATE = "rate"
_RATE_END = re.compile(r"rate(?:\(\s*(\d+\.?\d*|\.\d+)\s*\))?")

Selector = str | tuple[int | slice, ...]


@dataclass(frozen=True)
class Step:
    """One field of a path with what stands in its brackets: indices and slices, or a name."""

    field: str
    selector: Selector | None = None


@dataclass(frozen=True)
class ChannelPath:
    """A parsed path; `bind_channel` checks it against a message type."""

    text: str  # as it was written
    steps: tuple[Step, ...]
    reduction: str | None  # how one number is computed from the field at the end of the steps, such as "norm" or "yaw"
    rate: bool = False
    """The channel is the change of that number per second. One message is not enough for it: the number itself is
    extracted, and the windows differentiate it."""
    rate_span: float = 0.0  # seconds over which that is taken; 0 for those between two samples

    @property
    def structure(self) -> tuple[Step, ...]:
        """What its number is a part of: a vector, another message inside the message; without one, the field itself."""
        return self.steps[:-1] or self.steps

    @property
    def wraps(self) -> bool:
        """What is extracted is an angle in (-pi, pi], to be unwrapped before it is interpolated or differentiated."""
        return self.reduction in ANGLES or self.reduction in TURNS

    @property
    def angular(self) -> bool:
        """The channel itself is an angle; the rate of an angle is not."""
        return self.wraps and not self.rate

    def of_number(self, topic: str) -> Callable[[float], float]:
        """Return the function that the path applies to a field that is a single number.

        Raises ConfigurationError if it ends in a reduction of many numbers.
        """
        if self.reduction is None:
            return float
        if self.reduction not in TURNS:
            raise ConfigurationError(
                f"topic {topic}, channel {self.text!r}: it ends in a single number, nothing to reduce: leave "
                f"'|{self.reduction}' out."
            )
        return TURNS[self.reduction]


@lru_cache(maxsize=4096)
def parse_channel(text: str) -> ChannelPath:
    """Parse a path such as ``ranges[300:380]|min``. Raises ConfigurationError if the text is not a path."""
    if not text.isprintable():  # names come from recordings, and could control a terminal
        raise ConfigurationError(f"channel {text!r} holds control characters: expected a path of plain text.")
    body, *ends = (part.strip() for part in text.split("|"))
    rate = _RATE_END.fullmatch(ends[-1]) if ends else None
    reductions = ends[:-1] if rate else ends
    known = (*REDUCTIONS, *ANGLES, *TURNS)
    if reductions and (len(reductions) > 1 or reductions[0] not in known):
        raise ConfigurationError(
            f"channel {text!r} ends in the reduction {'|'.join(reductions)!r}{did_you_mean(reductions[-1], known)}: "
            f"expected one of {', '.join(known)}, and then '|{_RATE}', '|{_RATE}(seconds)' or nothing."
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
            return ChannelPath(text, tuple(steps), reduction, bool(rate), float(rate[1] or 0.0) if rate else 0.0)
        if body[position] != ".":
            break
        position += 1
    raise ConfigurationError(
        f"channel {text!r} is not a field path: expected fields joined by dots such as 'angular_velocity.y', "
        "'position[wheel]' or 'ranges[300:380]|min'."
    )


def without_rate(name: str) -> str:
    """Return the path or the full name of a channel without the ``|rate`` at its end, if there is one.

    Examples
    --------
    >>> without_rate("odom.pose.position.x|rate(0.4)")
    'odom.pose.position.x'
    """
    body, bar, end = name.rpartition("|")
    return body if bar and _RATE_END.fullmatch(end.strip()) else name


def is_rate(name: str) -> bool:
    """Return whether the path or the full name of a channel ends in ``|rate``."""
    return without_rate(name) != name


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
