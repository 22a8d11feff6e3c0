"""Dates and times of day as people and programs write them, read as nanoseconds.

    stamps_of_dates(texts)      # 2024-05-01T12:00:00.5Z, 1.5.2024 12:00, 05/01/24 1:00 PM, 01-May-2024, 20240501T120000
    times_of_day(texts)         # 12:00:00.5, 1:00 PM, 59:59.9, 25:00:00, 1 days 01:00:00, 1h 2m 3.5s, PT0.5S

The order of day and month follows from the data if it can; else a remark gives the order that was used.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.text import NANOSECONDS

UNKNOWN, BEYOND = np.iinfo(np.int64).min, np.iinfo(np.int64).min + 1
"""In place of a stamp: no time is known, or 64 bits of nanoseconds do not hold it."""

FARTHEST = 9.2e18
"""Nanoseconds: nearly the largest number of 64 bits, so that a zone can still be added."""

DAY = 86_400 * NANOSECONDS
_A_FEW = 20  # cells to look at before all cells are
_MOST_PICTURES = 30  # in a second of video
_MOST_DIGITS = 240_000e6  # of a clock that counts microseconds
_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10},
    **{"fév": 2, "fev": 2, "mär": 3, "mrz": 3, "avr": 4, "abr": 4, "mai": 5, "mag": 5, "juin": 6, "giu": 6},
    **{"juil": 7, "lug": 7, "aoû": 8, "aou": 8, "ago": 8, "set": 9, "okt": 10, "ott": 10, "dez": 12, "déc": 12},
    **{"ene": 1, "gen": 1, "mrt": 3, "mei": 5, "maj": 5, "nov": 11, "dec": 12, "dic": 12},
}
"""By their first letters, in English, German, French, Spanish, Italian, Portuguese, Dutch, Danish and Swedish."""

_MONTH_NAMES = pa.array(_MONTHS)
MONTH = r"(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")[A-Za-zéûä]{0,7}"
_ZONE = r"(?:Z|z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|[A-Z]{3,5})(?:\s*\([\w\s/]+\)|\[[\w/+-]+\])?"
_HALF = r"\s*(?P<half>[AaPp])?(?:\.?\s?[Mm]\.?)?"
_CLOCK = r"(?P<H>\d{1,4}):(?P<M>\d{1,2})(?::(?P<S>\d{1,2}))?(?:[.,:;](?P<f>\d{1,12}))?" rf"{_HALF}\s*(?P<zone>{_ZONE})?"
_CLOCK_WITHOUT_COLONS = (  # as in names of files, and of Oracle
    r"(?P<H>\d{2})[._-](?P<M>\d{2})[._-](?P<S>\d{2})(?:[.,_-](?P<f>\d{1,12}))?" rf"{_HALF}\s*(?P<zone>{_ZONE})?"
)
_IN_BRACKETS = r"^[\[(<]\s*(.*?)\s*[\])>]$"
_OF_ASIA = "[分분秒초午]|오[전후]"
_AS_ELSEWHERE = (  # clocks of China, Japan and Korea
    (r"[時时시分분]\s*", ":"),
    ("[秒초]", ""),
    (r"(?:上午|午前|오전)\s*([\d:.,]+)", r"\1 AM"),
    (r"(?:下午|午後|오후)\s*([\d:.,]+)", r"\1 PM"),
)
_DAY = r"(?:[A-Za-z]{3,9}(?:,\s*|\s+))?"
_DATES = (
    rf"{_DAY}(?P<a>\d{{1,4}})\s*[-/._\s年년]\s*(?P<b>\d{{1,2}}|(?i:{MONTH}))\.?,?\s*[-/._\s月월]\s*"
    r"(?P<c>\d{1,4})[日일]?",
    rf"{_DAY}(?P<b>(?i:{MONTH}))\.?\s+(?P<a>\d{{1,2}})(?:,\s*|\s+)(?P<c>\d{{4}})",
)
_DIGIT_CLOCK = (
    r"(?:[T\s:_-](?P<H>\d{2}):?(?P<M>\d{2}):?(?P<S>\d{2})(?:[.,](?P<f>\d{1,12}))?(?P<half>)"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)"
)
_COUNTED_FORMS = (
    rf"^(?P<year>\d{{4}})[-/:.]?(?P<day>\d{{3}}){_DIGIT_CLOCK}$",  # 2024-033T04:05:06, the 33rd day of the year
    rf"^(?P<year>\d{{4}})-?W(?P<week>\d{{2}})-?(?P<day>[1-7]){_DIGIT_CLOCK}?$",  # 2024-W05-5, weeks by ISO 8601
)
_FORMS = (
    *(rf"^{date}(?:[T_,:/\s-]\s*-?\s*{_CLOCK})?$" for date in _DATES),
    r"^(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})(?:[T_\s-]?(?P<H>\d{2})(?::?(?P<M>\d{2})(?::?(?P<S>\d{2})(?:[.,_-]?(?P<f>\d{1,12}))?"
    r")?)?(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?(?P<half>)$",
    rf"^{_DAY}(?P<b>[A-Za-z]{{3}})\s+(?P<a>\d{{1,2}})\s+(?P<H>\d{{1,2}}):(?P<M>\d{{2}}):(?P<S>\d{{2}})(?:\.(?P<f>\d+))?"
    r"\s+(?P<zone>UTC|GMT|[A-Z]{3,4})?\s*(?P<c>\d{4})(?P<half>)$",  # ctime
    rf"^(?P<a>\d{{4}}):(?P<b>\d{{2}}):(?P<c>\d{{2}})\s+{_CLOCK}$",  # of cameras
    *(rf"^{date}[T_,\s-]\s*{_CLOCK_WITHOUT_COLONS}$" for date in _DATES),
    rf"^(?P<b>(?i:{MONTH}))\s+(?P<a>\d{{1,2}})\s+{_CLOCK}$",  # of system logs, which leave the year out
    rf"^(?P<b>\d{{2}})[-/](?P<a>\d{{2}})\s+{_CLOCK}$",
)
_OF_DAY = rf"^(?P<sign>[+-])?(?:(?P<days>\d+)(?:\s*d(?:ays?)?,?\s*|\.)(?P<plus>\+)?)?{_CLOCK}$"
_LENGTHS = (
    r"^(?P<sign>[+-])?P(?:(?P<days>\d+)D)?(?:T(?:(?P<H>\d+)H)?(?:(?P<M>\d+)M)?(?:(?P<S>\d+)(?:[.,](?P<f>\d{1,12}))?S)?)?"
    r"(?P<half>)$",  # ISO 8601
    r"^(?P<sign>[+-])?(?:(?P<days>\d+)\s*d(?:ays?)?[\s,]*)?(?:(?P<H>\d+)\s*h(?:ours?|rs?)?[\s,]*)?"
    r"(?:(?P<M>\d+)\s*m(?:in(?:ute)?s?)?[\s,]*)?(?:(?P<S>\d+)(?:[.,](?P<f>\d{1,12}))?\s*s(?:ec(?:ond)?s?)?)?(?P<half>)$",
)
_PARTED = r"^(?P<H>\d{1,2})[.-](?P<M>\d{2})[.-](?P<S>\d{2})[.,](?P<f>\d{1,12})(?P<half>)(?P<sign>)(?P<days>)$"
_DAYS_BEFORE = (
    r"^(?P<sign>-)?(?P<days>\d+):(?P<H>\d{1,2}):(?P<M>\d{1,2}):(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,12}))?(?P<half>)$"
)
_TIMES = (_DAYS_BEFORE, _OF_DAY, _PARTED, *_LENGTHS)
_ANY_FORM = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", form) for form in (*_FORMS, *_COUNTED_FORMS, *_TIMES)))
_ZONES = {  # hours ahead of UTC
    **{"UTC": 0, "GMT": 0, "Z": 0, "z": 0, "": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2},
    **{"EET": 2, "EEST": 3, "MSK": 3, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12},
    **{"EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
}
_LEAP_YEAR = 2000  # of dates without one: it has all days
_ORDERS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}


@dataclass(frozen=True)
class Dates:
    """Stamps (rows,) int64, `UNKNOWN` without a date; ``remarks`` say what the data did not decide."""

    stamps: np.ndarray
    remarks: Sequence[str] = ()
    with_clock: bool = True


@lru_cache(1 << 16)
def is_time(cell: str) -> bool:
    """Return whether a cell may be a date, a time of day or a length of time."""
    if not any(map(str.isdigit, cell)):
        return False
    cell = re.sub(_IN_BRACKETS, r"\1", cell.strip())
    if re.search(_OF_ASIA, cell):
        for pattern, plain in _AS_ELSEWHERE:
            cell = re.sub(pattern, plain, cell)
    return _ANY_FORM.match(cell) is not None


def stamps_of_dates(texts: pa.ChunkedArray, day_first: bool = False) -> Dates | None:
    """Read trimmed cells as dates, in UTC without a zone; None if most cells that are not empty are not dates.

    ``day_first`` says that the day comes before the month if nothing else decides it.
    """
    texts = _plain(texts)
    for form in _likely(texts, _FORMS):
        if parts := _most(texts, form):
            of_america = pc.any(pc.match_substring_regex(texts, r"^[^,]*/[^,]*$|[AaPp]\.?[Mm]\.?$")).as_py()
            return _dates(parts, month_first=bool(of_america) and not day_first)
    for form in _likely(texts, _COUNTED_FORMS):
        if parts := _most(texts, form):
            return _counted_dates(parts)
    return None


def times_of_day(texts: pa.ChunkedArray, beside_dates: bool = False) -> np.ndarray | None:
    """Read trimmed cells as times of day, nanoseconds (rows,); None if most cells that are not empty are not times.

    Two numbers and a fraction are minutes and seconds, as spreadsheets show them. If the time falls by more than half
    of its range, it has passed midnight, or the hour; ``beside_dates`` says that the dates show midnights.
    """
    texts = _plain(texts)
    for form in _likely(texts, _TIMES):
        parts = _most(texts, form)
        if parts and (form != _DAYS_BEFORE or _counts_days(parts)):
            break
    else:
        return None
    clock, days = parts.clock(), parts.number("days") * DAY
    negative = parts.text("sign") == "-"
    stamps = np.where(negative, -days - clock, days + clock)
    if form == _OF_DAY:  # pandas: minus one day, plus 23 hours
        stamps = np.where(negative & (parts.text("plus") == "+"), clock - days, stamps)
    if not (beside_dates and parts.turn == DAY):
        stamps = past_midnight(stamps, parts.known, parts.turn)
    return np.where(parts.known, stamps, UNKNOWN)


def _plain(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove brackets, and write the clocks of China, Japan and Korea as elsewhere."""
    texts = pc.replace_substring_regex(texts, _IN_BRACKETS, r"\1")
    if pc.any(pc.match_substring_regex(texts, _OF_ASIA)).as_py():
        for pattern, plain in _AS_ELSEWHERE:
            texts = pc.replace_substring_regex(texts, pattern, plain)
    return texts


