"""Every setting in one table: the node declares its ROS parameters from it, the command line reads the same files."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from infonet_ros.errors import ConfigurationError
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.text import did_you_mean, listed, shorten

PARAMETERS_OF_ROS = ("use_sim_time", "start_type_description_service", "qos_overrides.")
"""What the names of parameters begin with that every node has; `ros2 param dump` writes them, too."""

TIME = "time"
"""What stands for the time itself among the channels that are given."""

FASTEST_CLOCK = 1e5
"""Hz. Stamps that lie closer than its period are damaged, and a clock that followed them would fill the memory."""


@dataclass(frozen=True)
class Modality:
    """A named group of channels from one topic.

    ``topic`` is a topic name, ``type`` a message type such as ``sensor_msgs/msg/Imu`` (empty: found from the graph or
    the bag), ``channels`` are paths such as ``angular_velocity.y``.
    """

    name: str
    topic: str
    channels: tuple[str, ...]
    type: str = ""

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Full names of the channels, ``<modality>.<path>``."""
        return tuple(f"{self.name}.{path}" for path in self.channels)


@dataclass(frozen=True)
class Watch:
    """A pair that must stay dependent, or must stay independent.

    ``pair`` names two channels or two modalities, ``threshold`` is in nats, ``duration`` in seconds. ``given`` names
    channels, or ``time``, beside which two channels are judged; empty: those that all channels are judged beside.
    """

    name: str
    pair: tuple[str, str]
    expect: str = "dependent"
    threshold: float = 0.1
    duration: float = 5.0
    given: tuple[str, ...] = ()


def parameter(default: Any, description: str, **constraints: Any) -> Any:
    """Make a dataclass field that is also a ROS parameter.

    Constraints: ``minimum``, ``maximum``, ``choices``, ``unit``, ``live`` (may change while the node runs),
    ``read_only`` (only the start of the node can set it).
    """
    return field(default=default, metadata={"description": description, **constraints})


