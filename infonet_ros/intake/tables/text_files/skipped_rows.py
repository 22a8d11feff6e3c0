"""The rows of a text table that cannot be read: how many they are, and where."""

from dataclasses import dataclass, field
from pathlib import Path

from pyarrow import csv

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.line_cells import COMMENT
from infonet_ros.intake.tables.text_files.layout import Layout
from infonet_ros.text import are, counted, shorten


@dataclass
class SkippedRows:
    """Rows with more or fewer cells than the table has columns."""

    layout: Layout
    comments: int = 0
    numbers: list[int] = field(default_factory=list)
    first_text: str = ""
    last_is_short: bool = False
    before: int = 0
    in_block: int = 0

    def __call__(self, row: csv.InvalidRow) -> str:
        """Note a row that Arrow cannot read."""
        if COMMENT.match(row.text):
            self.comments += 1
        elif not self.numbers:
            self.first_text = row.text
        self.in_block += 1
        self.numbers.append(self.before + row.number)
        self.last_is_short = row.actual_columns < row.expected_columns
        return "skip"

    def line(self, row: int) -> int:
        """Return the line of the file of a row that was read."""
        number = row + 1
        for skipped in self.numbers:
            if skipped > number:
                break
            number += 1
        return number + self.layout.lines

    def notes(self, path: Path, rows: int) -> list[str]:
        """Return sentences on the rows that are left out. Raises RecordingError if most rows are left out."""
        wrong = len(self.numbers) - self.comments
        width = len(self.layout.names)
        first = shorten(self.first_text, 60)
        if wrong > rows:
            raise RecordingError(
                f"{path} is not a readable table: {wrong} of its {rows + wrong} rows do not have the "
                f"{counted(width, 'cell')} of the header, such as {first!r}; expected CSV with a cell for each column."
            )
        if not wrong:
            return []
        if wrong == 1 and self.last_is_short and self.numbers[-1] == rows + len(self.numbers):
            return [f"the last row is cut ({first!r}) and is left out"]
        return [
            f"{counted(wrong, 'row')} of {rows + wrong} {'does' if wrong == 1 else 'do'} not have "
            f"{counted(width, 'cell')} and {are(wrong)} left out (the first: {first!r})"
        ]
