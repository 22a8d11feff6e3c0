"""Every setting in one table: the node declares its ROS parameters from it, the command line reads the same files."""

from infonet_ros.settings.checks import TIME, checked_value
from infonet_ros.settings.members import Modality, Watch
from infonet_ros.settings.parameters import settings_from_parameters
from infonet_ros.settings.params_file import load_settings, params_document, settings_from_text
from infonet_ros.settings.remapping import remapped, remapping_between
from infonet_ros.settings.table import (
    FASTEST_CLOCK,
    PARAMETERS_OF_ROS,
    QOS_OVERRIDES,
    SHORTEST_HOP,
    Settings,
    only_channels,
    reserved_names,
    scalar_parameters,
)

__all__ = [
    "FASTEST_CLOCK",
    "PARAMETERS_OF_ROS",
    "QOS_OVERRIDES",
    "SHORTEST_HOP",
    "TIME",
    "Modality",
    "Settings",
    "Watch",
    "checked_value",
    "load_settings",
    "only_channels",
    "params_document",
    "remapped",
    "remapping_between",
    "reserved_names",
    "scalar_parameters",
    "settings_from_parameters",
    "settings_from_text",
]
