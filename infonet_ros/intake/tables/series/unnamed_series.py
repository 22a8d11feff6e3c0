"""Rows of several devices without a column of names: each time stands in a row of each device, in the same order."""

import numpy as np

from infonet_ros.intake.tables.series.name_columns import Names, Title
from infonet_ros.intake.tables.sheet import Sheet, as_floats, is_number
from infonet_ros.intake.tables.times.clock import Clock
from infonet_ros.text import NANOSECONDS

_MOST_DEVICES, _FEWEST_TIMES = 8, 20
_COMPLETE = 0.95  # of the times have a row of each device
_APART = 4.0  # times as far apart are the values at one time as those of one device at two times


def names_by_place(sheet: Sheet, clock: Clock) -> Names | None:
    """Name rows by their places among those of one time, if their values show that each place is of another device.

    Rows of one device may share a time, too, as those of a clock of whole seconds: then they are not named.
    """
    times, known = clock.known_times()
    _, moments, counts = np.unique(times, return_inverse=True, return_counts=True)
    devices = int(np.median(counts)) if len(counts) >= _FEWEST_TIMES else 1
    if not 1 < devices <= _MOST_DEVICES or np.mean(counts == devices) < _COMPLETE or _is_coarse(clock, times):
        return None
    order = np.argsort(moments, kind="stable")
    table = known[order[counts[moments[order]] == devices]].reshape(-1, devices)
    neighbours = np.ptp(table, axis=1) < 2 * devices
    if neighbours.mean() < _COMPLETE:  # a clock that began again, such as that of several episodes
        return None
    columns = (column for name, column in sheet.columns.items() if name not in clock.names and is_number(column))
    if not any(_is_apart(as_floats(column)[table]) for column in columns):
        return None
    codes = np.full(sheet.rows, -1)
    codes[table] = np.arange(devices)
    return Names((), codes, [f"row_{place + 1}" for place in range(devices)], Title.DEVICES)


def _is_coarse(clock: Clock, times: np.ndarray) -> bool:
    """Return whether times are only whole seconds, or count by one."""
    if clock.stamps is not None:
        return not (times % NANOSECONDS).any()
    return clock.step == 1 and not (times % 1).any()


def _is_apart(values: np.ndarray) -> bool:
    """Return whether values (times, devices) are far apart at one time, but not those of one device."""
    own, between = (float(np.nanmedian(np.abs(np.diff(values, axis=axis)))) for axis in (0, 1))
    return between > _APART * own
