"""Arrays by name, as MATLAB and NumPy store them: those of one length share a time, or a sampling rate."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.cells.names import run_of
from infonet_ros.intake.tables.cells.time_units import is_named_time
from infonet_ros.intake.tables.sheet import MOST_ELEMENTS, Sheet, stem
from infonet_ros.intake.tables.text_files.text_columns import read_texts
from infonet_ros.text import NANOSECONDS, listed, shorten

MOST_COLUMNS = 256
"""Columns of one array; more are pictures or the like."""

_RATES = {
    *("sampling_rate", "samplingrate", "sample_rate", "samplerate", "srate"),
    *("fs", "fps", "rate", "frequency", "freq", "control_freq"),
}
_PERIODS = {"dt", "ts", "sample_time", "sampletime", "sampling_period", "period", "tinterval"}


def sheets_of_arrays(
    path: Path, contents: Mapping[str, Any], wide: Sequence[str] = (), units: Mapping[str, str] = MappingProxyType({})
) -> list[Sheet]:
    """Make a sheet of all arrays that share a time, or a rate and a numbered run, such as ``demo_3``.

    Raises RecordingError if there is no array of numbers.

    Parameters
    ----------
    path : Path
        Of the file.
    contents : mapping of str to Any
        Arrays, numbers, texts, and dictionaries or lists of them.
    wide : sequence of str
        See `with_shape`: arrays of too many columns, which were not read.
    units : mapping of str to str
        Units of arrays, if the file names them.
    """
    lost: list[str] = []
    values = dict(_real(_flat(contents, lost)))
    rates = dict(_rates({name: value for name, value in values.items() if value.size == 1}))
    every = _with_rows({name: value for name, value in values.items() if value.size > 1})
    labels = {name: array.tolist() for name, array in every.items() if array.dtype.kind == "U" and array.ndim == 1}
    arrays = _without_labels(every)
    if not arrays and not wide:
        raise RecordingError(
            f"{path} holds no arrays of numbers: expected variables of one row for each moment; write tables and "
            "timetables of MATLAB by writetimetable, or save their columns."
        )
    arrays, notes = _narrow(path, arrays, wide)
    sheets: dict[tuple[str, str, int], Sheet] = {}
    for name, array in arrays.items():
        time = _time_of(name, array, arrays, rates)
        run = "" if time in arrays else run_of(name)
        sheet = sheets.setdefault((run, time, len(array)), Sheet("", {}, units=dict(units)))
        if not sheet.columns:
            _add_time(sheet, time, len(array), arrays, rates)
        if name != time:
            sheet.columns |= {column: as_column(numbers) for column, numbers in _columns(name, array, labels)}
    _check_lengths(path, sheets)
    for (run, time, count), sheet in sheets.items():
        whole = stem(path) if len(sheets) == 1 else f"{stem(path)}_{count}"
        sheet.name = run or time.rpartition(".")[0] or whole
        if len(sheets) > 1:
            sheet.shorten_names()
        read_texts(sheet, path)
    next(iter(sheets.values())).notes += [*notes, *_on_lost(lost)]
    return list(sheets.values())


def _on_lost(names: Sequence[str]) -> list[str]:
    some = shorten(", ".join(names), 80)
    what = f"texts in structures and lists of unequal or of more than {MOST_ELEMENTS} elements"
    return [f"{what} are left out: {some}"] if names else []


def _check_lengths(path: Path, sheets: Mapping[tuple[str, str, int], Sheet]) -> None:
    """Reject arrays that all are longer or shorter than the times."""
    alone = [time for (_, time, _), sheet in sheets.items() if time and len(sheet.columns) == 1]
    if alone and all(not time or time in alone for _, time, _ in sheets):
        lengths = [f"{name} ({rows})" for (*_, rows), sheet in sheets.items() for name in sheet.columns]
        raise RecordingError(
            f"{path} has no array that is as long as its time {listed(alone)}: {shorten(', '.join(lengths), 200)}; "
            "expected a time for each row."
        )


def _narrow(
    path: Path, arrays: Mapping[str, np.ndarray], wide: Sequence[str]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the arrays without too many columns, and a sentence about the others and the ``wide`` ones."""
    found = [with_shape(name, array) for name, array in arrays.items() if array[0].size > MOST_COLUMNS]
    wide = [*wide, *found]
    too_wide = f"arrays with more than {MOST_COLUMNS} columns are left out: {shorten(', '.join(wide), 80)}"
    if len(found) == len(arrays):
        raise RecordingError(f"{path} holds no table: {too_wide}; expected a row for each moment.")
    narrow = {name: array for name, array in arrays.items() if array[0].size <= MOST_COLUMNS}
    return narrow, [too_wide] if wide else []


