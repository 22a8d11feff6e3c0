"""Times that begin again: several runs of a logger, such as the episodes of a robot that learns.

They stand in one table, or in one file each. Sorted together, the rows of two drives would look like one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from infonet_ros.intake.tables.cells.dates import BEYOND, UNKNOWN
from infonet_ros.intake.tables.cells.names import NUMBERED_RUN, NUMBERS_OF_RUNS
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.text import NANOSECONDS, counted

APART = 10 * NANOSECONDS
"""Nanoseconds between two runs that are read one behind the other, at least."""

_STEPS_APART = 20  # or more, of the usual step
_FEWEST_ROWS = 10  # of a run on average: else the rows are not in order
_SHARE = 0.1  # of the rows: more of them, at times of the longest run, are another run
_YEARS = 10 * 365 * 86_400 * NANOSECONDS  # later times are dates, which a logger that starts again does not repeat


@dataclass(frozen=True, eq=False)
class Run:
    """Rows of a clock whose times do not fall."""

    clock: Clock
    rows: np.ndarray

    @property
    def first(self) -> int:
        """Stamp of the first row."""
        return int(self.clock.stamps[self.rows[0]])

    @property
    def last(self) -> int:
        """Stamp of the last row."""
        return int(self.clock.stamps[self.rows[-1]])


def are_numbered_runs(sheets: Sequence[Sheet]) -> bool:
    """Return whether tables are runs of one logger: they have equal columns, and different numbers of runs."""
    numbers = [number_of_run(sheet) for sheet in sheets]
    return len(set(numbers)) == len(sheets) and None not in numbers and len({*(tuple(s.columns) for s in sheets)}) == 1


def number_of_run(sheet: Sheet) -> float | None:
    """Return the number of the first run of a table; None without one.

    It is in a column such as ``episode_index``, or in the name of the table, such as ``trial_3``.
    """
    columns = (c for name, c in sheet.columns.items() if NUMBERS_OF_RUNS.fullmatch(name) and is_number(c) and len(c))
    numbers = (float(as_floats(column)[0]) for column in columns)
    named = NUMBERED_RUN.fullmatch(sheet.name)
    return next(filter(np.isfinite, numbers), float(named[1]) if named else None)


def separate_runs(clocks: Sequence[Clock], *, numbered: bool, of_one_file: bool) -> None:
    """Give clocks stamps at which no two runs share a time, and note what was done.

    Runs of one logger are put one behind the other, if their times do not count from 1970. They are those of clocks
    that are ``numbered``, which are given in their order. They are also those of clocks ``of_one_file`` that all have
    the same number of runs: the clocks begin again together. Otherwise only the longest run of each clock keeps its
    stamps, because the runs of other clocks may differ.
    """
    rows = [np.flatnonzero(clock.stamps > BEYOND) for clock in clocks]
    runs = [[Run(clock, part) for part in _runs(clock, own)] for clock, own in zip(clocks, rows, strict=True)]
    dates = any(run.last >= _YEARS for own in runs for run in own)
    if numbered and not dates:
        _put_behind([[run] for own in runs for run in own], "the tables number their runs")
    elif of_one_file and not dates and len({*map(len, runs)}) == 1:
        _put_behind([*zip(*runs, strict=True)])
    else:
        for own in runs:
            if len(own) > 1:
                _keep_longest(own)


def _runs(clock: Clock, rows: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each run; all sorted by time if they are merely not in order, with a note."""
    stamps = clock.stamps
    runs = np.split(rows, np.flatnonzero(np.diff(stamps[rows]) < 0) + 1)
    if len(runs) == 1 or (len(rows) >= _FEWEST_ROWS * (len(runs) - 1) and _share_times(stamps, runs)):
        return runs
    clock.notes.append(
        f"the rows are sorted by time {clock.label}: {len(runs) - 1} of {len(rows)} have an earlier time than the row "
        "before them"
    )
    return [rows[np.argsort(stamps[rows], kind="stable")]]


def _share_times(stamps: np.ndarray, runs: Sequence[np.ndarray]) -> bool:
    """Return whether many rows of other runs have times of the longest run."""
    longest = max(runs, key=len)
    low, high = stamps[longest[[0, -1]]]
    within = sum(np.count_nonzero((stamps[run] >= low) & (stamps[run] <= high)) for run in runs) - len(longest)
    return bool(within > _SHARE * sum(map(len, runs)))


def _keep_longest(runs: Sequence[Run]) -> None:
    longest = max(runs, key=lambda run: len(run.rows))
    clock = longest.clock
    clock.notes.append(
        f"{_again(clock, len(runs))}: only the longest run of rows is read, {len(longest.rows)} of "
        f"{sum(len(run.rows) for run in runs)}; split the file to analyse the others"
    )
    kept = np.full_like(clock.stamps, UNKNOWN)
    kept[longest.rows] = clock.stamps[longest.rows]
    clock.stamps = kept


def _put_behind(rounds: Sequence[Sequence[Run]], reason: str = "") -> None:
    """Move the runs of each round behind those of the round before it, all by the same time."""
    if len(rounds) == 1:
        return
    steps = np.concatenate([np.diff(run.clock.stamps[run.rows]) for runs in rounds for run in runs])
    usual = int(np.median(steps[steps > 0])) if (steps > 0).any() else 0
    apart = max(APART, _STEPS_APART * usual)
    clocks = {id(run.clock): run.clock for runs in rounds for run in runs}
    for clock in clocks.values():
        clock.stamps = clock.stamps.copy()
        why = reason or _again(clock, len(rounds))
        clock.notes.append(f"{why}: each run of rows is read {apart / NANOSECONDS:g} s behind the run before it")
    for before, runs in pairwise(rounds):
        later = max(run.last for run in before) + apart - min(run.first for run in runs)
        for run in runs:
            run.clock.stamps[run.rows] += later


def _again(clock: Clock, runs: int) -> str:
    return f"time {clock.label} begins again {counted(runs - 1, 'time')}"
