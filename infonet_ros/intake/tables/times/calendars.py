"""Times in several columns: a calendar from year to second, and the week and second of GPS."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from infonet_ros.intake.tables.cells.dates import BEYOND, FARTHEST, UNKNOWN
from infonet_ros.intake.tables.cells.time_units import DAY
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number, is_whole
from infonet_ros.text import NANOSECONDS

_CALENDAR = {  # the name of the column, the least and the largest number
    "year": (r"years?|yyyy|yy|yr", 0, 2200),
    "month": (r"months?|mon?|mm", 1, 12),
    "day": (r"days?|dd|dy", 1, 32),
    "day of year": (r"doy|[jy]day|julian(?:[\W_]?day)?|day[\W_]?of[\W_]?year", 1, 367),
    "hour": (r"hours?|hrs?|hh", 0, 24),
    "hour and minute": (r"h{1,2}:?m{1,2}|hour_?min(?:ute)?", 0, 2400),
    "minute": (r"minutes?|mins?|mn|mm(?:_2)?", 0, 60),
    "second": (r"seconds?|secs?|ss", 0, 61),
    "second of day": (r"sod|sec(?:ond)?s?[\W_]?of[\W_]?(?:the[\W_]?)?day", 0, 86_401),
    "modified julian day": (r"mjd|modified[\W_]?julian[\W_]?da(?:y|te)", 15_000, 100_000),
    "decimal year": (r"years?|yyyy|(?:dec|frac)\w*[\W_]?(?:year|date)|year[\W_]?(?:dec|frac)\w*", 1700, 2200),
}
_PART = re.compile(r"(?i)(?:.*[\W_])?(?:" + "|".join(name for name, _, _ in _CALENDAR.values()) + ")")
_DATES = (("year", "month", "day"), ("day", "month", "year"), ("month", "day", "year"), ("year", "day of year"), ())
_CLOCKS = (("hour", "minute", "second"), ("hour", "minute"), ("hour",), ("hour and minute",), ("second of day",), ())
_CALENDARS = (
    *((*date, *clock) for date in _DATES for clock in _CLOCKS if date or "minute" in clock),
    *(("second", "minute", "hour", *date) for date in _DATES),
    ("modified julian day", "second of day"),
    ("decimal year",),
)
_MJD_OF_1970 = 40_587
_WEEK = re.compile(r"(?i)(?:gps|gnss|g)?[\W_]*(?:week|wk)(?:[\W_]*(?:no|num|number))?")
_OF_WEEK = re.compile(r"(?i).*tow|.*time.?of.?week|.*sow|(?:gps|gnss)[\W_]*(?:time|seconds?|secs?|ms)|gms|g_?ms")
_PREFIX = re.compile(r".*[\W_]")
_GPS_EPOCH = 315_964_800 * NANOSECONDS
_SECONDS_OF_WEEK = 604_800


def shared_prefix(names: Sequence[str]) -> str:
    """Return what several names begin with, up to a sign, as ``UTC_`` before ``Year`` and ``Month``."""
    match = _PREFIX.match(names[0]) if len(names) > 1 else None
    return match[0] if match and all(name.startswith(match[0]) for name in names) else ""


def calendar_columns(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    """Go through neighbouring columns from year to second; without a date, minutes are required."""
    names = list(sheet.columns)
    for place in (place for place, name in enumerate(names) if _PART.fullmatch(name)):
        for parts in _CALENDARS:
            some = tuple(names[place : place + len(parts)])
            if _are(sheet, some, parts):
                yield some
                return


def week_columns(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    """Go through pairs of the number of a week and the time within the week."""
    weeks = [name for name in sheet.columns if _WEEK.fullmatch(name) and is_number(sheet.columns[name])]
    times = [name for name in sheet.columns if _OF_WEEK.fullmatch(name) and is_number(sheet.columns[name])]
    yield from ((week, time) for week in weeks for time in times)


def stamps_of_columns(sheet: Sheet, names: tuple[str, ...]) -> np.ndarray | None:
    """Return the stamps (rows,) of such columns; None for other columns."""
    if len(names) == 2 and _WEEK.fullmatch(names[0]) and names in week_columns(sheet):
        week, time = (as_floats(sheet.columns[name]) for name in names)
        if not np.nanmax(time, initial=0.0) <= _SECONDS_OF_WEEK:
            time = time / 1000
        return _joined(_GPS_EPOCH, (week, 7 * DAY), (time, NANOSECONDS))
    for parts in _CALENDARS:
        if _are(sheet, names, parts):
            return _of_calendar({p: as_floats(sheet.columns[name]) for p, name in zip(parts, names, strict=True)})
    return None


def _are(sheet: Sheet, names: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Return whether columns are the parts of a calendar, by their names and numbers."""
    prefix = shared_prefix(names)
    return len(names) == len(parts) and all(
        re.fullmatch(f"(?i:{_CALENDAR[part][0]})", name.removeprefix(prefix))
        and _within(sheet.columns.get(name), part, fraction=part in ("second", parts[-1]))
        for name, part in zip(names, parts, strict=True)
    )


