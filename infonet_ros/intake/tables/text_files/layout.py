"""The layout of a text table: its delimiter, its first row, and the names of its columns.

It is found from the first lines. Comments and descriptions may stand before the table, units below the names, and
delimiters at the ends of lines; a header may be missing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.line_cells import COMMENT, MOST_CELLS, are_texts, is_value, split, usual_width
from infonet_ros.intake.tables.sheet import Rate, check_memory
from infonet_ros.intake.tables.text_files.column_names import names_of_columns
from infonet_ros.intake.tables.text_files.delimiters import find_delimiter
from infonet_ros.intake.tables.text_files.described_rate import described_rate
from infonet_ros.intake.tables.text_files.foreign_files import check_text
from infonet_ros.intake.tables.text_files.header_rows import find_header, first_of_numbers, rows_of_first_table
from infonet_ros.text import counted, listed, shorten

_SEP_LINE = re.compile(r'\s*"?sep=(.)', re.IGNORECASE)
_LINES, _LINES_OF_A_CELL = 200, 20  # to look at
_ENOUGH_TEXT, _FEWEST_LINES = 1 << 19, 6
_SIZE_OF_A_COLUMN = 7000  # bytes, besides its numbers
_QUOTED = re.compile(r'(?:^|[\t\n;|, ])"[^"]*(?:""[^"]*)*("|\Z)')


@dataclass(frozen=True)
class Layout:
    """Layout of a table."""

    delimiter: str  # a blank stands for any number of blanks
    names: list[str]  # names of the columns, all different
    lines: int  # number of lines before the first row
    units: dict[str, str] = field(default_factory=dict)  # units of columns, from a row of units
    notes: list[str] = field(default_factory=list)  # sentences on what was left out or changed
    header: list[str] = field(default_factory=list)
    """Cells of the header, before names were completed; empty without a header."""
    decimals: int = 0  # number of decimals in the last column, if all of its numbers have the same; else 0
    groups: list[str] = field(default_factory=list)  # cells of the row above the header, if they are in the names
    rate: Rate | None = None  # of the rows, as the lines above the table give it
    described: frozenset[str] = frozenset()
    """First cells of the lines above the header, without numbers, with which rows may also begin."""

    def cuts(self, line: str) -> bool:
        """Return whether a line was cut within its last number: the other rows have more decimals there."""
        cells = split(line, self.delimiter)
        return len(cells) == len(self.names) and 0 <= _decimals(cells[-1]) < self.decimals


def find_layout(path: Path, head: str) -> Layout:
    """Find out how a table is laid out, from its first whole lines.

    Raises RecordingError if the text is not a table, or has too many columns for the memory.
    """
    check_text(path, head)
    lines, numbers = _first_lines(head)
    sep = _SEP_LINE.match(lines[0])
    body = [n for n, line in enumerate(lines) if line.strip() and not COMMENT.match(line) and (n or not sep)]
    if not body:
        raise RecordingError(f"{path} has 0 rows: expected a header line and rows of numbers.")
    delimiter = sep[1] if sep else find_delimiter([lines[n] for n in body])
    rows = rows_of_first_table([split(lines[n], delimiter) for n in body])
    body = body[: len(rows)]
    width = usual_width(rows)
    check_memory(path, _SIZE_OF_A_COLUMN * width)
    begin = first_of_numbers(rows, width)
    header = find_header(lines, body, rows, begin, delimiter)
    if not header.cells and begin and delimiter == ",":
        _check_commas(path, rows[begin - 1], rows[begin:], width)
    if not header.cells:
        _check_direction(path, rows)
    notes: list[str] = []
    if header.above:
        notes.append(f"{counted(header.above, 'line')} before the names of the columns left out")
    names = names_of_columns(path, header.names, rows[begin:], width, notes)
    for row in header.below:
        place, text = numbers[body[row]] + 1, shorten(delimiter.join(rows[row]), 60)
        notes.append(f"row {place}, {text!r}, is between the names and the numbers, and is skipped")
    if begin < len(rows) and are_texts([cell for row in rows[begin:] for cell in row]):
        raise RecordingError(f"{path} is not a readable table: it holds text, not numbers; expected CSV with numbers.")
    above_rows = [line for n, line in enumerate(lines[: [*body, len(lines)][begin]]) if n != header.line]
    above = [row[0] for n, row in zip(body, rows, strict=True) if n < header.line]
    return Layout(
        delimiter,
        names,
        lines=numbers[header.line + 1 if begin == len(rows) else body[begin]],
        units=_units([rows[row] for row in header.below], names),
        notes=notes,
        header=header.cells,
        groups=rows[body.index(header.line) - 1] if header.names != header.cells else [],
        decimals=_common_decimals(rows[begin:-1], width),
        rate=described_rate(above_rows, header.cells, delimiter, rows[begin:]),
        described=frozenset(cell for cell in above if cell and not is_value(cell)),
    )


def _common_decimals(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the number of decimals in the last cells of complete rows, if it is the same in all; else 0."""
    decimals = {_decimals(row[-1]) for row in rows if len(row) == width}
    return decimals.pop() if len(decimals) == 1 else 0


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
    if full and len(above) > 1 and 2 * len(above) == width and are_texts(above):
        raise RecordingError(
            f"{path} is not a readable table: it has commas between the columns and, without quotes, in the numbers: "
            f"{len(above)} names, {width} cells; expected decimal points, or semicolons between the columns."
        )


def _check_direction(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Reject tables with a row for each quantity: each begins with a name, and many numbers follow."""
    names = [row[0] for row in rows]
    numbers = [cell for row in rows for cell in row[1:MOST_CELLS] if cell]
    are_names = are_texts(names) and len({*names} - {""}) == len(rows)
    if are_names and 1 < len(rows) < len(rows[0]) // 2 and numbers and all(map(is_value, numbers)):
        raise RecordingError(
            f"{path} is not a readable table: each of its {len(rows)} rows is a quantity ({listed(names)}); expected a "
            "row for each time: turn it, such as by pandas: "
            "`read_csv(FILE, header=None).T.to_csv(FILE, header=False, index=False)`."
        )


def _decimals(cell: str) -> int:
    """Count the decimals of a number; -1 for anything else."""
    match = re.fullmatch(r"[+-]?\d+(?:[.,](\d*))?", cell)
    return len(match[1] or "") if match else -1


def _first_lines(text: str) -> tuple[list[str], list[int]]:
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
