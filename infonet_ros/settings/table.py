"""Every parameter once, with its metadata: the node declares from here, and everything else reads from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from inspect import cleandoc
from textwrap import fill, indent
from typing import Any, TypeVar

from infonet_ros.caching import cached_property
from infonet_ros.errors import ConfigurationError
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.settings.checks import TIME, check_names, checked_value, names_checked, several
from infonet_ros.settings.members import Modality, Watch

_Fields = TypeVar("_Fields")

PARAMETERS_OF_ROS = ("use_sim_time", "start_type_description_service")
"""Parameters that every node has; `ros2 param dump` writes them, too."""

QOS_OVERRIDES = "qos_overrides."
"""Prefix of the parameters that override the quality of service of a topic."""

NAME_LISTS = ("modalities", "watches", "given")
"""Parameters that are lists of names."""

FASTEST_CLOCK = 1e5
"""Hz. Stamps that lie closer than its period are damaged, and a clock that followed them would fill the memory."""

SHORTEST_HOP = 0.01
"""Seconds, for windows and the time between them."""

LONGEST_TIME = 1e9
"""Seconds, 30 years: the windows of a table with a row a day take years, and time in nanoseconds ends at 292."""


def parameter(default: Any, description: str, **constraints: Any) -> Any:
    """Make a dataclass field that is also a ROS parameter.

    Constraints: ``minimum``, ``maximum``, ``choices``, ``unit``, ``live`` (may change while the node runs),
    ``read_only`` (only the start of the node can set it).
    """
    return field(default=default, metadata={"description": description, **constraints})


def _documented(settings: type[_Fields]) -> type[_Fields]:
    """Add the scalar parameters to the attributes at the end of a docstring, so that `help` tells what they are."""
    lines = [cleandoc(settings.__doc__ or "")]
    for one in fields(settings):  # type: ignore[arg-type]
        if one.metadata:
            unit = f", {one.metadata['unit']}" if "unit" in one.metadata else ""
            lines += [
                f"{one.name} : {type(one.default).__name__}{unit}",
                indent(fill(one.metadata["description"], 100), "    "),
            ]
    settings.__doc__ = "\n".join(lines)
    return settings


@_documented
@names_checked
@dataclass(frozen=True)
class Settings:
    """The topics and channels, and the settings of the estimate.

    Each field with metadata is a scalar ROS parameter of the same name.

    Examples
    --------
    >>> from infonet_ros import Modality
    >>> imu = Modality("imu", topic="/imu/data", channels=("angular_velocity.y", "orientation|yaw|rate"))
    >>> settings = Settings(modalities=(imu,), window=10.0, hop=1.0)
    >>> settings.channel_names
    ('imu.angular_velocity.y', 'imu.orientation|yaw|rate')
    >>> settings.with_values(hop=2.0).hop
    2.0

    Attributes
    ----------
    modalities : tuple of Modality
    watches : tuple of Watch
    given : tuple of str
        Channels, or ``time``, that all pairs are conditioned on.
    """

    modalities: Sequence[Modality] = ()
    watches: Sequence[Watch] = ()
    given: Sequence[str] = ()

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
        maximum=LONGEST_TIME,
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
        "Most memory for the samples of one modality; beyond it the oldest are dropped and counted.",
        unit="MiB",
        minimum=0.1,
        maximum=65536.0,
    )
    window: float = parameter(
        20.0, "Length of a window.", unit="s", minimum=SHORTEST_HOP, maximum=LONGEST_TIME, live=True
    )
    hop: float = parameter(
        2.0, "Time between the ends of two windows.", unit="s", minimum=SHORTEST_HOP, maximum=LONGEST_TIME, live=True
    )
    max_lag: float = parameter(
        0.0,
        "Delays of each pair are searched from -max_lag to +max_lag; 0 compares the streams without delay.",
        unit="s",
        minimum=0.0,
        maximum=LONGEST_TIME,
        live=True,
    )
    lag_step: float = parameter(
        0.0, "Step between two delays; 0 takes one sample.", unit="s", minimum=0.0, maximum=LONGEST_TIME, live=True
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
        "Samples of a channel's own past that are given for its transfer entropy.",
        minimum=1,
        maximum=MOST_GIVEN,
        live=True,
    )
    projections: int = parameter(
        32, "Random projections for the sliced MI of two modalities.", minimum=1, maximum=4096, live=True
    )
    baseline: str = parameter(
        "", "File of `infonet learn`; each sample is compared with it, for ~/evidence and ~/alerts. Empty: none."
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
        "Processor cores that the network may use; more are slower if other programs keep the cores busy.",
        minimum=1,
        maximum=1024,
        live=True,
    )
    weights: str = parameter("", "Weights file of your own network; empty takes the shipped weights.")
    shares: int = parameter(
        1, "Nodes that take turns at the windows of the same channels; 1: this one takes all.", minimum=1, maximum=64
    )
    share: int = parameter(0, "Which of the nodes that take turns this one is, from 0.", minimum=0, maximum=63)
    autostart: bool = parameter(
        True, "Whether the node configures and activates itself when it starts.", read_only=True
    )

    def __post_init__(self) -> None:
        for name, kind in (("modalities", Modality), ("watches", Watch), ("given", str)):
            object.__setattr__(self, name, several(name, getattr(self, name), kind))
        for name, spec in scalar_parameters().items():
            object.__setattr__(self, name, checked_value(name, getattr(self, name), spec))
        if self.max_lag > 0.0 and self.synchronization != "resample":
            raise ConfigurationError(
                f"max_lag is {self.max_lag} s with synchronization {self.synchronization!r}: delays need the regular "
                "clock of 'resample'; set max_lag to 0 or synchronization to 'resample'."
            )
        # Without modalities, a proposal chooses the window, and so that the delays fit.
        if self.modalities and self.max_lag > self.window / 2:
            raise ConfigurationError(
                f"max_lag is {self.max_lag:g} s with a window of {self.window:g} s: expected at most half the window, "
                "so that enough of it is left to compare; set a longer window or a smaller max_lag."
            )
        if self.share >= self.shares:
            raise ConfigurationError(
                f"share is {self.share} of {self.shares} shares: expected a number from 0 to {self.shares - 1}; set "
                "shares to the number of nodes that take turns."
            )
        check_names(self.modalities, self.watches, self.given, reserved_names())

    def given_for(self, watch: Watch) -> Sequence[str]:
        """Return the channels, or ``time``, that a watched pair is conditioned on; none for modalities."""
        of_modalities = any(modality.name == watch.pair[0] for modality in self.modalities)
        return () if of_modalities else watch.given or self.given

    @cached_property
    def channel_names(self) -> tuple[str, ...]:
        """Full names of all channels, in the order of the rows of the matrix."""
        return tuple(name for modality in self.modalities for name in modality.channel_names)

    @cached_property
    def channel_topics(self) -> tuple[str, ...]:
        """Topic of each channel, in the same order."""
        return tuple(modality.topic for modality in self.modalities for _ in modality.channels)

    @cached_property
    def channel_paths(self) -> tuple[str, ...]:
        """Path of each channel in the messages of its topic, in the same order."""
        return tuple(path for modality in self.modalities for path in modality.channels)

    def with_values(self, **values: Any) -> "Settings":
        """Return a copy with some scalar parameters changed; ConfigurationError names the one that is refused."""
        return replace(self, **values)


def scalar_parameters() -> dict[str, Mapping[str, Any]]:
    """Name of every scalar parameter with its metadata (``description``, ``minimum``, ...) and ``default``."""
    return {f.name: {**f.metadata, "default": f.default} for f in fields(Settings) if f.metadata}


def reserved_names() -> frozenset[str]:
    """Names that no modality or watch can have: those of the parameters of every node, and ``time``."""
    return frozenset({*NAME_LISTS, TIME, *scalar_parameters(), *PARAMETERS_OF_ROS, QOS_OVERRIDES.rstrip(".")})


def only_channels(settings: Settings, names: Sequence[str]) -> Settings:
    """Return settings that listen to some channels only."""
    modalities = []
    for modality in settings.modalities:
        kept = tuple(path for path in modality.channels if f"{modality.name}.{path}" in names)
        if kept:
            modalities.append(replace(modality, channels=kept))
    return replace(settings, modalities=tuple(modalities), watches=(), given=())
