"""The columns of a long table that name the series of each row: a signal, a topic, a tag, a robot.

The stamps distinguish a name from a state, such as ``mode``. Either rows share a stamp and differ in their names, or
names change from row to row, while a state stays for many rows. If a column only changes often, one more sign is
needed: it has a usual title of names, another column has a usual title of values, or the names explain the values or
the steps of time. If there are usual titles of both names and values, the names need not change often.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.names import words_of
from infonet_ros.intake.tables.cells.numbers import trimmed
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.tables.times.clock import Clock

_MOST_NAMES, _FEWEST_ROWS = 5000, 3  # of one column, and rows of each name on average
_SHARED = 0.2  # of the rows have the stamp of another row: names may distinguish them
_DISTINGUISHED = 0.8  # of those rows
_FEW_COLUMNS = 100  # up to here all columns are looked at, whatever their titles
_TURNS = 0.5  # of the changes from row to row that names in random order make
_EXPLAINED = 0.8  # of the variance of a column is between the names: then they are of different quantities
_MORE_EVEN = 0.5  # times as uneven are the steps of time of each name, if every name has its own period
_CROSSED = 0.95  # of all pairs of a stamp and a name have a row: numbers are names there

def _set(words: str) -> set[str]:
    return set(words.split())


_OF_SIGNALS = _set(
    "name signal field variable var metric measurement parameter param quantity tag topic channel sensor entity item "
    "attribute property series joint motor wheel axis key path point probe signalname sensorname tagname kanal "
    "messstelle"
)
_OF_THINGS = _set(
    "id uuid robot vehicle drone uav agent device host instance station machine node source object track asset frame "
    "mmsi imei vin icao callsign mac address component module location subject side leg arm player car tool board "
    "serial gerät fahrzeug"
)
_OF_VALUES = _set("value val payload reading wert valeur valor valore")
_COUNTED = _set("id mmsi no nr number robot vehicle drone uav agent device machine player subject")
_OF_STATES = _set(
    "quality status state mode flag flags valid validity ok result unit units comment note notes severity level reason "
    "error phase stage gear direction activity"
)


@dataclass(frozen=True, eq=False)
class Names:
    """Names of the rows, from one column or several.

    Attributes
    ----------
    columns : tuple of str
    codes : (rows,) int64
        Place of each row's name in ``names``; -1 for a row without a name.
    names : list of str
    rank : int
        By the title of the column: 0 for names of signals, 1 for names of devices, 2 for others, 3 for states.
    of_numbers : bool
        The names are numbers, of a column that may also hold values.
    """

    columns: tuple[str, ...]
    codes: np.ndarray
    names: list[str]
    rank: int
    of_numbers: bool = False

    def __and__(self, other: "Names") -> "Names":
        """Name rows by both names, or by the only name that they have."""
        width = len(other.names) + 1
        known = (self.codes >= 0) | (other.codes >= 0)
        pairs, codes = np.unique(((self.codes + 1) * width + other.codes + 1)[known], return_inverse=True)
        every = np.full(len(known), -1)
        every[known] = codes
        first, second = ["", *self.names], ["", *other.names]
        names = [_joined(first[pair // width], second[pair % width]) for pair in pairs.tolist()]
        return Names((*self.columns, *other.columns), every, names, min(self.rank, other.rank))


def names_of_series(sheet: Sheet, clock: Clock) -> Names | None:
    """Return the names of the series of a long table; None for a table with a row for each time."""
    columns = [
        names
        for names in _columns_of_names(sheet, clock)
        if 1 < len(names.names) <= min(_MOST_NAMES, int(np.count_nonzero(names.codes >= 0)) // _FEWEST_ROWS)
    ]
    if not columns:
        return None
    rows = _Rows(sheet, clock)
    columns = [names for names in columns if not names.of_numbers or rows.has_numbers_for(names)]
    found = _by_shared_stamps(rows, columns) or _by_turns(rows, columns)
    if found is None:
        return None
    for other in columns:
        if other.rank < 2 and not other.of_numbers and not set(other.columns) <= set(found.columns):
            both = found & other
            if len(both.names) > len(found.names) and rows.turns(other, within=found) >= _TURNS:
                found = both
    return _in_order(columns, found)


def _columns_of_names(sheet: Sheet, clock: Clock) -> Iterator[Names]:
    """Go through columns of text, and columns of numbers with titles of names; through all if stamps repeat."""
    every = len(sheet.columns) <= _FEW_COLUMNS and not clock.fraction and _repeats(clock)
    for name in sheet.names:
        column = sheet.columns.get(name)
        words = _words(name)
        rank = 0 if words & _OF_SIGNALS else 1 if words & _OF_THINGS else 3 if words & _OF_STATES else 2
        of_numbers = column is not None and is_number(column)
        cells = column if column is not None and pa.types.is_string(column.type) else sheet.cells.get(name)
        if name in clock.names or (clock.fraction and name == clock.fraction[0]):
            continue
        if cells is not None and (not of_numbers or words & _COUNTED) and (names := _names_of_text(name, cells, rank)):
            yield names
        elif of_numbers and (rank < 2 or words & _COUNTED or (every and rank == 2)):
            yield _names_of_numbers(name, as_floats(column), rank)


def _repeats(clock: Clock) -> bool:
    """Return whether some rows have the stamp of the row before, or an earlier stamp."""
    times = as_floats(clock.numbers) if clock.stamps is None else clock.stamps
    return bool(np.count_nonzero(np.diff(times) <= 0) >= _SHARED / 2 * len(times))


def _words(name: str) -> set[str]:
    """Return the words of a column's name; ``deviceid`` has two."""
    words = words_of(name)
    of_id = {word.removesuffix("id") for word in words if word.endswith("id")} & (_OF_SIGNALS | _OF_THINGS)
    return words | of_id | ({"id"} if of_id else set())


