"""Message types: their names, their definitions, and their fields.

A *definition* says how a message is serialised: a bag carries definitions, and `installed_definitions` reads those of
installed packages. A *schema* is a function from a full type name (``sensor_msgs/msg/Imu``) to the fields of that type;
`definitions_schema` makes a schema from definitions.
"""

import importlib
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rosbags.typesys.base import TypesysError

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.definition_texts import types_from_idl, types_from_msg
from infonet_ros.text import did_you_mean

NUMBER = "number"
TEXT = "text"


@dataclass(frozen=True)
class Field:
    """One field of a message type.

    ``kind`` is ``NUMBER``, ``TEXT`` or the full name of a message type; ``array`` is True for an array of them.
    """

    kind: str
    array: bool = False

    def __str__(self) -> str:
        return f"{self.kind}[]" if self.array else self.kind


Schema = Callable[[str], Mapping[str, Field]]

_TYPE_NAME = re.compile(r"([a-z][a-z0-9_]*)/msg/([A-Z][A-Za-z0-9]*)")
_NAME_IN_DDS = re.compile(r"(\w+)::msg::dds_::(\w+)_")
_TEXT_TYPES = ("string", "wstring", "octet")  # rclpy gives an octet as bytes, not as a number


def full_type_name(name: str) -> str:
    """``sensor_msgs/Imu`` and ``sensor_msgs::msg::dds_::Imu_``, as DDS has it, become ``sensor_msgs/msg/Imu``."""
    if in_dds := _NAME_IN_DDS.fullmatch(name):
        return f"{in_dds[1]}/msg/{in_dds[2]}"
    parts = name.split("/")
    return f"{parts[0]}/msg/{parts[1]}" if len(parts) == 2 else name


def message_class(type_name: str) -> Any:
    """Import the Python class of a ROS message type.

    Raises ConfigurationError if the name is not a type name, or its package is not installed.
    """
    match = _TYPE_NAME.fullmatch(full_type_name(type_name))
    try:
        if match is None or not _has_messages(match[1]):
            raise ImportError(f"no package of messages offers {type_name!r}")
        return getattr(importlib.import_module(f"{match[1]}.msg"), match[2])
    except (ImportError, AttributeError) as error:
        raise _unknown_type(type_name) from error


def _has_messages(package: str) -> bool:
    """Find the messages of a package without importing it, because names of types are not trusted."""
    imported = sys.modules.get(package)
    spec = None if imported else find_spec(package)
    places = getattr(imported, "__path__", ()) if spec is None else spec.submodule_search_locations or ()
    return any((Path(place) / "msg").is_dir() for place in places)


def installed_definitions(type_name: str) -> dict[str, Any]:
    """Return the definitions of a message type and of all in it, from ``.msg`` or ``.idl`` files of installed packages.

    They have their full names, as ``fielddefs`` of a rosbags type store. Raises ConfigurationError if a name is no type
    name, its package is not installed, or its file cannot be read.
    """
    definitions: dict[str, Any] = {}
    wanted = [full_type_name(type_name)]
    while wanted:
        name = wanted.pop()
        if name in definitions:
            continue
        found = _installed_definition(name)
        definitions |= found
        wanted += [inner for _, fields in found.values() for _, node in fields for inner in types_in(node)]
    return definitions


def _installed_definition(type_name: str) -> Mapping[str, Any]:
    match = _TYPE_NAME.fullmatch(type_name)
    stems = [Path(prefix, "share", match[1], "msg", match[2]) for prefix in package_prefixes()] if match else []
    for file in (stem.with_suffix(suffix) for stem in stems for suffix in (".msg", ".idl")):
        try:
            text = file.read_text(encoding="utf-8")
            return types_from_msg(text, type_name) if file.suffix == ".msg" else types_from_idl(text)
        except OSError:
            continue
        except (TypesysError, ValueError) as error:
            raise ConfigurationError(f"{file} is no definition of a message: {error}.") from error
    raise _unknown_type(type_name)


def package_prefixes() -> list[str]:
    """Folders that ROS packages are installed in; ROS from PyPI lives in Python's own."""
    return [*filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)), sys.prefix]


def _unknown_type(type_name: str) -> ConfigurationError:
    files = (file for prefix in package_prefixes() for file in Path(prefix).glob("share/*/msg/*.msg"))
    hint = did_you_mean(type_name, sorted({f"{file.parts[-3]}/msg/{file.stem}" for file in files}))
    return ConfigurationError(
        f"message type {type_name!r} is not known here{hint}: expected a type such as 'sensor_msgs/msg/Imu' whose "
        "package is installed and sourced; install it, or correct the name."
    )


def types_in(node: tuple[Any, Any]) -> list[str]:
    """Return the names of the message types in a field of a rosbags type store."""
    kind, content = node
    if kind.name == "NAME":
        return [content]
    return types_in(content[0]) if kind.name in ("ARRAY", "SEQUENCE") else []


def definitions_schema(definitions: Mapping[str, Any]) -> Schema:
    """Make a schema from the definitions of a rosbags type store (``typestore.fielddefs``)."""

    @cache  # every channel needs it, and types can have thousands of fields
    def schema(type_name: str) -> dict[str, Field]:
        try:
            _, described = definitions[full_type_name(type_name)]
        except KeyError as error:
            raise ConfigurationError(
                f"message type {type_name!r} is not known to this recording: expected one that its messages have."
            ) from error
        return {name: _field_of_store(node) for name, node in described}

    return schema


def _field_of_store(node: tuple[Any, Any]) -> Field:
    kind, content = node
    if kind.name in ("ARRAY", "SEQUENCE"):
        return Field(_field_of_store(content[0]).kind, array=True)
    if kind.name == "NAME":
        return Field(full_type_name(content))
    return Field(TEXT if content[0].startswith(_TEXT_TYPES) else NUMBER)
