"""The names of all columns of a table of text, with a header or without one."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.line_cells import names_of_time, used_width
from infonet_ros.text import counted, listed, unique_names

_TYPE = re.compile(
    r"(?i)\s*[\[({]TYPE[\])}]$|\s*:\s*TYPE(?=[\])}]?$)".replace(
        "TYPE", r"(?:u?int(?:8|16|32|64)?|float(?:32|64)?|double|bool|boolean|long|string)"
    )
)
_OF_DATES = re.compile(r"(?i)dat[eu]|day|tag|jour|fecha")


def names_of_columns(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], width: int, notes: list[str]
) -> list[str]:
    """Name all columns, also if the header is shorter or longer than the rows for a known reason, or empty.

    Raises RecordingError if it names more or fewer columns than there are, for no known reason.
    """
    if not header:
        header = _names_without_header(rows, width)
        notes.append(f"it has no header line: its columns are named {listed(header, 80)}")
    rows = [row for row in rows if len(row) == width]
    if used_width(rows, width) <= len(header) < width:
        header = [*header, *[""] * (width - len(header))]
    elif rows and len(header) == width - 1:
        header = _with_one_more(header, rows[0])
    elif len(header) > width and all(name.lower() in ("", "comment", "comments") for name in header[width:]):
        header = header[:width]
    if len(header) != width:
        raise RecordingError(
            f"the header of {path} names {counted(len(header), 'column')}, but its rows have {counted(width, 'cell')}: "
            "expected the same number."
        )
    if all(map(_TYPE.search, filter(None, header))):
        header = [_TYPE.sub("", name) for name in header]
    wanted = [cell or f"column_{number}" for number, cell in enumerate(header, 1)]
    names = unique_names(wanted)
    if renamed := [name for name, before in zip(names, wanted, strict=True) if name != before]:
        notes.append(f"some columns share a name: the later columns are called {listed(renamed, 80)}")
    return names


def _with_one_more(header: Sequence[str], row: Sequence[str]) -> list[str]:
    """Name a row that has one more cell: a time is in two of them, or the first is the number of the row."""
    for place, name in enumerate(header):
        names = names_of_time(name, row[place : place + 2])
        if names and not (place and _OF_DATES.search(header[place - 1])):
            return [*header[:place], *names, *header[place + 1 :]]
    return ["row", *header]


def _names_without_header(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Name columns by their numbers; eight columns of a trajectory are time, position and quaternion."""
    if width == 8:
        try:
            quaternions = np.array([row[4:] for row in rows if len(row) == width], dtype=float)
        except ValueError:
            quaternions = np.empty((0, 4))
        if len(quaternions) and np.allclose(np.linalg.norm(quaternions, axis=1), 1.0, atol=1e-3):
            return ["timestamp", "tx", "ty", "tz", "qx", "qy", "qz", "qw"]
    return [f"column_{number}" for number in range(1, width + 1)]
