"""Whether a path leads to a file, told before it is opened: a pipe would wait for its writer, a device has no end."""

import stat
from pathlib import Path

from infonet_ros.errors import InfonetError

_WRITE_IT = "write it to a file, and name that"
_KINDS = ((stat.S_ISDIR, "folder", "name the files in it"), (stat.S_ISFIFO, "pipe", _WRITE_IT))


def check_file(path: Path, expected: str, error: type[InfonetError]) -> None:
    """See to it that a path leads to a file.

    Parameters
    ----------
    path : Path
    expected : str
        Such as "a params file".
    error : type
        What is raised where there is none, or something else, or nobody may look.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as missing:
        raise error(f"{path} is not there: expected {expected}.") from missing
    except (OSError, ValueError) as problem:  # ValueError: no path can have that name
        reason = getattr(problem, "strerror", None) or str(problem)
        raise error(f"{path} cannot be read ({reason}): expected {expected}.") from problem
    if not stat.S_ISREG(mode):
        kind, remedy = next(((kind, then) for is_kind, kind, then in _KINDS if is_kind(mode)), ("device", _WRITE_IT))
        raise error(f"{path} is a {kind}: expected {expected}; {remedy}.")
