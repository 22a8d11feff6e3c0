"""Settings from ROS parameters, flat or nested."""

import math
from collections.abc import Mapping
from typing import Any

from infonet_ros.errors import ConfigurationError
from infonet_ros.settings.checks import as_float, brief, no_choice
from infonet_ros.settings.members import Modality, Watch
from infonet_ros.settings.table import PARAMETERS_OF_ROS, Settings, scalar_parameters
from infonet_ros.text import did_you_mean, shorten


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Join nested keys by dots, as ROS 2 does: ``{imu: {topic: /imu}}`` becomes ``{imu.topic: /imu}``."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def settings_from_parameters(parameters: Mapping[str, Any]) -> Settings:
    """Build settings from flat ROS parameters, ``{"modalities": ["imu"], "imu.topic": "/imu", "window": 20.0, ...}``.

    Raises
    ------
    ConfigurationError
        A parameter is missing, unknown, of the wrong type or out of range.
    """
    left = {name: value for name, value in parameters.items() if value is not None}  # `ros2 param dump` writes null
    modalities = tuple(_take_modality(left, name) for name in _take_strings(left, "modalities", ()))
    watches = tuple(_take_watch(left, name) for name in _take_strings(left, "watches", ()))
    given = _take_strings(left, "given", ())
    scalars = {name: left.pop(name) for name in scalar_parameters() if name in left}
    unknown = sorted(name for name in left if not name.startswith(PARAMETERS_OF_ROS))
    if unknown:
        hint = did_you_mean(unknown[0], _known_names(modalities, watches))
        raise ConfigurationError(
            f"unknown parameter {shorten(unknown[0], 60)!r}{hint}: expected one of {', '.join(scalar_parameters())}, "
            "modalities, watches, given, or a key of a modality or watch that is listed there."
        )
    return Settings(modalities=modalities, watches=watches, given=given, **scalars)


def _known_names(modalities: tuple[Modality, ...], watches: tuple[Watch, ...]) -> list[str]:
    """Names of all parameters, with those of the modalities and watches that are listed."""
    members = [f"{m.name}.{key}" for m in modalities for key in ("topic", "channels", "type")]
    members += [f"{w.name}.{key}" for w in watches for key in ("pair", "expect", "threshold", "duration", "given")]
    return ["modalities", "watches", "given", *scalar_parameters(), *members]


def _missing(left: Mapping[str, Any], name: str, expected: str) -> ConfigurationError:
    """Say that a parameter is missing, and which one of those that are left may have been meant to be it."""
    return ConfigurationError(f"{name} is missing{did_you_mean(name, left)}: expected {expected}.")


def _take_strings(left: dict[str, Any], name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
    value = left.pop(name, default)
    if value is None:
        raise _missing(left, name, "a list such as [angular_velocity.y]")
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError(f"{name} must be a list of texts such as [a, b], got {brief(value)}.")
    return tuple(value)


def _take_string(left: dict[str, Any], name: str, default: str | None = None) -> str:
    value = left.pop(name, default)
    if value is None:
        raise _missing(left, name, "a text such as /imu/data")
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a text, got {brief(value)}.")
    return value


def _take_number(left: dict[str, Any], name: str, default: float) -> float:
    value = left.pop(name, default)
    number = as_float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(number, float) or not 0 <= number < math.inf:
        raise ConfigurationError(f"{name} must be a number of at least 0, got {brief(value)}.")
    return number


def _take_modality(left: dict[str, Any], name: str) -> Modality:
    return Modality(
        name=name,
        topic=_take_string(left, f"{name}.topic"),
        channels=_take_strings(left, f"{name}.channels"),
        type=_take_string(left, f"{name}.type", ""),
    )


_EXPECTATIONS = ("dependent", "independent")


def _take_watch(left: dict[str, Any], name: str) -> Watch:
    pair = _take_strings(left, f"{name}.pair")
    expect = _take_string(left, f"{name}.expect", Watch.expect)
    if len(pair) != 2:
        raise ConfigurationError(f"{name}.pair must name two channels or two modalities, got {list(pair)}.")
    if expect not in _EXPECTATIONS:
        raise no_choice(f"{name}.expect", expect, _EXPECTATIONS)
    return Watch(
        name=name,
        pair=(pair[0], pair[1]),
        expect=expect,
        threshold=_take_number(left, f"{name}.threshold", Watch.threshold),
        duration=_take_number(left, f"{name}.duration", Watch.duration),
        given=_take_strings(left, f"{name}.given", ()),
    )
