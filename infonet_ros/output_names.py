"""Names of outputs on the command line, checked before the work begins."""

from pathlib import Path

import typer

from infonet_ros.files import kind_of


def folder(name: str | Path) -> Path:
    """Return the path of a folder for results; refuse an empty name, which would mean the present folder."""
    return _checked(name, "folder")


def file(name: str | Path) -> Path:
    """Return the path of a file for results; refuse an empty name, and anything that is no file."""
    if str(name).endswith("/"):
        raise typer.BadParameter(f"{name} is the name of a folder: expected the name of a file, such as {name}NAME.")
    return _checked(name, "file")


def _checked(name: str | Path, wanted: str) -> Path:
    if not str(name).strip():
        raise typer.BadParameter(f"it is empty: expected the name of a {wanted}.")
    path = Path(name)
    try:
        kind = kind_of(path)
    except OSError as error:
        raise typer.BadParameter(f"it cannot be used ({error.strerror}): expected the name of a {wanted}.") from error
    if kind not in (wanted, ""):
        example = f", such as {path / 'NAME'}" if kind == "folder" else ""
        raise typer.BadParameter(f"{name} is a {kind}: expected the name of a {wanted}{example}.")
    return path
