"""The layout of a text table: its delimiter, its first row, and the names of its columns.

It is found from the first lines. Comments and descriptions may stand before the table, units below the names, and
delimiters at the ends of lines; a header may be missing.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.described_rate import Rate, described_rate
from infonet_ros.intake.tables.foreign_text import check_text
from infonet_ros.intake.tables.header_groups import names_in_groups, stand_over
from infonet_ros.intake.tables.line_cells import is_value, names_of_time, split
from infonet_ros.intake.tables.time_units import is_named_time
from infonet_ros.text import counted, shorten, unique_names

COMMENT = re.compile(r"\s*(?:#|%|//)")
_DELIMITERS = "\t;|, "  # of equals, the first
_SEP_LINE = re.compile(r'\s*"?sep=(.)', re.IGNORECASE)
_LINES, _CELLS = 200, 200  # to look at, and of each line
_ENOUGH_TEXT, _FEWEST_LINES = 1 << 19, 6
_LINES_OF_A_CELL = 20
_PADDED = re.compile(r"\t*([;|,])\t*")
_WIDE_BLANKS = re.compile(r"\s{2,}|\t")
_QUOTED = re.compile(r'(?:^|[\t\n;|, ])"[^"]*(?:""[^"]*)*("|\Z)')


@dataclass(frozen=True)
class Layout:
    """Layout of a table.

    Attributes
    ----------
    delimiter : str
        A blank stands for any number of blanks.
    names : list of str
        Names of the columns, all different.
    lines : int
        Number of lines before the first row.
    units : dict of str to str
        Units of columns, from a row of units.
    notes : list of str
        Sentences on what was left out or changed.
    header : list of str
        Cells of the header, before names were completed; empty without a header.
    decimals : int
        Number of decimals in the last column, if all of its numbers have the same; else 0.
    rate : Rate, optional
        Of the rows, as the lines above the table give it.
    described : frozenset of str
        First cells of the lines above the header, without numbers, with which rows may also begin.
    """

    delimiter: str
    names: list[str]
    lines: int
    units: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    decimals: int = 0
    rate: Rate | None = None
    described: frozenset[str] = frozenset()

    def cuts(self, line: str) -> bool:
        """Return whether a line was cut within its last number: the other rows have more decimals there."""
        cells = split(line, self.delimiter)
        return len(cells) == len(self.names) and 0 <= _decimals(cells[-1]) < self.decimals


def find_layout(path: Path, head: str) -> Layout:
    """Find out how a table is laid out, from its first whole lines.

    Raises
    ------
    RecordingError
        The text is not a table.
    """
    check_text(path, head)
    lines, numbers = _lines(head)
    sep = _SEP_LINE.match(lines[0])
    skipped = [n for n, line in enumerate(lines) if not line.strip() or COMMENT.match(line) or (sep and not n)]
    body = [n for n in range(len(lines)) if n not in set(skipped)]
    if not body:
        raise RecordingError(f"{path} has 0 rows: expected a header line and rows of numbers.")
    delimiter = sep[1] if sep else _find_delimiter([lines[n] for n in body])
    rows = [split(lines[n], delimiter) for n in body]
    width = _width(rows)
    begin = _first_of_numbers(rows, width)
    first_line = [*body, len(lines)][begin]
    names_row = _row_of_names(rows, begin)
    notes: list[str] = []
    if names_row is None:
        above = [n for n in skipped if n < first_line]
        header_line, header = _commented_names(lines, above, delimiter, rows[begin] if begin < len(rows) else [])
        grouped = header
    else:
        header_line = body[names_row]
        header = _apart(lines[header_line], width) if delimiter == " " else rows[names_row]
        grouped = names_in_groups(rows[:names_row], header)
    before = begin if header is None else sum(n < header_line for n in body) - (grouped != header)
    if header is None and begin and delimiter == ",":
        _check_commas(path, rows[begin - 1], rows[begin:], width)
    if before:
        notes.append(f"{counted(before, 'line')} before the names of the columns left out")
    names = _names(path, grouped, rows[begin:], width, notes)
    between = range(begin if names_row is None else names_row + 1, begin)
    for row in between:
        place, text = numbers[body[row]] + 1, shorten(delimiter.join(rows[row]), 60)
        notes.append(f"row {place}, {text!r}, is between the names and the numbers, and is skipped")
    if not any(is_value(cell) for row in rows[begin:] for cell in row if cell) and len(rows) > begin:
        raise RecordingError(f"{path} is not a readable table: it holds text, not numbers; expected CSV with numbers.")
    lines_before = numbers[header_line + 1 if begin == len(rows) else body[begin]]
    units, decimals = _units([rows[n] for n in between], names), _common_decimals(rows[begin:-1], width)
    rate = described_rate(lines[: first_line if header is None else header_line])
    first_cells = [row[0] for n, row in zip(body, rows, strict=True) if n < header_line]
    described = frozenset(cell for cell in first_cells if cell and not is_value(cell))
    return Layout(delimiter, names, lines_before, units, notes, header or [], decimals, rate, described)


def _common_decimals(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the number of decimals in the last cells of complete rows, if it is the same in all; else 0."""
    decimals = {_decimals(row[-1]) for row in rows if len(row) == width}
    return decimals.pop() if len(decimals) == 1 else 0


