"""Read text cells as numbers: decimal signs, thousands, units and truth values; empty and unknown cells.

Everything works on whole columns, as arrays of Arrow: a table has a million cells.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.coordinates import degrees_of, is_coordinate
from infonet_ros.text import are, shorten

EMPTY = ("", "NA", "N/A", "null", "NULL", "None", "-")
"""Cells without a value: the row does not contain the column."""

_SPACES = " \u00a0\u202f'\u2019"  # signs between thousands, as in 1 234,5 and 1'234.5
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_NOT_KNOWN = r"^[+-]?(?i:nan|inf|infinity)$"
_PLAIN = rf"^[+-]?(?:\d+\.?\d*|\.\d+){_EXPONENT}$"
_GROUPED = {  # by three, or by two before the last three, as in India
    sign: rf"^[+-]?\d{{1,3}}(?:{sign}\d{{2,3}})*{sign}\d{{3}}" for sign in (",", r"\.", f"[{_SPACES}]")
}
_TRUE = ("true", "yes", "on", "y", "t", "enabled", "wahr", "ja", "vrai", "oui", "verdadero", "vero")
_FALSE = ("false", "no", "off", "n", "f", "disabled", "falsch", "nein", "faux", "non", "falso")
_FORTRAN = r"^[+-]?[\d.,]+[dD][+-]?\d+$"
_HEX = r"^0[xX][0-9a-fA-F]{1,15}$"
_MOST_NAMES = 16
_BYTES = r"^(?:[0-9A-F]{2}|[0-9A-F]{4}|[0-9A-F]{8}|[0-9a-f]{2}|[0-9a-f]{4}|[0-9a-f]{8})$"
_UNIT = r"[^\d\s.,:+\-/#][^\d\s,;:]{0,7}(?:\^-?\d|[ms]\d)?|[ms]\d"
_WITH_UNIT = rf"^(?P<number>[+-]?[\d.,]*\d[.,]?(?:[eE][+-]?\d+)?)\s?(?P<unit>(?:{_UNIT})(?: [AD]C)?)$"
_PREFIXES = {"": 0, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "c": -2, "k": 3, "M": 6, "G": 9}
_IN_PARENTHESES = r"^\((\d{1,3}(?:[.,]\d{3})*(?:[.,]\d*)?|\d+(?:[.,]\d*)?|[.,]\d+)\)$"
_DASHES = "\u2212\u2010-\u2013\ufe63\uff0d"  # that typesetters use as a minus
_DASH = rf"^(\(?)[{_DASHES}]"
_SIGN_APART = r"^([+-]) +([\d.])"
_MINUS_BEHIND = rf"^(\d[\d.,{_SPACES}]*)[-{_DASHES}]$"  # as accountants write it
_CURRENCY = r"^([(+-]{0,2}) ?(?:[A-Z]{0,3}[$€£¥₹₽₩]|EUR|USD|GBP|CHF) ?([+-]?[\d.,])"  # before a number
_MARKS = (
    r"^(?i:#[a-z][a-z/0]*[!?]?|-{2,}|\?+|\*+|_+|\.|<na>|nat|nil|none|\(?null\)?|\\n|undefined|n\.?/?[ad]\.?|"
    r"no[ _]?data|err(?:or)?|invalid|missing|unavailable|not[ _]available|unknown|-?1\.#\w+)$"
)
"""Cells for an unknown value: they do not count when a column is judged."""

_OTHER_FORM = re.compile(
    "|".join((_HEX, _FORTRAN, _WITH_UNIT, _IN_PARENTHESES, _MARKS, _BYTES, _DASH + r"\d", _MINUS_BEHIND, _CURRENCY))
)


# Cells that show whether a comma or a point is the decimal sign, because only one reading suits.
_COMMA_DECIMAL = rf"^[+-]?(?:\d*,(?:\d{{1,2}}|\d{{4,}})|(?:0\d*|\d{{4,}})?,\d+|\d{{1,3}}(?:\.\d{{3}})+,\d+){_EXPONENT}$"
_COMMA_GROUPS = rf"^[+-]?\d{{1,3}}(?:(?:,\d{{3}})+\.\d*|(?:,\d{{3}}){{2,}}){_EXPONENT}$"
_COMMA = rf"^[+-]?\d*,\d+{_EXPONENT}$"
_ONE_GROUP = r"^[+-]?\d{1,3}\.\d{3}$"
_SHORT, _LONG = r"^[+-]?\d{1,3}$", r"^[+-]?\d{4,}$"
_POINT_GROUPS = r"^[+-]?\d{1,3}(?:(?:\.\d{3})+,\d*|(?:\.\d{3}){2,})$"


@dataclass(frozen=True)
class Style:
    """The format of numbers in a table: the decimal sign, and whether points separate thousands."""

    decimal: str = "."
    point_groups: bool = False

    @property
    def note(self) -> str:
        """How commas are read, in words."""
        if self.decimal == ",":
            return "commas within numbers are read as decimal points: 1,234 is a little more than one"
        return "commas within numbers are read as signs of thousands: 1,234 is more than a thousand"


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: null where a cell is empty, NaN where the value is unknown or not a number.

    ``odd`` counts the cells that are not numbers; ``row`` and ``text`` are the place and the text of the first of
    them. ``unit`` is the unit behind the numbers.
    """

    values: pa.ChunkedArray
    odd: int = 0
    row: int = 0
    text: str = ""
    unit: str = ""

    def on_odd(self, column: str, example: str) -> str:
        """Say how many cells of a column are not numbers; ``example`` are the words before the text of the first."""
        return (
            f"{column}: {self.odd} of {len(self.values)} cells {are(self.odd)} no number and read as unknown "
            f"({example} {shorten(self.text, 40)!r})"
        )


