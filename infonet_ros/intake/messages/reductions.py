"""From the field of a message to the number of a channel: reductions of many numbers, angles, numbers in texts."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

_WITH_UNIT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s?(?:[^\W\d_]|[°%])[^\d\s,;:]{0,7}\s*")


def number_of_text(text: str) -> float:
    """Return the number in a text, which may have a unit behind it, as in ``24.5 V``; NaN if it is not a number."""
    try:
        return float(text)
    except ValueError:
        found = _WITH_UNIT.fullmatch(text)
        return float(found[1]) if found else math.nan


def _finite(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array if array.dtype.kind in "iub" else array[np.isfinite(array)]


def _over_finite(reduce: Callable[..., Any]) -> Callable[[Any], float]:
    def reduction(values: Any) -> float:
        finite = _finite(values)
        return float(reduce(finite)) if finite.size else math.nan

    return reduction


REDUCTIONS: dict[str, Callable[[Any], float]] = {
    "min": _over_finite(np.min),
    "max": _over_finite(np.max),
    "mean": _over_finite(lambda values: np.mean(values, dtype=np.float64)),
    "std": _over_finite(lambda values: np.std(values, dtype=np.float64)),
    "norm": lambda values: float(np.linalg.norm(np.asarray(values, dtype=np.float64))),
    "count": lambda values: float(_finite(values).size),
}


def _angle(formula: Callable[..., Any]) -> Callable[[Any], Any]:
    def angle(q: Any) -> Any:
        x, y, z, w = (np.asarray(part, dtype=np.float64) for part in (q.x, q.y, q.z, q.w))
        length = np.hypot(np.hypot(x, y), np.hypot(z, w))
        with np.errstate(divide="ignore", invalid="ignore"):
            return formula(x / length, y / length, z / length, w / length)

    return angle


ANGLES: dict[str, Callable[[Any], Any]] = {
    "roll": _angle(lambda x, y, z, w: np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))),
    "pitch": _angle(lambda x, y, z, w: np.arcsin(np.clip(2 * (w * y - z * x), -1.0, 1.0))),
    "yaw": _angle(lambda x, y, z, w: np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))),
}
"""Angles of a quaternion, or of many whose parts are arrays: NaN where its length is 0."""


def _turn(factor: float) -> Callable[[float], float]:
    def turn(value: float) -> float:
        return math.remainder(float(value) * factor, math.tau) if math.isfinite(value) else math.nan

    return turn


TURNS: dict[str, Callable[[float], float]] = {"degrees": _turn(math.pi / 180.0), "radians": _turn(1.0)}