def _within(column: pa.ChunkedArray | None, part: str, *, fraction: bool) -> bool:
    """Return whether numbers can be this part of a calendar; the last part may have a fraction: hour 12.5."""
    if column is None or not is_number(column):
        return False
    whole = is_whole(column)
    if whole if part == "decimal year" else not (whole or fraction):
        return False
    numbers = as_floats(column)
    _, low, high = _CALENDAR[part]
    return bool(low <= np.nanmin(numbers, initial=low) and np.nanmax(numbers, initial=high) <= high)


def _of_calendar(parts: dict[str, np.ndarray]) -> np.ndarray:
    none = np.zeros_like(next(iter(parts.values())))
    hour, minute, second = (parts.get(name, none) for name in ("hour", "minute", "second"))
    if "hour and minute" in parts:
        hour, minute = np.divmod(parts["hour and minute"], 100)
    second = second + parts.get("second of day", none)
    return _joined(0, (_days(parts), DAY), (60 * hour + minute, 60 * NANOSECONDS), (second, NANOSECONDS))


def _days(parts: dict[str, np.ndarray]) -> np.ndarray:
    """Return the days from 1970 to the date of each row, also as fractions; 0 without a date."""
    if "decimal year" in parts:
        years = np.floor(parts["decimal year"])
        begin, end = _begin_of(years, 1), _begin_of(years + 1, 1)
        return begin + (parts["decimal year"] - years) * (end - begin)
    if "modified julian day" in parts:
        return parts["modified julian day"] - _MJD_OF_1970
    if "year" in parts:
        year = np.where(parts["year"] < 100, parts["year"] + 2000, parts["year"])
        day = parts["day"] if "day" in parts else parts["day of year"]
        return _begin_of(year, parts.get("month", 1)) + day - 1
    return np.zeros_like(next(iter(parts.values())))


def _begin_of(year: np.ndarray, month: np.ndarray | int) -> np.ndarray:
    """Return the days from 1970 to the first day of a month."""
    months = (year - 1970) * 12 + month - 1
    known = np.isfinite(months)
    first = np.where(known, months, 0).astype("M8[M]").astype("M8[D]").astype(np.int64)
    return np.where(known, first, np.nan)


def _joined(origin: int, *counts: tuple[np.ndarray, int]) -> np.ndarray:
    """Return the sum of times in several units, `UNKNOWN` if one of them is not known; `BEYOND` what 64 bits hold."""
    known = np.all([np.isfinite(numbers) for numbers, _ in counts], axis=0)
    near = known & (sum(np.abs(numbers) * unit for numbers, unit in counts) < FARTHEST - origin)
    total = np.full(len(known), origin, dtype=np.int64)
    for numbers, unit in counts:
        total += np.round(np.where(near, numbers, 0.0) * unit).astype(np.int64)
    return np.where(near, total, np.where(known, BEYOND, UNKNOWN))
