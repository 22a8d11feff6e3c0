"""Usual names of columns of times, and the units in them."""

import re
from collections.abc import Container

from infonet_ros.text import NANOSECONDS

TIME_NAMES = {
    *("time", "times", "timestamp", "timestamps", "__time", "%time", "stamp", "stamps", "t", "ts", "epoch"),
    *("rosbagtimestamp", "secs", "seconds", "sec", "date", "datetime", "datenum", "elapsed", "elapsed_time", "_time"),
    "tout",
}
"""Usual names of a column of times, in small letters; a unit may follow, as in ``time [ms]`` and ``timestampNs``."""

UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9, "d": 86_400e9}
"""Nanoseconds of each unit of time."""

DAY = 86_400 * NANOSECONDS

_UNIT_WORDS = {
    "s": r"s|secs?|seconds?",
    "ms": r"ms|msecs?|millis?|millisecs?|milliseconds?",
    "us": r"[uµμ]s|[uµμ]secs?|micros?|microsecs?|microseconds?",
    "ns": r"ns|nsecs?|nanos?|nanosecs?|nanoseconds?",
    "min": r"mins?|minutes?",
    "h": r"h|hrs?|hours?",
    "d": r"days?",
}
# A sign before the unit separates it from the name, or the unit begins with a capital: "times" has no unit. A date from
# which the times count may follow it, as in NetCDF.
_UNIT = re.compile(
    r"(?:^|[\s_.,/\[({-]+|(?<=[a-z])(?=[A-Z]))"
    rf"(?i:{'|'.join(f'(?P<{unit}>{words})' for unit, words in _UNIT_WORDS.items())})(?:\s+since\s.*)?\s*[\])}}]?$"
)

_OF_PROGRAMS = {
    **dict.fromkeys(("loopIteration", "gyroADC[0]"), ("time", "us")),
    "state.q_d[0]": ("time", "ms"),
    "timeJ": ("timeJ", "d"),
}
"""A column that only one program writes, and its column of times with the unit: Betaflight, libfranka, Sea-Bird."""


def unit_of_program(columns: Container[str], name: str) -> str | None:
    """Return the unit of a column of times that the other columns tell; None if they do not."""
    return next((unit for mark, (time, unit) in _OF_PROGRAMS.items() if mark in columns and name == time), None)


def named_unit(name: str) -> str | None:
    """Return the unit at the end of a column's name; None without a unit."""
    match = _UNIT.search(name)
    return match.lastgroup if match else None


def origin_in(name: str) -> str:
    """Return the date from which times of a name or a unit count, as in ``days since 1950-01-01``; empty without."""
    match = re.search(r"(?i)\bsince\s+(.+?)\s*[\])}]?$", name)
    return match[1] if match else ""


def is_unit(name: str) -> bool:
    """Return whether a name is only a unit, such as ``millis``."""
    return _UNIT.fullmatch(name) is not None


def without_unit(name: str) -> str:
    """Return a name without the unit at its end; empty if it does not end in a unit."""
    bare = _UNIT.sub("", name)
    return "" if bare == name else bare


def is_named_time(name: str) -> bool:
    """Return whether a name is a usual name of times, with or without a unit behind it."""
    part = re.search(r".(?:\.|/(?!(?:[munµ]?s|min|h)$))", name)  # stamp.nanosec alone is no time, time/s is one
    bare = "" if part else without_unit(name)
    squeezed = re.sub(r"[\W_]+", "", name).lower()  # Date/Time, Date & Time
    return squeezed == "datetime" or bool({name.lower(), bare.lower()} & TIME_NAMES)
