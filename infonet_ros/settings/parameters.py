"""Settings from ROS parameters, flat or nested."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from infonet_ros.errors import ConfigurationError
from infonet_ros.settings.checks import brief
from infonet_ros.settings.members import Modality, Watch
from infonet_ros.settings.table import NAME_LISTS, PARAMETERS_OF_ROS, QOS_OVERRIDES, Settings, scalar_parameters
from infonet_ros.text import did_you_mean, shorten

_QOS_ROLES = ("subscription", "publisher")
_QOS_POLICIES = (
    *("history", "depth", "reliability", "durability", "lifespan", "deadline", "liveliness"),
    *("liveliness_lease_duration", "avoid_ros_namespace_conventions"),
)


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

    Raises ConfigurationError if a parameter is missing, unknown, of the wrong type or out of range.
    """
    names = list(parameters)
    # `ros2 param dump` writes null for what is not set.
    parameters = {name: value for name, value in parameters.items() if value is not None}
    modalities, watches, given = (_strings(parameters, name, ()) for name in NAME_LISTS)
    _check_known(names, modalities, watches)
    return Settings(
        modalities=tuple(_modality(parameters, name) for name in modalities),
        watches=tuple(_watch(parameters, name) for name in watches),
        given=given,
        **{name: parameters[name] for name in scalar_parameters() if name in parameters},
    )


def _check_known(parameters: Iterable[str], modalities: Iterable[str], watches: Iterable[str]) -> None:
    """Refuse the names of parameters that neither these modalities and watches have, nor the node itself.

    A misspelt key is unknown, and the right one is missing: only the first tells which key was meant.
    """
    known = [*NAME_LISTS, *scalar_parameters(), *PARAMETERS_OF_ROS]
    for members, kind in ((modalities, Modality), (watches, Watch)):
        known += [f"{name}.{key.name}" for name in members for key in fields(kind) if key.name != "name"]
    of_topics = {name.rsplit(".", 2)[0] for name in parameters if name.startswith(QOS_OVERRIDES)}
    known += [f"{topic}.{role}.{policy}" for topic in of_topics for role in _QOS_ROLES for policy in _QOS_POLICIES]
    if unknown := sorted({*parameters} - {*known}):
        every = (
            f": expected one of {', '.join(scalar_parameters())}, {', '.join(NAME_LISTS)}, or a key of a modality or "
            "watch that is listed there"
        )
        hint = did_you_mean(unknown[0], known) or every
        raise ConfigurationError(f"unknown parameter {shorten(unknown[0], 60)!r}{hint}.")


def _strings(
    parameters: Mapping[str, Any], name: str, default: tuple[str, ...] | None = None, example: str = ""
) -> tuple[str, ...]:
    value = parameters.get(name, default)
    if value is None:
        raise ConfigurationError(f"{name} is missing: expected a list such as {example}.")
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError(f"{name} must be a list of texts such as [a, b], got {brief(value)}.")
    return tuple(value)


def _string(parameters: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = parameters.get(name, default)
    if value is None:
        raise ConfigurationError(f"{name} is missing: expected a text such as /imu/data.")
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a text, got {brief(value)}.")
    return value


def _modality(parameters: Mapping[str, Any], name: str) -> Modality:
    return Modality(
        name=name,
        topic=_string(parameters, f"{name}.topic"),
        channels=_strings(parameters, f"{name}.channels", example="[angular_velocity.y]"),
        type=_string(parameters, f"{name}.type", ""),
    )


def _watch(parameters: Mapping[str, Any], name: str) -> Watch:
    return Watch(
        name=name,
        pair=_strings(parameters, f"{name}.pair", example="[imu.angular_velocity.z, odom.twist.twist.angular.z]"),
        expect=_string(parameters, f"{name}.expect", Watch.expect),
        threshold=parameters.get(f"{name}.threshold", Watch.threshold),
        duration=parameters.get(f"{name}.duration", Watch.duration),
        given=_strings(parameters, f"{name}.given", ()),
    )
