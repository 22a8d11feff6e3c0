"""Errors meant for the user: one sentence with what was received, what was expected, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

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
    """An optional package that a feature needs is not installed."""

    def __init__(self, feature: str, package: str, remedy: str) -> None:
        super().__init__(f"{feature} needs {package}, which is not installed: {remedy}.")


@contextmanager
def missing_packages_named(feature: str) -> Iterator[None]:
    """Turn the failed import of another package into a MissingDependencyError: the ``feature`` needs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module in ("", __package__) or find_spec(module) is not None:
            raise
        package = _NAMES_OF_PIP.get(module, module)
        raise MissingDependencyError(feature, package, f"run `pip install {package}`") from error
