"""Checks of paths before they are opened: a pipe would wait for its writer, and a device has no end."""

import stat
from pathlib import Path
from typing import Any

from infonet_ros.errors import InfonetError

_KINDS = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"))

_REMEDIES = {
    "folder": "name what is in it",
    "pipe": "write it to a file, and name that",
    "device": "name a file",
}


def as_path(name: str, value: Any, error: type[InfonetError]) -> Path:
    """Return a path that is given as a text or a path; raise ``error``, with the ``name``, for anything else."""
    try:
        return Path(value)
    except TypeError:
        raise error(f"{name} is {value!r}: expected the path of a file or a folder.") from None


def kind_of(path: Path) -> str:
    """Return "file", "folder", "pipe" or "device"; empty where nothing is there.

    Raises OSError if this user may not read the folder, or no file can have that name.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ""
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "device")


def check_file(path: Path, expected: str, error: type[InfonetError]) -> None:
    """Raise ``error`` if a path leads to no file, or to one of another kind, or to one that this user may not read.

    What was ``expected`` is named, such as "a parameter file".
    """
    try:
        kind = kind_of(path)
    except (OSError, ValueError) as problem:  # ValueError: a name with a zero byte
        reason = getattr(problem, "strerror", None) or str(problem)
        raise error(f"{path} cannot be read ({reason}): expected {expected}.") from problem
    if not kind:
        link = f"is a link to {path.readlink()}, which " if path.is_symlink() else ""
        raise error(f"{path} {link}is not there: expected {expected}.")
    if kind != "file":
        words = f"a {kind}" if path.parts else "the present folder, which an empty name means, too"
        raise error(f"{path} is {words}: expected {expected}; {_REMEDIES[kind]}.")
