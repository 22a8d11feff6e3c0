"""Errors meant for the user: one sentence with what was received, what was expected, and what to do."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from traceback import walk_tb

from infonet_ros.text import one_line

_NAMES_OF_PIP = {"PIL": "pillow", "yaml": "pyyaml"}


class InfonetError(Exception):
    """Root of all errors that this package raises on purpose; its text can be shown to the user as it is."""


class InputError(InfonetError, ValueError):
    """Samples or arguments from which no estimate can be made."""


class ConfigurationError(InfonetError, ValueError):
    """A parameter, a channel path or a settings file that cannot be used."""


class WeightsError(InfonetError):
    """Weights that are missing, damaged or of another design."""


class RecordingError(InfonetError):
    """A bag or a table that cannot be read."""


class OutputError(InfonetError):
    """A result that cannot be written."""


class MissingDependencyError(InfonetError, ImportError):
    """A package that a feature needs is not installed, or cannot be loaded."""

    def __init__(self, feature: str, package: str, remedy: str, state: str = "is not installed") -> None:
        super().__init__(f"{feature} needs {package}, which {state}: {remedy}.")


@contextmanager
def missing_packages_named(feature: str) -> Iterator[None]:
    """Turn the failed import of another package into a MissingDependencyError: the ``feature`` needs it."""
    try:
        yield
    except Exception as error:
        missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
        if missing not in ("", __package__) and find_spec(missing) is None:
            package = _NAMES_OF_PIP.get(missing, missing)
            raise MissingDependencyError(feature, package, f"run `pip install {package}`") from error
        if broken := _package_being_imported(error):
            remedy = f"install it again for {sys.executable}"
            raise MissingDependencyError(feature, broken, remedy, f"cannot be loaded ({one_line(error)})") from error
        raise


def _package_being_imported(error: Exception) -> str:
    """Return the package of others in whose import the error was raised; empty if it was raised elsewhere."""
    places = [(frame.f_code.co_name, frame.f_globals.get("__name__", "")) for frame, _ in walk_tb(error.__traceback__)]
    imported = [module.partition(".")[0] for code, module in places if code == "<module>"]
    return next((package for package in imported if package not in (__package__, "__main__")), "")
