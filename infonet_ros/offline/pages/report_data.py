"""The numbers that the report draws, packed for the page."""

import base64
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing import palette
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.offline.findings.pair_order import ranked_pairs
from infonet_ros.offline.whole_recording.delays import DelayCurve
from infonet_ros.offline.whole_recording.whole_recording import SIGNIFICANCE
from infonet_ros.text import NANOSECONDS, printable

_MOST_SERIES_BYTES = 900_000  # of the windows that go into the page
_MOST_TABLE_VALUES = 400_000  # of all discriminants
_TABLE_STEP = 1 / 24  # nats: the discriminant goes into the page as bytes
_MI_STEP = 1 / 4096  # nats: the MI of a window goes into the page in two bytes

_WHOLE = ("mi", "lower", "upper", "p_value", "p_adjusted", "lag")
_IN_WINDOWS = {"mi": 2, "lower": 2, "upper": 2, "p_value": 4, "p_adjusted": 4}  # bytes


def kept_windows(analysis: Analysis) -> Sequence[DependenceMatrix]:
    """Return every window, or every second, third, ..., so that the page stays small."""
    pairs = len(analysis.names) * (len(analysis.names) - 1) // 2
    tested = np.isfinite(analysis.matrices[0].p_value).any()
    size = pairs * sum(count for name, count in _IN_WINDOWS.items() if tested or not name.startswith("p_"))
    return analysis.matrices[:: max(1, math.ceil(len(analysis.matrices) * size / _MOST_SERIES_BYTES))]


def page_data(
    analysis: Analysis, kept: Sequence[DependenceMatrix], labels: Sequence[str], order: np.ndarray, time_title: str
) -> Markup:
    """Return the windows ``kept`` and the whole recording as JSON that no name in it can break out of.

    Arrays are base64 of little-endian numbers: (W, P) by window and pair, (P,) by pair of the upper triangle, row by
    row. ``order`` is that of the channels in the matrix.
    """
    data = _page_data(analysis, kept, time_title) | {"labels": labels, "order": order.tolist()}
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # In JSON these stand only inside strings, where they may be written so.
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def _page_data(analysis: Analysis, kept: Sequence[DependenceMatrix], time_title: str) -> dict[str, Any]:
    row, column = np.triu_indices(len(analysis.names), k=1)
    zero = analysis.zero
    shown = ranked_pairs(analysis)
    whole = analysis.whole
    of_whole = {name: getattr(whole.matrix, name) for name in _WHOLE}
    of_whole |= {"delay_lower": whole.delay_lower, "delay_upper": whole.delay_upper}
    return {
        "names": [printable(name) for name in analysis.names],
        "topics": [printable(topic) for topic in analysis.settings.channel_topics],
        "first": shown[0] if shown else (0, 1),
        "rate": whole.overview.window.rate,
        "scale": colour_scale(analysis),
        "palette": _base64(palette.TABLE),
        "significance": SIGNIFICANCE,
        "time_title": time_title,
        "windows": {
            "start": [(matrix.start - zero) / NANOSECONDS for matrix in kept],
            "end": [(matrix.end - zero) / NANOSECONDS for matrix in kept],
        },
        "mi_step": _MI_STEP,
        "series": {name: _series(kept, name, row, column) for name in _IN_WINDOWS}
        | {"valid": _base64(np.stack([matrix.valid for matrix in kept]).astype(np.uint8))},
        "overall": {name: _base64(values[row, column].astype("<f4")) for name, values in of_whole.items()}
        | {"valid": whole.matrix.valid.tolist(), "clear": _base64(_clear_delays(analysis)[row, column])},
        "ranks": _ranks(analysis, zero),
        "tables": _tables(analysis),
        "curves": [_curve(analysis, curve) for curve in whole.curves],
        "changes": [
            {"pair": _pair_index(analysis, *map(analysis.names.index, pair)), "time": (time - zero) / NANOSECONDS}
            for pair, time in _changed_pairs(analysis)
        ],
        "modalities": _modality_data(whole.between_modalities),
    }


