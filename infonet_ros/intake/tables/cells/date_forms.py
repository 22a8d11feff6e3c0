"""Forms of dates and times of day, as people and programs write them, and the parts of the cells that have one."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.caching import cached_property
from infonet_ros.intake.tables.cells.time_units import DAY
from infonet_ros.text import NANOSECONDS

_A_FEW = 20  # cells to look at before all cells are
_NANOSECOND_DIGITS = 9

# Names of the parts: a, b, c of a date in any order, b the middle one or a month's name; H, M, S and f, the fraction.
_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10},
    **{"fév": 2, "fev": 2, "mär": 3, "mrz": 3, "avr": 4, "abr": 4, "mai": 5, "mag": 5, "juin": 6, "giu": 6},
    **{"juil": 7, "lug": 7, "aoû": 8, "aou": 8, "ago": 8, "set": 9, "okt": 10, "ott": 10, "dez": 12, "déc": 12},
    **{"ene": 1, "gen": 1, "mrt": 3, "mei": 5, "maj": 5, "nov": 11, "dec": 12, "dic": 12},
}
"""By their first letters, in English, German, French, Spanish, Italian, Portuguese, Dutch, Danish and Swedish."""

_MONTH_NAMES = pa.array(_MONTHS)
_MONTH = r"(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")[A-Za-zéûä]{0,7}"
_ZONE = r"(?:Z|z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|[A-Z]{3,5})(?:\s*\([\w\s/]+\)|\[[\w/+-]+\])?"
_HALF = r"\s*(?P<half>[AaPp])?(?:\.?\s?[Mm]\.?)?"
_CLOCK = r"(?P<H>\d{1,4}):(?P<M>\d{1,2})(?::(?P<S>\d{1,2}))?(?:[.,:;](?P<f>\d{1,12}))?" rf"{_HALF}\s*(?P<zone>{_ZONE})?"
_CLOCK_WITHOUT_COLONS = (  # as in names of files, and of Oracle
    r"(?P<H>\d{2})[._-](?P<M>\d{2})[._-](?P<S>\d{2})(?:[.,_-](?P<f>\d{1,12}))?" rf"{_HALF}\s*(?P<zone>{_ZONE})?"
)
_IN_BRACKETS = r"^[\[(<]\s*(.*?)\s*[\])>]$"
_UNTIL = "^(.*\\d:\\d\\d)\\s+(?:[-\u2013]|to|until|bis)\\s+\\d.*$"  # an interval: its begin is the time
_OF_ASIA = "[分분秒초午]|오[전후]"
_AS_ELSEWHERE = (  # clocks of China, Japan and Korea
    (r"([日일])(\d)", r"\1 \2"),
    (r"[時时시分분]\s*", ":"),
    ("[秒초]", ""),
    (r"(?:上午|午前|오전)\s*([\d:.,]+)", r"\1 AM"),
    (r"(?:下午|午後|오후)\s*([\d:.,]+)", r"\1 PM"),
)
_WEEKDAY = r"(?:[A-Za-z]{3,9}(?:,\s*|\s+))?"
_DATES_ALONE = (
    rf"{_WEEKDAY}(?P<a>\d{{1,4}})\s*[-/._\s年년]\s*(?P<b>\d{{1,2}}|(?i:{_MONTH}))\.?,?\s*[-/._\s月월]\s*"
    r"(?P<c>\d{1,4})[日일]?",
    rf"{_WEEKDAY}(?P<b>(?i:{_MONTH}))\.?\s+(?P<a>\d{{1,2}})(?:,\s*|\s+)(?P<c>\d{{4}})",
    rf"(?P<a>\d{{1,2}})(?P<b>(?i:{_MONTH}))(?P<c>\d{{4}})",  # of SAS and Stata
)
_DIGIT_CLOCK = (
    r"(?:[T\s:_-](?P<H>\d{2}):?(?P<M>\d{2}):?(?P<S>\d{2})(?:[.,](?P<f>\d{1,12}))?(?P<half>)"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)"
)
COUNTED_DATES = (
    rf"^(?P<year>\d{{4}})[-/:.]?(?P<day>\d{{3}}){_DIGIT_CLOCK}$",  # 2024-033T04:05:06, the 33rd day of the year
    rf"^(?P<year>\d{{4}})-?W(?P<week>\d{{2}})-?(?P<day>[1-7]){_DIGIT_CLOCK}?$",  # 2024-W05-5, weeks by ISO 8601
)
DATES = (
    *(rf"^{date}(?:[T_,:/\s-]\s*-?\s*{_CLOCK})?$" for date in _DATES_ALONE),
    r"^(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})(?:[T_\s-]?(?P<H>\d{2})(?::?(?P<M>\d{2})(?::?(?P<S>\d{2})(?:[.,_-]?(?P<f>\d{1,12}))?"
    r")?)?(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?(?P<half>)$",
    rf"^{_WEEKDAY}(?P<b>[A-Za-z]{{3}})\s+(?P<a>\d{{1,2}})\s+(?P<H>\d{{1,2}}):(?P<M>\d{{2}}):(?P<S>\d{{2}})(?:\.(?P<f>\d+))?"
    r"\s+(?P<zone>UTC|GMT|[A-Z]{3,4})?\s*(?P<c>\d{4})(?P<half>)$",  # ctime
    rf"^(?P<a>\d{{4}}):(?P<b>\d{{2}}):(?P<c>\d{{2}})\s+{_CLOCK}$",  # of cameras
    *(rf"^{date}[T_,\s-]\s*{_CLOCK_WITHOUT_COLONS}$" for date in _DATES_ALONE),
    rf"^(?P<b>(?i:{_MONTH}))\s+(?P<a>\d{{1,2}})\s+{_CLOCK}$",  # of system logs, which leave the year out
    rf"^(?P<b>\d{{2}})[-/](?P<a>\d{{2}})\s+{_CLOCK}$",
)
OF_DAY = rf"^(?P<sign>[+-])?(?:(?P<days>\d+)(?:\s*d(?:ays?)?,?\s*|\.)(?P<plus>\+)?)?{_CLOCK}$"
_LENGTHS = (
    r"^(?P<sign>[+-])?P(?:(?P<days>\d+)D)?(?:T(?:(?P<H>\d+)H)?(?:(?P<M>\d+)M)?(?:(?P<S>\d+)(?:[.,](?P<f>\d{1,12}))?S)?)?"
    r"(?P<half>)$",  # ISO 8601
    r"^(?P<sign>[+-])?(?:(?P<days>\d+)\s*d(?:ays?)?[\s,]*)?(?:(?P<H>\d+)\s*h(?:ours?|rs?)?[\s,]*)?"
    r"(?:(?P<M>\d+)\s*m(?:in(?:ute)?s?)?[\s,]*)?(?:(?P<S>\d+)(?:[.,](?P<f>\d{1,12}))?\s*s(?:ec(?:ond)?s?)?)?(?P<half>)$",
)
_PARTED = r"^(?P<H>\d{1,2})[.-](?P<M>\d{2})[.-](?P<S>\d{2})[.,](?P<f>\d{1,12})(?P<half>)(?P<sign>)(?P<days>)$"
DAYS_BEFORE = (
    r"^(?P<sign>-)?(?P<days>\d+):(?P<H>\d{1,2}):(?P<M>\d{1,2}):(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,12}))?(?P<half>)$"
)
TIMES = (DAYS_BEFORE, OF_DAY, _PARTED, *_LENGTHS)
_ZONES = {  # hours ahead of UTC
    **{"UTC": 0, "GMT": 0, "Z": 0, "z": 0, "": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2},
    **{"EET": 2, "EEST": 3, "MSK": 3, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12},
    **{"EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
}
_OF_NAME = re.compile(r"((?:UTC|GMT)[+-]\d{1,2}(?::?\d{2})?|[+-]\d{2}:\d{2}|(?<![A-Za-z])[A-Z]{3,4})[\])}]?$")
_ANY_FORM = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", form) for form in (*DATES, *COUNTED_DATES, *TIMES)))


def zone_in(name: str) -> str:
    """Return the zone at the end of a column's name, as in ``time [CET]``; empty without a known one."""
    match = _OF_NAME.search(name)
    return match[1] if match and (match[1] in _ZONES or not match[1].isalpha()) else ""


