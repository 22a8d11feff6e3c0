"""ROS parameters from the table of settings: declare them with descriptors, read them, and check changes.

Parameters marked ``live`` in the table can change at any time. The others, and the members of modalities and watches,
can change while the node is unconfigured.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import ParameterNotDeclaredException
from rclpy.node import Node
from rclpy.parameter import Parameter

from infonet_ros.errors import ConfigurationError
from infonet_ros.settings import (
    PARAMETERS_OF_ROS,
    QOS_OVERRIDES,
    Settings,
    checked_value,
    scalar_parameters,
    settings_from_parameters,
)
from infonet_ros.text import did_you_mean

_LISTS = {
    "modalities": "Names of the modalities; each has <name>.topic, <name>.channels and, optionally, <name>.type.",
    "watches": "Names of the watched pairs; each has <name>.pair, .expect, .threshold, .duration and .given.",
    "given": "Channels, or 'time': the conditional MI of all pairs given these is published.",
}
_NO_VALUE = ("null", "None", "~")  # texts that YAML's null becomes at the start, by `ros2 param load`, and as `~`
MEMBERS = {
    "modalities": {
        "topic": "Topic of the modality.",
        "channels": "Field paths: 'angular_velocity.y', 'position[wheel]', 'ranges[300:380]|min', ...",
        "type": "Message type such as 'sensor_msgs/msg/Imu'; empty: found in the graph.",
    },
    "watches": {
        "pair": "Two channels, or two modalities.",
        "expect": "'dependent' or 'independent'.",
        "threshold": "MI that a dependent pair must reach, and an independent pair must not exceed [nats].",
        "duration": "How long the rule must be broken before it is an alert [s].",
        "given": "Channels, or 'time': the rule uses the conditional MI given these; empty: those of all pairs.",
    },
    "given": {},
}
"""Parameters of each modality and of each watched pair, with their meaning."""


def declare_parameters(node: Node) -> None:
    """Declare every parameter, with the values that were given at the start.

    The node must have been created with ``automatically_declare_parameters_from_overrides``, so that a misspelt name is
    found and refused. Raises ConfigurationError if a value is of the wrong type or out of range.
    """
    for name, spec in scalar_parameters().items():
        _declare(node, name, checked_value(name, _given(node, name, spec["default"]), spec), _descriptor(spec))
    for name, description in _LISTS.items():
        given = _checked_names(name, _given(node, name)) or None  # `ros2 param dump` writes [], which rclpy cannot read
        _declare(node, name, given, _changing_type(description))
        declare_members(node, name, (), given)


def declare_members(node: Node, group: str, before: Sequence[str], names: Sequence[str] | None) -> None:
    """Declare the parameters of new modalities or watches, and remove those of old ones.

    ``group`` is "modalities" or "watches", whose list held the names ``before``.
    """
    names = names or ()
    for name in set(before) - set(names):
        for key in MEMBERS[group]:
            node.undeclare_parameter(f"{name}.{key}")
    for name in names:
        if name in before:
            continue
        for key, description in MEMBERS[group].items():
            member = f"{name}.{key}"
            given = _given(node, member)
            _declare(node, member, given, _changing_type(description))


def read_settings(node: Node) -> Settings:
    """Build the settings from the node's parameters.

    Raises ConfigurationError if a parameter is missing, unknown or refused, or there is no modality.
    """
    names = node.list_parameters([], depth=0).names
    settings = settings_from_parameters({name: node.get_parameter(name).value for name in names})
    if not settings.modalities:
        raise ConfigurationError(
            "modalities is empty: expected the name of at least one, with its topic and channels; give a parameter "
            f"file by '--ros-args --params-file', in which '{node.get_fully_qualified_name()}:' or '/**:' holds them "
            "(config/infonet.yaml explains every parameter)."
        )
    return settings


def values_as_meant(node: Node, parameters: "list[Parameter[Any]]") -> "list[Parameter[Any]]":
    """Read values as the commands of ROS mean them.

    ``ros2 param set /infonet window 25`` sends a whole number for a float, ``ros2 param set /infonet lag_step 1e-2`` a
    text, and ``ros2 param load`` a text for ``null``. Raises ParameterNotDeclaredException if the node has no such
    parameter; rclpy's own message does not name it.
    """
    for parameter in parameters:
        if not node.has_parameter(parameter.name):
            known = node.list_parameters([], depth=0).names
            raise ParameterNotDeclaredException(f"{parameter.name}{did_you_mean(parameter.name, known)}")
    return [Parameter(parameter.name, value=_meant(parameter)) for parameter in parameters]


def _meant(parameter: "Parameter[Any]") -> Any:
    spec = scalar_parameters().get(parameter.name)
    if spec is None:
        return None if parameter.value in _NO_VALUE else parameter.value
    if isinstance(spec["default"], float) and type(parameter.value) in (int, str):
        with suppress(ValueError):
            return float(parameter.value)
    return parameter.value


def keep_without_value(node: Node, parameters: "Sequence[Parameter[Any]]") -> None:
    """Declare again what was set to no value: rclpy has removed it."""
    descriptions = _LISTS | MEMBERS["modalities"] | MEMBERS["watches"]
    for parameter in parameters:
        if not node.has_parameter(parameter.name):
            description = descriptions[parameter.name.rpartition(".")[2]]
            _declare(node, parameter.name, None, _changing_type(description))


def changed_settings(node: Node, settings: Settings | None, parameters: "Sequence[Parameter[Any]]") -> Settings | None:
    """Return the settings with changed live parameters; None while the node is unconfigured.

    A parameter that is set to the value that it has is no change: ``ros2 param load`` sets all. Raises
    ConfigurationError if a value is refused, or a parameter cannot change while the node is configured.
    """
    table = scalar_parameters()
    for parameter in parameters:
        if parameter.value is None and node.get_parameter_or(parameter.name).value is not None:
            instead = "another value ([] for an empty list)"
            if parameter.name in table:
                instead = f"{table[parameter.name]['default']!r}, its default"
            raise ConfigurationError(f"{parameter.name} cannot be deleted: set it to {instead}.")
    if settings is None:
        for parameter in parameters:
            if parameter.name in table:
                checked_value(parameter.name, parameter.value, table[parameter.name])
            if parameter.name in _LISTS:
                _checked_names(parameter.name, parameter.value)
        return None
    changed = [p for p in parameters if p.value != node.get_parameter_or(p.name).value]
    of_ros = (*PARAMETERS_OF_ROS, QOS_OVERRIDES)
    for parameter in changed:
        if not table.get(parameter.name, {}).get("live") and not parameter.name.startswith(of_ros):
            raise ConfigurationError(
                f"{parameter.name} cannot change while the node is configured: run 'ros2 lifecycle set' with "
                "'deactivate' and 'cleanup' first, or start the node with the new value."
            )
    return settings.with_values(**{p.name: p.value for p in parameters if table.get(p.name, {}).get("live")})


def refusal(error: ConfigurationError | None) -> SetParametersResult:
    """Return the answer to a request to set parameters: accepted, or refused with the error."""
    return SetParametersResult(successful=error is None, reason="" if error is None else str(error))


def _given(node: Node, name: str, default: Any = None) -> Any:
    """Return the value that was given at the start."""
    value = node.get_parameter(name).value if node.has_parameter(name) else None
    return default if value is None or value in _NO_VALUE else value


def _checked_names(group: str, names: Any) -> Any:
    """Return the list of names, or None for an empty one, or raise ConfigurationError with the reason."""
    if names is not None and not (isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)):
        raise ConfigurationError(f"{group} must be a list of names, got {names!r}: write it as [imu, odom].")
    return names


def _declare(node: Node, name: str, value: Any, descriptor: ParameterDescriptor) -> None:
    if node.has_parameter(name):
        node.undeclare_parameter(name)
    node.declare_parameter(name, value, descriptor, ignore_override=True)


def _changing_type(description: str) -> ParameterDescriptor:
    # An empty list has no type in ROS, and a parameter that is not given has no value.
    return ParameterDescriptor(description=description, dynamic_typing=True)


def _descriptor(spec: Mapping[str, Any]) -> ParameterDescriptor:
    unit = f" [{spec['unit']}]" if "unit" in spec else ""
    when = "Can change while the node runs." if spec.get("live") else "Can change while the node is unconfigured."
    if spec.get("read_only"):
        when = "Can be set only when the node starts."
    choices = f"One of: {', '.join(spec['choices'])}. " if "choices" in spec else ""
    descriptor = ParameterDescriptor(
        description=spec["description"] + unit,
        additional_constraints=choices + when,
        dynamic_typing=True,  # a value of another type is refused here, since rclpy names types by their numbers
        read_only=bool(spec.get("read_only")),
    )
    if "minimum" not in spec:
        return descriptor
    if isinstance(spec["default"], float):
        descriptor.floating_point_range = [FloatingPointRange(from_value=spec["minimum"], to_value=spec["maximum"])]
    else:
        descriptor.integer_range = [IntegerRange(from_value=spec["minimum"], to_value=spec["maximum"], step=1)]
    return descriptor
