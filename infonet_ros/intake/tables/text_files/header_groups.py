"""Group names in a row above the names of columns, as merged cells of a spreadsheet leave them: each over several."""

from collections.abc import Sequence
from itertools import accumulate

from infonet_ros.intake.tables.cells.line_cells import are_texts
from infonet_ros.intake.tables.cells.time_units import is_named_time


def stand_over(groups: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether each cell belongs to several names, as merged cells do: the names fill the empty places."""
    if len(groups) != len(names) or all(groups) or not all(names):
        return False
    return len({*zip(accumulate(groups, _carried), names, strict=True)}) == len(names)


def _groups_of(cells: Sequence[str], header: Sequence[str]) -> list[str]:
    """Return the group of each column, from the row above the names; a group belongs to several columns."""
    if len(cells) != len(header) or any(cell.startswith(("[", "(", "{")) for cell in cells):
        return []
    groups = [*accumulate(cells, _carried)]
    return groups if 1 < len(set(groups)) < len(groups) else []


def names_in_groups(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Put groups from the rows above a header before its names.

    They are those of the nearest row. If some names are still equal, those of the highest row that distinguishes all
    come first: programs of motion capture write the body above its position and rotation. A row with numbers is a
    description, unless the names need it.
    """
    if rows and _all_differ(header) and not are_texts(rows[-1]):
        return list(header)
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
    """Join a group and a name; a name below a time is its unit."""
    if not name:
        return name
    return f"{group} [{name}]" if is_named_time(group) else f"{group}.{name}"
