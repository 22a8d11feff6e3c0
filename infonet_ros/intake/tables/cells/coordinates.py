"""Latitudes and longitudes in cells of text, read as degrees: negative in the south and in the west."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.names import words_of

_PRIMES = "\u2032\u2019"
_PART = r"\d{1,2}(?:[.,]\d+)?"
_MARKED = (  # 48°07.038'N, N 48° 7' 2.3", -48°07'
    r"^(?P<before>[NSEW]?) ?(?P<sign>[+-]?)(?P<degrees>\d{1,3}(?:[.,]\d+)?) ?[°º] ?"
    rf"(?:(?P<minutes>{_PART}) ?['{_PRIMES}] ?(?:(?P<seconds>{_PART}) ?(?:[\"″”]|'') ?)?)?(?P<behind>[NSEW]?)$"
)
_OF_NMEA = r"^(?P<degrees>\d{2,3})(?P<minutes>[0-5]\d\.\d+), ?(?P<behind>[NSEW])$"  # 4807.038,N
_LETTER_FIRST = r"^(?P<before>[NSEW]) ?(?P<degrees>\d{1,3}\.\d{3,})$"
_LETTER_LAST = r"^(?P<degrees>\d{1,3}\.\d+) ?(?P<behind>[NSEW])$"  # N and W are also newtons and watts
_FORMS = (_MARKED, _OF_NMEA, _LETTER_FIRST, _LETTER_LAST)
_PATTERNS = [re.compile(form) for form in _FORMS]
_PARTS = {"degrees": 1, "minutes": 60, "seconds": 3600}
_PAIRS = ({"N", "S"}, {"E", "W"})
_AXES = (({"N", "S"}, "latitude", {"lat"}), ({"E", "W"}, "longitude", {"lon", "long", "lng"}))
_BESIDE = {"deg", "degrees", "gps", "gnss"}  # long_range_power and lat_force are no places
NEGATIVE = pa.array(["S", "W", "-"])
"""What makes degrees negative."""


def is_coordinate(cell: str) -> bool:
    """Return whether a cell may be a latitude or a longitude, and is no plain number."""
    return any(pattern.match(cell) for pattern in _PATTERNS)


def degrees_of(texts: pa.ChunkedArray, name: str) -> pa.ChunkedArray | None:
    """Read a column of trimmed cells as degrees; None if it holds anything else, or numbers with one unit.

    If all cells have one letter, the ``name`` of the column tells whether it is a unit.
    """
    for form in _FORMS:
        parts = pc.extract_regex(texts, form)
        if parts.null_count == texts.null_count < len(texts):
            cells = {field.name: pc.struct_field(parts, field.name) for field in parts.type}
            return _degrees(cells) if _is_certain(form, cells, name) else None
    return None


def _is_certain(form: str, parts: dict[str, pa.ChunkedArray], name: str) -> bool:
    """Return whether the cells are no numbers with the unit °, N or W."""
    letters = {
        letter for place in ("before", "behind") if place in parts for letter in pc.unique(parts[place]).to_pylist()
    }
    if form == _LETTER_LAST:
        return letters - {None} in _PAIRS or _is_of_place(name, letters - {None})
    return form != _MARKED or bool(letters & {*"NSEW"} or pc.any(pc.not_equal(parts["minutes"], "")).as_py())


def _is_of_place(name: str, letters: set[str]) -> bool:
    """Return whether a column is named as the coordinate that its letters stand for."""
    words = words_of(name)
    return any(
        letters <= own and (full in words or (bool(words & short) and words <= short | _BESIDE))
        for own, full, short in _AXES
    )


def _degrees(parts: dict[str, pa.ChunkedArray]) -> pa.ChunkedArray:
    total: pa.ChunkedArray = 0.0
    for name, share in _PARTS.items():
        if name in parts:
            cells = pc.replace_substring(parts[name], ",", ".")
            numbers = pc.cast(pc.if_else(pc.equal(cells, ""), "0", cells), pa.float64())
            total = pc.add(total, pc.divide(numbers, float(share)))
    for name in ("before", "sign", "behind"):
        if name in parts:
            total = pc.if_else(pc.is_in(parts[name], value_set=NEGATIVE), pc.negate(total), total)
    return total
