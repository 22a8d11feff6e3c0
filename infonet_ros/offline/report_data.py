"""The numbers that the report draws, packed for the page."""

import base64
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing import palette
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings import SIGNIFICANCE
from infonet_ros.offline.whole_recording import DelayCurve
from infonet_ros.text import NANOSECONDS

MEASURES = ("mi", "lower", "upper", "p_value", "p_adjusted", "lag")

_MOST_VALUES = 600_000  # of each measure that go into the page
_MOST_TABLE_VALUES = 1_000_000  # of all discriminants
_TABLE_STEP = 1 / 24  # nats: the discriminant goes into the page as bytes


def kept_windows(analysis: Analysis) -> Sequence[DependenceMatrix]:
    """Every window, or every second, third, ... so that the page stays small."""
    pairs = len(analysis.names) * (len(analysis.names) - 1) // 2
    return analysis.matrices[:: max(1, math.ceil(len(analysis.matrices) * pairs / _MOST_VALUES))]


def page_data(analysis: Analysis, kept: Sequence[DependenceMatrix], time_title: str) -> str:
    """Return the windows ``kept`` and the whole recording as JSON that no name in it can break out of.

    Arrays are base64 of little-endian numbers: (W, P) by window and pair, (P,) by pair of the upper triangle, row by
    row.
    """
    text = json.dumps(_page_data(analysis, kept, time_title), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _page_data(analysis: Analysis, kept: Sequence[DependenceMatrix], time_title: str) -> dict[str, Any]:
    row, column = np.triu_indices(len(analysis.names), k=1)
    first = analysis.matrices[0].start
    strongest = analysis.strongest(1)
    whole = analysis.whole
    return {
        "names": analysis.names,
        "first": strongest[0] if strongest else (0, 1),
        "rate": whole.overview.window.rate,
        "scale": _scale(analysis),
        "significance": SIGNIFICANCE,
        "time_title": time_title,
        "windows": {
            "start": [(matrix.start - first) / NANOSECONDS for matrix in kept],
            "end": [(matrix.end - first) / NANOSECONDS for matrix in kept],
        },
        "series": {name: _series(kept, name, row, column) for name in MEASURES}
        | {"valid": _base64(np.stack([matrix.valid for matrix in kept]).astype(np.uint8))},
        "overall": {name: _base64(getattr(whole.matrix, name)[row, column].astype("<f4")) for name in MEASURES}
        | {"valid": whole.matrix.valid.tolist()},
        "ranks": {
            "values": _base64(np.nan_to_num(1 + whole.ranks * 65534).astype("<u2")),
            "stamps": _base64(((whole.overview.stamps - first) / NANOSECONDS).astype("<f8")),
        },
        "tables": _tables(analysis),
        "curves": [_curve(analysis, curve) for curve in whole.curves],
        "changes": [
            {"pair": _pair_index(analysis, change.a, change.b), "time": (change.time - first) / NANOSECONDS}
            for change in analysis.changes
        ],
        "modalities": _modality_data(whole.between_modalities),
    }


def _series(kept: Sequence[DependenceMatrix], name: str, row: np.ndarray, column: np.ndarray) -> str | None:
    """(W, P) little-endian float32; None for a measure that was not asked for."""
    values = np.stack([getattr(matrix, name)[row, column] for matrix in kept]).astype("<f4")
    return None if np.isnan(values).all() and name != "mi" else _base64(values)


def _tables(analysis: Analysis) -> dict[str, Any]:
    """Discriminants of the strongest pairs, as many as there is room for."""
    discriminants, names = analysis.whole.discriminants, analysis.names
    nodes = len(next(iter(discriminants.values()), ()))
    pairs = analysis.strongest(_MOST_TABLE_VALUES // max(1, nodes * nodes))
    stack = [discriminants[pair] for pair in pairs]
    values = np.clip(np.round(np.array(stack) / _TABLE_STEP) + 128, 0, 255).astype(np.uint8)
    return {
        "pairs": [_pair_index(analysis, names[a], names[b]) for a, b in pairs],
        "nodes": nodes,
        "step": _TABLE_STEP,
        "values": _base64(values),
    }


def _curve(analysis: Analysis, curve: DelayCurve) -> dict[str, Any]:
    numbers = {name: _finite(getattr(curve, name)) for name in ("lags", "mi", "lower", "upper")}
    return {"pair": _pair_index(analysis, curve.a, curve.b), **numbers}


def _modality_data(matrix: DependenceMatrix | None) -> dict[str, Any] | None:
    if matrix is None:
        return None
    largest = float(np.max(matrix.mi, initial=0.0, where=np.isfinite(matrix.mi)))
    return {"names": matrix.names, "mi": [_finite(row) for row in matrix.mi], "scale": palette.scale_end(largest)}


def _finite(values: Iterable[float]) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def _pair_index(analysis: Analysis, a: str, b: str) -> int:
    """Index of a pair in the upper triangle, row by row."""
    count, (row, column) = len(analysis.names), sorted((analysis.names.index(a), analysis.names.index(b)))
    return row * count - row * (row + 1) // 2 + column - row - 1


def _scale(analysis: Analysis) -> float:
    matrices = (*analysis.matrices, analysis.whole.matrix)
    values = np.concatenate([matrix.mi[np.isfinite(matrix.mi)] for matrix in matrices])
    return palette.scale_end(float(np.quantile(values, 0.97)) if len(values) else 0.0)


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
