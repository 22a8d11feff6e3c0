"""Logs in binary formats: Parquet and Feather by Arrow, PX4's ULog by pyulog, MATLAB's files by SciPy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import feather, ipc, parquet

from infonet_ros.errors import InfonetError, MissingDependencyError, RecordingError
from infonet_ros.intake.tables.cells import to_numbers, trimmed
from infonet_ros.intake.tables.dates import stamps_of_dates, times_of_day
from infonet_ros.intake.tables.sheet import Sheet, memory_limit
from infonet_ros.intake.tables.text_source import first_bytes
from infonet_ros.intake.tables.time_units import is_named_time
from infonet_ros.text import shorten

_MOST_COLUMNS = 256  # of one matrix
_MOST_ELEMENTS = 64  # of one list
_RATES = ("sampling_rate", "samplingrate", "sample_rate", "samplerate", "srate", "fs", "rate", "frequency", "freq")
_PERIODS = ("dt", "ts", "sample_time", "sampletime", "sampling_period", "period")


def read_log(path: Path) -> list[Sheet] | None:
    """Read a binary log: one sheet for all that shares its time; None for a file that is none.

    Raises
    ------
    RecordingError
        The file is not there, is empty or damaged.
    MissingDependencyError
        What reads it is not installed.
    """
    head = first_bytes(path, 128)
    for start, kind, read in _FORMATS:
        if head.startswith(start) or (path.suffix == ".mat" and read is _read_matlab):
            with _one_sentence(path, kind):
                return read(path)
    return None


@contextmanager
def _one_sentence(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever damaged bytes make a reader raise into one sentence."""
    try:
        yield
    except InfonetError:
        raise
    except Exception as error:  # Readers parse untrusted bytes; what they raise on damaged ones is no closed list.
        reason = " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__
        raise RecordingError(f"{path} is not a readable {kind} file ({reason}): it may be cut or damaged.") from error


def _read_parquet(path: Path) -> list[Sheet]:
    with parquet.ParquetFile(path) as file:
        groups = range(file.metadata.num_row_groups)
        _check_memory(path, sum(file.metadata.row_group(group).total_byte_size for group in groups))
        return [_of_arrow(path, file.read())]


def _read_feather(path: Path) -> list[Sheet]:
    return [_of_arrow(path, feather.read_table(path, memory_map=False))]


def _read_stream(path: Path) -> list[Sheet]:
    with ipc.open_stream(path) as stream:
        return [_of_arrow(path, stream.read_all())]


def _check_memory(path: Path, size: int) -> None:
    if size > (limit := memory_limit()):
        raise RecordingError(
            f"{path} holds {size >> 20} MB, more than {limit >> 20} MB, which is an eighth of this machine's memory: "
            "split it, or leave columns out."
        )


def _of_arrow(path: Path, table: pa.Table) -> Sheet:
    """Make a sheet of a table whose columns have types; those of structs become columns of their own."""
    _check_memory(path, table.nbytes)
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    table = _with_elements(table)
    sheet = Sheet(_stem(path), {})
    for name, column in zip(_unique_names(table.column_names), table.columns, strict=True):
        column = _simplified(column)
        if column is None:
            sheet.notes.append(f"column {name!r} holds {table.schema.field(name).type}, not numbers, and is left out")
        elif pa.types.is_string(column.type) and not _holds_times(column):
            numbers = to_numbers(column, sheet.style)
            if numbers is None or numbers.odd:
                sheet.cells[name] = column
            if numbers is None:
                sheet.texts[name] = next((cell for cell in column.to_pylist() if cell is not None), "")
            else:
                sheet.columns[name] = numbers.values
        else:
            sheet.columns[name] = column
    return sheet


