"""The unit of times that are numbers: as it is given or named, else judged by their size or by their steps.

Days are counted from several beginnings, such as 1900 in spreadsheets.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infonet_ros.intake.tables.cells.dates import BEYOND, FARTHEST, stamps_of_dates
from infonet_ros.intake.tables.cells.time_units import DAY, UNITS, named_unit
from infonet_ros.intake.tables.sheet import as_floats
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.intake.tables.times.column_stamps import scaled
from infonet_ros.text import NANOSECONDS

_EPOCH = 946_684_800.0, 4_102_444_800.0  # seconds from 1970 to 2000, and to 2100
_ONE_SIZE = 200.0  # between times of one logger in the middle of its files
_SLOWEST_EPOCH = 100.0  # seconds between rows, for numbers that may count from 1970
_USUAL_STEP = 1 / 30  # seconds between rows
_SUITABLE = 0.016, 1050.0  # rows per second, of a unit that may be meant: from one in a minute to a thousand
_USUAL_MINUTES = (1, 2, 5, 10, 15, 20, 30, 60)  # between rows; in other units than they are, these would be odd steps
_SHORTEST, _FEW_DECIMALS = 10_000, 2  # milliseconds of recording; and digits behind the point of seconds
# Days that spreadsheets and others count from another day than 1970: numbers in a day, least day, last day, and 1970.
_TICKS = 864_000_000_000  # of 100 ns in a day
_SERIAL_DAYS = {
    "a spreadsheet": (1, 20_000, 51_000, 25_569),  # to 2039
    "an astronomer (MJD)": (1, 51_000, 80_000, 40_587),  # from 1998
    "MATLAB": (1, 693_962, 766_000, 719_529),
    "an astronomer (Julian)": (1, 2_415_020, 2_488_070, 2_440_587.5),
    "WinCC": (10**6, 20_000, 80_000, 25_569),
    "Windows": (_TICKS, 145_731, 182_622, 134_774),
    ".NET": (_TICKS, 730_119, 767_010, 719_162),
}
_TICKS_OF_XSENS = {"ticks of 0.1 ms": 1e5, "us": 1e3}  # of its column SampleTimeFine; the second by its small devices
_OF_XSENS = ("SampleTimeFine",)
_OF_WINCC = ("Time_ms",)  # a column of WinCC that holds millionths of a day, in spite of its name


def read_numbers(clock: Clock, unit: str, others: Sequence[Clock]) -> float | None:
    """Give a clock stamps for its numbers, and note how they are read; return the nanoseconds of the unit.

    ``unit`` is one of `UNITS`, or "auto". ``others`` are the clocks of the same columns in other tables. None is
    returned for numbers of days, which are dates.
    """
    if unit == "auto" and (days := _serial_days(clock)) is not None:
        clock.stamps = days
        return None
    if unit != "auto":
        factor = UNITS[unit]
    else:
        alike = [clock, *(other for other in others if other.has_numbers)]
        told = f"as {'its name' if named_unit(clock.names[0]) else 'the file'} says"
        found, source = (clock.unit, told) if clock.unit else _likely_unit(alike)
        factor = (UNITS | _TICKS_OF_XSENS)[found]
        clock.notes.append(f"time is column {clock.label}, in {found} {source}; --time and --time-unit change that")
    clock.stamps = scaled(clock.numbers, factor)
    origin = stamps_of_dates(pa.chunked_array([[clock.origin]]))
    if origin is not None and (first := origin.stamps[0]) > BEYOND:
        clock.stamps = _counted_from(int(first), clock.stamps)
    return factor


def _counted_from(first: int, stamps: np.ndarray) -> np.ndarray:
    """Return stamps (rows,) that count from another one, `BEYOND` where 64 bits do not hold the sum."""
    known = stamps > BEYOND
    fits = np.abs(stamps + float(first)) < FARTHEST
    return np.where(known, np.where(fits, stamps + first, BEYOND), stamps)


def _likely_unit(clocks: Sequence[Clock]) -> tuple[str, str]:
    """Judge the unit of times: by their size if they may count from 1970, else by their steps.

    The unit is the one in which there are between one and a thousand rows a second. Clocks of one kind, such as those
    of several topics of one logger, are judged together.
    """
    if clocks[0].counts:
        return "s", "for lack of times"
    if epoch := unit_since_1970(clocks[0]):
        return epoch, "judging by its size"
    clocks = [clock for clock in clocks if not unit_since_1970(clock) and _of_one_size(clock, clocks[0])]
    steps = np.array([step for clock in clocks if np.isfinite(step := clock.step)])
    step = float(np.exp(np.mean(np.log(steps)))) if len(steps) else np.nan
    if not np.isfinite(step):
        return "s", "because its unit is not known"
    units = _TICKS_OF_XSENS if clocks[0].names == _OF_XSENS else {unit: UNITS[unit] for unit in ("s", "ms", "us", "ns")}
    hertz = {unit: NANOSECONDS / factor / step for unit, factor in units.items()}
    given = clocks[0].hertz
    if given and (fitting := [unit for unit, rate in hertz.items() if 0.5 < rate / given < 2.0]):
        return fitting[0], f"judging by the known rate ({given:.6g} Hz)"
    unit, *others = sorted(hertz, key=lambda unit: abs(np.log(hertz[unit] * _USUAL_STEP)))
    if "s" in units and unit != "s" and _are_seconds(clocks, step):
        others.remove("s")
        unit, others = "s", [unit, *others]
    doubt = next((other for other in others if _SUITABLE[0] <= hertz[other] <= _SUITABLE[1]), "")
    ends = sorted({float(f"{1 / steps.max():.4g}"), float(f"{1 / steps.min():.4g}")})
    rates = {u: " to ".join(f"{end * NANOSECONDS / units[u]:.4g}" for end in ends) + " Hz" for u in (unit, doubt) if u}
    return unit, f"judging by its steps ({rates[unit]}{f', or {rates[doubt]} in {doubt}' if doubt else ''})"


def _are_seconds(clocks: Sequence[Clock], step: float) -> bool:
    """Return whether times with a usual step are seconds, although another unit would give a more usual rate.

    Decimal numbers are, if they are fast, or have few decimals and would last but a moment in milliseconds.
    """
    numbers = [clock.numbers for clock in clocks]
    whole = all(pa.types.is_integer(own.type) for own in numbers)
    if step <= (1.0 if whole else 3.0) or _is_of_minutes(step / 60):
        return True
    short = step * max(map(len, numbers)) < _SHORTEST and step * _SUITABLE[0] < 1.0
    return not whole and short and all(pc.all(pc.equal(own, pc.round(own, _FEW_DECIMALS))).as_py() for own in numbers)


def _of_one_size(clock: Clock, other: Clock) -> bool:
    """Return whether the times of two clocks may be written in one unit: they are not hundreds of times apart."""
    low, high = sorted((clock.middle, other.middle))
    return low <= 0.0 or high < _ONE_SIZE * low


def unit_since_1970(clock: Clock) -> str | None:
    """Return the unit in which times count from 1970, by their size; None if they do not count from 1970."""
    for unit in ("s", "ms", "us", "ns"):
        seconds = UNITS[unit] / NANOSECONDS
        if _EPOCH[0] < clock.middle * seconds < _EPOCH[1] and not clock.step_of_rows * seconds > _SLOWEST_EPOCH:
            return unit
    return None


def _is_of_minutes(minutes: float) -> bool:
    return any(abs(minutes - usual) < 1e-3 * usual for usual in _USUAL_MINUTES)


def _serial_days(clock: Clock) -> np.ndarray | None:
    """Return the stamps of times that count days as spreadsheets or MATLAB do; None for other times."""
    times = as_floats(clock.numbers)
    middle = np.nanmedian(times) if np.isfinite(times).any() else np.nan
    for program, (per_day, least, most, epoch) in _SERIAL_DAYS.items():
        may_be = clock.names == _OF_WINCC if program == "WinCC" else not clock.unit
        step = clock.step / per_day
        if may_be and least < middle / per_day < most and (step < 1e-3 or _is_of_minutes(step * 1440)):
            parts = "days" if per_day == 1 else f"parts of a day, 1/{per_day},"
            clock.notes.append(
                f"time is column {clock.label}, in {parts} as {program} counts them; --time changes that"
            )
            first = pa.scalar(epoch * per_day).cast(clock.numbers.type if per_day > 1 else pa.float64(), safe=False)
            return scaled(pc.subtract(clock.numbers, first), DAY / per_day)
    return None
