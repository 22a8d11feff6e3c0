"""Tables with a time column: each file, or each group of columns of a single file, is read as a topic.

In a single file, columns whose names are equal up to the last ``/`` or ``.`` are one group, as in the exports of
PlotJuggler. The others are the group ``table``. Of several files, each is a topic with the name of the file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.messages.paths import without_rate
from infonet_ros.intake.messages.reductions import ANGLES
from infonet_ros.intake.recording import NumericField, Piece, Sample, Topic
from infonet_ros.intake.tables.cells.dates import BEYOND
from infonet_ros.intake.tables.cells.line_cells import is_value
from infonet_ros.intake.tables.cells.names import TABLE_TYPE, group_and_rest, path_of
from infonet_ros.intake.tables.columns.filled_in import without_fills
from infonet_ros.intake.tables.columns.quaternions import find_quaternions
from infonet_ros.intake.tables.columns.streams import Stream, StreamPart, column_of, merged, merged_pieces
from infonet_ros.intake.tables.columns.two_words import as_truth
from infonet_ros.intake.tables.formats.dataflash import read_dataflash
from infonet_ros.intake.tables.formats.empatica import read_empatica
from infonet_ros.intake.tables.formats.fit import read_fit
from infonet_ros.intake.tables.formats.logs import read_log
from infonet_ros.intake.tables.formats.motion_capture import read_motion_capture
from infonet_ros.intake.tables.formats.records import read_records, split_cells
from infonet_ros.intake.tables.series.long_tables import split_series
from infonet_ros.intake.tables.sheet import Sheet, is_number
from infonet_ros.intake.tables.text_files.text_source import Text, check_table
from infonet_ros.intake.tables.text_files.text_table import read_text_table
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.intake.tables.times.runs import are_numbered_runs, number_of_run, separate_runs
from infonet_ros.intake.tables.times.several_times import split_by_times
from infonet_ros.intake.tables.times.stamps import on_shared_times, set_stamps
from infonet_ros.intake.tables.times.time_columns import find_clock
from infonet_ros.intake.times_apart import overlapping, shifted
from infonet_ros.settings import Modality
from infonet_ros.text import NANOSECONDS, attributed, counted, did_you_mean, listed, shorten, unique_name

# Each returns None for a file of another format.
_TEXT_READERS = (read_dataflash, read_empatica, read_fit, read_motion_capture, read_records)
_LAST_SECOND = 2**31 - 1  # of a ROS stamp
_MOST_SENTENCES = 8
_MOST_ALIKE = 50  # clocks whose unit is judged together


class Tables:
    """One recording in one or more tables.

    An empty cell means that the row has no value in its column. The value ``nan``, and text in a column of numbers,
    are unknown values. If a ROS stamp cannot hold the times, such as times before zero, all times are moved by the
    same number of whole seconds.

    Parameters
    ----------
    paths : sequence of Path
        Tables of text, also compressed, or what `read_log` reads.
    time : str, optional
        Name of the time column; by default it is found by usual names or by its content.
    unit : str
        Unit of the time column: one of `UNITS`, or "auto", which uses the column's name, else judges by the numbers.

    Raises
    ------
    RecordingError
        On entering: a file does not exist, is empty, is not a table of numbers, or has no time column.
    """

    kind = "table"

    def __init__(self, paths: Sequence[Path], time: str | None = None, unit: str = "auto") -> None:
        self.label = ", ".join(path.name for path in paths)
        self.unstamped: set[str] = set()
        self.notices: list[str] = []
        self._paths = list(paths)
        self._time = time
        self._unit = unit
        self._streams: dict[str, Stream] = {}
        self._notes: dict[str, dict[str, None]] = {}

    def __enter__(self) -> "Tables":
        self.notices, self._streams, self._notes = [], {}, {}
        tables = self._all_tables()
        for table in tables:
            alike = (other.clock for other in tables if other.clock.names == table.clock.names and other is not table)
            set_stamps(table.clock, table.path, self._unit, [*islice(alike, _MOST_ALIKE)])
        self._separate_runs(tables)
        for table in tables:
            self._note(table.path, (*table.sheet.notes, *table.sheet.remarks.values(), *table.clock.notes))
            is_message = table.is_series or table.sheet.is_message
            self._add(table, grouped=len(tables) == len(self._paths) == 1 and not is_message)
        self._collect_notices()
        self._join_parts()
        self._keep_one_clock()
        self._move_to_ros_stamps()
        self.start = min(int(stream.stamps[0]) for stream in self._streams.values())
        self.end = max(int(stream.stamps[-1]) for stream in self._streams.values())
        return self

    def __exit__(self, *exception: object) -> None:
        self._streams = {}

    @property
    def topics(self) -> Mapping[str, Topic]:
        """Tables, or groups of columns, by name; the count is the number of rows."""
        return {name: Topic(name, TABLE_TYPE, len(stream.stamps)) for name, stream in self._streams.items()}

    def fields(self, topic: str) -> tuple[list[NumericField], list[str]]:
        """Return the columns of a topic, and sentences about columns of text."""
        stream = self._streams[topic]
        return [NumericField(path, 0) for path in stream.paths], _on_texts(stream.texts)

    def fitting(self, topics: Mapping[str, bool]) -> tuple[list[str], list[str]]:
        """Return all topics: files that do not fit are left out on entering."""
        return list(topics), []

    def behind(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Return no topics: rows have no time of recording besides their stamps."""
        return {}

    def set_ahead(self, topics: Iterable[str]) -> None:
        """Leave all times as they are."""

    def samples(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Sample]:
        """Read the rows from ``start`` to before ``stop``, in the order of time."""
        return merged([self._part(modality, start, stop) for modality in modalities])

    def pieces(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Piece]:
        """Read the same in short pieces."""
        return merged_pieces([self._part(modality, start, stop) for modality in modalities])

    def _part(self, modality: Modality, start: int, stop: int) -> StreamPart:
        stream = self._streams[modality.topic]
        for path in modality.channels:
            name = column_of(path)
            if name not in stream.columns and without_rate(path) not in stream.paths:
                hint = did_you_mean(name, stream.columns)
                raise ConfigurationError(
                    f"{self.label} has no column {name!r} in the group {modality.topic!r}{hint}: it has "
                    f"{listed(stream.paths)}."
                )
        first, last = np.searchsorted(stream.stamps, (start, stop))
        return StreamPart.of(modality, stream, slice(int(first), int(last)))

    def _name(self, path: Path) -> str:
        """Return the name of a file, or its whole path if several files have that name."""
        return path.name if sum(path.name == other.name for other in self._paths) == 1 else str(path)

    def _note(self, path: Path, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self._notes.setdefault(sentence, {})[self._name(path)] = None

    def _collect_notices(self) -> None:
        """Report each sentence once, with the names of its files."""
        notices = {f"{sentence}.": list(names) for sentence, names in self._notes.items()}
        self.notices += attributed(notices, len(self._paths))

    def _all_tables(self) -> list["_Table"]:
        """Read all files; of several files, those without a time or without numbers are left out."""
        for path in self._paths:
            check_table(path)
        tables: list[_Table] = []
        errors: list[RecordingError] = []
        for path in self._paths:
            try:
                tables += self._read(path)
            except RecordingError as error:
                errors.append(error)
                self._note(path, [f"left out: {str(error).removesuffix('.')}"])
        if not tables:
            raise errors[0]
        return tables

    def _read(self, path: Path) -> list["_Table"]:
        """Read a file, and find the time of each table in it; of several tables, those without a time are left out."""
        tables: list[_Table] = []
        errors: list[RecordingError] = []
        left_out: list[str] = []
        for sheet, time in self._sheets(path):
            try:
                _check_size(sheet, path)
                for part, clock in split_series(sheet, find_clock(sheet, path, time)):
                    table = _Table(path, part, clock, is_series=part is not sheet)
                    table.check_numbers()
                    if table.is_series and len(self._paths) > 1:
                        part.name = f"{sheet.name}/{part.name}"
                    tables.append(table)
            except RecordingError as error:
                errors.append(error)
                left_out.append(f"{sheet.name} is left out: no two rows with a time and a number")
        if not tables:
            raise errors[0]
        self._note(path, left_out)
        return tables

    def _sheets(self, path: Path) -> Iterator[tuple[Sheet, str | None]]:
        """Go through the sheets of a file, and the names of their time columns if they are known."""
        for sheet in _read_sheets(path):
            split_cells(sheet, path)
            if self._time is None and (parts := split_by_times(sheet)):
                yield from parts
            else:
                yield sheet, self._time

    def _add(self, table: "_Table", grouped: bool) -> None:
        """Make streams of the columns of a table: one stream, or one for each group of names."""
        sheet, clock = table.sheet, table.clock
        assert clock.stamps is not None
        known = np.flatnonzero(clock.stamps > BEYOND)
        order = known[np.argsort(clock.stamps[known], kind="stable")]
        stamps = clock.stamps[order]
        topic = unique_name(sheet.name, self._streams)
        self._note(table.path, without_fills(sheet, clock.names))
        streams: dict[str, Stream] = {}
        empty: list[str] = []
        for name, column in self._with_two_words(table).items():
            if name in clock.names:
                continue
            if not isinstance(column, str) and column.null_count == len(column):
                empty.append(name)
                continue
            group, leaf = group_and_rest(name) if grouped else (topic, name)
            stream = streams.setdefault(group, Stream(table.path, stamps, order))
            if isinstance(column, str):
                stream.texts[name] = column
            elif is_number(column):
                stream.columns[unique_name(path_of(leaf), stream.columns)] = column
            else:
                stream.texts[name] = _first_cell(column)
        if not any(map(_has_gaps, sheet.columns.values())):
            self._note(table.path, on_shared_times(clock, stamps))
        if empty:
            self._note(table.path, [f"empty columns are left out: {shorten(', '.join(empty), 80)}"])
        for group, stream in streams.items():
            if stream.columns:
                self._streams[group] = stream
                stream.quaternions = find_quaternions(stream.columns)
                self._note(table.path, _on_quaternions(stream.quaternions))
            else:
                self._note(table.path, _on_texts(stream.texts))

    def _with_two_words(self, table: "_Table") -> dict[str, Any]:
        """Return the columns of a table; columns of two words become numbers."""
        sheet = table.sheet
        columns: dict[str, Any] = {**sheet.columns, **sheet.texts}
        words = {name: column for name, column in sheet.columns.items() if pa.types.is_string(column.type)}
        words |= {name: cells for name, cells in sheet.cells.items() if name in sheet.texts}
        for name, cells in words.items():
            if name in table.clock.names:
                continue
            if found := as_truth(cells):
                columns[name], (false, true) = found
                self._note(
                    table.path,
                    [
                        f"column {name!r} holds two words, read as numbers: {shorten(false, 40)!r} is 0, "
                        f"{shorten(true, 40)!r} is 1"
                    ],
                )
        return columns

    def _separate_runs(self, tables: list["_Table"]) -> None:
        """Arrange times that begin again: one run behind the other, if all runs are of one logger."""
        numbered = len(tables) > 1 and are_numbered_runs([table.sheet.columns for table in tables])
        if numbered:
            tables = sorted(tables, key=lambda table: number_of_run(table.sheet.columns) or 0.0)
        separate_runs([table.clock for table in tables], of_one_logger=numbered or len(tables) == 1)

    def _join_parts(self) -> None:
        """Join files that are parts of one log: they have the same columns, and each begins where another ends."""
        in_order = sorted(self._streams.items(), key=lambda stream: int(stream[1].stamps[0]))
        joined: dict[str, tuple[Stream, list[str]]] = {}
        for name, stream in in_order:
            before = next((n for n, (part, _) in joined.items() if part.continues_in(stream)), None)
            if before is None:
                joined[name] = stream, [self._name(stream.path)]
            else:
                part, files = joined[before]
                joined[before] = part.joined(stream), [*files, self._name(stream.path)]
        for name, (_, files) in joined.items():
            if len(files) > 1:
                self.notices.append(f"{listed(files)} are parts of one log, and read as the topic {name}.")
        self._streams = {name: joined[name][0] for name in self._streams if name in joined}

    def _keep_one_clock(self) -> None:
        """Leave out files whose times lie apart from those of the others."""
        spans: dict[str, tuple[int, int]] = {}
        rows: dict[str, int] = {}
        for stream in self._streams.values():
            name = self._name(stream.path)
            first, last = spans.get(name, (stream.stamps[0], stream.stamps[-1]))
            spans[name] = int(min(first, stream.stamps[0])), int(max(last, stream.stamps[-1]))
            rows[name] = rows.get(name, 0) + len(stream.stamps)
        kept, notices = overlapping(spans, rows)
        self.notices += [*notices, *shifted({name: spans[name] for name in kept})]
        self._streams = {name: stream for name, stream in self._streams.items() if self._name(stream.path) in kept}

    def _move_to_ros_stamps(self) -> None:
        """Move all stamps so that results can hold them, and report by how much."""
        begin = min(int(stream.stamps[0]) for stream in self._streams.values())
        first = begin // NANOSECONDS
        last = max(int(stream.stamps[-1]) for stream in self._streams.values()) // NANOSECONDS
        if first >= 0 and last <= _LAST_SECOND:
            return
        if last - first > _LAST_SECOND:
            raise RecordingError(
                f"the times of {self.label} reach from {first} s to {last} s: expected less than 68 years; name their "
                "unit with --time-unit, or remove the rows whose times are far from the others."
            )
        self.notices.append(
            f"times begin at {begin / NANOSECONDS:.10g} s, and ROS stamps reach from 0 to {_LAST_SECOND} s: the "
            f"results give all times {'plus' if first < 0 else 'minus'} {abs(first)} s."
        )
        for stream in self._streams.values():
            stream.stamps = stream.stamps - first * NANOSECONDS


def _check_size(sheet: Sheet, path: Path) -> None:
    width = len(sheet.names)
    if not sheet.rows or width < 2:
        raise RecordingError(
            f"{path} is not a readable table: it has {sheet.rows} rows and {counted(width, 'column')}; expected a time "
            f"column, one more column and at least one row. {shorten('; '.join(sheet.notes), 200)}".rstrip()
        )


@dataclass
class _Table:
    """A sheet, or one series of a long table, with its file and its time."""

    path: Path
    sheet: Sheet
    clock: Clock
    is_series: bool = False

    def check_numbers(self) -> None:
        """Reject a table without a column of numbers besides its time."""
        others = {name: column for name, column in self.sheet.columns.items() if name not in self.clock.names}
        if any(is_number(column) and column.null_count < len(column) for column in others.values()):
            return
        texts = [*self.sheet.texts.items(), *((name, _first_cell(column)) for name, column in others.items())]
        held = next((f"{name!r} holds {shorten(text, 40)!r}" for name, text in texts if text), "all others are empty")
        raise RecordingError(
            f"{self.path} has no column of numbers besides its time {self.clock.label}: {held}; expected numbers such "
            "as -0.5 in at least one column."
        )


def _has_gaps(column: pa.ChunkedArray) -> bool:
    return column.null_count > 0


def _first_cell(column: pa.ChunkedArray) -> str:
    """Return the first cell that is no number, else the first; empty without a cell."""
    cells = [str(cell) for cell in column.to_pylist() if cell is not None]
    return next((cell for cell in cells if not is_value(cell)), next(iter(cells), ""))


def _on_quaternions(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which columns are quaternions, by the name of each."""
    angles = {name: ", ".join(f"{name}|{angle}" for angle in ANGLES) for name in found}
    return [
        f"columns {', '.join(parts)} are x, y, z, w of a quaternion, read as {angles[name]}"
        for name, parts in found.items()
    ]


def _on_texts(texts: Mapping[str, str]) -> list[str]:
    """Say which columns are left out because they hold text."""
    if len(texts) > _MOST_SENTENCES:
        return [f"{len(texts)} columns hold text, not numbers"]
    return [f"column {name!r} holds text, not numbers (such as {shorten(text, 40)!r})" for name, text in texts.items()]


def _read_sheets(path: Path) -> list[Sheet]:
    if sheets := read_log(path):
        return sheets
    text = Text.of(path)
    for read in _TEXT_READERS:
        if sheets := read(text):
            return sheets
    return [read_text_table(path)]
