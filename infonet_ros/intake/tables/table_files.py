"""From a file to its tables: each of its sheets, or each series of a long one, with its time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.line_cells import is_value
from infonet_ros.intake.tables.formats.dataflash import read_dataflash
from infonet_ros.intake.tables.formats.decoded_can import read_decoded_can
from infonet_ros.intake.tables.formats.empatica import read_empatica
from infonet_ros.intake.tables.formats.logs import read_log
from infonet_ros.intake.tables.formats.motion_capture import read_motion_capture
from infonet_ros.intake.tables.formats.named_cells import read_named_cells
from infonet_ros.intake.tables.formats.records import read_records, split_cells
from infonet_ros.intake.tables.series.groups_in_time import split_by_times
from infonet_ros.intake.tables.series.long_tables import split_series
from infonet_ros.intake.tables.sheet import Sheet, is_number
from infonet_ros.intake.tables.text_files.text_source import Text
from infonet_ros.intake.tables.text_files.text_table import read_text_table
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.intake.tables.times.clock_search import find_clock, grows
from infonet_ros.text import counted, shorten

# Each returns None for a file of another format.
_TEXT_READERS = (read_dataflash, read_decoded_can, read_empatica, read_named_cells, read_motion_capture, read_records)


@dataclass
class Table:
    """A sheet, or one series of a long table (``is_series``), with its file and its time."""

    path: Path
    sheet: Sheet
    clock: Clock
    is_series: bool = False


def read_tables(
    path: Path, time: str | None, rate: float | None, *, among_files: bool, times: pa.ChunkedArray | None = None
) -> tuple[list[Table], list[str]]:
    """Read a file, and find the time of each table in it, by the name of the column or the rate if they are given.

    The times may be numbers in a unit that is not known yet. Also returns sentences about the other sheets of the file,
    which have no time or no numbers. If other files are read, too, each series is called after its file as well;
    ``times`` are the times of all rows from another file. Raises RecordingError if no table in it has a time and
    numbers.
    """
    tables: list[Table] = []
    errors: list[RecordingError] = []
    left_out: list[str] = []
    for sheet, known_time in _sheets(path, time):
        if times is not None and len(times) == sheet.rows:
            sheet.columns = {"time": times} | sheet.columns
        try:
            _check_size(sheet, path)
            for part, clock in split_series(sheet, find_clock(sheet, path, known_time, rate)):
                table = Table(path, part, clock, is_series=part is not sheet)
                _check_numbers(table)
                if table.is_series and among_files:
                    part.name = f"{sheet.name}/{part.name}"
                tables.append(table)
        except RecordingError as error:
            errors.append(error)
            left_out.append(f"{sheet.name} is left out: no two rows with a time and a number")
    if not tables:
        raise errors[0]
    return tables, left_out


def lone_times(path: Path) -> pa.ChunkedArray | None:
    """Return the only column of a file if its numbers grow: times of the rows of other files; None for another file."""
    try:
        columns = [column for sheet in _read_sheets(path) for column in sheet.columns.values()]
    except RecordingError:
        return None
    return columns[0] if len(columns) == 1 and is_number(columns[0]) and grows(columns[0], 1.0) else None


def first_text(column: pa.ChunkedArray) -> str:
    """Return the first cell that is no number, else the first; empty without a cell."""
    cells = [str(cell) for cell in column.to_pylist() if cell is not None]
    return next((cell for cell in cells if not is_value(cell)), next(iter(cells), ""))


def _sheets(path: Path, time: str | None) -> Iterator[tuple[Sheet, str | None]]:
    """Go through the sheets of a file, and the names of their time columns if they are known."""
    for sheet in _read_sheets(path):
        split_cells(sheet, path)
        if time is None and (parts := split_by_times(sheet)):
            yield from parts
        else:
            yield sheet, time


def _read_sheets(path: Path) -> list[Sheet]:
    if sheets := read_log(path):
        return sheets
    text = Text.of(path)
    for read in _TEXT_READERS:
        if sheets := read(text):
            return sheets
    return [read_text_table(path)]


def _check_size(sheet: Sheet, path: Path) -> None:
    width = len(sheet.names)
    if not sheet.rows or width < 2:
        raise RecordingError(
            f"{path} is not a readable table: it has {counted(sheet.rows, 'row')} and {counted(width, 'column')}; "
            f"expected a time column, one more column and at least one row. "
            f"{shorten('; '.join(sheet.notes), 200)}".rstrip()
        )


def _check_numbers(table: Table) -> None:
    """Reject a table without a column of numbers besides its time."""
    others = {name: column for name, column in table.sheet.columns.items() if name not in table.clock.names}
    if any(is_number(column) and column.null_count < len(column) for column in others.values()):
        return
    texts = [*table.sheet.texts.items(), *((name, first_text(column)) for name, column in others.items())]
    held = next((f"{name!r} holds {shorten(text, 40)!r}" for name, text in texts if text), "all others are empty")
    raise RecordingError(
        f"{table.path} has no column of numbers besides its time {table.clock.label}: {held}; expected numbers such as "
        "-0.5 in at least one column."
    )