def trimmed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove the blanks around cells; cells without a value become null."""
    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(texts, value_set=pa.array(EMPTY, texts.type)), pa.scalar(None, texts.type), texts)


def find_style(columns: Iterable[pa.ChunkedArray], comma_delimits: bool, decimal_points: bool) -> Style | None:
    """Find out what commas mean in the numbers of a table; None if no number has a comma.

    The columns are those whose cells are not all plain numbers. If ``comma_delimits``, commas separate the columns, so
    that only quoted numbers have commas; with ``decimal_points``, the other columns hold numbers with a point.
    """
    columns = list(columns)
    decimals, groups, commas, points = (
        sum(_count(column, pattern) for column in columns)
        for pattern in (_COMMA_DECIMAL, _COMMA_GROUPS, _COMMA, _POINT_GROUPS)
    )
    if not (commas or groups or points):
        return None
    undecided = decimals == groups and not points
    if undecided:  # such as 1,234: of thousands, if all numbers above 999 have a comma and some numbers are below
        short, long = (sum(_count(column, pattern) for column in columns) for pattern in (_SHORT, _LONG))
        comma = not (comma_delimits or decimal_points or (short and not long))
    else:
        comma = decimals + points > groups
    return Style("," if comma else ".", point_groups=bool(comma and (points or any(map(points_may_group, columns)))))


def points_may_group(texts: pa.ChunkedArray | pa.StringArray) -> bool:
    """Return whether all points of a column may separate thousands: 999 and 1.234, but no 12.5."""
    pointed = pc.sum(pc.match_substring(texts, ".")).as_py() or 0  # much faster than a pattern
    return bool(0 < pointed < len(texts) and pointed == _count(texts, _ONE_GROUP) and _count(texts, _SHORT))


def to_numbers(texts: pa.ChunkedArray, style: Style, plain_numbers: int = 0, name: str = "") -> Numbers | None:
    """Read a column of trimmed cells as numbers; None if most cells that are not empty are not numbers.

    ``plain_numbers`` counts further cells of the column that are known to be numbers; ``name`` is its name.
    """
    if (found := _truths(texts)) is not None or (not plain_numbers and (found := degrees_of(texts, name)) is not None):
        return Numbers(found)
    plain, unit = _without_unit(_as_decimal(_signed(_with_prefix(texts))), plain_numbers)
    plain = _in_plain_style(plain, style)
    good = pc.or_(pc.match_substring_regex(plain, _PLAIN), pc.match_substring_regex(plain, _NOT_KNOWN))
    there = len(texts) - texts.null_count
    odd = there - (pc.sum(good).as_py() or 0)
    marks = _count(texts, _MARKS)
    odd_cells = pc.invert(good)
    if odd and 2 * (odd - marks) >= there - marks + plain_numbers and not _is_one_word(texts, odd_cells, odd):
        return None
    values = pc.cast(pc.if_else(odd_cells, pa.scalar("nan", plain.type), plain), pa.float64())
    if not odd:
        return Numbers(values, unit=unit)
    row = pc.index(odd_cells, True).as_py()
    return Numbers(values, odd, row, texts[row].as_py(), unit)


def _is_one_word(texts: pa.ChunkedArray, odd_cells: pa.ChunkedArray, odd: int) -> bool:
    """Return whether all cells that are not numbers hold one word, among numbers: the word for an unknown value."""
    return odd < len(texts) - texts.null_count and pc.count_distinct(texts.filter(odd_cells)).as_py() == 1


def may_be_number(cell: str) -> bool:
    """Return whether a cell is not a plain number, but may be a number, a truth value or an unknown value."""
    return cell.lower() in (*_TRUE, *_FALSE) or _OTHER_FORM.match(cell) is not None or is_coordinate(cell)


def _without_unit(texts: pa.ChunkedArray, plain_numbers: int) -> tuple[pa.ChunkedArray, str]:
    """Remove the unit behind most numbers of a column, as in 3.2 V; return the cells and the unit."""
    parts = pc.extract_regex(texts, _WITH_UNIT)
    units = pc.struct_field(parts, "unit")
    if 2 * (len(parts) - parts.null_count) <= len(texts) - texts.null_count + plain_numbers:
        return texts, ""
    counts = pc.value_counts(pc.drop_null(units)).to_pylist()
    unit = max(counts, key=lambda count: count["counts"])["values"]
    for other in (count["values"] for count in counts):
        if (power := _power(other, unit)) is not None:
            number = pc.binary_join_element_wise(pc.struct_field(parts, "number"), f"e{power}" if power else "", "")
            texts = pc.if_else(pc.fill_null(pc.equal(units, other), False), number, texts)
    return texts, unit


def _power(unit: str, base: str) -> int | None:
    """Return the power of ten between two units, as 3 for kV and V; None if they differ by more than a prefix."""
    powers = (
        power - other
        for prefix, power in _PREFIXES.items()
        for other_prefix, other in _PREFIXES.items()
        if unit.startswith(prefix) and unit != prefix and base == other_prefix + unit.removeprefix(prefix)
    )
    return None if unit != base and "min" in (unit, base) else next(powers, None)


def _signed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write the signs of numbers as Python does, without a currency before them.

    Typesetters write other dashes as a minus. Accountants write it behind the number, or as parentheses around it.
    """
    for pattern, plain in (
        (_DASH, r"\1-"),
        (_SIGN_APART, r"\1\2"),
        (_MINUS_BEHIND, r"-\1"),
        (_CURRENCY, r"\1\2"),
    ):
        if _count(texts, pattern):
            texts = pc.replace_substring_regex(texts, pattern, plain)
    if not (count := _count(texts, _IN_PARENTHESES)):
        return texts
    alone = count == len(texts) - texts.null_count  # then the parentheses have no meaning
    return pc.replace_substring_regex(texts, _IN_PARENTHESES, r"\1" if alone else r"-\1")


