"""From a table to its streams: the columns of one topic, or of several, whose names have groups.

Columns of two words become 0 and 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.messages.reductions import ANGLES
from infonet_ros.intake.tables.cells.dates import BEYOND
from infonet_ros.intake.tables.cells.names import group_and_rest, path_of
from infonet_ros.intake.tables.cells.numbers import trimmed
from infonet_ros.intake.tables.columns.fills import without_fills
from infonet_ros.intake.tables.columns.quaternions import find_quaternions
from infonet_ros.intake.tables.columns.streams import Stream
from infonet_ros.intake.tables.sheet import is_number
from infonet_ros.intake.tables.table_files import Table, first_text
from infonet_ros.intake.tables.times.stamps import on_shared_times
from infonet_ros.text import shorten, unique_name

_MOST_SENTENCES = 8
_FEWEST_CELLS = 3  # of each of two words: fewer are not a state
_LONGEST_WORD = 40


def streams_of(table: Table, topic: str, *, grouped: bool) -> tuple[dict[str, Stream], list[str]]:
    """Make streams, by topic, of those columns of a table that have numbers, and sentences about the columns.

    The table's clock has stamps. A stream is made for the whole table, or one for each group of names if ``grouped``,
    see `group_and_rest`.
    """
    sheet, clock = table.sheet, table.clock
    known = np.flatnonzero(clock.stamps > BEYOND)
    order = known[np.argsort(clock.stamps[known], kind="stable")]
    stamps = clock.stamps[order]
    notes = without_fills(sheet, clock.names)
    streams: dict[str, Stream] = {}
    empty: list[str] = []
    for name, column in _with_two_words(table, notes).items():
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
            stream.texts[name] = first_text(column)
    if not any(column.null_count for column in sheet.columns.values()):
        notes += on_shared_times(clock, stamps)
    if empty:
        notes.append(f"empty columns are left out: {shorten(', '.join(empty), 80)}")
    for stream in streams.values():
        stream.quaternions = find_quaternions(stream.columns)
        notes += _on_quaternions(stream.quaternions) if stream.columns else on_texts(stream.texts)
    return {group: stream for group, stream in streams.items() if stream.columns}, notes


def on_texts(texts: Mapping[str, str]) -> list[str]:
    """Say which columns are left out because they hold text."""
    if len(texts) > _MOST_SENTENCES:
        return [f"{len(texts)} columns hold text, not numbers"]
    return [f"column {name!r} holds text, not numbers (such as {shorten(text, 40)!r})" for name, text in texts.items()]


def _with_two_words(table: Table, notes: list[str]) -> dict[str, Any]:
    """Return the columns of a table but those of its time; columns of two words become numbers."""
    sheet = table.sheet
    columns: dict[str, Any] = {**sheet.columns, **sheet.texts}
    for name in table.clock.names:
        columns.pop(name, None)
    words = {name: column for name, column in sheet.columns.items() if pa.types.is_string(column.type)}
    words |= {name: cells for name, cells in sheet.cells.items() if name in sheet.texts}
    for name, cells in words.items():
        if name in columns and (found := _as_truth(cells)):
            columns[name], (false, true) = found
            notes.append(
                f"column {name!r} holds two words, read as numbers: {shorten(false, 40)!r} is 0, {shorten(true, 40)!r} "
                "is 1"
            )
    return columns


def _on_quaternions(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which columns are quaternions, by the name of each."""
    angles = {name: ", ".join(f"{name}|{angle}" for angle in ANGLES) for name in found}
    return [
        f"columns {', '.join(parts)} are x, y, z, w of a quaternion, read as {angles[name]}"
        for name, parts in found.items()
    ]


def _as_truth(cells: pa.ChunkedArray) -> tuple[pa.ChunkedArray, tuple[str, str]] | None:
    """Return a column of two words as 0 for the first word and 1 for the other, and both words; None for others."""
    texts = trimmed(pc.cast(cells, pa.string()))
    counts = pc.value_counts(pc.drop_null(texts)).to_pylist()
    words = [count["values"] for count in counts]
    if (
        len(words) != 2
        or min(count["counts"] for count in counts) < _FEWEST_CELLS
        or max(map(len, words)) > _LONGEST_WORD
    ):
        return None
    places = pc.index_in(texts, value_set=pa.array(words))
    return pc.cast(places, pa.float64()), (words[0], words[1])
