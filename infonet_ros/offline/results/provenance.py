"""Provenance of results: the command line, the versions and the time."""

import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from infonet_ros.version import VERSION

_LIBRARIES = ("torch", "numpy", "rosbags")


@dataclass(frozen=True)
class Provenance:
    """The data that are needed to reproduce the results."""

    command: str  # as it would be typed
    versions: dict[str, str]  # by name
    made: datetime
    params: str  # the parameter file
    notices: tuple[str, ...] = ()  # sentences about what was left out

    @classmethod
    def of_this_process(cls, params: str, notices: Sequence[str]) -> "Provenance":
        """Collect the command line of this process, the versions that it uses, and the time."""
        return cls(_command(), _versions(), datetime.now(timezone.utc), params, tuple(notices))


def _command() -> str:
    program, *arguments = sys.argv
    name = Path(program).name
    return shlex.join(["infonet" if name == "__main__.py" else name, *arguments])  # as python -m infonet_ros


def _versions() -> dict[str, str]:
    versions = {"infonet_ros": VERSION}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {**versions, "Python": platform.python_version(), "on": f"{platform.system()} {platform.machine()}"}
