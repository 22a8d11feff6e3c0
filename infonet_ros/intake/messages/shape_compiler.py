"""Shapes of message types, made from their definitions."""

from collections.abc import Mapping, Sequence
from typing import Any

from rosbags.interfaces import Nodetype

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.shapes import ArrayShape, NumberShape, RecordShape, Shape, TextShape, WideTextShape
from infonet_ros.intake.messages.wire import CDR, ROS1, Wire

Definitions = Mapping[str, tuple[Any, Sequence[tuple[str, Any]]]]
"""Of all types by full name, as ``fielddefs`` of a rosbags type store."""

_CODES = {
    **{"bool": "?", "byte": "b", "char": "B", "octet": "B", "float32": "f", "float64": "d"},
    **{"int8": "b", "uint8": "B", "int16": "h", "uint16": "H"},
    **{"int32": "i", "uint32": "I", "int64": "q", "uint64": "Q"},
}
_PLACEHOLDER = "structure_needs_at_least_one_member"  # a byte of CDR for a type without fields; ROS 1 writes none
_DEEPEST = 64  # messages in messages; real ones have five


def compile_shape(type_name: str, definitions: Definitions, wire: Wire) -> Shape:
    """Compile the shape of the messages of a type in an encoding.

    Raises ConfigurationError if a definition is missing or names a kind that cannot be read, a type contains itself, or
    an array has elements without fields.
    """
    return _Compiler(definitions, wire).record(type_name, ())


class _Compiler:
    """Makes the shapes of definitions, each type once."""

    def __init__(self, definitions: Definitions, wire: Wire) -> None:
        self._definitions = definitions
        self._wire = wire
        self._records: dict[str, RecordShape] = {}

    def record(self, name: str, outer: tuple[str, ...]) -> RecordShape:
        """Compile a type that stands in others."""
        if name in outer or len(outer) >= _DEEPEST:
            raise ConfigurationError(f"message type {outer[0]!r} contains itself, or messages {_DEEPEST} deep.")
        if name not in self._records:
            if name not in self._definitions:
                inside = f", which {outer[-1]!r} contains," if outer else ""
                raise ConfigurationError(
                    f"message type {name!r}{inside} has no definition here: expected one in the recording, or its "
                    "package installed and sourced."
                )
            fields = [field for field in self._definitions[name][1] if field[0] != _PLACEHOLDER]
            if not fields and self._wire is not ROS1:
                fields = [(_PLACEHOLDER, (Nodetype.BASE, ("uint8", 0)))]
            outer = (*outer, name)
            self._records[name] = RecordShape(self._wire, {field: self._shape(node, outer) for field, node in fields})
        return self._records[name]

    def _shape(self, node: tuple[Any, Any], outer: tuple[str, ...]) -> Shape:
        kind, content = node
        if kind.name == "NAME":
            return self.record(content, outer)
        if kind.name in ("ARRAY", "SEQUENCE"):
            element = self._shape(content[0], outer)
            if not element.least:
                raise ConfigurationError(f"message type {outer[-1]!r} has an array of messages without fields.")
            return ArrayShape(self._wire, element, content[1] if kind.name == "ARRAY" else None)
        if content[0] == "string":
            return TextShape(self._wire)
        if content[0] == "wstring" and self._wire is CDR:
            return WideTextShape(self._wire)
        if content[0] not in _CODES:
            raise ConfigurationError(
                f"message type {outer[-1]!r} has a field of kind {content[0]}, which cannot be read."
            )
        return NumberShape(self._wire, _CODES[content[0]])