def _names_of_text(name: str, cells: pa.ChunkedArray, rank: int) -> Names | None:
    encoded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    if any(len(chunk.dictionary) > _MOST_NAMES for chunk in encoded.chunks):
        return None
    encoded = encoded.unify_dictionaries().combine_chunks()
    words = trimmed(encoded.dictionary).dictionary_encode()  # some may differ in blanks only
    places = pc.fill_null(words.indices, -1).to_numpy(zero_copy_only=False)
    indices = pc.fill_null(encoded.indices, len(places)).to_numpy(zero_copy_only=False)
    codes = np.append(places, -1).astype(np.int64)[indices]
    return Names((name,), codes, words.dictionary.to_pylist(), rank)


def _names_of_numbers(name: str, values: np.ndarray, rank: int) -> Names:
    """Name rows by numbers; without a title of names, a column that counts from 0 or 1 or has fractions is none."""
    counted = bool(_words(name) & _COUNTED)
    numbers, codes = np.unique(values, return_inverse=True)
    if np.isnan(numbers[-1:]).any():
        codes = np.where(codes == len(numbers) - 1, -1, codes)
        numbers = numbers[:-1]
    if len(numbers) > _MOST_NAMES or (rank == 2 and not counted and _may_be_values(numbers)):
        return Names((name,), codes, [], rank)
    bare = re.sub(r"(?i)[\W_]*(?:id|no|nr|number)$", "", name) or name
    names = [f"{bare}_{number:.12g}" for number in numbers.tolist()]
    return Names((name,), codes, names, rank, of_numbers=not counted)


def _may_be_values(numbers: np.ndarray) -> bool:
    """Return whether different numbers have fractions, or count from 0 or 1."""
    counts = [*range(len(numbers))], [*range(1, len(numbers) + 1)]
    return not np.isfinite(numbers).all() or bool((numbers % 1 != 0).any()) or numbers.tolist() in counts


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
        if names.rank < 2 and self.value_is_named:
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
        return any(_words(name) & _OF_VALUES for name in self._values)

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
            key=lambda pair: (round(pair[0], 2), not pair[1].of_numbers, -pair[1].rank),
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
    named = [names for names in columns if names.rank < 2 and (rows.value_is_named or rows.turns(names) >= _TURNS)]
    others = [names for names in columns if names.rank == 2 and rows.turns(names) >= _TURNS and rows.explained(names)]
    return max(named or others, key=lambda names: (not names.of_numbers, len(names.names), -names.rank), default=None)


def _in_order(columns: Sequence[Names], found: Names) -> Names:
    """Join the columns again: columns of devices before columns of signals."""
    own = [names for names in columns if names.columns[0] in found.columns]
    own.sort(key=lambda names: names.rank != 1)
    first, *others = own
    for names in others:
        first = first & names
    return first


def _joined(first: str, second: str) -> str:
    return first + second if not first or second.startswith("/") else "/".join(filter(None, (first, second)))
