"""The columns of a long table that name the series of each row: a signal, a topic, a tag, a robot.

The stamps distinguish a name from a state, such as ``mode``. Either rows share a stamp and differ in their names, or
names change from row to row, while a state stays for many rows. If a column only changes often, one more sign is
needed: a usual title of its names or of the values in another column, or names that explain the values or the steps of
time. If there are usual titles of both names and values, the names need not change often.
"""

from collections.abc import Sequence
from functools import reduce
from operator import and_

import numpy as np
import pyarrow as pa

from infonet_ros.intake.tables.series.name_columns import Names, Title, columns_of_names, is_of_values
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.text import NANOSECONDS

_FEWEST_ROWS = 3  # of each name on average
_SHARED = 0.2  # of the rows have the stamp of another row: names may distinguish them
_DISTINGUISHED = 0.8  # of those rows
_TURNS = 0.5  # of the changes from row to row that names in random order make
_EXPLAINED = 0.8  # of the variance of a column is between the names: then they are of different quantities
_MORE_EVEN = 0.5  # times as uneven are the steps of time of each name, if every name has its own period
_CROSSED = 0.95  # of all pairs of a stamp and a name have a row: numbers are names there
_MOST_DEVICES, _FEWEST_TIMES = 8, 20
_COMPLETE = 0.95  # of the times have a row of each device
_APART = 4.0  # times as far apart are the values at one time as those of one device at two times


def names_of_series(sheet: Sheet, clock: Clock) -> Names | None:
    """Return the names of the series of a long table; None for a table with a row for each time."""
    columns = [
        names
        for names in columns_of_names(sheet, clock, stamps_repeat=_repeat(clock))
        if 1 < len(names.names) <= int(np.count_nonzero(names.codes >= 0)) // _FEWEST_ROWS
    ]
    if not columns:
        return None
    rows = _Rows(sheet, clock)
    columns = [names for names in columns if not names.of_numbers or rows.has_numbers_for(names)]
    found = _by_shared_stamps(rows, columns) or _by_turns(rows, columns)
    if found is None:
        return None
    for other in columns:
        if other.title.is_of_names and not other.of_numbers and not set(other.columns) <= set(found.columns):
            both = found & other
            if len(both.names) > len(found.names) and rows.turns(other, within=found) >= _TURNS:
                found = both
    return _in_order(columns, found)


def _repeat(clock: Clock) -> bool:
    """Return whether some rows have the stamp of the row before, or an earlier stamp."""
    times = clock.stamps if clock.has_stamps else as_floats(clock.numbers)
    return bool(np.count_nonzero(np.diff(times) <= 0) >= _SHARED / 2 * len(times))


