"""Times that begin again: several runs of a logger, such as the episodes of a robot that learns.

They stand in one table, or in one file each. Sorted together, the rows of two drives would look like one.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from infonet_ros.intake.tables.cells.dates import BEYOND, UNKNOWN
from infonet_ros.intake.tables.sheet import as_floats, is_number
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.text import NANOSECONDS, counted

APART = 10 * NANOSECONDS
"""Nanoseconds between two runs that are read one behind the other, at least."""

_STEPS_APART = 20  # or more, of the usual step
_FEWEST_ROWS = 10  # of a run on average: else the rows are not in order
_SHARE = 0.1  # of the rows: more of them, at times of the longest run, are another run
_YEARS = 10 * 365 * 86_400 * NANOSECONDS  # later times are dates, which a logger that starts again does not repeat
_NUMBERS = re.compile(r"(?i)(?:.*[\W_])?(?:episode|rollout|trial|run|lap)(?:[\W_]?(?:index|idx|id|no|nr|number))?")


def are_numbered_runs(tables: Sequence[Mapping[str, pa.ChunkedArray]]) -> bool:
    """Return whether tables are runs of one logger: they have equal columns, and one that numbers the runs."""
    numbers = [number_of_run(columns) for columns in tables]
    return len(set(numbers)) == len(tables) and None not in numbers and len({tuple(table) for table in tables}) == 1


def number_of_run(columns: Mapping[str, pa.ChunkedArray]) -> float | None:
    """Return the number of the first run of a table, from a column such as ``episode_index``; None without one."""
    numbers = (as_floats(c) for name, c in columns.items() if _NUMBERS.fullmatch(name) and is_number(c) and len(c))
    return next((float(column[0]) for column in numbers if np.isfinite(column[0])), None)


def separate_runs(clocks: Sequence[Clock], *, of_one_logger: bool) -> None:
    """Give clocks stamps at which no two runs share a time, and note what was done.

    If all runs are ``of_one_logger``, whose clocks are given in the order of the runs, each stands behind the one
    before it. This needs times that do not count from 1970. Otherwise only the longest run of each clock keeps its
    stamps, because the runs of other clocks may differ.
    """
    rows = [np.flatnonzero(_stamps(clock) > BEYOND) for clock in clocks]
    of_one_logger = of_one_logger and all(
        _stamps(clock)[own].max() < _YEARS for clock, own in zip(clocks, rows, strict=True)
    )
    end = None
    for clock, own in zip(clocks, rows, strict=True):
        runs = _runs(clock, own)
        if of_one_logger:
            end = _put_behind(clock, runs, end)
        elif len(runs) > 1:
            _keep_longest(clock, runs)


def _stamps(clock: Clock) -> np.ndarray:
    assert clock.stamps is not None
    return clock.stamps


def _runs(clock: Clock, rows: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each run; all sorted by time if they are merely not in order, with a note."""
    stamps = _stamps(clock)
    runs = np.split(rows, np.flatnonzero(np.diff(stamps[rows]) < 0) + 1)
    if len(runs) == 1 or (len(rows) >= _FEWEST_ROWS * (len(runs) - 1) and _share_times(stamps, runs)):
        return runs
    clock.notes.append(f"the rows are sorted by time {clock.label}: some have an earlier time than the row before them")
    return [rows[np.argsort(stamps[rows], kind="stable")]]


def _share_times(stamps: np.ndarray, runs: Sequence[np.ndarray]) -> bool:
    """Return whether many rows of other runs have times of the longest run."""
    longest = max(runs, key=len)
    low, high = stamps[longest[[0, -1]]]
    within = sum(np.count_nonzero((stamps[run] >= low) & (stamps[run] <= high)) for run in runs) - len(longest)
    return bool(within > _SHARE * sum(map(len, runs)))


def _keep_longest(clock: Clock, runs: Sequence[np.ndarray]) -> None:
    longest = max(runs, key=len)
    clock.notes.append(
        f"{_again(clock, runs)}: only the longest run of rows is read, {len(longest)} of {sum(map(len, runs))}; split "
        "the file to analyse the others"
    )
    kept = np.full_like(_stamps(clock), UNKNOWN)
    kept[longest] = _stamps(clock)[longest]
    clock.stamps = kept


def _put_behind(clock: Clock, runs: Sequence[np.ndarray], end: int | None) -> int:
    """Move each run behind the one before it, the first behind ``end`` if that is given; return the last stamp."""
    stamps = _stamps(clock)
    steps = np.concatenate([np.diff(stamps[run]) for run in runs])
    usual = int(np.median(steps[steps > 0])) if (steps > 0).any() else 0
    apart = max(APART, _STEPS_APART * usual)
    if len(runs) > 1 or end is not None:
        why = _again(clock, runs) if len(runs) > 1 else "the files number their runs"
        clock.notes.append(f"{why}: each run of rows is read {apart / NANOSECONDS:g} s behind the run before it")
    moved = stamps.copy()
    for run in runs:
        if end is not None:
            moved[run] += end + apart - stamps[run[0]]
        end = int(moved[run[-1]])
    clock.stamps = moved
    assert end is not None
    return end


def _again(clock: Clock, runs: Sequence[np.ndarray]) -> str:
    return f"time {clock.label} begins again {counted(len(runs) - 1, 'time')}"
