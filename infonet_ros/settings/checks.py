"""Checks of values, names and lists of channels; each error says what would work."""

import math
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from infonet_ros.errors import ConfigurationError
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.text import did_you_mean, listed, shorten

if TYPE_CHECKING:
    from infonet_ros.settings.members import Modality, Watch

_Fields = TypeVar("_Fields")

TIME = "time"
"""The name of time in a list of given channels."""


def plain(value: Any) -> Any:
    """Return a number of NumPy or of torch as one of Python, and all else as it is."""
    return value.item() if getattr(value, "shape", None) == () else value


def checked_value(name: str, value: Any, spec: Mapping[str, Any]) -> Any:
    """Return ``value`` in the type of a parameter with this metadata, or raise ConfigurationError with the reason."""
    kind, value = type(spec["default"]), plain(value)
    unit = f" {spec['unit']}" if "unit" in spec else ""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = as_float(value)
    if type(value) is not kind:
        raise ConfigurationError(f"{name} must be {_KINDS[kind]}, got {brief(value)}.")
    if kind is float and not math.isfinite(value):
        raise ConfigurationError(f"{name} must be a finite number, got {brief(value)}.")
    if "choices" in spec and value not in spec["choices"]:
        raise choice_error(name, value, spec["choices"])
    if "minimum" in spec and not spec["minimum"] <= value <= spec["maximum"]:
        raise ConfigurationError(
            f"{name} must lie between {spec['minimum']} and {spec['maximum']}{unit}, got {brief(value)}{unit}."
        )
    return value


def checked_size(name: str, value: Any) -> float:
    """Return a number of at least 0 as a float, or raise ConfigurationError."""
    value = plain(value)
    number = as_float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(number, float) or not 0 <= number < math.inf:
        raise ConfigurationError(f"{name} must be a number of at least 0, got {brief(value)}.")
    return number


def checked_text(name: str, value: Any) -> str:
    """Return a text, or raise ConfigurationError."""
    return str(checked_value(name, value, {"default": ""}))


def several(name: str, members: Any, kind: type = str) -> tuple[Any, ...]:
    """Return members of one kind as a tuple; one member is a list of one, and a text is one name, not its letters."""
    found = (members,) if isinstance(members, (kind, str)) or not isinstance(members, Iterable) else tuple(members)
    if not all(isinstance(one, kind) for one in found):
        what = "texts" if kind is str else f"{kind.__name__} objects"
        raise ConfigurationError(f"{name} must be a list of {what}, got {brief(members)}.")
    return found


def names_checked(kind: type[_Fields]) -> type[_Fields]:
    """Make a dataclass refuse an argument that is none of its fields, with the name that was meant."""
    known, make = [one.name for one in fields(kind)], kind.__init__  # type: ignore[arg-type, misc]

    @wraps(make)
    def checked(self: _Fields, *values: Any, **named: Any) -> None:
        if unknown := [name for name in named if name not in known]:
            hint = did_you_mean(unknown[0], known) or f": expected one of {', '.join(known)}"
            raise ConfigurationError(f"unknown parameter {unknown[0]!r}{hint}.")
        make(self, *values, **named)

    kind.__init__ = checked  # type: ignore[method-assign, assignment]
    return kind


_KINDS = {float: "a number such as 2.5", int: "a whole number such as 1", bool: "true or false", str: "a text"}


def choice_error(name: str, value: str, choices: Sequence[str]) -> ConfigurationError:
    """Return an error for a value that is none of the choices, with the nearest choice."""
    return ConfigurationError(
        f"{name} must be one of {', '.join(choices)}; got {brief(value)}{did_you_mean(str(value), choices)}."
    )


def brief(value: Any) -> str:
    """Write a value into an error message, shortened where it is long."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a whole number of {value.bit_length()} bits"
    return shorten(repr(value.tolist() if isinstance(value, array) else value), 60)  # ROS has arrays for lists


def as_float(number: int) -> float:
    """Return a whole number as a float; one with hundreds of digits becomes infinite, which is then refused."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def check_names(
    modalities: Sequence["Modality"], watches: Sequence["Watch"], given: Sequence[str], reserved: Collection[str]
) -> None:
    """Refuse impossible names of modalities, watches and channels, such as one that is ``reserved``."""
    names = [modality.name for modality in modalities] + [watch.name for watch in watches]
    for name in names:
        if not name.isidentifier() or name in reserved:
            raise ConfigurationError(
                f"{name!r} cannot name a modality or a watch: expected letters, digits and '_', and no name of a "
                "parameter."
            )
        if names.count(name) > 1:
            raise ConfigurationError(f"the name {name!r} is used twice: modalities and watches need different names.")
    for modality in modalities:
        if not modality.channels:
            raise ConfigurationError(f"{modality.name}.channels is empty: expected at least one field path.")
        if len(set(modality.channels)) < len(modality.channels):
            raise ConfigurationError(f"{modality.name}.channels names a channel twice: {list(modality.channels)}.")
    channels = [channel for modality in modalities for channel in modality.channel_names]
    _check_given("given", given, channels)
    for watch in watches:
        _check_watch(watch, given, {modality.name for modality in modalities}, channels)


def _check_watch(watch: "Watch", given: Sequence[str], modalities: set[str], channels: Sequence[str]) -> None:
    """Refuse a watch without a proper pair, or with impossible given channels; ``given`` are those of all pairs."""
    pair, known = set(watch.pair), sorted({*modalities, *channels})
    of_modalities, of_channels = pair <= modalities, pair <= {*channels}
    if len(pair) < 2 or not (of_modalities or of_channels):
        hint = "".join(did_you_mean(name, known) for name in watch.pair if name not in known)
        raise ConfigurationError(
            f"{watch.name}.pair must name two different channels or two different modalities, got "
            f"{list(watch.pair)}{hint}; known are {listed(known)}."
        )
    if of_modalities:
        if watch.given:
            raise ConfigurationError(
                f"{watch.name}.given is {list(watch.given)}, but its pair names modalities: expected two channels, "
                "since conditional MI is that of channels."
            )
        return
    _check_given(f"{watch.name}.given", watch.given, channels, watch.pair)
    if both := [name for name in watch.pair if not watch.given and name in given]:
        raise ConfigurationError(
            f"{watch.name}.pair names {both[0]!r}, on which all pairs are conditioned: leave it out of given, or set "
            f"{watch.name}.given."
        )


def _check_given(name: str, given: Sequence[str], channels: Sequence[str], pair: Sequence[str] = ()) -> None:
    """Refuse given channels that are unknown, repeated, of the pair itself, or too many."""
    known = [TIME, *(channel for channel in channels if channel not in pair)]
    if unknown := [channel for channel in given if channel not in known]:
        raise ConfigurationError(
            f"{name} names {unknown[0]!r}{did_you_mean(unknown[0], known)}: expected channels"
            f"{' other than the pair itself' if pair else ''}, or {TIME!r}; known are {listed(known)}."
        )
    if len(set(given)) < len(given) or len(given) > MOST_GIVEN:
        raise ConfigurationError(
            f"{name} names {len(given)} channels, {len(set(given))} of them different: expected each once, and at most "
            f"{MOST_GIVEN}."
        )