def _likely(texts: pa.ChunkedArray, forms: Sequence[str]) -> Sequence[str]:
    """Return the forms that a few cells have: trying all forms on thousands of columns would take Arrow long."""
    there = pc.drop_null(texts)
    some = [there[int(place)].as_py() for place in np.linspace(0, len(there) - 1, min(len(there), _A_FEW))]
    return [form for form in forms if any(re.match(form, cell) for cell in some)]


def _most(texts: pa.ChunkedArray, form: str) -> "_Parts | None":
    """Split texts into parts; None if most texts that are not empty have another form."""
    there = len(texts) - texts.null_count
    parts = pc.extract_regex(texts, form)
    return _Parts(parts) if there and 2 * (len(parts) - parts.null_count) > there else None


def _counts_days(parts: "_Parts") -> bool:
    """Return whether the first number counts days, as in 1:23:59:30.

    In 23:59:30:12 the last number counts pictures or hundredths of a second.
    """
    if (parts.text("f") != "").any():
        return True
    hours, seconds = (parts.number(name)[parts.known].max() for name in ("H", "S"))
    return bool(hours < 24 and _MOST_PICTURES <= seconds < 60)


def times_of_digits(numbers: np.ndarray, beside_dates: bool = False) -> np.ndarray | None:
    """Read numbers (rows,) such as 235959.5 as hours, minutes and seconds: nanoseconds; None for other numbers.

    They are such times under three conditions: all of them can be, a minute begins somewhere (from 115959 to 120000 is
    1 s), and the steps between the times are far more even. Numbers within one minute are seconds, as most are, and so
    are numbers that begin near zero with a single gap. Thousandths or millionths of a second may follow: 235959500.
    """
    known = np.isfinite(numbers)
    if not known.any() or numbers[known].min() < 0 or numbers[known].max() >= _MOST_DIGITS:
        return None
    numbers = numbers / next(parts for parts in (1, 1e3, 1e6) if numbers[known].max() < 240_000 * parts)
    hours, rest = np.divmod(np.where(known, numbers, 0.0), 10_000)
    minutes, seconds = np.divmod(rest, 100)
    if (minutes >= 60).any() or (seconds >= 60).any():
        return None
    stamps = np.round((3600 * hours + 60 * minutes + seconds) * 1e6).astype(np.int64) * 1000
    stamps = past_midnight(stamps, known)
    as_read, as_numbers = np.diff(stamps[known]) / NANOSECONDS, np.diff(numbers[known])
    onward = as_read > 0
    begins = onward & (np.abs(as_numbers - as_read) > 39.0)  # as numbers, each minute is followed by a gap of 40
    if not begins.any() or (begins.sum() == 1 and numbers[known][0] < 100.0):
        return None
    uneven = np.ptp(as_numbers[onward])
    if uneven < 39.0 or np.ptp(as_read[onward]) >= 0.5 * uneven:
        return None
    return np.where(known, stamps % DAY if beside_dates else stamps, UNKNOWN)