@dataclass(frozen=True)
class Settings:
    """What to listen to and how to estimate. The fields with metadata are the scalar ROS parameters, name by name."""

    modalities: tuple[Modality, ...] = ()
    watches: tuple[Watch, ...] = ()
    given: tuple[str, ...] = ()
    """Channels, or ``time``, beside which all others are looked at."""

    synchronization: str = parameter(
        "resample",
        "How streams are aligned: 'resample' onto one regular clock, or message by message, 'approximate' or 'exact'.",
        choices=("resample", "approximate", "exact"),
    )
    rate: float = parameter(
        0.0,
        "Rate of the regular clock; 0 takes the rate of the slowest channel.",
        unit="Hz",
        minimum=0.0,
        maximum=FASTEST_CLOCK,
    )
    interpolation: str = parameter(
        "linear",
        "Value between two messages: 'linear', or 'hold' for the last one received.",
        choices=("linear", "hold"),
    )
    max_gap: float = parameter(
        0.0,
        "Longest gap between two messages that is bridged; beyond it samples are unknown. 0 takes three periods of the "
        "slower of the stream and the clock.",
        unit="s",
        minimum=0.0,
        maximum=3600.0,
    )
    slop: float = parameter(
        0.05,
        "Stamps of one set of messages differ by less than this, for 'approximate'.",
        unit="s",
        minimum=0.001,
        maximum=60.0,
    )
    queue_size: int = parameter(
        20, "Messages of each topic that wait for a match, for 'approximate' and 'exact'.", minimum=1, maximum=1000
    )
    patience: float = parameter(
        1.0,
        "How long a window waits for a topic that is behind the others; then it is computed without that topic.",
        unit="s",
        minimum=0.0,
        maximum=3600.0,
    )
    buffer_memory: float = parameter(
        64.0,
        "Most memory for the samples of one modality; beyond it the oldest are given up and counted.",
        unit="MiB",
        minimum=0.1,
        maximum=65536.0,
    )
    window: float = parameter(20.0, "Length of a window.", unit="s", minimum=0.01, maximum=86400.0, live=True)
    hop: float = parameter(
        2.0, "Time between the ends of two windows.", unit="s", minimum=0.01, maximum=86400.0, live=True
    )
    max_lag: float = parameter(
        0.0,
        "Delays of each pair are looked for from -max_lag to +max_lag; 0 compares the streams as they are.",
        unit="s",
        minimum=0.0,
        maximum=3600.0,
        live=True,
    )
    lag_step: float = parameter(
        0.0, "Step between two delays; 0 takes one sample.", unit="s", minimum=0.0, maximum=3600.0, live=True
    )
    surrogates: int = parameter(
        0,
        "Circularly shifted copies of the streams for the p-value; 0 gives none, 19 resolve 0.05, 99 resolve 0.01.",
        minimum=0,
        maximum=9999,
        live=True,
    )
    transfer: bool = parameter(
        False, "Whether the transfer entropy of all ordered pairs of channels is published too.", live=True
    )
    past: int = parameter(
        1,
        "Samples of a channel's own past that transfer entropy is told beside.",
        minimum=1,
        maximum=MOST_GIVEN,
        live=True,
    )
    projections: int = parameter(
        32, "Random projections for the sliced MI of two modalities.", minimum=1, maximum=4096, live=True
    )
    baseline: str = parameter(
        "", "File that `infonet learn` wrote: every sample is judged by it, for ~/evidence and ~/alerts; empty: none."
    )
    false_alarm_interval: float = parameter(
        86400.0,
        "Mean time between false alarms of the baseline, all its pairs together; longer finds faults later.",
        unit="s",
        minimum=1.0,
        maximum=1e9,
    )
    seed: int = parameter(0, "Seed of ties, surrogates and projections.", minimum=0, maximum=2**31 - 1, live=True)
    frame_id: str = parameter("base_link", "Frame of the image and of the markers.")
    marker_radius: float = parameter(
        1.0,
        "Radius of the circle of modalities whose sensor's frame is not known; spheres and letters scale with it.",
        unit="m",
        minimum=0.01,
        maximum=1000.0,
    )
    device: str = parameter("auto", "Where the network runs: 'auto', 'cpu', 'cuda' or 'cuda:<index>'.")
    threads: int = parameter(
        1,
        "Processor cores that the network may use; on a robot whose other programs keep them busy, more are slower.",
        minimum=1,
        maximum=1024,
        live=True,
    )
    weights: str = parameter("", "Weights file of a network of your own; empty takes the weights that are shipped.")
    shares: int = parameter(
        1, "Nodes that take turns at the windows of the same channels; 1: this one takes all.", minimum=1, maximum=64
    )
    share: int = parameter(0, "Which of the nodes that take turns this one is, from 0.", minimum=0, maximum=63)
    autostart: bool = parameter(
        True, "Whether the node configures and activates itself when it starts.", read_only=True
    )

    def __post_init__(self) -> None:
        for name in scalar_parameters():
            object.__setattr__(self, name, checked_value(name, getattr(self, name)))
        if self.max_lag > 0.0 and self.synchronization != "resample":
            raise ConfigurationError(
                f"max_lag is {self.max_lag} s with synchronization {self.synchronization!r}: delays need the regular "
                "clock of 'resample'; set max_lag to 0 or synchronization to 'resample'."
            )
        if self.max_lag > self.window / 2:
            raise ConfigurationError(
                f"max_lag is {self.max_lag:g} s with a window of {self.window:g} s: expected at most half the window, "
                "so that enough of it is left to compare; set a longer window or a smaller max_lag."
            )
        if self.share >= self.shares:
            raise ConfigurationError(
                f"share is {self.share} of {self.shares} shares: expected a number from 0 to {self.shares - 1}; set "
                "shares to the number of nodes that take turns."
            )
        _check_names(self)

    def given_for(self, watch: Watch) -> tuple[str, ...]:
        """Return what a watched pair is judged beside: channels, or nothing for modalities."""
        of_modalities = any(modality.name == watch.pair[0] for modality in self.modalities)
        return () if of_modalities else watch.given or self.given

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Full names of all channels, in the order of the rows of the matrix."""
        return tuple(name for modality in self.modalities for name in modality.channel_names)

    def with_values(self, **values: Any) -> "Settings":
        """Return a copy with some scalar parameters changed; ConfigurationError names the one that is refused."""
        return replace(self, **values)


def scalar_parameters() -> dict[str, Mapping[str, Any]]:
    """Name of every scalar parameter with its metadata (``description``, ``minimum``, ...) and ``default``."""
    return {f.name: {**f.metadata, "default": f.default} for f in fields(Settings) if f.metadata}


def checked_value(name: str, value: Any) -> Any:
    """Return ``value`` in the parameter's own type, or raise ConfigurationError with the reason for the refusal."""
    spec = scalar_parameters()[name]
    kind = type(spec["default"])
    unit = f" {spec['unit']}" if "unit" in spec else ""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = _as_float(value)
    if type(value) is not kind:
        raise ConfigurationError(f"{name} must be {_KINDS[kind]}, got {_brief(value)}.")
    if kind is float and not math.isfinite(value):
        raise ConfigurationError(f"{name} must be a finite number, got {_brief(value)}.")
    if "choices" in spec and value not in spec["choices"]:
        raise _no_choice(name, value, spec["choices"])
    if "minimum" in spec and not spec["minimum"] <= value <= spec["maximum"]:
        raise ConfigurationError(
            f"{name} must lie between {spec['minimum']} and {spec['maximum']}{unit}, got {_brief(value)}{unit}."
        )
    return value


