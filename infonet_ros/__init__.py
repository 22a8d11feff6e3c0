"""Which streams of a robot carry information about which others, how much, with what delay, and how sure."""

import pkgutil

# A built workspace holds the generated messages (`infonet_ros.msg`) in the installed package, a source checkout
# holds the rest: together they are one package.
__path__ = pkgutil.extend_path(__path__, __name__)

__version__ = "0.1.0"

__all__ = ["InfoNet", "InfonetError", "__version__"]


def __getattr__(name: str) -> type:
    """Import the public names on first use, so that `infonet --help` need not wait for torch."""
    if name == "InfoNet":
        from infonet_ros.estimator.infonet import InfoNet

        return InfoNet
    if name == "InfonetError":
        from infonet_ros.errors import InfonetError

        return InfonetError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