def past_midnight(stamps: np.ndarray, known: np.ndarray, turn: int = DAY) -> np.ndarray:
    """Add a day, or another ``turn``, to all times (rows,) after a fall by more than half a turn; all nanoseconds."""
    result = stamps.copy()
    falls = np.diff(stamps[known], prepend=stamps[known][:1]) < -turn // 2
    result[known] += np.cumsum(falls) * turn
    return result


class _Parts:
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
        if self._minutes():
            return DAY // 24
        hours = self.number("H")[self.known]
        of_twelve = hours.min() > 0 and hours.max() < 13 and not (self.text("half") != "").any()
        return DAY // 2 if of_twelve and (np.diff(hours) == -11).any() else DAY

    def clock(self) -> np.ndarray:
        """(rows,) int64, nanoseconds since midnight."""
        hours, minutes, seconds = self.number("H"), self.number("M"), self.number("S")
        if self._minutes():
            hours, minutes, seconds = np.zeros_like(hours), hours, minutes
        half = self._column("half")
        late = pc.match_substring(half, "p", ignore_case=True).to_numpy(zero_copy_only=False)
        twelve = pc.not_equal(half, "").to_numpy(zero_copy_only=False)
        hours = np.where(twelve, hours % 12 + 12 * late, hours)
        fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(self._column("f"), 9, "0"), 0, 9)
        return (3600 * hours + 60 * minutes + seconds) * NANOSECONDS + pc.cast(fraction, pa.int64()).to_numpy()

    @property
    def is_clock(self) -> np.ndarray:
        """(rows,) bool: whether the time of day exists, up to 24:00 and to leap seconds."""
        return (self.number("H") <= 24) & (self.number("M") < 60) & (self.number("S") <= 60)

    def zone(self) -> np.ndarray:
        """(rows,) int64, nanoseconds that local time is ahead of UTC; 0 for zones that are not known."""
        zones = pc.replace_substring_regex(self._column("zone"), r"\s*[(\[].*", "")
        hours = pc.take(pa.array(_ZONES.values(), pa.int64()), pc.index_in(zones, value_set=pa.array(_ZONES)))
        named = 3600 * pc.fill_null(hours, 0).to_numpy(zero_copy_only=False)
        offset = pc.extract_regex(zones, r"^(?:UTC|GMT)?(?P<sign>[+-])(?P<h>\d{1,2}):?(?P<m>\d{2})?$")
        if offset.null_count == len(offset):
            return named * NANOSECONDS
        parts = _Parts(pa.chunked_array([offset]))
        seconds = 3600 * parts.number("h") + 60 * parts.number("m")
        return np.where(parts.text("sign") == "-", -seconds, np.where(parts.known, seconds, named)) * NANOSECONDS

    @property
    def zone_not_known(self) -> str:
        """Name of a zone that is unknown or used by several places; empty without such a zone."""
        names = pc.unique(pc.replace_substring_regex(self._column("zone"), r"\s*[(\[].*", "")).to_pylist()
        return next((name for name in names if name.isalpha() and name not in _ZONES), "")

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

    def _minutes(self) -> bool:
        """Return whether there are two numbers and a fraction, without hours."""
        short = pc.and_(pc.equal(self._column("S"), ""), pc.not_equal(self._column("f"), ""))
        return bool(pc.any(short).as_py())

    def _column(self, name: str) -> pa.Array:
        return pc.fill_null(pc.struct_field(self._parts, name), "")