def ahead_of_utc(zones: pa.Array) -> np.ndarray:
    """Return how far the time in zones is ahead of UTC, (rows,) int64, nanoseconds; 0 for zones that are not known."""
    hours = pc.take(pa.array(_ZONES.values(), pa.int64()), pc.index_in(zones, value_set=pa.array(_ZONES)))
    named = 3600 * pc.fill_null(hours, 0).to_numpy(zero_copy_only=False)
    offset = pc.extract_regex(zones, r"^(?:UTC|GMT)?(?P<sign>[+-])(?P<h>\d{1,2}):?(?P<m>\d{2})?$")
    if offset.null_count == len(offset):
        return named * NANOSECONDS
    parts = Parts(pa.chunked_array([offset]))
    seconds = 3600 * parts.number("h") + 60 * parts.number("m")
    return np.where(parts.text("sign") == "-", -seconds, np.where(parts.known, seconds, named)) * NANOSECONDS


def has_form(cell: str) -> bool:
    """Return whether a trimmed cell has one of all forms."""
    for pattern in (_IN_BRACKETS, _UNTIL):
        cell = re.sub(pattern, r"\1", cell)
    if re.search(_OF_ASIA, cell):
        for pattern, usual in _AS_ELSEWHERE:
            cell = re.sub(pattern, usual, cell)
    return _ANY_FORM.match(cell) is not None


