"""What a message type is made of, asked the same way of generated ROS classes and of a rosbags type store.

A *schema* is a function from a full type name (``sensor_msgs/msg/Imu``) to the fields of that type:
`ros_schema` looks at the installed ROS message packages, ``store_schema(typestore)`` at the definitions of a bag.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infonet_ros.errors import ConfigurationError

NUMBER = "number"
TEXT = "text"


@dataclass(frozen=True)
class Field:
    """One field of a message type.

    ``kind`` is ``NUMBER``, ``TEXT`` or the full name of a message type; ``array`` tells whether there are many.
    """

    kind: str
    array: bool = False

    def __str__(self) -> str:
        return f"{self.kind}[]" if self.array else self.kind


Schema = Callable[[str], Mapping[str, Field]]

_TEXT_TYPES = ("string", "wstring", "octet")  # an octet arrives as bytes in rclpy: no number
_ARRAY = re.compile(r"sequence<(?P<sequence>[^,>]+(?:<\d+>)?)(?:,\s*\d+)?>|(?P<fixed>.+)\[\d+\]")


def full_type_name(name: str) -> str:
    """``sensor_msgs/Imu`` and ``sensor_msgs/msg/Imu`` both become ``sensor_msgs/msg/Imu``."""
    parts = name.split("/")
    return f"{parts[0]}/msg/{parts[1]}" if len(parts) == 2 else name


def message_class(type_name: str) -> Any:
    """Import the Python class of a ROS message type.

    Raises
    ------
    ConfigurationError
        The name is not a type name, or its package is not installed.
    """
    package, _, name = full_type_name(type_name).partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"message type {type_name!r} is not known here: expected a type such as 'sensor_msgs/msg/Imu' whose "
            "package is installed and sourced; install it, or correct the name."
        ) from error


def ros_schema(type_name: str) -> dict[str, Field]:
    """Fields of a message type, from the generated Python class."""
    described = message_class(type_name).get_fields_and_field_types()
    return {name: _field_of_idl(description) for name, description in described.items()}


def store_schema(typestore: Any) -> Schema:
    """Make a schema from a rosbags type store (``typestore.fielddefs``)."""

    def schema(type_name: str) -> dict[str, Field]:
        try:
            _, described = typestore.fielddefs[full_type_name(type_name)]
        except KeyError as error:
            raise ConfigurationError(
                f"message type {type_name!r} is not known to this recording: expected one that its messages have."
            ) from error
        return {name: _field_of_store(node) for name, node in described}

    return schema


def _field_of_idl(description: str) -> Field:
    match = _ARRAY.fullmatch(description)
    element = (match["sequence"] or match["fixed"]) if match else description
    if "/" in element:
        return Field(full_type_name(element), match is not None)
    return Field(TEXT if element.startswith(_TEXT_TYPES) else NUMBER, match is not None)


def _field_of_store(node: tuple[Any, Any]) -> Field:
    kind, content = node
    if kind.name in ("ARRAY", "SEQUENCE"):
        return Field(_field_of_store(content[0]).kind, array=True)
    if kind.name == "NAME":
        return Field(full_type_name(content))
    return Field(TEXT if content[0].startswith(_TEXT_TYPES) else NUMBER)
