"""Tables with several columns of times, each before its columns, as programs export trend plots.

Under ``Time,Speed,Time,Torque`` the torque has its own stamps, and as many rows as its time. The columns of times have
usual names, or the name of the first column, such as ``X[s]``, and all of them grow.
"""

import re
from itertools import pairwise

import numpy as np

from infonet_ros.intake.tables.cells.time_units import is_named_time, without_unit
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.text import counted, shorten

_NUMBER = re.compile(r"[\s_.#-]*\d+$")
_STAMP = re.compile(r"(?i)^(.*?)[\s_./-]*(?:header[_./]stamp|time(?:[\s_]series)?|timestamp|stamp)$")
_MOST_COLUMNS = 1000


def split_by_times(sheet: Sheet) -> list[tuple[Sheet, str]]:
    """Return a sheet and the name of its time for each column of times; nothing for a table with a single time.

    Columns that repeat the first time are removed from the sheet, with a note.
    """
    names = list(sheet.columns)
    times = [name for name in names[:_MOST_COLUMNS] if _kind_of_time(name, names[0])]
    places = [*map(names.index, times), len(names)]
    groups = [names[begin:end] for begin, end in pairwise(places)]
    if len(times) < 2 or places[0] or not all(len(group) > 1 for group in groups):
        return []
    alike = len({_kind_of_time(name, names[0]) for name in times}) == 1  # but for numbers, as in ``t1`` and ``t2``
    if not (alike or all(map(_belong_together, groups))) or not _grow(sheet, times):
        return []
    if all(sheet.columns[name].equals(sheet.columns[times[0]]) for name in times):
        _drop_copies(sheet, times)
        return []
    if sheet.rate is not None and not any(map(_may_be_time, times)):  # they count samples
        return []
    notes = [f"it has {counted(len(times), 'column')} of times: each is the time of the columns behind it"]
    if sheet.texts:
        notes.append(f"columns of text are left out: {shorten(', '.join(sheet.texts), 80)}")
    return [_part(sheet, group, number, notes) for number, group in enumerate(groups, 1)]


def _part(sheet: Sheet, group: list[str], number: int, notes: list[str]) -> tuple[Sheet, str]:
    """Return the columns of one time, the first of the group, as a sheet, and the name of that time."""
    time = group[0]
    there = sheet.columns[time].is_valid()
    columns = {name: sheet.columns[name].filter(there) for name in group}
    units = {**sheet.units, time: sheet.units.get(time) or _NUMBER.sub("", time)}  # the unit of ``t [ms]_2``
    part = Sheet(group[1] if len(group) == 2 else f"{sheet.name}_{number}", columns, units=units)
    part.notes = [*sheet.notes, *sheet.remarks.values(), *notes]
    return part, time


def _drop_copies(sheet: Sheet, times: list[str]) -> None:
    for name in times[1:]:
        sheet.drop(name)
    copies = shorten(", ".join(map(repr, times[1:])), 80)
    sheet.notes.append(f"columns that repeat the time {times[0]!r} are left out: {copies}")


def _bare(name: str) -> str:
    return without_unit(name) or name


def _kind_of_time(name: str, first: str) -> str:
    """Return the name of a column of times without unit and number; "" for another column.

    A column with the name of the ``first`` one, but for its number, is such a column.
    """
    bare = _NUMBER.sub("", _bare(_NUMBER.sub("", name)))
    return bare if _may_be_time(bare) or _NUMBER.sub("", name) == _NUMBER.sub("", first) else ""


def _may_be_time(name: str) -> bool:
    """Return whether the name of a column tells that it holds times, and not only that it counts, as ``ticks_1``."""
    return bool(is_named_time(name) or _STAMP.match(name) or without_unit(_NUMBER.sub("", name)))


def _belong_together(group: list[str]) -> bool:
    """Return whether a time has the name of the columns behind it, as ``Speed Time`` before ``Speed``."""
    match = _STAMP.match(_bare(group[0]))
    owner = match[1] if match else ""
    return bool(owner) and all(_bare(name).startswith(owner) for name in group[1:])


def _grow(sheet: Sheet, times: list[str]) -> bool:
    """Return whether the known numbers of all columns grow, or none are numbers and all have one type.

    Numbers of devices grow as little as they fall: some column must change.
    """
    columns = [sheet.columns[name] for name in times]
    if not all(map(is_number, columns)):
        return len({column.type for column in columns}) == 1
    known = [numbers[np.isfinite(numbers)] for numbers in map(as_floats, columns)]
    if not all(len(numbers) and (np.diff(numbers) >= 0).all() for numbers in known):
        return False
    return any(numbers[0] < numbers[-1] for numbers in known)