def _as_decimal(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write hexadecimal numbers as decimal ones, and exponents of Fortran, 1.5D+03, as 1.5E+03."""
    hexadecimal = pc.match_substring_regex(texts, _HEX)
    if _any(hexadecimal):
        whole = pc.cast(pc.if_else(hexadecimal, texts, pa.scalar("0x0", texts.type)), pa.int64())
        texts = pc.if_else(hexadecimal, pc.cast(whole, texts.type), texts)
    fortran = pc.match_substring_regex(texts, _FORTRAN)
    return pc.if_else(fortran, pc.replace_substring_regex(texts, "[dD]", "E"), texts) if _any(fortran) else texts


def _with_prefix(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put 0x before the cells of a column of hexadecimal numbers, all of one length: 00, 1A, FF.

    A column of few different cells may hold names, such as A1 and B2, and is left as it is.
    """
    lengths = pc.min_max(pc.utf8_length(texts)).as_py()
    there = len(texts) - texts.null_count
    if lengths["min"] != lengths["max"] or _count(texts, _BYTES) != there or _count(texts, _PLAIN) == there:
        return texts
    if pc.count_distinct(texts).as_py() <= _MOST_NAMES:
        return texts
    return pc.binary_join_element_wise("0x", texts, "")


def _count(texts: pa.ChunkedArray, pattern: str) -> int:
    return pc.sum(pc.match_substring_regex(texts, pattern)).as_py() or 0


def _truths(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Read a column of truth values as 1 and 0, NaN where one is unknown; None if it holds anything else."""
    lower = pc.utf8_lower(texts)
    true, false = (pc.is_in(lower, value_set=pa.array(words, lower.type)) for words in (_TRUE, _FALSE))
    truth, there = pc.or_(true, false), pc.is_valid(texts)
    other = pc.and_(there, pc.invert(truth))
    if not _any(truth) or pc.sum(other).as_py() != _count(texts, _MARKS):
        return None
    numbers = pc.if_else(other, pa.scalar(float("nan")), pc.cast(true, pa.float64()))
    return pc.if_else(there, numbers, pa.scalar(None, pa.float64()))


def _in_plain_style(texts: pa.ChunkedArray, style: Style) -> pa.ChunkedArray:
    """Write numbers with a decimal point and without signs of thousands. Other cells do not become numbers."""
    texts = _without(texts, f"[{_SPACES}]", _GROUPED[f"[{_SPACES}]"] + rf"(?:[.,]\d*)?{_EXPONENT}$")
    if style.decimal == ".":
        return _without(texts, ",", _GROUPED[","] + rf"(?:\.\d*)?{_EXPONENT}$")
    if style.point_groups:
        texts = _without(texts, r"\.", _GROUPED[r"\."] + rf"(?:,\d*)?{_EXPONENT}$")
    commas = pc.match_substring_regex(texts, rf"^[+-]?(?:\d+,\d*|,\d+){_EXPONENT}$")
    return pc.if_else(commas, pc.replace_substring(texts, ",", "."), texts)


def _without(texts: pa.ChunkedArray, signs: str, cells: str) -> pa.ChunkedArray:
    """Remove signs from the cells that match a pattern."""
    matching = pc.match_substring_regex(texts, cells)
    return pc.if_else(matching, pc.replace_substring_regex(texts, signs, ""), texts) if _any(matching) else texts


def _any(mask: pa.ChunkedArray) -> bool:
    return bool(pc.any(mask).as_py())