class _Rows:
    """The rows of a table with known times, in the order of time."""

    def __init__(self, sheet: Sheet, clock: Clock) -> None:
        self._sheet, self._clock = sheet, clock
        times, self._known = clock.known_times()
        self.times, self.moments = np.unique(times, return_inverse=True)
        self.order = self._known[np.argsort(self.moments, kind="stable")]

    @property
    def shared(self) -> float:
        """Share of the rows whose stamp an earlier row has."""
        return 1 - len(self.times) / max(1, len(self.moments))

    def distinguished(self, names: Names) -> float:
        """Return the share of the rows with an earlier row's stamp whose name is new at the stamp."""
        repeated = len(self.moments) - len(self.times)
        codes = names.codes[self._known]
        pairs = np.unique((self.moments * len(names.names) + codes)[codes >= 0])
        return 1 - (np.count_nonzero(codes >= 0) - len(pairs)) / repeated if repeated else 0.0

    def has_numbers_for(self, names: Names) -> bool:
        """Return whether numbers are names: there is a value, or nearly every stamp has one row of each number."""
        if names.title.is_of_names and self.value_is_named:
            return True
        whole = len(self.times) * len(names.names)
        return len(self.times) < len(self.moments) >= _CROSSED * whole and self.distinguished(names) >= _CROSSED

    def turns(self, names: Names, within: Names | None = None) -> float:
        """Return how often names change from row to row, as a multiple of how often they would in random order."""
        groups = within.codes if within else np.zeros_like(names.codes)
        order = self.order[np.argsort(groups[self.order], kind="stable")]
        order = order[(names.codes[order] >= 0) & (groups[order] >= 0)]
        beside = groups[order][1:] == groups[order][:-1]
        changes = np.count_nonzero((np.diff(names.codes[order]) != 0) & beside)
        sizes = np.bincount(groups[order]).astype(float)
        pairs = np.unique(groups[order] * len(names.names) + names.codes[order], return_counts=True)
        same = np.bincount(pairs[0] // len(names.names), pairs[1].astype(float) ** 2, len(sizes))
        expected = float(np.sum((sizes - 1) * (1 - same / np.maximum(sizes, 1) ** 2)))
        return changes / expected if expected > 0 else 0.0

    @property
    def value_is_named(self) -> bool:
        """Whether a column has a usual title of values."""
        return any(map(is_of_values, self._values))

    def explained(self, names: Names) -> bool:
        """Return whether the names explain the values of a column or the steps of time, or a title is one of values."""
        if self.value_is_named or self._more_even(names):
            return True
        return any(self._share_explained(names, as_floats(values)) >= _EXPLAINED for values in self._values.values())

    def _more_even(self, names: Names) -> bool:
        """Return whether the steps of time are more even between rows of one name than between all rows."""
        times = np.sort(self.times[self.moments])
        codes = names.codes[self.order]
        by_name = np.argsort(codes, kind="stable")
        apart = np.diff(times[by_name])[np.diff(codes[by_name]) == 0]
        return _uneven(apart) < _MORE_EVEN * _uneven(np.diff(times))

    @property
    def _values(self) -> dict[str, pa.ChunkedArray]:
        every = self._sheet.columns.items()
        return {name: column for name, column in every if name not in self._clock.names and is_number(column)}

    def _share_explained(self, names: Names, values: np.ndarray) -> float:
        """Return the share of the variance between the names in the variance of a column's ranks."""
        known = np.isfinite(values) & (names.codes >= 0)
        codes, ranks = names.codes[known], np.argsort(np.argsort(values[known])).astype(float)
        counts = np.bincount(codes)
        means = np.bincount(codes, ranks) / np.maximum(counts, 1)
        total = float(np.var(ranks)) if len(ranks) else 0.0
        return float(np.var(means[codes])) / total if total else 0.0


def _uneven(steps: np.ndarray) -> float:
    """Return the median distance of steps from their median, as a share of the median."""
    middle = np.median(steps) if len(steps) else 0.0
    return float(np.median(np.abs(steps - middle)) / middle) if middle > 0 else np.inf


def _by_shared_stamps(rows: _Rows, columns: Sequence[Names]) -> Names | None:
    """Join columns until they distinguish the rows that share a stamp; None if they never do, or few rows share one."""
    if rows.shared < _SHARED:
        return None
    found: Names | None = None
    share = 0.0
    while share < _DISTINGUISHED:
        others = [names for names in columns if not found or names.columns[0] not in found.columns]
        joined = [found & names if found else names for names in others]
        shares = [rows.distinguished(names) for names in joined]
        best = max(
            zip(shares, joined, strict=True),
            key=lambda pair: (round(pair[0], 2), not pair[1].of_numbers, -pair[1].title),
            default=None,
        )
        if best is None or best[0] <= share:
            return None
        share, found = best
    return found


def _by_turns(rows: _Rows, columns: Sequence[Names]) -> Names | None:
    """Return the column with most names of those whose names change often; None if the names of all columns stay.

    If there are titles of values and of names, the names need not change often.
    """
    turning = [names for names in columns if rows.turns(names) >= _TURNS]
    named = [names for names in (columns if rows.value_is_named else turning) if names.title.is_of_names]
    others = (names for names in turning if names.title is Title.UNKNOWN and rows.explained(names))
    return max(named or others, key=lambda names: (not names.of_numbers, len(names.names), -names.title), default=None)


def _in_order(columns: Sequence[Names], found: Names) -> Names:
    """Join the columns again: columns of devices before columns of signals."""
    own = [names for names in columns if names.columns[0] in found.columns]
    own.sort(key=lambda names: names.title is not Title.DEVICES)
    return reduce(and_, own)


def names_by_place(sheet: Sheet, clock: Clock) -> Names | None:
    """Name rows by their places among those of one time, if their values show that each place is of another device.

    Rows of one device may share a time, too, as those of a clock of whole seconds: then they are not named.
    """
    times, known = clock.known_times()
    _, moments, counts = np.unique(times, return_inverse=True, return_counts=True)
    devices = int(np.median(counts)) if len(counts) >= _FEWEST_TIMES else 1
    if not 1 < devices <= _MOST_DEVICES or np.mean(counts == devices) < _COMPLETE or _is_coarse(clock, times):
        return None
    order = np.argsort(moments, kind="stable")
    table = known[order[counts[moments[order]] == devices]].reshape(-1, devices)
    neighbours = np.ptp(table, axis=1) < 2 * devices
    if neighbours.mean() < _COMPLETE:  # a clock that began again, such as that of several episodes
        return None
    columns = (column for name, column in sheet.columns.items() if name not in clock.names and is_number(column))
    if not any(_is_apart(as_floats(column)[table]) for column in columns):
        return None
    codes = np.full(sheet.rows, -1)
    codes[table] = np.arange(devices)
    return Names((), codes, [f"row_{place + 1}" for place in range(devices)], Title.DEVICES)


def _is_coarse(clock: Clock, times: np.ndarray) -> bool:
    """Return whether times are only whole seconds, or count by one."""
    if clock.has_stamps:
        return not (times % NANOSECONDS).any()
    return clock.step == 1 and not (times % 1).any()


def _is_apart(values: np.ndarray) -> bool:
    """Return whether values (times, devices) are far apart at one time, but not those of one device."""
    own, between = (float(np.nanmedian(np.abs(np.diff(values, axis=axis)))) for axis in (0, 1))
    return between > _APART * own