def _dates(parts: _Parts, month_first: bool) -> Dates:
    """Find the order of day, month and year in which most dates exist and the steps of time are most even."""
    first, middle = parts.number("a"), parts.months()
    last = parts.number("c") if "c" in parts else np.full_like(first, _LEAP_YEAR)
    known, time = parts.known, parts.clock() - parts.zone()
    with_clock = bool((parts.text("H") != "").any())
    if (first[known] > 31).any():
        orders = {"ymd": (first, middle, last)}
    elif parts.named_month or "c" not in parts:
        orders = {"dmy": (last, middle, first)}
    else:
        orders = {"dmy": (last, middle, first), "mdy": (last, first, middle)}
        if (last[known] < 32).all():
            orders["ymd"] = (first, middle, last)
    if month_first:
        orders = dict(sorted(orders.items(), key=lambda order: order[0] != "mdy"))
    found = {}
    for order, (year, month, day) in orders.items():
        days, good = _days(year, month, day)
        good &= parts.is_clock
        found[order] = _stamps(days, time, known & good), int((known & ~good).sum())
    fewest = min(wrong for _, wrong in found.values())
    possible = {order: stamps for order, (stamps, wrong) in found.items() if wrong == fewest}
    best = min(possible, key=lambda order: _unrest(possible[order]))  # the first of equals
    equals = [order for order in possible if _unrest(possible[order]) == _unrest(possible[best])]
    remarks = [f"could be read in several ways, and are read as {_ORDERS[best]}"] if len(equals) > 1 else []
    if "c" not in parts:
        remarks.append(f"have no year, and are read as dates of {_LEAP_YEAR}")
    if zone := parts.zone_not_known:
        remarks.append(f"are in the zone {zone!r}, which is not known, or has several meanings: they are read as UTC")
    return Dates(possible[best], remarks, with_clock)


