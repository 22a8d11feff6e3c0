"""Dates and times of day as people and programs write them, read as nanoseconds.

    stamps_of_dates(texts)      # 2024-05-01T12:00:00.5Z, 1.5.2024 12:00, 05/01/24 1:00 PM, 01-May-2024, 20240501T120000
    times_of_day(texts)         # 12:00:00.5, 1:00 PM, 59:59.9, 25:00:00, 1 days 01:00:00, 1h 2m 3.5s, PT0.5S

The order of day and month follows from the data if it can; else a remark gives the order that was used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.date_forms import (
    COUNTED_DATES,
    DATES,
    DAYS_BEFORE,
    OF_DAY,
    TIMES,
    Parts,
    has_form,
    plain,
    readings,
)
from infonet_ros.intake.tables.cells.time_units import DAY
from infonet_ros.text import NANOSECONDS

UNKNOWN, BEYOND = np.iinfo(np.int64).min, np.iinfo(np.int64).min + 1
"""In place of a stamp: no time is known, or 64 bits of nanoseconds do not hold it."""

FARTHEST = 9.2e18
"""Nanoseconds: nearly the largest number of 64 bits, so that a zone can still be added."""

_MOST_PICTURES = 30  # in a second of video
_MOST_DIGITS = 240_000e6  # of a clock that counts microseconds
_NEARLY_ALL = 0.95  # of the steps: an hour comes twice where summer time ends
_LEAP_YEAR = 2000  # of dates without one: it has all days
_ORDERS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}


@dataclass(frozen=True)
class Dates:
    """Stamps (rows,) int64, `UNKNOWN` without a date; ``remarks`` say what the data did not decide."""

    stamps: np.ndarray
    remarks: Sequence[str] = ()
    with_clock: bool = True
    with_zone: bool = False


@lru_cache(1 << 16)
def is_time(cell: str) -> bool:
    """Return whether a cell may be a date, a time of day or a length of time."""
    return any(map(str.isdigit, cell)) and has_form(cell.strip())


def stamps_of_dates(texts: pa.ChunkedArray, day_first: bool = False) -> Dates | None:
    """Read trimmed cells as dates, in UTC without a zone; None if most cells that are not empty are not dates.

    ``day_first`` says that the day comes before the month if nothing else decides it.
    """
    texts = plain(texts)
    parts = next((parts for _, parts in readings(texts, DATES)), None)
    if parts is None:
        return next((_counted_dates(parts) for _, parts in readings(texts, COUNTED_DATES)), None)
    of_america = pc.any(pc.match_substring_regex(texts, r"^[^,]*/[^,]*$|[AaPp]\.?[Mm]\.?$")).as_py()
    return _dates(parts, month_first=bool(of_america) and not day_first)


def times_of_day(texts: pa.ChunkedArray, beside_dates: bool = False) -> np.ndarray | None:
    """Read trimmed cells as times of day, nanoseconds (rows,); None if most cells that are not empty are not times.

    Two numbers and a fraction are minutes and seconds, as spreadsheets show them. If the time falls by more than half
    of its range, it has passed midnight, or the hour; ``beside_dates`` says that the dates show midnights.
    """
    found = readings(plain(texts), TIMES)
    form, parts = next(((f, p) for f, p in found if f != DAYS_BEFORE or _counts_days(p)), ("", None))
    if parts is None:
        return None
    clock, days = parts.clock(), parts.number("days") * DAY
    negative = parts.text("sign") == "-"
    stamps = np.where(negative, -days - clock, days + clock)
    if form == OF_DAY:  # pandas: minus one day, plus 23 hours
        stamps = np.where(negative & (parts.text("plus") == "+"), clock - days, stamps)
    if not (beside_dates and parts.turn == DAY):
        stamps = past_midnight(stamps, parts.known, parts.turn)
    return np.where(parts.known, stamps, UNKNOWN)


def _counts_days(parts: Parts) -> bool:
    """Return whether the first number counts days, as in 1:23:59:30.

    In 23:59:30:12 the last number counts pictures or hundredths of a second.
    """
    if (parts.text("f") != "").any():
        return True
    hours, seconds = (parts.number(name)[parts.known].max() for name in ("H", "S"))
    return bool(hours < 24 and _MOST_PICTURES <= seconds < 60)


def times_of_digits(numbers: np.ndarray, beside_dates: bool = False) -> np.ndarray | None:
    """Read numbers (rows,) such as 235959.5 as hours, minutes and seconds: nanoseconds; None for other numbers.

    They are such times under three conditions. All of them can be, a minute begins somewhere (from 115959 to 120000 is
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


def times_within_dates(numbers: np.ndarray, dates: np.ndarray) -> np.ndarray | None:
    """Read whole numbers (rows,) as hours, 0 to 24, or as hours and minutes, 0 to 2400: nanoseconds; None for others.

    They are times of the days of ``dates`` (rows,) if they grow within each date, and begin again with each.
    """
    known = np.isfinite(numbers) & (dates > BEYOND)
    own, same_date = numbers[known], np.diff(dates[known]) == 0
    grow = np.diff(own) > 0
    if not same_date.any() or same_date.all() or (own % 1 != 0).any() or own.min() < 0 or own.max() > 2400:
        return None
    hours, minutes = (own, 0.0 * own) if own.max() <= 24 else np.divmod(own, 100)
    if np.mean(grow == same_date) < _NEARLY_ALL or (minutes >= 60).any():
        return None
    times = np.full(len(numbers), UNKNOWN)
    times[known] = (3600 * hours + 60 * minutes).astype(np.int64) * NANOSECONDS
    return times


def past_midnight(stamps: np.ndarray, known: np.ndarray, turn: int = DAY) -> np.ndarray:
    """Add a day, or another ``turn``, to all times (rows,) after a fall by more than half a turn; all nanoseconds."""
    result = stamps.copy()
    falls = np.diff(stamps[known], prepend=stamps[known][:1]) < -turn // 2
    result[known] += np.cumsum(falls) * turn
    return result


def _dates(parts: Parts, month_first: bool) -> Dates:
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
    return Dates(possible[best], remarks, with_clock, parts.has_zone)


def _counted_dates(parts: Parts) -> Dates:
    """Read a day of the year, or of a week of the year."""
    year, day = parts.number("year"), parts.number("day")
    january = (year - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64)
    if "week" in parts:
        monday = january + 3 - (january + 6) % 7  # of the week of January 4, which is the first
        days = monday + 7 * (parts.number("week") - 1) + day - 1
    else:
        days = january + day - 1
    stamps = _stamps(days, parts.clock() - parts.zone(), parts.known & (day > 0))
    return Dates(stamps, with_clock=bool((parts.text("M") != "").any()), with_zone=parts.has_zone)


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