def _apart(line: str, width: int) -> list[str]:
    """Split a header at blanks; at two and more of them if that gives ``width`` names, which may have single ones."""
    wide = _WIDE_BLANKS.split(line.strip())
    return wide if len(wide) == width else split(line, " ")


def _commented_names(
    lines: Sequence[str], above: Sequence[int], delimiter: str, row: Sequence[str]
) -> tuple[int, list[str] | None]:
    """Return the line and the names of the last comment ``above`` a row that names all columns; else -1, None."""
    width = len(row)
    for number in reversed(above):
        cells = split(COMMENT.sub("", lines[number], count=1).strip(), delimiter)
        if COMMENT.match(lines[number]) and not any(map(is_value, cells)):
            if len(cells) == width:
                return number, cells
            if len(cells) == width - 1 and (names := names_of_time(cells[0], row)):
                return number, [*names, *cells[1:]]
    return -1, None


def _units(rows: Sequence[Sequence[str]], names: Sequence[str]) -> dict[str, str]:
    """Return the unit of each column, from the first of the rows below the names that has a cell for it."""
    units: dict[str, str] = {}
    for row in rows:
        for name, cell in zip(names, row, strict=False):
            units.setdefault(name, cell.strip("[](){}"))
    return units


def _check_commas(path: Path, above: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Reject numbers with decimal commas between commas, which make two cells of each number."""
    full = [row for row in rows if len(row) == width and row[-1]]
    if full and len(above) > 1 and 2 * len(above) == width and not any(map(is_value, above)):
        raise RecordingError(
            f"{path} is not a readable table: it has commas between the columns and, without quotes, in the numbers: "
            f"{len(above)} names, {width} cells; expected decimal points, or semicolons between the columns."
        )


def _first_of_numbers(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the first row of the table: it holds values in all columns in which all later rows hold values."""
    equal = [n for n, row in enumerate(rows) if len(row) == width]
    later = [rows[n] for n in equal[len(equal) // 2 :] if not _is_repeated_header(rows[n], rows)][:50]
    of_values = [
        column
        for column in range(min(width, _CELLS))
        if (cells := [row[column] for row in later if row[column]]) and all(map(is_value, cells))
    ]
    if not of_values:
        return equal[0] + _is_header(rows[equal[0]], rows[equal[0] + 1 :])
    fitting = [n for n in equal if all(is_value(rows[n][k]) for k in of_values if rows[n][k])]
    first = next((n for n in fitting if rows[n][of_values[0]]), fitting[0])  # earlier rows may be numbers of groups
    header = next((n for n in reversed(range(first)) if _is_names(rows[n], rows[first:])), -1)
    if header >= 0 and len(rows[header]) == width:  # rows between them lack a number or a cell
        return header + 1
    return first


def _is_repeated_header(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    return not any(map(is_value, filter(None, cells))) and rows.count(cells) > 1


def _row_of_names(rows: Sequence[Sequence[str]], begin: int) -> int | None:
    """Return the row of text above the numbers that names the columns; None without such a row.

    It is the row that names a time, else the first row with different names for all columns. Rows above it are groups
    or descriptions, rows below it are units.
    """
    block = begin
    while block and _is_names(rows[block - 1], rows[begin:]):
        block -= 1
    width = _width(rows[begin:]) if begin < len(rows) else 1
    used = _used(rows[begin:], width)
    least = min(width - 1, used)
    filled = [n for n in range(block, begin) if len(rows[n]) >= least and sum(map(bool, rows[n])) > (used > 2)]
    filled = [n for n in filled if not any(map(is_value, rows[n]))] or filled
    of_width = [n for n in filled if len(rows[n]) in (width, used)]
    timed = [n for n in of_width if _names_time(rows[n])]
    distinct = [n for n in of_width if len(set(rows[n])) == len(rows[n])]
    fullest = sorted(of_width, key=lambda n: rows[n].count(""))
    found = next(iter([*timed, *distinct, *fullest, *reversed(filled)]), None)
    if found is not None and found + 1 < begin and stand_over(rows[found], rows[found + 1]):
        return found + 1
    return found


def _used(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the number of columns up to the last with a cell: rows may end in delimiters."""
    used = (number for row in rows if len(row) == width for number, cell in enumerate(row, 1) if cell)
    return max(used, default=width)


def _is_names(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether cells are text above a table: names, groups, units or a description."""
    if any(len(row) == len(cells) for row in rows):
        return _names_time(cells) or _is_header(cells, rows)
    return len(cells) > 1 and not any(map(is_value, filter(None, cells)))


def _names_time(cells: Sequence[str]) -> bool:
    return any(map(is_named_time, cells))


def _decimals(cell: str) -> int:
    """Count the decimals of a number; -1 for anything else."""
    match = re.fullmatch(r"[+-]?\d+(?:[.,](\d*))?", cell)
    return len(match[1] or "") if match else -1


def _lines(text: str) -> tuple[list[str], list[int]]:
    """Return the first lines of a text, and the number of line ends before each line and up to the end of the last.

    A line that ends within quotes continues in the next line.
    """
    lines: list[str] = []
    numbers = [0]
    position = rows = 0
    while position < len(text) and rows < _LINES and (position < _ENOUGH_TEXT or rows < _FEWEST_LINES):
        ends = [text.find("\n", position)]
        while ends[-1] >= 0 and _is_open(text[position : ends[-1]]) and len(ends) < _LINES_OF_A_CELL:
            ends.append(text.find("\n", ends[-1] + 1))
        if _is_open(text[position : ends[-1] if ends[-1] >= 0 else len(text)]):  # never closed: it is no quote
            ends = ends[:1]
        end = ends[-1] if ends[-1] >= 0 else len(text)
        lines.append(text[position:end])
        rows += COMMENT.match(lines[-1]) is None
        numbers.append(numbers[-1] + len(ends))
        position = end + 1
    return lines, numbers


def _is_open(text: str) -> bool:
    """Return whether a text ends within quotes that begin a cell; other quotes mean inches, or seconds of arc."""
    return '"' in text and any(not match[1] for match in _QUOTED.finditer(text))


def _find_delimiter(lines: Sequence[str]) -> str:
    named = not any(map(is_value, split(lines[0], ",")))  # without names, all commas may be decimal signs
    padded = [_PADDED.sub(r"\1", line) for line in lines]
    even = [sign for sign in ("\t;|," if named else "\t;|") if _is_even(padded, sign)]
    suits = {delimiter: _suits(lines, delimiter) for delimiter in even or _DELIMITERS}
    best = max(suits, key=suits.__getitem__)
    return "\t" if best == " " and suits["\t"] > (0.5, 0.5) and _tabs_delimit(lines) else best


def _tabs_delimit(lines: Sequence[str]) -> bool:
    """Return whether no blank stands between numbers: as delimiters, blanks would lose the empty cells."""
    rows = [split(line, "\t") for line in lines]
    width = _width(rows)
    return not any(" " in cell for row in rows if len(row) == width for cell in row if is_value(cell))


def _is_even(lines: Sequence[str], sign: str) -> bool:
    counts = {line.count(sign) for line in lines}
    return len(counts) == 1 and 0 not in counts


def _suits(lines: Sequence[str], delimiter: str) -> tuple[float, float]:
    """Return how well a delimiter suits: by the share of values in lines of equal width, then by the share of these."""
    rows = [split(line, delimiter) for line in lines if line.count(delimiter) or delimiter == " "]
    width = _width(rows) if rows else 1
    if width < 2:
        return (0.0, 0.0)
    equal = [row for row in rows if len(row) == width]
    cells = [cell for row in equal for cell in islice(filter(None, row), _CELLS)]
    values = sum(is_value(cell) for cell in cells)
    share = len(equal) / len(lines)
    return (share * values / max(1, len(cells)), share)


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Return the most frequent number of cells in the later half of the rows: descriptions come first."""
    return Counter(len(row) for row in rows[len(rows) // 2 :]).most_common(1)[0][0]


def _is_header(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether cells are names or units of the columns below them: text above values."""
    rows = [row for row in rows if len(row) == len(cells)][:50]
    if not rows:
        return not any(map(is_value, filter(None, cells)))
    texts = values = 0
    for column, cell in islice(enumerate(cells), _CELLS):
        below = [is_value(row[column]) for row in rows if row[column]]
        if cell and sum(below) * 2 > len(below):
            texts, values = (texts, values + 1) if is_value(cell) else (texts + 1, values)
    return texts > values or (values == 0 and not any(map(is_value, filter(None, cells))))


def _names(
    path: Path, header: list[str] | None, rows: Sequence[Sequence[str]], width: int, notes: list[str]
) -> list[str]:
    """Name all columns, also if the header is shorter or longer than the rows for a known reason."""
    if header is None:
        header = _names_without_header(rows, width)
        notes.append(f"it has no header line: its columns are named {shorten(', '.join(header), 80)}")
    rows = [row for row in rows if len(row) == width]
    if _used(rows, width) <= len(header) < width:
        header = [*header, *[""] * (width - len(header))]
    elif len(header) == width - 1:
        header = [*(names_of_time(header[0], rows[0]) or ("row", header[0])), *header[1:]]
    elif len(header) > width and all(name.lower() in ("", "comment", "comments") for name in header[width:]):
        header = header[:width]
    if len(header) != width:
        raise RecordingError(
            f"the header of {path} names {counted(len(header), 'column')}, but its rows have {counted(width, 'cell')}: "
            "expected the same number."
        )
    wanted = [cell or f"column_{number}" for number, cell in enumerate(header, 1)]
    names = unique_names(wanted)
    if renamed := [name for name, before in zip(names, wanted, strict=True) if name != before]:
        notes.append(f"some columns share a name: the later columns are called {shorten(', '.join(renamed), 80)}")
    return names


def _names_without_header(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Name columns by their numbers; eight columns of a trajectory are time, position and quaternion."""
    if width == 8:
        try:
            quaternions = np.array([row[4:] for row in rows if len(row) == width], dtype=float)
        except ValueError:
            quaternions = np.empty((0, 4))
        if len(quaternions) and np.allclose(np.linalg.norm(quaternions, axis=1), 1.0, atol=1e-3):
            return ["timestamp", "tx", "ty", "tz", "qx", "qy", "qz", "qw"]
    return [f"column_{number}" for number in range(1, width + 1)]
