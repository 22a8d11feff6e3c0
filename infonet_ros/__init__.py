"""Measures which streams of a robot depend on each other, how strongly, with what delay, and how certain this is."""

import pkgutil
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from infonet_ros.errors import missing_packages_named
from infonet_ros.version import VERSION as __version__

# A built workspace holds the generated messages (`infonet_ros.msg`) in the installed package, a source checkout
# holds the rest: together they are one package.
__path__ = pkgutil.extend_path(__path__, __name__)

if TYPE_CHECKING:
    from infonet_ros.dependence.matrix import DependenceMatrix
    from infonet_ros.drawing.heatmap import HeatMap
    from infonet_ros.errors import InfonetError
    from infonet_ros.estimator.infonet import InfoNet
    from infonet_ros.offline.job import analyse_bag
    from infonet_ros.settings import Modality, Settings, Watch, load_settings

__all__ = [
    "DependenceMatrix",
    "HeatMap",
    "InfoNet",
    "InfonetError",
    "Modality",
    "Settings",
    "Watch",
    "__version__",
    "analyse_bag",
    "load_settings",
]

_MODULES = {
    "DependenceMatrix": "dependence.matrix",
    "HeatMap": "drawing.heatmap",
    "InfoNet": "estimator.infonet",
    "InfonetError": "errors",
    "Modality": "settings",
    "Settings": "settings",
    "Watch": "settings",
    "analyse_bag": "offline.job",
    "load_settings": "settings",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `infonet --help` need not wait for torch."""
    if name not in _MODULES:
        # With the module, Python suggests the nearest of `__dir__`.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    with missing_packages_named(f"{__name__}.{name}"):
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
