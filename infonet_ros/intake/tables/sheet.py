"""The result of every table reader: named columns, as Arrow arrays of numbers, times or text."""

import os
import resource
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.numbers import Style

MEMORY_SHARE = 0.125
"""Share of the machine's memory for the columns of one table; reading needs several times as much."""

MOST_ELEMENTS = 64
"""Elements of one list that become columns; longer lists are left out."""


class Rate(NamedTuple):
    """Rows per second, and the text that says so."""

    hertz: float
    text: str


@dataclass
class Sheet:
    """One table as it was read."""

    name: str  # name of its topic
    columns: dict[str, pa.ChunkedArray]
    """Numbers, or times. A number is null if its cell is empty, and NaN if the value is unknown."""
    texts: dict[str, str] = field(default_factory=dict)  # columns that hold neither, with one cell of each
    units: dict[str, str] = field(default_factory=dict)  # units of columns, if the file names them
    notes: list[str] = field(default_factory=list)  # how it was read, and what was left out
    remarks: dict[str, str] = field(default_factory=dict)  # how single columns were read
    cells: dict[str, pa.ChunkedArray] = field(default_factory=dict)
    """Cells of the columns that hold some text, as strings or dictionary-encoded. Long texts are not kept, nor are the
    texts of a table with many columns."""
    style: Style = field(default_factory=Style)  # format of the numbers in ``cells``
    rate: Rate | None = None
    """Of the rows, as a description above the table gives it: for tables without a column of times."""
    is_message: bool = False
    """The columns are the fields of one topic's messages. In other tables, ``imu.x`` belongs to a topic ``imu``."""

    @property
    def names(self) -> list[str]:
        """Names of all columns: those of numbers and times first."""
        return [*self.columns, *self.texts]

    def shorten_names(self) -> None:
        """Take the name of the sheet away from the names of its columns."""
        for part in (self.columns, self.units):
            parts = {name.removeprefix(f"{self.name}."): value for name, value in part.items()}
            part.clear()
            part.update(parts)

    def drop(self, name: str) -> None:
        """Remove a column."""
        for part in (self.columns, self.texts, self.cells, self.remarks):
            part.pop(name, None)

    def add_columns_of(self, other: "Sheet") -> None:
        """Add the columns of another sheet with as many rows."""
        self.columns |= other.columns
        self.texts |= other.texts
        self.cells |= other.cells
        self.remarks |= other.remarks

    @property
    def rows(self) -> int:
        """Number of rows."""
        return max(map(len, self.columns.values()), default=0)

    def turn_round(self) -> None:
        """Put the last row first."""
        for part in (self.columns, self.cells):
            part.update({name: column[::-1] for name, column in part.items()})


def is_number(column: pa.ChunkedArray) -> bool:
    """Return whether a column holds numbers."""
    kind = column.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def is_whole(column: pa.ChunkedArray) -> bool:
    """Return whether a column holds whole numbers, of any type."""
    if pa.types.is_floating(column.type):
        numbers = pc.drop_null(column).to_numpy()
        return bool(len(numbers) and (np.floor(numbers) == numbers).all())
    return bool(pa.types.is_integer(column.type))


def as_floats(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of numbers as (rows,) float64, NaN for an empty or unknown value."""
    return pc.fill_null(pc.cast(column, pa.float64(), safe=False), float("nan")).to_numpy()


def stem(path: Path) -> str:
    """Return the name of a file up to its first point, for a topic."""
    return path.name.split(".")[0] or path.name


def check_memory(path: Path, size: int) -> None:
    """Check that the columns of a table, of ``size`` bytes, fit into their share of the memory.

    Raises RecordingError if they do not.
    """
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    limit = int(MEMORY_SHARE * (there if allowed == resource.RLIM_INFINITY else min(there, allowed)))
    if size > limit:
        raise RecordingError(
            f"{path} holds {size >> 20} MB of columns or more; expected {limit >> 20} MB at most, which is an eighth "
            "of this machine's memory: split it, or leave columns out."
        )