def plain(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove brackets and ends of intervals, and write the clocks of China, Japan and Korea as elsewhere."""
    texts = pc.replace_substring_regex(texts, _IN_BRACKETS, r"\1")
    if any(re.match(_UNTIL, cell) for cell in pc.drop_null(texts)[:1].to_pylist()):
        texts = pc.replace_substring_regex(texts, _UNTIL, r"\1")
    if pc.any(pc.match_substring_regex(texts, _OF_ASIA)).as_py():
        for pattern, usual in _AS_ELSEWHERE:
            texts = pc.replace_substring_regex(texts, pattern, usual)
    return texts


def readings(texts: pa.ChunkedArray, forms: Sequence[str]) -> Iterator[tuple[str, "Parts"]]:
    """Go through the forms that most of some texts have that are not empty, and the parts of the texts by each.

    Only forms that a few cells have are tried: to try all on thousands of columns would take Arrow long.
    """
    there = pc.drop_null(texts)
    some = [there[int(place)].as_py() for place in np.linspace(0, len(there) - 1, min(len(there), _A_FEW))]
    for form in forms:
        if any(re.match(form, cell) for cell in some):
            parts = pc.extract_regex(texts, form)
            if 2 * (len(parts) - parts.null_count) > len(there):
                yield form, Parts(parts)


class Parts:
    """Parts of many dates, by name: texts and whole numbers, of all rows."""

    def __init__(self, parts: pa.ChunkedArray) -> None:
        self._parts = pa.chunked_array(parts).combine_chunks()
        self.known = pc.is_valid(self._parts).to_numpy(zero_copy_only=False)

    def __contains__(self, name: str) -> bool:
        return name in [field.name for field in self._parts.type]

    def text(self, name: str) -> np.ndarray:
        """(rows,) objects; empty where a date lacks the part."""
        return self._column(name).to_numpy(zero_copy_only=False)

    def number(self, name: str) -> np.ndarray:
        """(rows,) int64; 0 where a date lacks the part."""
        column = self._column(name)
        return pc.cast(pc.if_else(pc.equal(column, ""), "0", column), pa.int64()).to_numpy(zero_copy_only=False)

    @property
    def turn(self) -> int:
        """The turn of the clock: an hour without hours, half a day if one o'clock follows twelve, else a day."""
        if (self._of_minutes == self.known).all():
            return DAY // 24
        hours = self.number("H")[self.known]
        of_twelve = hours.min() > 0 and hours.max() < 13 and not (self.text("half") != "").any()
        return DAY // 2 if of_twelve and (np.diff(hours) == -11).any() else DAY

    def clock(self) -> np.ndarray:
        """(rows,) int64, nanoseconds since midnight."""
        seconds = self._seconds(self._of_minutes)
        return seconds * NANOSECONDS + self._fractions(seconds)

    def _seconds(self, of_minutes: np.ndarray) -> np.ndarray:
        """Return whole seconds since midnight (rows,); two numbers are minutes and seconds in some rows (rows,)."""
        hours, minutes, seconds = self.number("H"), self.number("M"), self.number("S")
        half = self._column("half")
        late = pc.match_substring(half, "p", ignore_case=True).to_numpy(zero_copy_only=False)
        twelve = pc.not_equal(half, "").to_numpy(zero_copy_only=False)
        hours = np.where(twelve, hours % 12 + 12 * late, hours)
        return np.where(of_minutes, 60 * hours + minutes, 3600 * hours + 60 * minutes + seconds)

    def _fractions(self, seconds: np.ndarray) -> np.ndarray:
        """Return the nanoseconds (rows,) behind whole seconds (rows,).

        Digits behind a point may count milliseconds without leading zeros, 7.5 for 7.005: if only so they grow.
        """
        digits = self._column("f")
        fractions = pc.cast(pc.utf8_slice_codeunits(pc.utf8_rpad(digits, 9, "0"), 0, 9), pa.int64()).to_numpy()
        lengths = pc.utf8_length(digits).to_numpy()[self.known]
        if lengths.min() == lengths.max() or lengths.max() > _NANOSECOND_DIGITS:
            return fractions
        counts = self.number("f") * 10 ** (_NANOSECOND_DIGITS - int(lengths.max()))
        within = np.diff(seconds[self.known]) == 0
        ways = [np.diff(way[self.known])[within] for way in (fractions, counts)]
        as_fractions, as_counts = (min((steps < 0).sum(), (steps > 0).sum()) for steps in ways)
        return counts if as_counts < as_fractions else fractions

    @property
    def is_clock(self) -> np.ndarray:
        """(rows,) bool: whether the time of day exists, up to 24:00 and to leap seconds."""
        return (self.number("H") <= 24) & (self.number("M") < 60) & (self.number("S") <= 60)

    def zone(self) -> np.ndarray:
        """(rows,) int64, nanoseconds that local time is ahead of UTC; 0 for zones that are not known."""
        return ahead_of_utc(self._zones)

    @property
    def zone_not_known(self) -> str:
        """Name of a zone that is unknown or used by several places; empty without such a zone."""
        names = pc.unique(self._zones).to_pylist()
        return next((name for name in names if name.isalpha() and name not in _ZONES), "")

    @property
    def has_zone(self) -> bool:
        """Whether some texts name their zone."""
        return bool(pc.any(pc.not_equal(self._column("zone"), "")).as_py())

    @property
    def _zones(self) -> pa.Array:
        return pc.replace_substring_regex(self._column("zone"), r"\s*[(\[].*", "")

    def months(self) -> np.ndarray:
        """(rows,) int64: the middle part, a number or the name of a month; 0 for another name."""
        names = pc.utf8_lower(self._column("b"))
        long, short = (pc.index_in(pc.utf8_slice_codeunits(names, 0, n), value_set=_MONTH_NAMES) for n in (4, 3))
        found = pc.coalesce(long, short)
        digits = pc.cast(pc.if_else(pc.match_substring_regex(names, r"^\d"), names, "0"), pa.int64())
        months = pc.take(pa.array(_MONTHS.values(), pa.int64()), pc.fill_null(found, 0))
        return pc.if_else(pc.is_valid(found), months, digits).to_numpy()

    @property
    def named_month(self) -> bool:
        """Whether the middle part is the name of a month."""
        return bool(pc.any(pc.match_substring_regex(self._column("b"), "^[A-Za-z]")).as_py())

    @cached_property
    def _of_minutes(self) -> np.ndarray:
        """(rows,) bool: whether two numbers are minutes and seconds.

        A fraction follows some of them, or three numbers continue them: 59:59, 1:00:00.
        """
        two = (self.text("S") == "") & (self.text("H") != "") & self.known
        if (two & (self.text("f") != "")).any():
            return two
        none = np.zeros_like(two)
        if "a" in self or not two.any() or (two == self.known).all():
            return none
        as_hours, as_minutes = (np.diff(self._seconds(rows)[self.known]) for rows in (none, two))
        return two if (as_minutes < 0).sum() < (as_hours < 0).sum() else none

    def _column(self, name: str) -> pa.Array:
        return pc.fill_null(pc.struct_field(self._parts, name), "")
