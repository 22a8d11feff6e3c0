"""Settings that are lists of names: modalities, which are groups of channels, and watched pairs."""

from dataclasses import dataclass


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
    channels, or ``time``, that two channels are conditioned on; empty: those that all pairs are conditioned on.
    """

    name: str
    pair: tuple[str, str]
    expect: str = "dependent"
    threshold: float = 0.1
    duration: float = 5.0
    given: tuple[str, ...] = ()
