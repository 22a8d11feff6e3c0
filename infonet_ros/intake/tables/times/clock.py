"""The time of a table: as stamps, or as numbers whose unit is not known yet."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.caching import cached_property
from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.dates import BEYOND
from infonet_ros.intake.tables.sheet import as_floats

_FALLING = 0.9  # of the steps: then the rows begin with the newest
_OFTEN, _TO_BEGIN = 3, 0.9  # falls back of times that restart, and the share of these that reach their beginning


@dataclass
class Clock:
    """The time of a sheet."""

    names: tuple[str, ...]  # its columns
    stamps: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """(rows,) int64: nanoseconds, `UNKNOWN` or `BEYOND` without a time; empty until their unit is known."""
    numbers: pa.ChunkedArray = field(default_factory=lambda: pa.chunked_array([], pa.float64()))
    """Times in a unit that is not known yet; empty for dates and the like."""
    unit: str | None = None  # given if the file names it
    origin: str = ""  # the date from which numbers count, if the file names it
    hertz: float | None = None  # rows per second, if the file gives them
    counts: bool = False  # rows or samples, because no other column holds times
    fraction: tuple[str, np.ndarray] | None = None
    """(str, (rows,) int64): a column that counts the parts of a second, and its nanoseconds: for stamps that are whole
    seconds."""
    notes: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The names of the columns, in words."""
        return " and ".join(map(repr, self.names))

    @property
    def has_stamps(self) -> bool:
        """Whether the unit of the times is known."""
        return len(self.stamps) > 0

    @property
    def has_numbers(self) -> bool:
        """Whether the times were numbers, and no dates."""
        return len(self.numbers) > 0

    @cached_property
    def middle(self) -> float:
        """Median distance from zero, which one wrong time does not change; 0 if no time is known."""
        times = np.abs(as_floats(self.numbers))
        return float(np.median(times[np.isfinite(times)])) if np.isfinite(times).any() else 0.0

    @cached_property
    def step(self) -> float:
        """Median step between times, in the unit of the numbers; NaN if they do not vary."""
        times = pc.drop_null(self.numbers).to_numpy()  # whole numbers as such: 2**60 + 1 is no float
        steps = np.diff(np.sort(times[np.isfinite(times)]))
        return float(np.median(steps[steps > 0])) if (steps > 0).any() else float("nan")

    @property
    def step_of_rows(self) -> float:
        """Mean step from row to row where times stand in several rows, because they lost their last digits."""
        times = self.numbers.drop_null()
        return self.step * pc.count_distinct(times).as_py() / max(1, len(times))

    @property
    def varies(self) -> bool:
        """Whether more than one time is known, or there is only one row."""
        if not self.has_stamps:
            return bool(np.isfinite(self.step)) or len(self.numbers) - self.numbers.null_count == 1
        known = self.stamps[self.stamps > BEYOND]
        return len(known) == 1 or bool(len(known) and known.min() < known.max())

    @property
    def rows_known(self) -> int:
        """Number of rows with a time."""
        return len(self.known_times()[1])

    def known_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the known times (K,), as stamps or in their own unit, and their rows (K,)."""
        if self.has_stamps:
            rows = np.flatnonzero(self.stamps > BEYOND)
            return self.stamps[rows], rows
        there = pc.is_finite(self.numbers).fill_null(False)
        return self.numbers.filter(there).to_numpy(), np.flatnonzero(there.to_numpy())

    @property
    def falls(self) -> bool:
        """Whether nearly all times are earlier than the one of the row before."""
        steps = np.diff(self.known_times()[0])
        return bool(np.count_nonzero(steps < 0) > _FALLING * np.count_nonzero(steps))

    @property
    def restarts(self) -> bool:
        """Whether times often fall back to where they began, as those within each step of a battery test do."""
        times = self.known_times()[0]
        steps = np.diff(times)
        falls, rises = np.flatnonzero(steps < 0), steps[steps > 0]
        if len(falls) < _OFTEN or not len(rises):
            return False
        return bool(np.mean(times[falls + 1] <= times.min() + 2 * np.median(rises)) > _TO_BEGIN)

    def of_rows(self, rows: np.ndarray | slice) -> "Clock":
        """Return the time of some rows, given by their numbers or a slice."""
        own = replace(self, fraction=self.fraction and (self.fraction[0], self.fraction[1][rows]), notes=[*self.notes])
        if self.has_stamps:
            own.stamps = self.stamps[rows]
        if self.has_numbers:
            own.numbers = self.numbers[rows] if isinstance(rows, slice) else self.numbers.take(pa.array(rows))
        return own


def no_known_time(path: Path, clock: Clock) -> RecordingError:
    """Return the error for a clock without two different times."""
    remedy = "name another column with --time, or its unit with --time-unit"
    numbers = pc.unique(pc.drop_null(clock.numbers)).to_pylist()
    if len(numbers) == 1 and math.isfinite(numbers[0]):
        return RecordingError(
            f"in {path} all times {clock.label} are {numbers[0]:.12g}: expected times that grow; if they lost their "
            f"last digits when they were written, write them again with all digits, else {remedy}."
        )
    return RecordingError(
        f"{path} has no row whose time {clock.label} is known and within 292 years of zero, or all rows have the same "
        f"time: {remedy}."
    )
