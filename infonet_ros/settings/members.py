"""Settings that are lists of names: modalities, which are groups of channels, and watched pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

from infonet_ros.errors import ConfigurationError
from infonet_ros.settings.checks import checked_size, checked_text, choice_error, names_checked, several

EXPECTATIONS = ("dependent", "independent")


@names_checked
@dataclass(frozen=True)
class Modality:
    """A named group of channels from one topic.

    Attributes
    ----------
    name : str
        Your own name: letters, digits and ``_``.
    topic : str
    channels : str, or several
        Paths in its messages, such as ``angular_velocity.y`` or ``orientation|yaw``.
    type : str
        Message type, such as ``sensor_msgs/msg/Imu``; empty: found from the graph or the bag.

    Examples
    --------
    >>> Modality("imu", topic="/imu/data", channels="angular_velocity.y").channel_names
    ('imu.angular_velocity.y',)
    """

    name: str
    topic: str
    channels: Sequence[str]
    type: str = ""

    def __post_init__(self) -> None:
        for key in ("name", "topic", "type"):
            checked_text(f"{key} of a Modality", getattr(self, key))
        object.__setattr__(self, "channels", several(f"{self.name}.channels", self.channels))

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Full names of the channels, ``<modality>.<path>``."""
        return tuple(f"{self.name}.{path}" for path in self.channels)


@names_checked
@dataclass(frozen=True)
class Watch:
    """A pair that must stay dependent, or must stay independent.

    Attributes
    ----------
    name : str
        Your own name: letters, digits and ``_``.
    pair : two str
        Two channels or two modalities.
    expect : str
        "dependent" or "independent".
    threshold : float
        Nats: the least MI of a dependent pair, or the most of an independent one.
    duration : float
        Seconds for which the rule must be broken before it is an alert.
    given : str, or several
        Channels, or ``time``, that two channels are conditioned on; empty: those that all pairs are conditioned on.

    Examples
    --------
    >>> Watch("slip", pair=("imu.angular_velocity.z", "odom.twist.twist.angular.z"), threshold=0.3).expect
    'dependent'
    """

    name: str
    pair: Sequence[str]
    expect: str = "dependent"
    threshold: float = 0.1
    duration: float = 5.0
    given: Sequence[str] = ()

    def __post_init__(self) -> None:
        checked_text("name of a Watch", self.name)
        for key in ("pair", "given"):
            object.__setattr__(self, key, several(f"{self.name}.{key}", getattr(self, key)))
        for key in ("threshold", "duration"):
            object.__setattr__(self, key, checked_size(f"{self.name}.{key}", getattr(self, key)))
        if len(self.pair) != 2:
            raise ConfigurationError(
                f"{self.name}.pair must name two channels or two modalities, got {list(self.pair)}."
            )
        if self.expect not in EXPECTATIONS:
            raise choice_error(f"{self.name}.expect", self.expect, EXPECTATIONS)
