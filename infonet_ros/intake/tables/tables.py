"""Tables with a time column: each file, or each group of columns of a single file, is read as a topic.

In a single file, columns whose names are equal up to the last ``/`` or ``.`` are one group, as in the exports of
PlotJuggler. The others are the group ``table``. Of several files, each is a topic with the name of the file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.messages.paths import without_rate
from infonet_ros.intake.pieces import TopicPart
from infonet_ros.intake.recording import NumericField, Recording, Topic
from infonet_ros.intake.tables.cells.names import TABLE_TYPE
from infonet_ros.intake.tables.columns.streams import Stream, column_of, in_order, topic_part
from infonet_ros.intake.tables.table_files import Table, lone_times, read_tables
from infonet_ros.intake.tables.table_streams import on_texts, streams_of
from infonet_ros.intake.tables.text_files.text_source import check_table
from infonet_ros.intake.tables.times.runs import are_numbered_runs, number_of_run, separate_runs
from infonet_ros.intake.tables.times.stamps import set_stamps
from infonet_ros.intake.times_apart import overlapping, shifted
from infonet_ros.settings import Modality
from infonet_ros.text import LAST_SECOND, NANOSECONDS, attributed, counted, did_you_mean, listed, unique_name

_YEARS = 2 * 365 * 86_400 * NANOSECONDS  # no logger counts so long from its start
_MOST_ALIKE = 50  # clocks whose unit is judged together


class Tables(Recording):
    """One recording in one or more tables.

    An empty cell means that the row has no value in its column. The value ``nan``, and text in a column of numbers, are
    unknown values. If a ROS stamp cannot hold the times, such as times before zero, all times are moved by the same
    number of whole seconds. Raises RecordingError on entering if a file does not exist, is empty, is not a table of
    numbers, or has no time column.

    Parameters
    ----------
    paths : sequence of Path
        Tables of text, also compressed, or what `read_log` reads.
    time : str, optional
        Name of the time column; by default it is found by usual names or by its content.
    unit : str
        Unit of the time column: one of `UNITS`, or "auto", which uses the column's name, else judges by the numbers.
    rate : float, optional
        Rows per second, Hz, of tables that have no times, or times in a unit that is not known; else it has no effect.
    """

    kind = "table"

    def __init__(
        self, paths: Sequence[Path], time: str | None = None, unit: str = "auto", rate: float | None = None
    ) -> None:
        self.label = ", ".join(path.name for path in paths)
        self._notices: list[str] = []
        self._paths = list(paths)
        self._time = time
        self._unit = unit
        self._rate = rate
        self._streams: dict[str, Stream] = {}
        self._notes: dict[str, dict[str, None]] = {}

    def __enter__(self) -> "Tables":
        self._notices, self._streams, self._notes = [], {}, {}
        tables = self._with_stamps(self._all_tables())
        numbered = self._separate_runs(tables)
        for table in tables:
            self._add(table, grouped=len(tables) == len(self._paths) == 1)
        notices = {f"{sentence}.": list(names) for sentence, names in self._notes.items()}
        self._notices += attributed(notices, len(self._paths))
        self._join_parts(of_one_file=numbered)
        self._leave_out_unset()
        self._keep_one_clock()
        self._move_to_ros_stamps()
        self.start = min(int(stream.stamps[0]) for stream in self._streams.values())
        self.end = max(int(stream.stamps[-1]) for stream in self._streams.values())
        return self

    def __exit__(self, *exception: object) -> None:
        self._streams = {}

    @property
    def notices(self) -> Sequence[str]:
        """Sentences about how the tables were read, and what was left out."""
        return self._notices

    @property
    def topics(self) -> Mapping[str, Topic]:
        """Tables, or groups of columns, by name; the count is the number of rows."""
        return {name: Topic(name, TABLE_TYPE, len(stream.stamps)) for name, stream in self._streams.items()}

    def fields(self, topic: str) -> tuple[list[NumericField], list[str]]:
        """Return the columns of a topic, and sentences about columns of text."""
        stream = self._streams[topic]
        return [NumericField(path, 0) for path in stream.paths], on_texts(stream.texts)

    def parts(
        self, modalities: Sequence[Modality], start: int, stop: int
    ) -> Iterator[tuple[list[TopicPart], np.ndarray]]:
        """Read some thousand rows at a time; their stamps are also the times of recording."""
        return in_order([self._part(modality, start, stop) for modality in modalities])

    def _part(self, modality: Modality, start: int, stop: int) -> TopicPart:
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
        return topic_part(modality, stream, slice(int(first), int(last)))

    def _name(self, path: Path) -> str:
        """Return the name of a file, or its whole path if several files have that name."""
        return path.name if sum(path.name == other.name for other in self._paths) == 1 else str(path)

    def _note(self, path: Path, sentences: Iterable[str]) -> None:
        """Keep each sentence once, with the names of its files."""
        for sentence in sentences:
            self._notes.setdefault(sentence, {})[self._name(path)] = None

    def _all_tables(self) -> list[Table]:
        """Read all files; of several files, those without a time or without numbers are left out."""
        for path in self._paths:
            check_table(path)
        tables: list[Table] = []
        errors: dict[Path, RecordingError] = {}
        for path in self._paths:
            try:
                found, left_out = read_tables(path, self._time, self._rate, among_files=len(self._paths) > 1)
            except RecordingError as error:
                errors[path] = error
            else:
                tables += found
                self._note(path, left_out)
        if len(errors) > 1:
            tables += self._with_times_of_another(errors)
        for path, reason in errors.items():
            if not tables:
                raise reason
            self._note(path, [f"left out: {str(reason).removesuffix('.')}"])
        return tables

    def _with_times_of_another(self, errors: dict[Path, RecordingError]) -> list[Table]:
        """Read those files with errors that have as many rows as another holds times, and delete their errors."""
        lone = {path: times for path in errors if (times := lone_times(path)) is not None}
        tables: list[Table] = []
        for source, times in lone.items() if len(lone) == 1 else ():
            for path in [path for path in errors if path != source]:
                with suppress(RecordingError):
                    found, left_out = read_tables(path, None, None, among_files=True, times=times)
                    tables += found
                    del errors[path]
                    self._note(path, [*left_out, f"its times are those in {self._name(source)}"])
                    errors.pop(source, None)
        return tables

    def _with_stamps(self, tables: list[Table]) -> list[Table]:
        """Give tables stamps; of several, those whose times are none are left out."""
        kept: list[Table] = []
        errors: list[RecordingError] = []
        for table in tables:
            alike = (other.clock for other in tables if other.clock.names == table.clock.names and other is not table)
            try:
                set_stamps(table.clock, table.path, self._unit, [*islice(alike, _MOST_ALIKE)])
                kept.append(table)
            except RecordingError as error:
                errors.append(error)
                self._note(table.path, [f"{table.sheet.name} is left out: {str(error).removesuffix('.')}"])
        if not kept:
            raise errors[0]
        return kept

    def _separate_runs(self, tables: list[Table]) -> bool:
        """Arrange times that begin again: runs of one logger one behind the other. Return whether runs have numbers."""
        numbered = len(tables) > 1 and are_numbered_runs([table.sheet for table in tables])
        if numbered:
            tables = sorted(tables, key=lambda table: number_of_run(table.sheet) or 0.0)
        separate_runs([table.clock for table in tables], numbered=numbered, of_one_file=len(self._paths) == 1)
        return numbered

    def _add(self, table: Table, *, grouped: bool) -> None:
        """Add the streams of a table: one for each group of names if ``grouped``, but not of messages or series."""
        sheet = table.sheet
        self._note(table.path, (*sheet.notes, *sheet.remarks.values(), *table.clock.notes))
        topic = unique_name(sheet.name, self._streams)
        streams, notes = streams_of(table, topic, grouped=grouped and not (table.is_series or sheet.is_message))
        self._streams |= streams
        self._note(table.path, notes)

    def _join_parts(self, of_one_file: bool) -> None:
        """Join parts of one log: they have the same columns, and each begins where another ends.

        Parts are files, or the tables ``of_one_file``, too.
        """
        in_order = sorted(self._streams.items(), key=lambda stream: int(stream[1].stamps[0]))
        joined: dict[str, tuple[Stream, list[str]]] = {}
        for name, stream in in_order:
            others = ((n, part) for n, (part, _) in joined.items() if of_one_file or part.path != stream.path)
            before = next((n for n, part in others if part.continues_in(stream)), None)
            own = self._name(stream.path) if len(self._paths) > 1 else name
            if before is None:
                joined[name] = stream, [own]
            else:
                part, names = joined[before]
                joined[before] = part.joined(stream), [*names, own]
        for name, (_, names) in joined.items():
            if len(names) > 1:
                self._notices.append(f"{listed(names)} are parts of one log, and read as the topic {name}.")
        self._streams = {name: joined[name][0] for name in self._streams if name in joined}

    def _leave_out_unset(self) -> None:
        """Leave out rows whose time is 0, which nobody has set, where most topics begin years after it."""
        begins = sorted(int(stream.stamps[0]) for stream in self._streams.values())
        if begins[len(begins) // 2] < _YEARS:
            return
        known = {name: stream.stamps != 0 for name, stream in self._streams.items()}
        unset = {name: int(np.count_nonzero(~own)) for name, own in known.items() if not own.all()}
        if not unset:
            return
        rows = counted(sum(unset.values()), "row")
        self._notices.append(f"{rows} of {listed(unset)} left out, whose time is 0: nobody has set it.")
        self._streams = {
            name: replace(stream, stamps=stream.stamps[known[name]], order=stream.order[known[name]])
            for name, stream in self._streams.items()
            if known[name].any()
        }

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
        self._notices += [*notices, *shifted({name: spans[name] for name in kept})]
        self._streams = {name: stream for name, stream in self._streams.items() if self._name(stream.path) in kept}

    def _move_to_ros_stamps(self) -> None:
        """Move all stamps so that results can hold them, and report by how much."""
        begin = min(int(stream.stamps[0]) for stream in self._streams.values())
        first = begin // NANOSECONDS
        last = max(int(stream.stamps[-1]) for stream in self._streams.values()) // NANOSECONDS
        if first >= 0 and last <= LAST_SECOND:
            return
        if last - first > LAST_SECOND:
            raise RecordingError(
                f"the times of {self.label} reach from {first} s to {last} s: expected less than 68 years; name their "
                "unit with --time-unit, or remove the rows whose times are far from the others."
            )
        self._notices.append(
            f"times begin at {begin / NANOSECONDS:.10g} s, and ROS stamps reach from 0 to {LAST_SECOND} s: the "
            f"results give all times {'plus' if first < 0 else 'minus'} {abs(first)} s."
        )
        for stream in self._streams.values():
            stream.stamps = stream.stamps - first * NANOSECONDS
