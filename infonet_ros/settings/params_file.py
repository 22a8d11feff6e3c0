"""Read and write parameter files of ROS 2, with the YAML rules of ROS 2."""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from infonet_ros.errors import ConfigurationError
from infonet_ros.files import as_path, check_file
from infonet_ros.settings.parameters import flatten, settings_from_parameters
from infonet_ros.settings.table import Settings, scalar_parameters
from infonet_ros.text import listed


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML as ROS 2 does.

    Aliases are refused: a few lines of them can stand for more than fits into memory. So are tags, such as ``!!int``.
    ``1e3`` is a number; ``1_000``, ``1:30`` and dates are text.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse an alias or a tag where it stands."""
        event = self.peek_event()
        for kind, found in (("an alias", isinstance(event, yaml.AliasEvent)), ("a tag", getattr(event, "tag", None))):
            if found:
                raise yaml.YAMLError(f"it has {kind} in line {event.start_mark.line + 1}: write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a repeated key: the first value would be lost silently."""
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.YAMLError(f"{key.value!r} stands twice, again in line {key.start_mark.line + 1}: keep one")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_NODE = "infonet"
_PARAMETERS = "ros__parameters"
_NUMBERS = {
    "int": r"[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)",
    "float": r"[-+]?((\d+\.\d*|\.\d+)([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.(inf|Inf|INF))|\.(nan|NaN|NAN)",
}
_REPLACED = {f"tag:yaml.org,2002:{kind}" for kind in (*_NUMBERS, "timestamp")}
_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, _pattern in _NUMBERS.items():
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_pattern})$"), list("-+.0123456789")
    )


def load_settings(path: Path | str) -> Settings:
    """Read the parameters of the node ``infonet``, and of ``/**``, from a ROS 2 parameter file.

    Raises
    ------
    ConfigurationError
        The file cannot be read, holds no parameters for the node, or holds one that is unknown or refused.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "my_robot.yaml"
    >>> _ = file.write_text(params_document(Settings(window=10.0)))  # as `analyse_bag` writes it
    >>> load_settings(file).window
    10.0
    """
    path = as_path("path", path, ConfigurationError)
    check_file(path, "a parameter file", ConfigurationError)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unreadable(str(path), error) from error
    return settings_from_text(text, str(path))


def settings_from_text(text: str, origin: str) -> Settings:
    """Read the text of a ROS 2 parameter file; ``origin`` says in errors where it came from. See `load_settings`."""
    try:
        document = _PlainLoader(text).get_single_data()
    except RecursionError as error:
        raise _unreadable(origin, "it nests hundreds of levels") from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _unreadable(origin, ", ".join(filter(None, (line, error.context, error.problem)))) from error
    except yaml.YAMLError as error:
        raise _unreadable(origin, error) from error
    except ValueError as error:
        raise _unreadable(origin, "a number in it has thousands of digits") from error
    sections = dict(_sections(document)) if isinstance(document, dict) else {}
    parameters: dict[str, Any] = {}
    for section in _of_node(sections, origin):
        parameters.update(flatten(sections[section]))
    if not parameters:
        there = f"; it has {listed(map(repr, sections))}" if sections else ""
        raise ConfigurationError(
            f"{origin} has no parameters for the node: expected '{_NODE}: {_PARAMETERS}: ...'{there}."
        )
    return settings_from_parameters(parameters)


def _sections(document: Mapping[Any, Any], outer: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Find the parameters of all nodes, which may stand in namespaces, by the names of the nodes."""
    for key, body in document.items():
        name = f"{outer}/{str(key).strip('/')}"
        if not isinstance(body, dict):
            continue
        if isinstance(own := body.get(_PARAMETERS), dict):
            yield name, own
        elif near := get_close_matches(_PARAMETERS, map(str, body), n=1):
            raise ConfigurationError(f"{name!r} has {near[0]!r} (did you mean {_PARAMETERS!r}?).")
        else:
            yield from _sections(body, name)


def _of_node(sections: Collection[str], origin: str) -> list[str]:
    """Return the sections that the node takes, in any namespace, the most general first."""
    own = [name for name in sections if _last(name) == _NODE and "*" not in name]
    if len(own) > 1:
        raise ConfigurationError(
            f"{origin} has parameters for {' and '.join(map(repr, own))}: expected one node named {_NODE!r}; keep "
            "one of them."
        )
    general = [name for name in sections if "*" in name and _last(name) in (_NODE, "*", "**")]
    return [*sorted(general, key=lambda name: (_last(name) == _NODE, len(name))), *own]


def _last(section: str) -> str:
    return section.rpartition("/")[2]


def _unreadable(origin: str, error: Exception | str) -> ConfigurationError:
    return ConfigurationError(f"{origin} is not a readable YAML file ({' '.join(str(error).split())}).")


def params_document(settings: Settings, comment: str = "") -> str:
    """Write settings as a parameter file that the node and the command line accept.

    Every string is quoted: the YAML of ROS 2 reads a bare ``y`` or ``n``, names of fields, as true or false.
    """
    parameters: dict[str, Any] = {name: getattr(settings, name) for name in scalar_parameters()}
    parameters["modalities"] = [modality.name for modality in settings.modalities]
    for modality in settings.modalities:
        body: dict[str, Any] = {"topic": modality.topic, "channels": list(modality.channels)}
        if modality.type:
            body["type"] = modality.type
        parameters[modality.name] = body
    if settings.given:
        parameters["given"] = list(settings.given)
    if settings.watches:
        parameters["watches"] = [watch.name for watch in settings.watches]
    for watch in settings.watches:
        parameters[watch.name] = {
            "pair": list(watch.pair),
            "expect": watch.expect,
            "threshold": watch.threshold,
            "duration": watch.duration,
            **({"given": list(watch.given)} if watch.given else {}),
        }
    document = yaml.dump(
        {f"/**/{_NODE}": {_PARAMETERS: parameters}},
        Dumper=_Quoting,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    return "".join(f"# {line}\n" for line in comment.splitlines()) + document


class _Quoting(yaml.SafeDumper):
    """Writes keys bare and every other string in quotes."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        for key, _ in node.value:
            key.style = None
        return node


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