def _changed_pairs(analysis: Analysis) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield the names of pairs whose dependence or relation changed, and when."""
    yield from (((change.a, change.b), change.time) for change in analysis.changes)
    for change in analysis.relation_changes:
        yield from (((change.channel, other), change.time) for other in change.beside)


def _clear_delays(analysis: Analysis) -> np.ndarray:
    """(N, N) uint8: 1 where the words give a delay."""
    clear = np.zeros(analysis.whole.matrix.mi.shape, dtype=np.uint8)
    for a, b in analysis.strongest():
        clear[a, b] = clear[b, a] = Delay.of(analysis, a, b).clear
    return clear


def _ranks(analysis: Analysis, zero: int) -> dict[str, Any]:
    """Ranks as bytes from 1 to 255, 0 where unknown, and the stamps of the samples."""
    return {
        "values": _base64(np.nan_to_num(1 + analysis.whole.ranks * 254).round().astype(np.uint8)),
        "stamps": _base64(((analysis.whole.overview.stamps - zero) / NANOSECONDS).astype("<f8")),
    }


def _series(kept: Sequence[DependenceMatrix], name: str, row: np.ndarray, column: np.ndarray) -> str | None:
    """(W, P) of the windows; None for a measure that was not asked for.

    MI is in steps of `_MI_STEP` from 1 on, 0 where not known; p-values are float32.
    """
    values = np.stack([getattr(matrix, name)[row, column] for matrix in kept])
    if _IN_WINDOWS[name] == 2:
        return _base64(np.nan_to_num(1 + np.clip(values / _MI_STEP, 0, 65534)).round().astype("<u2"))
    return None if np.isnan(values).all() else _base64(values.astype("<f4"))


def _tables(analysis: Analysis) -> dict[str, Any]:
    """Return the discriminants of the most useful pairs, as many as fit."""
    discriminants = analysis.whole.discriminants
    nodes = len(next(iter(discriminants.values()), ()))
    known = [pair for pair in ranked_pairs(analysis) if pair in discriminants]
    pairs = known[: _MOST_TABLE_VALUES // max(1, nodes * nodes)]
    stack = [discriminants[pair] for pair in pairs]
    values = np.clip(np.round(np.array(stack) / _TABLE_STEP) + 128, 0, 255).astype(np.uint8)
    return {
        "pairs": [_pair_index(analysis, *pair) for pair in pairs],
        "nodes": nodes,
        "step": _TABLE_STEP,
        "values": _base64(values),
    }


def _curve(analysis: Analysis, curve: DelayCurve) -> dict[str, Any]:
    numbers = {name: _finite(getattr(curve, name)) for name in ("lags", "mi", "lower", "upper")}
    return {"pair": _pair_index(analysis, *curve.pair), **numbers}


def _modality_data(matrix: DependenceMatrix | None) -> dict[str, Any] | None:
    if matrix is None:
        return None
    largest = float(np.max(matrix.mi, initial=0.0, where=np.isfinite(matrix.mi)))
    return {
        "names": [printable(name) for name in matrix.names],
        "mi": [_finite(row) for row in matrix.mi],
        "scale": palette.scale_end(largest),
    }


def _finite(values: Iterable[float]) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def _pair_index(analysis: Analysis, a: int, b: int) -> int:
    """Index of a pair in the upper triangle, row by row."""
    count, (row, column) = len(analysis.names), sorted((a, b))
    return row * count - row * (row + 1) // 2 + column - row - 1


def colour_scale(analysis: Analysis) -> float:
    """Return where the colour scale ends, nats: few pairs share more, and weak ones can still be told apart."""
    matrices = (*analysis.matrices, analysis.whole.matrix)
    values = np.concatenate([matrix.mi[np.isfinite(matrix.mi)] for matrix in matrices])
    return palette.scale_end(float(np.quantile(values, 0.97)) if len(values) else 0.0)


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