def with_shape(name: str, array: Any) -> str:
    """Return the name of an array and its shape, such as ``camera (100 x 480 x 640)``."""
    return f"{name} ({' x '.join(map(str, array.shape))})"


def as_column(values: np.ndarray) -> pa.ChunkedArray:
    """Return numbers of any type as whole numbers or floats, and dates, lengths of time and texts as such."""
    values = np.ascontiguousarray(values)
    if values.dtype.kind == "U":
        return pa.chunked_array([pa.array(values, pa.string())])
    if values.dtype.kind in "mM":
        return pa.chunked_array([pa.array(values.astype(f"{values.dtype.kind}8[ns]"))])
    whole = values.dtype.kind in "iu" and (values.dtype.kind == "i" or values.max(initial=0) < 2**63)
    return pa.chunked_array([pa.array(values.astype(np.int64 if whole else np.float64))])


def counted_times(rows: int, period: float) -> pa.ChunkedArray:
    """Return the times of rows with a period, seconds, as lengths of time: they need no unit."""
    return as_column(np.round(np.arange(rows) * (period * NANOSECONDS)).astype("timedelta64[ns]"))


def _flat(value: Any, lost: list[str], name: str = "") -> Iterator[tuple[str, Any]]:
    """Go through the fields of structures and records, names joined by points; elements of lists are numbered.

    The names of what becomes no array are added to ``lost``: of lists that are too long, and of fields of structures.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":  # a cell array
        value = _columns_of_cells(value) or _dense(value)
    if isinstance(value, np.ndarray) and value.dtype.names:
        value = {field: value[field] for field in value.dtype.names}
    if isinstance(value, list) and (columns := _columns_of_structures(value)):
        lost += [f"{name}.{field}" for field in value[0] if field not in columns]
        value = columns
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, lost, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and len(value) > MOST_ELEMENTS:
        lost.append(name)
    elif isinstance(value, list):
        for inner, own in zip(value, _names_of_elements(value, name), strict=True):
            yield from _flat(inner, lost, own)
    else:
        yield name, value


def _names_of_elements(elements: Sequence[Any], name: str) -> list[str]:
    """Name elements by the labels in them if these differ, as Simulink labels its signals, else by their numbers."""
    structures = [one for one in elements if isinstance(one, dict)]
    for field in ("label", "name"):
        labels = {label for one in structures if isinstance(label := one.get(field), str) and label}
        if len(labels) == len(elements):
            return [f"{name}.{one[field]}" for one in structures]
    return [f"{name}_{place}" for place in range(1, len(elements) + 1)]


def _columns_of_cells(cells: np.ndarray) -> dict[str, Any] | None:
    """Return the columns of cells below a row of names, as MATLAB reads spreadsheets; None for other cells."""
    names = cells[0].tolist() if cells.ndim == 2 and len(cells) > 2 else []
    if not names or not all(isinstance(name, str) and name for name in names) or len({*names}) < len(names):
        return None
    return {name: _dense(column) for name, column in zip(names, cells[1:].T, strict=True)}


def _dense(cells: np.ndarray) -> Any:
    """Return cells with one number or one text each as an array of such, others as a list; empty ones are unknown."""
    values = [cell.decode(errors="replace") if isinstance(cell, bytes) else cell for cell in cells.ravel().tolist()]
    known = [value for value in values if np.size(value)]
    for kind, like, unknown in (((bool, int, float), np.float64, float("nan")), (str, np.str_, "")):
        if known and all(isinstance(value, kind) for value in known):
            return np.array([value if np.size(value) else unknown for value in values], like).reshape(cells.shape)
    return values


def _columns_of_structures(structures: list[Any]) -> dict[str, np.ndarray] | None:
    """Return the fields of numbers of many structures, as a row for each structure.

    None if they are few that hold long arrays each, such as trials or signals.
    """
    if len(structures) < 2 or not all(
        isinstance(one, dict) and one.keys() == structures[0].keys() for one in structures
    ):
        return None
    columns = {key: [np.asarray(one[key]).ravel() for one in structures] for key in structures[0]}
    numbers = {key: v for key, v in columns.items() if all(a.dtype.kind in "biuf" for a in v)}
    if any(a.size > len(structures) for v in numbers.values() for a in v):
        return None
    return {key: rows for key, v in numbers.items() if (rows := _stacked(v)) is not None} or None


def _stacked(arrays: list[np.ndarray]) -> np.ndarray | None:
    """Return arrays of one length as rows; NaN where one is empty; None if their lengths differ or all are empty."""
    lengths = {array.size for array in arrays} - {0}
    if len(lengths) != 1:
        return None
    (length,) = lengths
    rows = np.array([array if array.size else np.full(length, np.nan) for array in arrays])
    return rows[:, 0] if length == 1 else rows


def _real(values: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, np.ndarray]]:
    """Go through the arrays of numbers, dates and texts; complex ones have two parts."""
    for name, value in values:
        array = np.asarray(value)
        if array.dtype.kind == "c":
            yield f"{name}.real", array.real
            yield f"{name}.imag", array.imag
        elif array.dtype.kind == "S":
            yield name, np.char.decode(array, errors="replace")
        elif array.dtype.kind in "biufmMU":
            yield name, array


def _without_labels(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays without texts that have no numbers beside them in their rows, such as names of columns."""
    rows = {len(array) for array in arrays.values() if array.dtype.kind != "U"}
    return {name: array for name, array in arrays.items() if array.dtype.kind != "U" or len(array) in rows}


