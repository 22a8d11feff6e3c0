"""Topics under other names, as those of a robot in another namespace: ``OLD:=NEW``, as ROS writes it."""

from collections.abc import Sequence
from dataclasses import replace

from infonet_ros.errors import ConfigurationError
from infonet_ros.settings.table import Settings
from infonet_ros.text import did_you_mean, listed

_SEPARATOR = ":="


def remapped(settings: Settings, remappings: Sequence[str]) -> Settings:
    """Return settings in which ``OLD:=NEW`` stands for the topic OLD, and for all topics in the namespace OLD.

    Raises ConfigurationError if a remapping is no such text, or names no topic.
    """
    for remapping in remappings:
        old, separator, new = remapping.partition(_SEPARATOR)
        if not (separator and old and new):
            raise ConfigurationError(
                f"--remap is {remapping!r}: expected OLD{_SEPARATOR}NEW, two topics or two namespaces, such as "
                f"/{_SEPARATOR}/robot2 or /odom{_SEPARATOR}/odometry."
            )
        topics = [modality.topic for modality in settings.modalities]
        if not any(topic == old or topic.startswith(_namespace(old)) for topic in topics):
            raise ConfigurationError(
                f"--remap is {remapping!r}, but no topic is {old} or begins with {_namespace(old)}"
                f"{did_you_mean(old, topics)}: the topics are {listed(topics)}."
            )
        settings = replace(
            settings,
            modalities=tuple(replace(one, topic=_renamed(one.topic, old, new)) for one in settings.modalities),
        )
    return settings


def remapping_between(old: str, new: str) -> str:
    """Return the shortest remapping of a topic to another one: their ends that are the same are left out.

    Examples
    --------
    >>> remapping_between("/odom", "/robot2/odom")
    '/:=/robot2'
    >>> remapping_between("/robot1/imu/data", "/robot2/imu/data")
    '/robot1:=/robot2'
    >>> remapping_between("/odom", "/odometry")
    '/odom:=/odometry'
    """
    ours, theirs = old.split("/"), new.split("/")
    while ours and theirs and ours[-1] == theirs[-1] and len(ours) + len(theirs) > 2:
        ours.pop()
        theirs.pop()
    return f"{'/'.join(ours) or '/'}{_SEPARATOR}{'/'.join(theirs) or '/'}"


def _renamed(topic: str, old: str, new: str) -> str:
    if topic == old:
        return new
    before = _namespace(old)
    return _namespace(new) + topic.removeprefix(before) if topic.startswith(before) else topic


def _namespace(name: str) -> str:
    return name.rstrip("/") + "/"