def _with_elements(table: pa.Table) -> pa.Table:
    """Put the elements of lists that are all of one length in columns of their own: ``state_0``, ``state_1``, ..."""
    names, columns = [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        lengths = pc.unique(pc.drop_null(pc.list_value_length(column))).to_pylist() if _is_list(column.type) else []
        if len(lengths) == 1 and 0 < lengths[0] <= _MOST_ELEMENTS:
            names += [f"{name}_{place}" for place in range(lengths[0])]
            columns += [pc.list_element(column, place) for place in range(lengths[0])]
        else:
            names.append(name)
            columns.append(column)
    return pa.table(columns, names)


def _is_list(kind: pa.DataType) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return False
    return bool(pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))


def _unique_names(names: list[str]) -> list[str]:
    return [name if name not in names[:place] else f"{name}_{place + 1}" for place, name in enumerate(names)]


def _simplified(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return a column as whole numbers, floats, times or trimmed text; None where it holds anything else."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _simplified(pc.cast(column, kind.value_type))
    if pa.types.is_boolean(kind):
        return pc.cast(pc.cast(column, pa.uint8()), pa.float64())
    if pa.types.is_decimal(kind) or pa.types.is_uint64(kind) or pa.types.is_float16(kind):
        return pc.cast(column, pa.float64(), safe=False)
    if pa.types.is_integer(kind):
        return pc.cast(column, pa.int64())
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_string(kind):
        return trimmed(pc.cast(column, pa.string()))
    return column if pa.types.is_floating(kind) or pa.types.is_temporal(kind) else None


def _holds_times(column: pa.ChunkedArray) -> bool:
    return stamps_of_dates(column) is not None or times_of_day(column) is not None


def _read_ulog(path: Path) -> list[Sheet]:
    """Read a flight log of PX4: a sheet for each instance of each topic, all on the clock since boot."""
    if find_spec("pyulog") is None:
        raise MissingDependencyError("Reading .ulg flight logs", "pyulog", "run `pip install pyulog`")
    from pyulog import ULog

    log = ULog(str(path))
    if not log.data_list:
        raise RecordingError(f"{path} holds no messages: there is nothing to analyse.")
    several = {topic.name for topic in log.data_list if topic.multi_id}
    sheets = []
    for topic in log.data_list:
        name = f"{topic.name}_{topic.multi_id}" if topic.name in several else topic.name
        columns = {field: _of_numpy(values) for field, values in topic.data.items()}
        sheets.append(Sheet(name, columns, units={"timestamp": "us"}))
    if log.file_corruption:
        sheets[0].notes.append("the log is damaged in places: what is whole is read")
    if log.dropouts:
        lost = sum(dropout.duration for dropout in log.dropouts) / 1e3
        sheets[0].notes.append(f"the logger could not keep up {len(log.dropouts)} times, {lost:.3g} s in all")
    return sheets


def _of_numpy(values: np.ndarray) -> pa.ChunkedArray:
    """Return numbers of any type as whole numbers or floats."""
    values = np.ascontiguousarray(values)
    whole = values.dtype.kind in "iu" and (values.dtype.kind == "i" or values.max(initial=0) < 2**63)
    return pa.chunked_array([pa.array(values.astype(np.int64 if whole else np.float64))])


def _read_matlab(path: Path) -> list[Sheet]:
    """Read the arrays of a MATLAB file: those of one length share the time of that length, or the sampling rate."""
    from scipy.io import loadmat

    try:
        contents = loadmat(path, simplify_cells=True)
    except NotImplementedError as error:
        raise _newer_matlab(path) from error
    arrays, scalars, wide = {}, {}, []
    for name, value in _flat({name: value for name, value in contents.items() if not name.startswith("__")}):
        value = np.asarray(value)
        if value.dtype.kind not in "biuf":
            continue
        if value.size == 1:
            scalars[name] = float(value.reshape(()))
        elif value.ndim == 1 or (value.ndim == 2 and min(value.shape) <= _MOST_COLUMNS):
            arrays[name] = value if value.ndim == 1 or value.shape[0] >= value.shape[1] else value.T
        elif value.size:
            wide.append(f"{name} ({' x '.join(map(str, value.shape))})")
    if not arrays:
        raise RecordingError(f"{path} holds no arrays of numbers: expected variables of one row for each moment.")
    sheets: dict[tuple[str, int], Sheet] = {}
    for name, array in arrays.items():
        time = _time_of(name, array, arrays)
        sheet = sheets.setdefault((time, len(array)), Sheet("", {}))
        if time not in sheet.columns:
            _add_time(sheet, time, len(array), arrays, scalars)
        if name != time:
            columns = {name: array} if array.ndim == 1 else {f"{name}.{k}": c for k, c in enumerate(array.T, 1)}
            sheet.columns |= {column: _of_numpy(values) for column, values in columns.items()}
    for (time, rows), sheet in sheets.items():
        sheet.name = time.rpartition(".")[0] or (_stem(path) if len(sheets) == 1 else f"{_stem(path)}_{rows}")
    if wide:
        first = next(iter(sheets.values()))
        first.notes.append(
            f"arrays with more than {_MOST_COLUMNS} columns are left out: {shorten(', '.join(wide), 80)}"
        )
    return list(sheets.values())


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Go through the fields of structures, with their names joined by points; those of an array are numbered."""
    if isinstance(value, list) and 0 < len(value) <= _MOST_ELEMENTS:
        for place, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name}_{place}") if isinstance(inner, dict) else ()
        return
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from _flat(inner, f"{name}.{key}" if name else key)


def _time_of(name: str, array: np.ndarray, arrays: dict[str, np.ndarray]) -> str:
    """Return the array of times that goes with another: of its length, and nearest by its name; "" without one."""
    alike = [other for other, values in arrays.items() if values.ndim == 1 and len(values) == len(array)]
    times = [other for other in alike if is_named_time(other.rpartition(".")[2])]
    return max(times, key=lambda time: _common_fields(time, name), default="")


def _common_fields(a: str, b: str) -> int:
    """Count the structures, from the outermost, that two fields share."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a.split("."), b.split("."), strict=False)))


def _add_time(sheet: Sheet, time: str, rows: int, arrays: dict[str, np.ndarray], scalars: dict[str, float]) -> None:
    """Add the column of times: the array there is, or one counted by the sampling rate."""
    if time:
        sheet.columns[time] = _of_numpy(arrays[time])
        return
    for name, value in scalars.items():
        last = name.rpartition(".")[2].lower()
        if value > 0 and (last in _RATES or last in _PERIODS):
            rate = value if last in _RATES else 1 / value
            sheet.columns["time"] = _of_numpy(np.arange(rows) / rate)
            sheet.units["time"] = "s"
            sheet.notes.append(f"time is counted by {name!r}: {rate:.6g} Hz")
            return


def _newer_matlab(path: Path) -> RecordingError:
    return RecordingError(
        f"{path} is a MATLAB file of version 7.3 (HDF5), which is not read: save it by save(..., '-v7'), or as Parquet."
    )


def _read_hdf5(path: Path) -> list[Sheet]:
    raise (
        _newer_matlab(path)
        if path.suffix == ".mat"
        else RecordingError(f"{path} is an HDF5 file, which is not read: save its arrays as Parquet or CSV.")
    )


def _stem(path: Path) -> str:
    return path.name.split(".")[0] or path.name


_FORMATS: tuple[tuple[bytes, str, Callable[[Path], list[Sheet]]], ...] = (
    (b"PAR1", "Parquet", _read_parquet),
    (b"ARROW1", "Feather", _read_feather),
    (b"FEA1", "Feather", _read_feather),
    (b"\xff\xff\xff\xff", "Arrow", _read_stream),
    (b"ULog\x01\x12\x35", "ULog", _read_ulog),
    (b"MATLAB 7.3", "MATLAB", _read_hdf5),
    (b"\x89HDF\r\n\x1a\n", "HDF5", _read_hdf5),
    (b"MATLAB", "MATLAB", _read_matlab),
)
"""First bytes of a file, what it is called, and what reads it."""
