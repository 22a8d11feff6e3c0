"""Matrices of an analysis as tables, arrays and a picture."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.errors import MissingDependencyError
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.whole_recording.whole_recording import SIGNIFICANCE
from infonet_ros.text import NANOSECONDS

COLUMNS = ("time", "a", "b", "mi", "lower", "upper", "p", "lag", "samples", "valid")
"""Of the tidy table: ``time`` is the end of the window in seconds, ``mi``, ``lower``, ``upper`` are in nats, ``lag`` in
seconds and positive where ``b`` follows ``a``; ``p`` is that of the pair alone, and empty without surrogates."""

ARRAYS = ("mi", "lower", "upper", "p_value", "p_adjusted", "lag", "samples", "valid")


def write_csv(path: Path, matrices: Sequence[DependenceMatrix]) -> None:
    """Write one row per window and pair; what is not known is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for matrix in matrices:
            writer.writerows(_text_rows(matrix))


def write_parquet(path: Path, matrices: Sequence[DependenceMatrix]) -> None:
    """Write the same table as `write_csv`, with numbers as numbers and names as a dictionary."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingDependencyError("Parquet", "pyarrow", "run `pip install pyarrow`, or leave parquet out") from error
    kinds = {"time": pa.timestamp("ns", tz="UTC"), "samples": pa.int32(), "valid": pa.bool_()}
    columns: dict[str, Any] = {name: [] for name in COLUMNS}
    for matrix in matrices:
        pairs = matrix.columns()
        pairs["p"] = pairs.pop("p_value")
        pairs["time"] = np.full(len(pairs["a"]), matrix.end, dtype=np.int64)
        for name in COLUMNS:
            columns[name].append(pairs[name])
    arrays = {
        name: _arrow_names(values) if name in ("a", "b") else _arrow_numbers(values, kinds.get(name, pa.float32()))
        for name, values in ((name, np.concatenate(parts)) for name, parts in columns.items())
    }
    parquet.write_table(pa.table(arrays), path)


def _arrow_numbers(values: np.ndarray, kind: Any) -> Any:
    """Return values (R,) as an Arrow array, NaN as null; `pyarrow.array` would import pandas for half a second."""
    import pyarrow as pa

    known = None
    if values.dtype.kind == "f":
        values = values.astype(np.float32)
        known = pa.py_buffer(np.packbits(~np.isnan(values), bitorder="little"))
    data = np.packbits(values, bitorder="little") if values.dtype.kind == "b" else np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(values), [known, pa.py_buffer(data)])


def _arrow_names(values: np.ndarray) -> Any:
    """Return texts (R,) as an Arrow dictionary."""
    import pyarrow as pa

    names, places = np.unique(values.astype(str), return_inverse=True)
    texts = [name.encode() for name in names.tolist()]
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
    dictionary = pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(b"".join(texts)))
    return pa.DictionaryArray.from_arrays(_arrow_numbers(places.astype(np.int32), pa.int32()), dictionary)


def write_npz(path: Path, analysis: Analysis) -> None:
    """Write all windows as tensors.

    ``names`` (N,), ``start`` and ``end`` (W,) in nanoseconds, `ARRAYS` as (W, N, N), ``valid`` as (W, N), and
    ``overall_*`` (N, N) of the whole recording.
    """
    arrays: dict[str, Any] = {
        name: np.stack([getattr(matrix, name) for matrix in analysis.matrices]) for name in ARRAYS
    }
    overall = {f"overall_{name}": getattr(analysis.whole.matrix, name) for name in ARRAYS}
    np.savez_compressed(
        path,
        names=np.array(analysis.names),
        start=np.array([matrix.start for matrix in analysis.matrices]),
        end=np.array([matrix.end for matrix in analysis.matrices]),
        **arrays,
        **overall,
    )


def write_picture(path: Path, analysis: Analysis) -> None:
    """Draw the heat map of the whole recording."""
    from PIL import Image

    from infonet_ros.drawing.heatmap import HeatMap

    picture = HeatMap(significance=SIGNIFICANCE, adjusted=True).render(analysis.whole.matrix)
    Image.fromarray(picture).save(path, format="PNG")


def _text_rows(matrix: DependenceMatrix) -> Iterator[list[str]]:
    pairs = matrix.columns()
    seconds, nanoseconds = divmod(matrix.end, NANOSECONDS)
    time = f"{seconds}.{nanoseconds:09d}"
    measures = ("mi", "lower", "upper", "p_value", "lag")
    numbers = [[_number(value) for value in pairs[name].tolist()] for name in measures]
    samples, valid = pairs["samples"].tolist(), pairs["valid"].tolist()
    for row in zip(pairs["a"], pairs["b"], *numbers, samples, valid, strict=True):
        *cells, good = row
        yield [time, *cells, "true" if good else "false"]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"
