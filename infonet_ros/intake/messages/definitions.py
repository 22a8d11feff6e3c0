"""Message definitions that a bag carries, parsed.

A definition that cannot be read, or is incomplete, affects only the topics of its type.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from rosbags.typesys import Stores, get_typestore

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.messages.definition_texts import types_from_idl, types_from_msg
from infonet_ros.intake.messages.types import full_type_name, installed_definitions, types_in
from infonet_ros.intake.storage.connection import Connection
from infonet_ros.text import one_line, shorten

_IDL_FILES = "=" * 80 + "\n"  # between the files of a definition in several
_IDL_FILE = "IDL: "


def definitions_of(connection: Connection, others: Iterable[Connection], label: str) -> Mapping[str, Any]:
    """Return the definition of a connection's messages and of all in it, by full name.

    Missing parts are taken from other connections, from ROS's own types, or from the packages that are installed.
    Raises RecordingError if it cannot be read, or is not found.
    """
    type_name = full_type_name(connection.type)
    found = dict(_parsed(connection.language, connection.definition, type_name)) if connection.definition else {}
    wanted = [type_name]
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in found:
            found |= _from_elsewhere(name, others)
        if name in found:
            wanted += [inner for _, node in found[name][1] for inner in types_in(node)]
    if type_name not in found and connection.definition:
        raise RecordingError(
            f"topic {connection.topic} has messages of type {type_name}, whose definition in {label} is not that of a "
            "message, such as that of a service: leave the topic out with --topics."
        )
    if type_name not in found:
        raise RecordingError(
            f"topic {connection.topic} has messages of type {type_name}, whose definition {label} does not carry: "
            "record it again with message definitions (mcap), or leave the topic out with --topics."
        )
    return found


def laid_out_as_most(connections: Sequence[Connection]) -> list[Connection]:
    """Return those of some connections of one type whose messages are written and defined as most of them are.

    A type that was changed between two parts of a recording keeps its name.
    """
    groups: list[list[Connection]] = []
    for connection in sorted(connections, key=lambda connection: not connection.definition):
        group = next((group for group in groups if _alike(group[0], connection)), None)
        if group is None:
            groups.append([connection])
        else:
            group.append(connection)
    return max(groups, key=lambda group: sum(connection.count for connection in group))


def _alike(one: Connection, other: Connection) -> bool:
    """Return whether the messages of two connections of one type are laid out alike; comments make no difference."""
    if one.encoding != other.encoding or not other.definition or one.definition == other.definition:
        return one.encoding == other.encoding
    try:
        first, second = (_parsed(c.language, c.definition, full_type_name(c.type)) for c in (one, other))
    except RecordingError:
        return False
    return all(first[name][1] == second[name][1] for name in first.keys() & second.keys())


def _from_elsewhere(name: str, others: Iterable[Connection]) -> Mapping[str, Any]:
    for other in others:
        if other.definition and full_type_name(other.type) == name:
            try:
                return _parsed(other.language, other.definition, name)
            except RecordingError:
                continue
    if name in (standard := get_typestore(Stores.LATEST).fielddefs):
        return {name: standard[name]}
    try:
        return installed_definitions(name)
    except ConfigurationError:
        return {}


@lru_cache(maxsize=4096)
def _parsed(language: str, definition: str, type_name: str) -> Mapping[str, Any]:
    """Read a definition: the types in it by full name."""
    try:
        if language in ("ros2msg", "ros1msg"):
            return types_from_msg(definition, type_name)
        if language in ("ros2idl", "omgidl"):
            parts = definition.split(_IDL_FILES) if definition.startswith(_IDL_FILES + _IDL_FILE) else [definition]
            types: dict[str, Any] = {}
            for part in filter(None, parts):
                types |= types_from_idl(part.partition("\n")[2] if part.startswith(_IDL_FILE) else part)
            return types
    except Exception as error:  # The text can be anything, and so can the error of the parser.
        raise RecordingError(f"the definition of {type_name} cannot be read: {_reason(error)}.") from error
    raise RecordingError(
        f"the definition of {type_name} has the language {language or 'unknown'!r}, which is not one of ROS."
    )


def _reason(error: Exception) -> str:
    """Return why a definition cannot be parsed: the place, which is one of the four lines of rosbags' message."""
    lines = str(error).splitlines()
    if lines[:1] == ["Could not parse:"] and len(lines) > 3:
        return f"{shorten(lines[3], 60)!r} is unknown"
    return shorten(one_line(error), 120)
