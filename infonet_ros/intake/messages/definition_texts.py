"""Definitions of message types as text, in the languages of ROS, parsed by rosbags.

rosbags alone refuses some texts that are correct, or misses a part of them: what it lacks is here.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from rosbags.interfaces import Nodetype
from rosbags.typesys import get_types_from_idl, get_types_from_msg

_BOUNDED_WIDE = re.compile(r"\bwstring<=\d+")
_CONSTANT = re.compile(r"^[ \t]*[\w/]+(?:<=\d+)?[ \t]+\w+[ \t]*=.*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_TEXT_OR_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_ENUMERATION = re.compile(r"\benum\s+(\w+)\s*\{")

_DIMENSIONS = re.compile(r"(?:\[\s*\d+\s*\]\s*){2,}")
_SEQUENCES = re.compile(r"\bsequence\s*<\s*sequence\b[^;]*")

_INHERITS = re.compile(r"\bstruct\s+(\w+)\s*:\s*(?:\w*::)*(\w+)\s*\{")

Node = tuple[Any, Any]
"""A field in a rosbags type store."""


def types_from_msg(text: str, type_name: str) -> dict[str, Any]:
    """Parse the fields of a ``.msg`` definition.

    rosbags takes a wide string for a message type of the same package, and refuses the line ends of Windows and
    constants with small letters.
    """
    plain = _CONSTANT.sub("", text.replace("\r", ""))
    return _with_nodes(get_types_from_msg(_BOUNDED_WIDE.sub("wstring", plain), type_name), _with_wide_strings)


def types_from_idl(text: str) -> dict[str, Any]:
    """Parse the fields of an ``.idl`` definition.

    rosbags refuses ``#include``, and takes an enumeration for a message type. It is written as a number of 32 bits.
    Arrays of several dimensions get one, row by row, and inherited fields come first, as in messages. Of sequences of
    sequences, rosbags would read only the inner one. Raises ValueError for a sequence of sequences, or a struct that
    inherits from one that is not there.
    """
    # Both may quote the language: "this field is no longer @optional".
    text = _TEXT_OR_COMMENT.sub(lambda found: '""' if found[1] else " ", text)
    if "@optional" in text:
        raise ValueError("optional fields cannot be read")
    if nested := _SEQUENCES.search(text):
        raise ValueError(f"{nested[0]!r}, a sequence of sequences, cannot be read")
    enumerations = set(_ENUMERATION.findall(text))
    types = get_types_from_idl(_DIMENSIONS.sub(_as_one, _with_inherited(_DIRECTIVE.sub("", text))))
    return _with_nodes(
        types,
        lambda node: (
            (Nodetype.BASE, ("uint32", 0))
            if node[0] == Nodetype.NAME and node[1].rpartition("/")[2] in enumerations and node[1] not in types
            else node
        ),
    )


def _as_one(dimensions: re.Match[str]) -> str:
    return f"[{math.prod(map(int, re.findall('[0-9]+', dimensions[0])))}]"


def _with_inherited(text: str) -> str:
    """Write the fields that a struct inherits before its own."""
    while match := _INHERITS.search(text):
        base = re.search(rf"\bstruct\s+{match[2]}\s*\{{([^{{}}]*)\}}", text)
        if base is None:
            raise ValueError(f"struct {match[1]} inherits from {match[2]}, which it does not contain")
        text = f"{text[: match.start()]}struct {match[1]} {{{base[1]}{text[match.end() :]}"
    return text


def _with_wide_strings(node: Node) -> Node:
    return (Nodetype.BASE, ("wstring", 0)) if node[0] == Nodetype.NAME and node[1].endswith("/wstring") else node


def _with_nodes(types: dict[str, Any], changed: Callable[[Node], Node]) -> dict[str, Any]:
    """Change the nodes of all fields, also those of the elements of arrays; constants are left out."""

    def deep(node: Node) -> Node:
        kind, content = node
        if kind in (Nodetype.ARRAY, Nodetype.SEQUENCE):
            return kind, (deep(content[0]), content[1])
        return changed(node)

    return {name: ([], [(field, deep(node)) for field, node in fields]) for name, (_, fields) in types.items()}
