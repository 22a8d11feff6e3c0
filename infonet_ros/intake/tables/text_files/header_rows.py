"""Where the numbers of a table of text begin, and which line above them names its columns."""

import re
from collections.abc import Sequence
from itertools import accumulate, islice, takewhile
from typing import NamedTuple

from infonet_ros.intake.tables.cells.line_cells import (
    COMMENT,
    MOST_CELLS,
    are_texts,
    is_value,
    names_of_time,
    split,
    used_width,
    usual_width,
)
from infonet_ros.intake.tables.cells.time_units import is_named_time, is_unit

_BETWEEN_NAMES = (re.compile(r"\s{2,}|\t"), re.compile(r"\s*[,;|]\s*"))  # of columns between blanks
_LIST_OF_NAMES = re.compile(r"(?i)names$|(?:trace|channel|signal|sensor|column|axis)[\s_]*(?:name|title|label)\W*$")
_NUMBERED_NAME = re.compile(r"(?i)[#%*;]\s*(?:name|column|field)\s*\d+\s*[=:]\s*([^:]*[^:\s])")
_TITLES_OF_UNITS = ("unit", "units")
_FEWEST_ROWS = 10  # of values below a header: fewer may be a description


class Header(NamedTuple):
    """The line that names the columns."""

    line: int  # its number; -1 without one
    cells: list[str]  # empty without one
    names: list[str]  # its cells, behind the groups that stand above them
    above: int  # number of rows above it, or else above the table, that are neither names nor groups
    below: range  # numbers of the rows between it and the numbers


def find_header(
    lines: Sequence[str], body: Sequence[int], rows: Sequence[list[str]], begin: int, delimiter: str
) -> Header:
    """Find the header of a table: a row of names above its first row, else a comment.

    ``rows`` are the cells of the lines with the numbers ``body``; the table begins at row ``begin``.
    """
    for number, cells in enumerate(rows[:begin] if begin < len(rows) else ()):
        if names := _listed_names(cells, rows[begin]):
            return Header(body[number], names, names, begin - 1, range(0))
    if names := _numbered_names(lines[: body[begin]] if begin < len(rows) else (), usual_width(rows)):
        return Header(-1, names, names, begin, range(0))
    indexed = _with_name_of_index(rows[:begin])
    row = _row_of_names([*indexed, *rows[begin:]], len(indexed))
    if row is not None:
        cells = _apart(lines[body[row]], usual_width(rows)) if delimiter == " " else indexed[row]
        names = _names_in_groups(indexed[:row], cells)
        return Header(body[row], cells, names, row - (names != cells), range(row + 1, len(indexed)))
    if begin < len(rows):
        line, cells = _commented_names(lines[: body[begin]], delimiter, rows[begin:])
        if cells:
            return Header(line, cells, cells, sum(number < line for number in body), range(0))
    return Header(-1, [], [], begin, range(0))


def rows_of_first_table(rows: Sequence[list[str]]) -> Sequence[list[str]]:
    """Return the rows before a header with other names: then a logger continued with other columns."""
    header: list[str] = []
    values = 0
    for number, cells in enumerate(rows):
        if len(cells) > 1 and are_texts(cells) and _names_time(cells):  # in this order: most rows begin with a value
            if values >= _FEWEST_ROWS and cells != header:
                return rows[:number]
            header, values = cells, 0
        elif header and len(cells) == len(header) and not are_texts(cells):
            values += 1
    return rows


