"""Columns of a table that may name the series of its rows: text, and numbers such as those of robots."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.names import group_and_rest, words_of
from infonet_ros.intake.tables.cells.numbers import trimmed
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.tables.times.clock import Clock

_MOST_NAMES = 5000  # of one column
_FEW_COLUMNS = 100  # up to here all columns are looked at, whatever their titles
_MOST_COLUMNS = 1000  # to look at


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OF_SIGNALS = _set(
    "name signal field variable var metric measurement parameter param quantity tag topic channel sensor entity item "
    "attribute property series joint motor wheel axis key path point probe signalname sensorname tagname kanal "
    "messstelle"
)
_OF_DEVICES = _set(
    "id uuid robot vehicle drone uav agent device host instance station machine node source object track asset frame "
    "mmsi imei vin icao callsign mac address component module location subject side leg arm player car tool board "
    "serial gerät fahrzeug"
)
_OF_VALUES = _set("value val state payload reading wert valeur valor valore")
_COUNTED = _set("id mmsi no nr number robot vehicle drone uav agent device machine player subject")
_OF_STATES = _set(
    "quality status state mode flag flags valid validity ok result unit units comment note notes severity level reason "
    "error phase stage gear direction activity"
)


class Title(IntEnum):
    """What the title of a column says about its cells, the likeliest names first."""

    SIGNALS = 0
    DEVICES = 1
    UNKNOWN = 2
    STATES = 3

    @classmethod
    def of(cls, name: str) -> "Title":
        """Judge a title by its words."""
        words = _words(name)
        known = {cls.SIGNALS: _OF_SIGNALS, cls.DEVICES: _OF_DEVICES, cls.STATES: _OF_STATES}
        return next((title for title, own in known.items() if words & own), cls.UNKNOWN)

    @property
    def is_of_names(self) -> bool:
        """Whether it is a usual title of names."""
        return self <= Title.DEVICES


@dataclass(frozen=True, eq=False)
class Names:
    """Names of the rows, from one column or several."""

    columns: tuple[str, ...]
    codes: np.ndarray  # (rows,) int64: place of each row's name in ``names``; -1 for a row without a name
    names: list[str]
    title: Title
    of_numbers: bool = False  # the names are numbers, of a column that may also hold values

    def __and__(self, other: "Names") -> "Names":
        """Name rows by both names, or by the only name that they have."""
        width = len(other.names) + 1
        known = (self.codes >= 0) | (other.codes >= 0)
        pairs, codes = np.unique(((self.codes + 1) * width + other.codes + 1)[known], return_inverse=True)
        every = np.full(len(known), -1)
        every[known] = codes
        first, second = ["", *self.names], ["", *other.names]
        names = [_joined(first[pair // width], second[pair % width]) for pair in pairs.tolist()]
        return Names((*self.columns, *other.columns), every, names, min(self.title, other.title))


def columns_of_names(sheet: Sheet, clock: Clock, *, stamps_repeat: bool) -> Iterator[Names]:
    """Go through columns of text, and columns of numbers with titles of names; through all if ``stamps_repeat``."""
    every = len(sheet.columns) <= _FEW_COLUMNS and not clock.fraction and stamps_repeat
    for name in islice(sheet.names, _MOST_COLUMNS):
        column = sheet.columns.get(name)
        title, counted = Title.of(name), _is_of_counts(name)
        of_numbers = column is not None and is_number(column)
        cells = column if column is not None and pa.types.is_string(column.type) else sheet.cells.get(name)
        if name in clock.names or (clock.fraction and name == clock.fraction[0]):
            continue
        if cells is not None and (not of_numbers or counted) and (names := _names_of_text(name, cells, title)):
            yield names
        elif of_numbers and (title.is_of_names or counted or (every and title is Title.UNKNOWN)):
            yield _names_of_numbers(name, as_floats(column), title)


def is_of_values(name: str) -> bool:
    """Return whether the name of a column is a usual title of values."""
    return bool(_words(name) & _OF_VALUES)


def _is_of_counts(name: str) -> bool:
    """Return whether a title is one of numbers that are names: ``robot``, ``vehicle_id``, and not ``vehicle_speed``."""
    words = _words(name)
    return bool(words & _COUNTED) and words <= _OF_SIGNALS | _OF_DEVICES | _COUNTED


def _words(name: str) -> set[str]:
    """Return the words of a column's name, without its group; ``deviceid`` has two."""
    words = words_of(group_and_rest(name)[1])
    of_id = {word.removesuffix("id") for word in words if word.endswith("id")} & (_OF_SIGNALS | _OF_DEVICES)
    return words | of_id | ({"id"} if of_id else set())


def _names_of_text(name: str, cells: pa.ChunkedArray, title: Title) -> Names | None:
    encoded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    if any(len(chunk.dictionary) > _MOST_NAMES for chunk in encoded.chunks):
        return None
    encoded = encoded.unify_dictionaries().combine_chunks()
    words = trimmed(encoded.dictionary).dictionary_encode()  # some may differ in blanks only
    places = pc.fill_null(words.indices, -1).to_numpy(zero_copy_only=False)
    indices = pc.fill_null(encoded.indices, len(places)).to_numpy(zero_copy_only=False)
    if len(words.dictionary) > _MOST_NAMES:
        return None
    codes = np.append(places, -1).astype(np.int64)[indices]
    return Names((name,), codes, words.dictionary.to_pylist(), title)


def _names_of_numbers(name: str, values: np.ndarray, title: Title) -> Names:
    """Name rows by numbers; without a title of names, a column that counts from 0 or 1 or has fractions is none."""
    counted = _is_of_counts(name)
    numbers, codes = np.unique(values, return_inverse=True)
    if np.isnan(numbers[-1:]).any():
        codes = np.where(codes == len(numbers) - 1, -1, codes)
        numbers = numbers[:-1]
    if len(numbers) > _MOST_NAMES or (title is Title.UNKNOWN and not counted and _may_be_values(numbers)):
        return Names((name,), codes, [], title)
    bare = re.sub(r"(?i)[\W_]*(?:id|no|nr|number)$", "", name) or name
    names = [f"{bare}_{number:.12g}" for number in numbers.tolist()]
    return Names((name,), codes, names, title, of_numbers=not counted)


def _may_be_values(numbers: np.ndarray) -> bool:
    """Return whether different numbers have fractions, or count from 0 or 1."""
    counts = [*range(len(numbers))], [*range(1, len(numbers) + 1)]
    return not np.isfinite(numbers).all() or bool((numbers % 1 != 0).any()) or numbers.tolist() in counts


def _joined(first: str, second: str) -> str:
    return first + second if not first or second.startswith("/") else "/".join(filter(None, (first, second)))
