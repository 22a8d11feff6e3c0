"""Quaternions in tables: four columns that are one orientation become roll, pitch and yaw, as in a message."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from infonet_ros.intake.messages.reductions import ANGLES
from infonet_ros.intake.tables.sheet import as_floats, is_number

_OF_ARRAY = re.compile(r"(?:(?P<base>.*)[._])?column_(?P<part>\d+)")  # an array of four columns
_FORMS = {
    # qx, orientation.x, quat_x, and motionQuaternionX(R) of SensorLog
    re.compile(r"(?P<base>.*?)[._]?(?P<part>[xyzw])(?:_R)?", re.IGNORECASE): "xyzw",
    # q[0] of PX4: with numbers, the scalar comes first
    re.compile(r"(?P<base>(?:.*[._])?q(?:uat(?:ernion)?)?)_?(?P<part>[0-3])", re.IGNORECASE): "1230",
    _OF_ARRAY: "1234",
}
"""How the columns of a quaternion are named, and their parts in the order x, y, z, w, or that of an array."""

_SCALAR_FIRST = (1, 2, 3, 0)  # for an array: whether its first or last column is the scalar follows from the numbers
_UNNAMED = "q"
_LENGTH = 0.01  # by which the length of a quaternion may differ from 1, as it is rounded
_MOST = 0.95  # of the rows have that length
_SURE = 0.3  # of the mean squares: else the order of an array is not known


class Quaternion(NamedTuple):
    """Its parts in all rows, named as in ``geometry_msgs/Quaternion``."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    w: np.ndarray


def find_quaternions(columns: Mapping[str, pa.ChunkedArray]) -> dict[str, tuple[str, ...]]:
    """Find columns that are a quaternion: their names in the order x, y, z, w, by the part that the names share.

    Examples
    --------
    >>> parts = {"qx": [0.0, 0.6], "qy": [0.0, 0.0], "qz": [0.6, 0.0], "qw": [0.8, 0.8], "x": [1.0, 2.0]}
    >>> find_quaternions({name: pa.chunked_array([values]) for name, values in parts.items()})
    {'q': ('qx', 'qy', 'qz', 'qw')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for pattern, order in _FORMS.items():
        parts: dict[str, dict[str, str]] = {}
        for name, column in columns.items():
            if is_number(column) and (match := pattern.fullmatch(name)):
                parts.setdefault(match["base"] or "", {})[match["part"].lower()] = name
        for base, own in parts.items():
            names = [own[part] for part in order] if own.keys() == set(order) else []
            if names and (places := _places([columns[name] for name in names], of_array=pattern is _OF_ARRAY)):
                found[base or _UNNAMED] = tuple(names[place] for place in places)
    return {name: parts for name, parts in found.items() if name not in columns}


def angle_of(parts: Sequence[pa.ChunkedArray], angle: str) -> np.ndarray:
    """Return "roll", "pitch" or "yaw" of columns x, y, z and w, radians: (rows,) float64, NaN where not known."""
    return ANGLES[angle](Quaternion(*(as_floats(part) for part in parts)))


def _places(parts: Sequence[pa.ChunkedArray], of_array: bool) -> Sequence[int]:
    """Return where x, y, z and w are in four columns; empty if they are no quaternion, or may be in either order.

    In an array, the scalar is the first or the last. Robots turn about the vertical axis more than about the others, so
    x and y are small.
    """
    numbers = np.stack([as_floats(part) for part in parts])
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(numbers, axis=0)
        good = np.abs(lengths - 1.0) <= _LENGTH
    known = np.isfinite(lengths)
    if known.sum() < 2 or good[known].mean() < _MOST:
        return ()
    if not of_array:
        return range(4)
    first, _, third, last = np.mean(numbers[:, good] ** 2, axis=1)
    balance = 2 * first - third - last  # w² - x² - y² with the scalar first, minus the same with the scalar last
    if abs(balance) < _SURE:
        return ()
    return _SCALAR_FIRST if balance > 0 else range(4)