def _rates(scalars: Mapping[str, np.ndarray]) -> Iterator[tuple[str, float]]:
    """Go through the numbers that are the rates of arrays, and these rates in Hz."""
    for name, scalar in scalars.items():
        last = name.rpartition(".")[2].lower()
        if last in _RATES | _PERIODS and scalar.dtype.kind in "iuf" and (value := float(scalar.reshape(()))) > 0:
            yield name, value if last in _RATES else 1.0 / value


def _with_rows(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Move the axis of the rows of each array to the front: the axis that is as long as a time, else the longest."""
    rows = {array.size for name, array in arrays.items() if is_named_time(name.rpartition(".")[2])}
    moved: dict[str, np.ndarray] = {}
    for name, given in arrays.items():
        array = given.squeeze() if 1 in given.shape else given
        axis = next((axis for axis, length in enumerate(array.shape) if length in rows), int(np.argmax(array.shape)))
        moved[name] = np.moveaxis(array, axis, 0)
    return moved


def _columns(name: str, array: np.ndarray, labels: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, np.ndarray]]:
    """Go through the columns of an array, with names of the ``labels`` beside it, or else their numbers."""
    if array.ndim == 1:
        yield name, array
        return
    beside = (texts for label, texts in labels.items() if label.rpartition(".")[0] == name.rpartition(".")[0])
    fitting = (texts for texts in beside if (len(texts),) == array.shape[1:] and len({*texts} - {""}) == len(texts))
    names = next(fitting, None)
    for place in np.ndindex(array.shape[1:]):
        column = (slice(None), *place)
        yield f"{name}.{names[place[0]] if names else '_'.join(str(k + 1) for k in place)}", array[column]


def _time_of(name: str, array: np.ndarray, arrays: Mapping[str, np.ndarray], rates: Mapping[str, float]) -> str:
    """Return the name of the times of an array, of its length, or else of its rate; "" without any.

    Of several, those count that share most structures with it.
    """
    alike = [other for other, values in arrays.items() if values.ndim == 1 and len(values) == len(array)]
    times = [other for other in alike if is_named_time(other.rpartition(".")[2])]
    return max(times or rates, key=lambda time: _common_fields(time, name), default="")


def _common_fields(a: str, b: str) -> int:
    """Count the structures, from the outermost, that two fields share."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a.split("."), b.split("."), strict=False)))


def _add_time(sheet: Sheet, time: str, rows: int, arrays: Mapping[str, np.ndarray], rates: Mapping[str, float]) -> None:
    """Add the column of times: an array of the file, or times computed from the sampling rate."""
    if time in arrays:
        sheet.columns[time] = as_column(arrays[time])
    elif time:
        sheet.columns["time"] = counted_times(rows, 1.0 / rates[time])
        sheet.notes.append(f"the times are computed from {time!r}: {rates[time]:.6g} Hz")
