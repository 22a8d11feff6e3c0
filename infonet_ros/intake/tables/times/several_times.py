"""Tables with several columns of times, each before its columns, as programs export trend plots.

Under ``Time,Speed,Time,Torque`` the torque has its own stamps, and as many rows as its time.
"""

import re
from itertools import pairwise

import numpy as np
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.time_units import is_named_time, without_unit
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.text import counted, shorten

_NUMBER = re.compile(r"[\s_.#-]*\d+$")
_STAMP = re.compile(r"(?i)^(.*?)[\s_./-]*(?:header[_./]stamp|time|timestamp|stamp)$")
_MOST_COLUMNS = 1000


def split_by_times(sheet: Sheet) -> list[tuple[Sheet, str]]:
    """Return a sheet and the name of its time for each column of times; nothing for a table with a single time."""
    names = list(sheet.columns)
    times = [name for name in names[:_MOST_COLUMNS] if _kind_of_time(name)]
    places = [*map(names.index, times), len(names)]
    groups = [names[begin:end] for begin, end in pairwise(places)]
    if len(times) < 2 or places[0] or not all(len(group) > 1 for group in groups):
        return []
    alike = len(set(map(_kind_of_time, times))) == 1  # only their numbers differ, as in ``t1`` and ``t2``
    if not (alike or all(map(_belong_together, groups))) or not _grow_apart(sheet, times):
        return []
    notes = [f"it has {counted(len(times), 'column')} of times: each is the time of the columns behind it"]
    if sheet.texts:
        notes.append(f"columns of text are left out: {shorten(', '.join(sheet.texts), 80)}")
    parts = []
    for number, group in enumerate(groups, 1):
        there = sheet.columns[group[0]].is_valid()
        columns = {name: sheet.columns[name].filter(there) for name in group}
        part = Sheet(group[1] if len(group) == 2 else f"{sheet.name}_{number}", columns, units=sheet.units)
        part.notes = [*sheet.notes, *sheet.remarks.values(), *notes]
        parts.append((part, group[0]))
    return parts


def _bare(name: str) -> str:
    return without_unit(name) or name


def _kind_of_time(name: str) -> str:
    """Return the name of a column of times without unit and number; "" for another column."""
    bare = _NUMBER.sub("", _bare(_NUMBER.sub("", name)))
    return bare if is_named_time(bare) or _STAMP.match(bare) else ""


def _belong_together(group: list[str]) -> bool:
    """Return whether a time has the name of the columns behind it, as ``Speed Time`` before ``Speed``."""
    match = _STAMP.match(_bare(group[0]))
    owner = match[1] if match else ""
    return bool(owner) and all(_bare(name).startswith(owner) for name in group[1:])


def _grow_apart(sheet: Sheet, times: list[str]) -> bool:
    """Return whether all columns grow, and at least two of them differ."""
    columns = [pc.drop_null(sheet.columns[name]) for name in times]
    if all(map(is_number, columns)):
        if not all(len(c) and (np.diff(as_floats(c)) >= 0).all() for c in columns):
            return False
    elif len({column.type for column in columns}) > 1:
        return False
    return any(not column.equals(columns[0]) for column in columns)
