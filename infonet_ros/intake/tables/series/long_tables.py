"""Long tables: a row for each value, with the name of its signal, as brokers, historians and databases write them.

The rows ``0.00,temp,21.5`` and ``0.01,hum,40`` under ``time,name,value`` become two topics, ``temp`` and ``hum``, each
with the channel ``value`` and its own stamps.
"""

from collections.abc import Mapping
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.line_cells import is_value
from infonet_ros.intake.tables.cells.numbers import Numbers, Style, may_be_number, to_numbers, trimmed
from infonet_ros.intake.tables.series.name_columns import Names
from infonet_ros.intake.tables.series.series_names import names_by_place, names_of_series
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.text import counted, listed, printable, shorten

_SOME_WORDS = 1000
_MOST_REMARKS = 8


def split_series(sheet: Sheet, clock: Clock) -> list[tuple[Sheet, Clock]]:
    """Return a sheet and its time for each series of a long table.

    Any other table is returned as it is, and so is a long table whose series hold no numbers.
    """
    names = names_of_series(sheet, clock) or names_by_place(sheet, clock)
    if names is None:
        return [(sheet, clock)]
    order = np.argsort(names.codes, kind="stable")
    counts = np.bincount(names.codes + 1, minlength=len(names.names) + 1)
    ends = np.cumsum(counts)
    values = {column: cells.take(pa.array(order)) for column, cells in _values(sheet, clock, names).items()}
    ordered = clock.of_rows(order)
    series: dict[str, tuple[Sheet, Clock]] = {}
    remarks: list[str] = []
    for name, begin, end in zip(map(printable, names.names), ends, ends[1:], strict=False):
        own = ordered.of_rows(slice(begin, end))
        columns = _numbers(sheet, name, {n: cells.slice(begin, end - begin) for n, cells in values.items()}, remarks)
        if columns and own.varies:
            series[name] = Sheet(name, columns, units=sheet.units), own
    parts = {name: part for name, (part, _) in series.items()}
    notes = [*sheet.notes, *_notes(sheet, clock, names, parts), *_some(remarks)]
    notes += [text for column, text in sheet.remarks.items() if column in clock.names]
    for part in parts.values():
        part.notes = notes
    return list(series.values()) or [(sheet, clock)]


def _values(sheet: Sheet, clock: Clock, names: Names) -> dict[str, pa.ChunkedArray]:
    """Return the columns that may hold numbers of the series: as cells if some series hold text.

    A column with one number for each name only repeats the names, and is left out if there are others.
    """
    found: dict[str, pa.ChunkedArray] = {}
    repeating: dict[str, pa.ChunkedArray] = {}
    for name in sheet.names:
        column, cells = sheet.columns.get(name), sheet.cells.get(name)
        if name in (*clock.names, *names.columns):
            continue
        if column is not None and is_number(column) and name not in sheet.remarks:
            (repeating if _repeats_names(column, names) else found)[name] = column
        elif cells is not None and _may_hold_numbers(cells):
            found[name] = cells
    return found or repeating


def _repeats_names(column: pa.ChunkedArray, names: Names) -> bool:
    """Return whether a column has one number for each name."""
    values = as_floats(column)
    if np.isnan(values).any():
        return False
    numbers, codes = np.unique(values, return_inverse=True)
    return 1 < len(numbers) <= len(names.names) == len(np.unique(codes * (len(names.names) + 1) + names.codes))


def _may_hold_numbers(cells: pa.ChunkedArray) -> bool:
    words = (chunk.dictionary if pa.types.is_dictionary(cells.type) else chunk for chunk in cells.chunks)
    some = islice((word.as_py() for chunk in words for word in chunk), _SOME_WORDS)
    return any(is_value(word) or may_be_number(word) for word in some if word)


def _numbers(
    sheet: Sheet, series: str, part: Mapping[str, pa.ChunkedArray], remarks: list[str]
) -> dict[str, pa.ChunkedArray]:
    """Return the columns of a series that hold numbers, and add remarks on cells that are not numbers."""
    found = {}
    for name, column in part.items():
        numbers = Numbers(column) if is_number(column) else _numbers_of(column, sheet.style)
        if numbers is None or numbers.values.null_count == len(numbers.values):
            continue
        found[name] = numbers.values
        if numbers.odd:
            remarks.append(numbers.on_odd(f"column {name!r} of {shorten(series, 60)}", "such as"))
    return found


def _numbers_of(cells: pa.ChunkedArray, style: Style) -> Numbers | None:
    cells = trimmed(pc.cast(cells, pa.string()))
    try:
        return Numbers(cells.cast(pa.float64()))  # far faster than trying all forms of numbers
    except pa.ArrowInvalid:
        return to_numbers(cells, style)


def _some(remarks: list[str]) -> list[str]:
    rest = len(remarks) - _MOST_REMARKS
    return remarks if rest < 2 else [*remarks[:_MOST_REMARKS], f"{rest} more series have cells that are no numbers"]


def _notes(sheet: Sheet, clock: Clock, names: Names, series: Mapping[str, Sheet]) -> list[str]:
    columns = " and ".join(map(repr, names.columns))
    one = len(names.columns) == 1
    notes = [
        f"it is a long table: its rows are read as one series for each of {counted(len(names.names), 'name')} in "
        f"{'column' if one else 'columns'} {columns}, each with its own stamps ({listed(names.names)})"
        if names.columns
        else f"each time stands in {len(names.names)} rows, and their numbers are far apart, as of several devices: "
        f"their order tells the series ({listed(names.names)}); a column with the names of the devices is safer"
    ]
    if without := int(np.count_nonzero(names.codes < 0)):
        lack = f"a name in {columns}" if columns else "the rows of all devices at their time"
        notes.append(f"{counted(without, 'row')} without {lack} left out")
    if others := [name for name in names.names if printable(name) not in series]:
        notes.append(f"left out, without two rows with a time and a number: {listed(others, 80)}")
    read = {*names.columns, *clock.names, *(name for part in series.values() for name in part.columns)}
    if others := [name for name in sheet.names if name not in read]:
        notes.append(f"columns of text, or of one number for each name, are left out: {listed(others, 80)}")
    return notes
