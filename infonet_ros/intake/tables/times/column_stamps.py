"""A column as times: dates, times of day, or numbers of a known unit."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.dates import (
    BEYOND,
    FARTHEST,
    UNKNOWN,
    Dates,
    stamps_of_dates,
    times_of_day,
    times_of_digits,
    times_within_dates,
)
from infonet_ros.intake.tables.cells.numbers import trimmed
from infonet_ros.intake.tables.cells.time_units import DAY, UNITS
from infonet_ros.intake.tables.sheet import as_floats, is_number
from infonet_ros.text import NANOSECONDS


def dates_of(column: pa.ChunkedArray, day_first: bool = False) -> Dates | None:
    """Read a column as dates; None if it holds anything else. See `stamps_of_dates`."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = getattr(kind, "tz", None)
        return Dates(_stamps_of_type(column), with_clock=pa.types.is_timestamp(kind), with_zone=zone is not None)
    if pa.types.is_integer(kind):
        least, most = (pc.min_max(column)[edge].as_py() for edge in ("min", "max"))
        # 20240501, and behind it the hour, also minutes, seconds and milliseconds
        spans = ((19_700_101 * 10**n, 21_001_232 * 10**n) for n in (0, 2, 4, 6, 9))
        if least is None or not any(low <= least and most < high for low, high in spans):
            return None
        dates = stamps_of_dates(pc.cast(column, pa.string()))
        return dates if dates and (dates.stamps > BEYOND).all() else None
    return stamps_of_dates(trimmed(column), day_first) if pa.types.is_string(kind) else None


def day_times_of(column: pa.ChunkedArray, dates: np.ndarray | None = None) -> np.ndarray | None:
    """Read a column as times of day or lengths of time, nanoseconds (rows,); None if it holds anything else.

    ``dates`` (rows,) are the stamps of dates without times that stand beside it.
    """
    beside_dates = dates is not None
    kind = column.type
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return _stamps_of_type(column)
    if is_number(column):
        numbers = as_floats(column)
        if dates is not None and (times := times_within_dates(numbers, dates)) is not None:
            return times
        return times_of_digits(numbers, beside_dates)
    return times_of_day(trimmed(column), beside_dates) if pa.types.is_string(kind) else None


def _stamps_of_type(column: pa.ChunkedArray) -> np.ndarray:
    """Return the stamps (rows,) of a column of a type for times; `BEYOND` for times that 64 bits do not hold."""
    kind = column.type
    unit = "ms" if pa.types.is_date64(kind) else getattr(kind, "unit", None)
    counts = pc.cast(column, pa.int32() if kind.bit_width == 32 else pa.int64())
    return scaled(pc.cast(counts, pa.int64()), UNITS[unit] if unit else DAY)


def scaled(numbers: pa.ChunkedArray, factor: float) -> np.ndarray:
    """Return stamps (rows,) int64 of times in a unit of ``factor`` nanoseconds."""
    times = as_floats(numbers)
    good = np.abs(times) < FARTHEST / factor
    stamps = np.where(np.isnan(times), UNKNOWN, BEYOND)
    if pa.types.is_integer(numbers.type):  # beyond 2**53 a float no longer holds every nanosecond
        whole = pc.fill_null(numbers, 0).to_numpy().astype(np.int64)
        stamps[good] = whole[good] * round(factor)
    else:
        stamps[good] = np.round(times[good] * factor).astype(np.int64)
    return stamps


def below_a_second(column: pa.ChunkedArray, unit: str) -> bool:
    """Return whether numbers of a unit stay below one second."""
    limits = pc.min_max(column).as_py()
    return limits["min"] is not None and limits["min"] >= 0 and limits["max"] < NANOSECONDS / UNITS[unit]
