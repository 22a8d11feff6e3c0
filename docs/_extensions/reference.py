"""Reference tables made from what they describe, so that they cannot go stale.

``{message} MutualInformationPair``: the fields of ``msg/MutualInformationPair.msg`` with their comments;
``{parameters} window hop``: these parameters of the node, all scalar ones without a name;
``{parameter-group} watches``: the parameters of each watched pair, or of each modality.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from infonet_ros.node.parameters import MEMBERS
from infonet_ros.settings import scalar_parameters

MESSAGES = Path(__file__).parents[2] / "msg"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("message", Message)
    app.add_directive("parameters", Parameters)
    app.add_directive("parameter-group", ParameterGroup)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Message(SphinxDirective):
    """Introduction, constants and fields of a message."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the definition again."""
        path = MESSAGES / f"{self.arguments[0]}.msg"
        self.env.note_dependency(str(path))
        introduction, rows = described_fields(path.read_text(encoding="utf-8"))
        return self.parse_text_to_nodes(f"{introduction}\n\n{table(('Field', 'Type', 'Meaning'), rows)}")


class Parameters(SphinxDirective):
    """Scalar parameters of the node."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Take the table that the node declares its parameters from."""
        known = scalar_parameters()
        names = self.arguments[0].split() if self.arguments else known
        rows = []
        for name in names:
            spec = known[name]
            live = " Can change while the node runs." if spec.get("live") else ""
            default = f"`{json.dumps(spec['default'])}`"
            rows.append((f"`{name}`", default, allowed(spec), spec["description"] + live))
        return self.parse_text_to_nodes(table(("Parameter", "Default", "Allowed", "Effect"), rows))


class ParameterGroup(SphinxDirective):
    """Parameters that each modality, or each watched pair, has under its name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Take the table that the node declares them from."""
        members = MEMBERS[self.arguments[0]]
        rows = [(f"`<name>.{key}`", description) for key, description in members.items()]
        return self.parse_text_to_nodes(table(("Parameter", "Meaning"), rows))


def described_fields(definition: str) -> tuple[str, list[tuple[str, str, str]]]:
    """Split a definition into its first comment and one (name, type, comment) for each field or constant.

    The comment of a field stands behind it, or in the lines before it.
    """
    introduction, _, body = definition.partition("\n\n")
    rows, before = [], ""
    for line in body.splitlines():
        code, _, comment = line.partition("#")
        if not code.strip():
            before = f"{before} {comment.strip()}".strip()
            continue
        kind, name = code.split(maxsplit=1)
        rows.append((f"`{name.strip()}`", f"`{kind}`", f"{before} {comment.strip()}".strip()))
        before = ""
    return " ".join(line.lstrip("# ") for line in introduction.splitlines()), rows


def allowed(spec: dict[str, object]) -> str:
    """Say which values a parameter may take."""
    if "choices" in spec:
        return ", ".join(f"`{choice}`" for choice in spec["choices"])
    if "minimum" in spec:
        return f"{spec['minimum']:g} to {spec['maximum']:g} {spec.get('unit', '')}".rstrip()
    return {bool: "`true`, `false`", str: "text"}[type(spec["default"])]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