def first_of_numbers(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the first row of the table: it holds values in all columns in which all later rows hold values."""
    equal = [n for n, row in enumerate(rows) if len(row) == width]
    later = [rows[n] for n in equal[len(equal) // 2 :]]
    later = [cells for cells in later if not are_texts(cells) or rows.count(cells) == 1][:50]  # no repeated headers
    of_values = [
        column
        for column in range(min(width, MOST_CELLS))
        if (cells := [row[column] for row in later if row[column]]) and all(map(is_value, cells))
    ]
    if not of_values:
        return equal[0] + _is_header(rows[equal[0]], rows[equal[0] + 1 :])
    fitting = [n for n in equal if all(is_value(rows[n][k]) for k in of_values if rows[n][k])]
    described = not any(cells[0] for cells in later)  # by first cells above, such as SampleRate,100,100
    if described and (plain := [n for n in fitting if not rows[n][0]]):
        last = max({*range(plain[0])} - {*fitting}, default=-1)
        fitting = [n for n in fitting if n > last]
    alone = len(of_values) > 1  # earlier rows may be numbers of groups, or a number alone, such as a rate
    first = next((n for n in fitting if rows[n][of_values[0]] and sum(map(bool, rows[n])) > alone), fitting[0])
    header = next((n for n in reversed(range(first)) if _is_names(rows[n], rows[first:])), -1)
    if header >= 0 and len(rows[header]) == width and not described:  # rows between them lack a number or a cell
        return header + 1
    return first + _counts_columns(rows[first], rows[first + 1 :])


def _counts_columns(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether cells count the columns of rows of decimal numbers: 0, 1, 2, as pandas writes for lack of names.

    The index, which has no name, may stand before them.
    """
    names = cells[not cells[0] :]
    counted = len(cells) > 2 and list(names) == [*map(str, range(len(names)))]
    return counted and any("." in cell for row in rows[:1] for cell in row)


def _with_name_of_index(rows: Sequence[list[str]]) -> Sequence[list[str]]:
    """Put the names of the first columns into the row of names above them, if they have a row for themselves.

    pandas writes the name of the index so, and recorders ``Date,Time,,`` below ``Ch.,,CH1,CH2``.
    """
    if len(rows) < 2 or not rows[-1][0]:
        return rows
    *others, last = rows
    for place, names in reversed([*enumerate(others)]):
        cells = [*zip(last[1:], names[1:], strict=False)]
        alone = len(last) == len(names) > 1 and all(bool(a) != bool(b) for a, b in cells)
        if not alone or (names[0] and not is_named_time(last[0])):  # else a unit
            return rows
        if names[0].lower() not in _TITLES_OF_UNITS:
            return [*others[:place], [last[0], *(a or b for a, b in cells)], *others[place + 1 :]]
    return rows


def _row_of_names(rows: Sequence[Sequence[str]], begin: int) -> int | None:
    """Return the row of text above the numbers that names the columns; None without such a row.

    It is the row that names a time, else the first row with different names for all columns. Rows above it are groups
    or descriptions, rows below it are units.
    """
    block = begin
    while block and _is_names(rows[block - 1], rows[begin:]):
        block -= 1
    width = usual_width(rows[begin:]) if begin < len(rows) else 1
    used = used_width(rows[begin:], width)
    least = min(width - 1, used)
    filled = [n for n in range(block, begin) if len(rows[n]) >= least and sum(map(bool, rows[n])) > (used > 2)]
    filled = [n for n in filled if are_texts(rows[n])] or filled
    of_width = [n for n in filled if len(rows[n]) in (width, used)]
    timed = [n for n in of_width if _names_time(rows[n])]
    distinct = [n for n in of_width if len(set(rows[n])) == len(rows[n])]
    fullest = sorted(of_width, key=lambda n: len({*rows[n]} - {""}), reverse=True)
    found = next(iter([*timed, *distinct, *fullest, *reversed(filled)]), None)
    if found and len(rows[found - 1]) in (width, used) and _are_units(rows[found], rows[found - 1]):
        return found - 1
    if found is not None and found + 1 < begin and _stand_over(rows[found][:used], rows[found + 1][:used]):
        return found + 1
    return found


def _are_units(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether cells are the units of the names above them: ``Sec, kN, kN`` below ``Running Time, A, B``."""
    times = [(cell, name) for cell, name in zip(cells, names, strict=False) if is_named_time(cell) or is_unit(cell)]
    named = any(is_named_time(name.rpartition(" ")[2]) for _, name in times)
    of_times = bool(times) and all(is_unit(cell) for cell, _ in times)
    return of_times and (named or not _all_differ(cells)) and _all_differ(names) and not is_value(names[0])


def _commented_names(lines: Sequence[str], delimiter: str, rows: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
    """Return the number and the names of the comment that names all columns of rows; -1 and none without one.

    It is the last one, or the one above it if only that has different names: then the last holds units.
    """
    row, fitting = rows[0], []
    used = used_width(rows, len(row))
    for number, line in reversed([*enumerate(lines)]):
        cells = split(line[comment.end() :].strip(), delimiter) if (comment := COMMENT.match(line)) else []
        if cells and are_texts(cells):
            if len(cells) == len(row) - 1 and (names := names_of_time(cells[0], row)):
                cells = [*names, *cells[1:]]
            if len(cells) in (len(row), used):
                fitting.append((number, cells))
    beside = [found for found in fitting if found[0] >= fitting[0][0] - 1]
    return next((found for found in beside if len(set(found[1])) == len(found[1])), [*fitting, (-1, [])][0])


def _listed_names(cells: Sequence[str], row: Sequence[str]) -> list[str]:
    """Return the names of columns in a description, ``TraceName,CH1,CH2``; of markers, each has three columns.

    TwinCAT writes ``Name,Axis1,Name,Axis2`` above a time and a value of each.
    """
    if len(cells) == len(row) > 3 and {*cells[::2]} == {"Name"} and not len(cells) % 2:
        return [("time", cell)[place % 2] for place, cell in enumerate(cells)]
    if not _LIST_OF_NAMES.search(cells[0]):
        return []
    before, names = cells[: not row[0]], [*filter(None, cells[1:])]  # the column of such words has no numbers
    axes = ("",) if len(names) == len(row) - len(before) else (".x", ".y", ".z")
    names = [*before, *(name + axis for name in names for axis in axes)]
    return names if len(names) == len(row) else []


def _numbered_names(lines: Sequence[str], width: int) -> list[str]:
    """Return the names of columns in lines of their own, ``# name 0 = depSM: Depth [salt water, m]``."""
    names = [match[1] for match in map(_NUMBERED_NAME.match, lines) if match]
    return names if len(names) == width else []


def _apart(line: str, width: int) -> list[str]:
    """Split a header at blanks; else at two and more of them, or other signs, if that gives ``width`` names."""
    ways = (sign.split(line.strip(" \t,;|")) for sign in _BETWEEN_NAMES)
    return next((names for names in ways if len(names) == width), split(line, " "))


def _is_names(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether cells are text above a table: names, groups, units or a description."""
    if any(len(row) == len(cells) for row in rows):
        return _names_time(cells) or _is_header(cells, rows)
    return len(cells) > 1 and are_texts(cells)


def _names_time(cells: Sequence[str]) -> bool:
    return any(map(is_named_time, cells))


def _is_header(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether cells are names or units of the columns below them: text above values."""
    rows = [row for row in rows if len(row) == len(cells)][:50]
    if not rows:
        return are_texts(cells)
    texts = values = 0
    for column, cell in islice(enumerate(cells), MOST_CELLS):
        below = [is_value(row[column]) for row in rows if row[column]]
        if cell and sum(below) * 2 > len(below):
            texts, values = (texts, values + 1) if is_value(cell) else (texts + 1, values)
    return texts > values or (values == 0 and are_texts(cells))


def _stand_over(groups: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether cells belong to several names below them, as merged cells do, or are repeated over them."""
    if len(groups) != len(names) or (all(groups) and _all_differ(groups)):
        return False
    filled = all(group or name for group, name in zip(groups[1:], names[1:], strict=True))  # an index may have no name
    return filled and len({*zip(accumulate(groups, _carried), names, strict=True)}) == len(names)


def _groups_of(cells: Sequence[str], header: Sequence[str]) -> list[str]:
    """Return the group of each column, from the row above the names; a group belongs to several columns with names."""
    if len(cells) != len(header) or any(cell.startswith(("[", "(", "{")) for cell in cells):
        return []
    groups = [*accumulate(cells, _carried)]
    if not 1 < len(set(groups)) < len(groups):
        return []
    return [group if name else cell for group, name, cell in zip(groups, header, cells, strict=True)]


def _names_in_groups(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Put groups from the rows above a header before its names.

    They are those of the nearest row. If some names are still equal, those of the highest row that distinguishes all
    come first: programs of motion capture write the body above its position and rotation. A row with numbers is a
    description, unless the names need it; times of one name, each before its columns, do not.
    """
    if _all_differ([name for name in header if name != header[0]] or header):
        rows = [*takewhile(are_texts, reversed(rows))][::-1]
    names = _with_groups(header, _groups_of(rows[-1], header) if rows else [])
    if _all_differ(names):
        return names
    further = (_with_groups(names, _groups_of(row, header)) for row in rows[:-1])
    return next(filter(_all_differ, further), names)


def _all_differ(names: Sequence[str]) -> bool:
    named = [*filter(None, names)]
    return len(set(named)) == len(named)


def _with_groups(header: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Put the groups before the names; a time belongs to all of them."""
    if not groups:
        return list(header)
    return [
        name if not group or is_named_time(name) else _joined(group, name)
        for group, name in zip(groups, header, strict=True)
    ]


def _carried(group: str, cell: str) -> str:
    """Continue a group over the empty cells that follow it."""
    return cell or group


def _joined(group: str, name: str) -> str:
    """Join a group and a name, if there is one; a name below a time is its unit."""
    if not name:
        return group
    return f"{group} [{name}]" if is_named_time(group) else f"{group}.{name}"