_KINDS = {float: "a number such as 2.5", int: "a whole number such as 1", bool: "true or false", str: "a text"}


def _no_choice(name: str, value: str, choices: Sequence[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{name} must be one of {', '.join(choices)}; got {_brief(value)}{did_you_mean(value, choices)}."
    )


def _brief(value: Any) -> str:
    """Write a value out, but no thousand digits of it."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a whole number of {value.bit_length()} bits"
    return shorten(repr(value), 60)


def _as_float(number: int) -> float:
    """Return a whole number as a float; one with hundreds of digits becomes infinite, which is then refused."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


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


def load_settings(path: Path, node_name: str = "infonet") -> Settings:
    """Read a ROS 2 parameter file (``infonet: ros__parameters: ...`` or ``/**: ...``).

    Raises
    ------
    ConfigurationError
        The file cannot be read, holds no parameters for the node, or holds one that is unknown or refused.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unreadable(str(path), error) from error
    return settings_from_text(text, str(path), node_name)


def settings_from_text(text: str, origin: str, node_name: str = "infonet") -> Settings:
    """Read the text of a ROS 2 parameter file; ``origin`` says in errors where it came from. See `load_settings`."""
    try:
        document = _PlainLoader(text).get_single_data()
    except RecursionError as error:
        raise _unreadable(origin, "it nests hundreds of levels") from error
    except (ValueError, yaml.YAMLError) as error:  # ValueError: a number of thousands of digits
        raise _unreadable(origin, error) from error
    sections = document if isinstance(document, dict) else {}
    parameters: dict[str, Any] = {}
    for section in ("/**", f"/**/{node_name}", f"/{node_name}", node_name):
        body = sections.get(section)
        if isinstance(body, dict) and isinstance(body.get("ros__parameters"), dict):
            parameters.update(flatten(body["ros__parameters"]))
    if not parameters:
        raise ConfigurationError(
            f"{origin} has no parameters for the node: expected '{node_name}: ros__parameters: ...'."
        )
    return settings_from_parameters(parameters)


def _unreadable(origin: str, error: Exception | str) -> ConfigurationError:
    return ConfigurationError(f"{origin} is not a readable YAML file ({' '.join(str(error).split())}).")


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
        raise ConfigurationError(f"{name} must be a list of texts such as [a, b], got {_brief(value)}.")
    return tuple(value)


def _take_string(left: dict[str, Any], name: str, default: str | None = None) -> str:
    value = left.pop(name, default)
    if value is None:
        raise _missing(left, name, "a text such as /imu/data")
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a text, got {_brief(value)}.")
    return value


def _take_number(left: dict[str, Any], name: str, default: float) -> float:
    value = left.pop(name, default)
    number = _as_float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(number, float) or not 0 <= number < math.inf:
        raise ConfigurationError(f"{name} must be a number of at least 0, got {_brief(value)}.")
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
        raise _no_choice(f"{name}.expect", expect, _EXPECTATIONS)
    return Watch(
        name=name,
        pair=(pair[0], pair[1]),
        expect=expect,
        threshold=_take_number(left, f"{name}.threshold", Watch.threshold),
        duration=_take_number(left, f"{name}.duration", Watch.duration),
        given=_take_strings(left, f"{name}.given", ()),
    )


def _check_names(settings: Settings) -> None:
    names = [modality.name for modality in settings.modalities] + [watch.name for watch in settings.watches]
    reserved = {"modalities", "watches", "given", TIME, "use_sim_time", "qos_overrides", *scalar_parameters()}
    for name in names:
        if not name.isidentifier() or name in reserved:
            raise ConfigurationError(
                f"{name!r} cannot name a modality or a watch: expected letters, digits and '_', and no name of a "
                "parameter."
            )
        if names.count(name) > 1:
            raise ConfigurationError(f"the name {name!r} is used twice: modalities and watches need different names.")
    for modality in settings.modalities:
        if not modality.channels:
            raise ConfigurationError(f"{modality.name}.channels is empty: expected at least one field path.")
        if len(set(modality.channels)) < len(modality.channels):
            raise ConfigurationError(f"{modality.name}.channels names a channel twice: {list(modality.channels)}.")
    _check_given(settings, "given", settings.given)
    for watch in settings.watches:
        _check_watch(settings, watch)


def _check_watch(settings: Settings, watch: Watch) -> None:
    rows = [{modality.name for modality in settings.modalities}, set(settings.channel_names)]
    known = sorted(rows[0] | rows[1])
    if watch.pair[0] == watch.pair[1] or not any(set(watch.pair) <= row for row in rows):
        hint = "".join(did_you_mean(name, known) for name in watch.pair if name not in known)
        raise ConfigurationError(
            f"{watch.name}.pair must name two different channels or two different modalities, got "
            f"{list(watch.pair)}{hint}; known are {listed(known)}."
        )
    if set(watch.pair) <= rows[0]:
        if watch.given:
            raise ConfigurationError(
                f"{watch.name}.given is {list(watch.given)}, but its pair names modalities: name two channels to judge "
                "them beside others."
            )
        return
    _check_given(settings, f"{watch.name}.given", watch.given, watch.pair)
    if both := [name for name in watch.pair if not watch.given and name in settings.given]:
        raise ConfigurationError(
            f"{watch.name}.pair names {both[0]!r}, which all channels are judged beside: leave it out of given, or set "
            f"{watch.name}.given."
        )


def _check_given(settings: Settings, name: str, given: tuple[str, ...], pair: tuple[str, ...] = ()) -> None:
    """Refuse what cannot be given: unknown channels, one twice or of the pair itself, or too many."""
    known = [TIME, *(channel for channel in settings.channel_names if channel not in pair)]
    if unknown := [channel for channel in given if channel not in known]:
        raise ConfigurationError(
            f"{name} names {unknown[0]!r}{did_you_mean(unknown[0], known)}: expected channels"
            f"{' other than the pair itself' if pair else ''}, or {TIME!r}; known are {listed(known)}."
        )
    if len(set(given)) < len(given) or len(given) > MOST_GIVEN:
        raise ConfigurationError(
            f"{name} names {len(given)} channels, {len(set(given))} of them different: expected each once, and at most "
            f"{MOST_GIVEN}."
        )


def only_channels(settings: Settings, names: Sequence[str]) -> Settings:
    """Return settings that listen to some channels only."""
    modalities = []
    for modality in settings.modalities:
        kept = tuple(path for path in modality.channels if f"{modality.name}.{path}" in names)
        if kept:
            modalities.append(replace(modality, channels=kept))
    return replace(settings, modalities=tuple(modalities), watches=(), given=())


def params_document(settings: Settings, comment: str = "") -> str:
    """Write settings as a params file that the node and the command line accept.

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
        {"/**/infonet": {"ros__parameters": parameters}},
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