def _counted_dates(parts: _Parts) -> Dates:
    """Read a day of the year, or of a week of the year."""
    year, day = parts.number("year"), parts.number("day")
    january = (year - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64)
    if "week" in parts:
        monday = january + 3 - (january + 6) % 7  # of the week of January 4, which is the first
        days = monday + 7 * (parts.number("week") - 1) + day - 1
    else:
        days = january + day - 1
    stamps = _stamps(days, parts.clock() - parts.zone(), parts.known & (day > 0))
    return Dates(stamps, with_clock=bool((parts.text("M") != "").any()))


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970 (rows,) int64, and which of the dates exist."""
    year = np.where(year < 100, year + np.where(year < 70, 2000, 1900), year)
    since = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    first, following = ((since + more).astype("M8[M]").astype("M8[D]").astype(np.int64) for more in (0, 1))
    return first + day - 1, (month >= 1) & (month <= 12) & (day >= 1) & (day <= following - first)


def _stamps(days: np.ndarray, time: np.ndarray, good: np.ndarray) -> np.ndarray:
    near = np.abs(days) < FARTHEST / DAY - 2
    return np.where(good, np.where(near, np.where(near, days, 0) * DAY + time, BEYOND), UNKNOWN)


def _unrest(stamps: np.ndarray) -> tuple[int, int]:
    """Return how often time falls, and its longest step."""
    steps = np.diff(stamps[stamps > BEYOND])
    return int((steps < 0).sum()), int(steps.max(initial=0))
