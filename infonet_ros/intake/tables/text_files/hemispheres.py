"""Columns of a table that hold latitude, N or S, longitude, E or W, as the sentences of GPS receivers do."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.coordinates import NEGATIVE
from infonet_ros.intake.tables.cells.numbers import trimmed
from infonet_ros.intake.tables.sheet import Sheet, is_number

_MOST_DEGREES = 90.0, 180.0


def join_hemispheres(sheet: Sheet, names: Sequence[str]) -> None:
    """Give latitudes and longitudes the signs of the letters behind them, and read degrees and minutes as degrees.

    ``names`` are all columns in their order. 4807.038 is 48 degrees and 7.038 minutes, if one of the numbers is too
    large for degrees.
    """
    for latitude, north, longitude, east in zip(names, names[1:], names[2:], names[3:], strict=False):
        angles = [sheet.columns.get(name) for name in (latitude, longitude)]
        letters = [_letters(sheet, north, "NS"), _letters(sheet, east, "EW")]
        if any(column is None or not is_number(column) for column in angles) or None in letters:
            continue
        largest = [pc.max(pc.abs(column)).as_py() or 0.0 for column in angles]
        minutes = any(most > limit for most, limit in zip(largest, _MOST_DEGREES, strict=True))
        for name, column, letter in zip((latitude, longitude), angles, letters, strict=True):
            degrees = _with_minutes(column) if minutes else column
            sheet.columns[name] = pc.if_else(pc.is_in(letter, value_set=NEGATIVE), pc.negate(degrees), degrees)
        for name in (north, east):
            sheet.drop(name)
        how = ", and hold degrees and minutes: 4807.038 is 48 degrees and 7.038 minutes" if minutes else ""
        sheet.notes.append(
            f"columns {latitude!r} and {longitude!r} have their signs in the columns behind them (N, S, E, W){how}"
        )


def _letters(sheet: Sheet, name: str, two: str) -> pa.ChunkedArray | None:
    """Return the cells of a column that holds only one or two given letters; None for another column."""
    cells = sheet.cells.get(name)
    if cells is None:
        return None
    letters = trimmed(pc.cast(cells, pa.string()))
    there = set(pc.unique(letters).to_pylist()) - {None}
    return letters if there and there <= {*two} else None


def _with_minutes(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return degrees for numbers of three digits for degrees and two for minutes."""
    whole = pc.trunc(pc.divide(pc.cast(numbers, pa.float64()), 100.0))
    return pc.add(whole, pc.divide(pc.subtract(numbers, pc.multiply(whole, 100.0)), 60.0))
