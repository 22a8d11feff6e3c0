"""Logs in binary formats: Parquet and Feather by Arrow, ULog of PX4 by pyulog, arrays of MATLAB, HDF5 and NumPy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import feather, ipc, parquet

from infonet_ros.errors import InfonetError, MissingDependencyError, RecordingError
from infonet_ros.intake.tables.formats.apart import read_apart
from infonet_ros.intake.tables.formats.arrays import as_column, sheets_of_arrays
from infonet_ros.intake.tables.formats.hdf5 import load_hdf5
from infonet_ros.intake.tables.sheet import MOST_ELEMENTS, Sheet, check_memory, stem
from infonet_ros.intake.tables.text_files.text_columns import read_texts
from infonet_ros.intake.tables.text_files.text_source import first_bytes
from infonet_ros.text import are, counted, one_line, unique_names


def read_log(path: Path) -> list[Sheet] | None:
    """Read a binary log: one sheet for all columns that share a time; None for another file.

    Raises RecordingError if the file does not exist, is empty or damaged. Raises MissingDependencyError if the library
    that reads it is not installed.
    """
    head = first_bytes(path, 128)
    found = next(((kind, read) for start, kind, read in _FORMATS if head.startswith(start)), None)
    if found is None and path.suffix == ".mat" and b"\0" in head[:20]:  # of version 4
        found = "MATLAB", _read_matlab
    if found is None and path.suffix == ".npz" and head.startswith(b"PK"):
        found = "NumPy", _read_numpy
    if found is None:
        return None
    kind, read = found
    with _one_sentence(path, kind):
        return read(path)


@contextmanager
def _one_sentence(path: Path, kind: str) -> Iterator[None]:
    """Turn any exception of a reader, as damaged bytes cause it, into one sentence."""
    try:
        yield
    except InfonetError:
        raise
    except Exception as error:  # Readers parse untrusted bytes; damaged bytes can raise any exception.
        raise RecordingError(
            f"{path} is not a readable {kind} file ({one_line(error)[:200]}): it may be cut or damaged."
        ) from error


def _read_parquet(path: Path) -> list[Sheet]:
    with parquet.ParquetFile(path) as file:
        groups = range(file.metadata.num_row_groups)
        check_memory(path, sum(file.metadata.row_group(group).total_byte_size for group in groups))
        return _of_arrow(path, file.read())


def _load_feather(path: Path) -> pa.Table:
    return feather.read_table(path, memory_map=False)


def _read_stream(path: Path) -> list[Sheet]:
    with ipc.open_stream(path) as stream:
        return _of_arrow(path, stream.read_all())


def _of_arrow(path: Path, table: pa.Table) -> list[Sheet]:
    """Make a sheet of a table whose columns have types; the fields of structs become columns."""
    check_memory(path, table.nbytes)
    table = _index_first(table)
    while (wider := _with_elements(table)).column_names != table.column_names:
        table = wider
    sheet = Sheet(stem(path), {})
    for name, given in zip(unique_names(table.column_names), table.columns, strict=True):
        column = _simplified(given)
        if column is None:
            sheet.notes.append(f"column {name!r} holds {given.type}, not numbers, and is left out")
        else:
            sheet.columns[name] = column
    read_texts(sheet, path)
    return [sheet]


def _index_first(table: pa.Table) -> pa.Table:
    """Put the index of a DataFrame before its columns again: it is often the time, without a name."""
    index = [name for name in (table.schema.pandas_metadata or {}).get("index_columns", []) if isinstance(name, str)]
    index = [name for name in index if table.column_names.count(name) == 1]
    return table.select([*index, *(name for name in table.column_names if name not in index)]) if index else table


def _with_elements(table: pa.Table) -> pa.Table:
    """Make columns of structs, of lists that all have one length, ``state_0``, ``state_1``, ..., and of maps."""
    columns: list[tuple[str, pa.ChunkedArray]] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        columns += [(name + suffix, part) for suffix, part in _elements(column)]
    return pa.table([part for _, part in columns], [name for name, _ in columns])


def _elements(column: pa.ChunkedArray) -> list[tuple[str, pa.ChunkedArray]]:
    """Return the columns in one of structs, lists or maps, and what is added to its name; other columns as they are."""
    if pa.types.is_struct(column.type):
        return [(f".{field.name}", part) for field, part in zip(column.type, column.flatten(), strict=True)]
    if _is_list(column.type):
        lengths = pc.unique(pc.drop_null(pc.list_value_length(column))).to_pylist()
        if len(lengths) == 1 and 0 < lengths[0] <= MOST_ELEMENTS:
            return [(f"_{place}", pc.list_element(column, place)) for place in range(lengths[0])]
    elif pa.types.is_map(column.type) and pa.types.is_string(column.type.key_type):
        keys = pc.unique(pa.chunked_array([chunk.keys for chunk in column.chunks], pa.string()))
        if 0 < len(keys) <= MOST_ELEMENTS:
            return [(f".{key}", pc.map_lookup(column, key, "first")) for key in keys]
    return [("", column)]


def _is_list(kind: pa.DataType) -> bool:
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return False
    value = kind.value_type
    return bool(pa.types.is_floating(value) or pa.types.is_integer(value) or pa.types.is_nested(value))


def _simplified(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return a column as whole numbers, floats, times or strings; None if it holds anything else."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _simplified(pc.cast(column, kind.value_type))
    if pa.types.is_boolean(kind):
        return pc.cast(pc.cast(column, pa.uint8()), pa.float64())
    if pa.types.is_integer(kind) and not (pa.types.is_uint64(kind) and (pc.max(column).as_py() or 0) >= 2**63):
        return pc.cast(column, pa.int64())
    if pa.types.is_decimal(kind) or pa.types.is_uint64(kind) or pa.types.is_float16(kind):
        return pc.cast(column, pa.float64(), safe=False)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_string(kind):
        return pc.cast(column, pa.string())
    return column if pa.types.is_floating(kind) or pa.types.is_temporal(kind) else None


class _NotingCuts(BufferedReader):
    """A file that notes how many bytes (``cut``) the last read gave, if it was to give more; pyulog ends there."""

    def __init__(self, path: Path) -> None:
        super().__init__(FileIO(path))
        self.cut = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.cut = len(data) if len(data) < (size or 0) else 0
        return data


def _read_ulog(path: Path) -> list[Sheet]:
    """Read a flight log of PX4: a sheet for each instance of each topic, all on the clock since boot."""
    if find_spec("pyulog") is None:
        raise MissingDependencyError("Reading .ulg flight logs", "pyulog", "run `pip install pyulog`")
    from pyulog import ULog

    with _NotingCuts(path) as file:
        log = ULog(file)
    if not log.data_list:
        raise RecordingError(f"{path} holds no messages: there is nothing to analyse.")
    several = {topic.name for topic in log.data_list if topic.multi_id}
    sheets = []
    for topic in log.data_list:
        name = f"{topic.name}_{topic.multi_id}" if topic.name in several else topic.name
        columns = {field: as_column(values) for field, values in topic.data.items()}
        sheets.append(Sheet(name, columns, units={"timestamp": "us"}))
    if log.file_corruption:
        sheets[0].notes.append("the log is damaged in places: its readable parts are read")
    if file.cut:
        sheets[0].notes.append(
            f"the log was cut or is damaged: {counted(file.cut, 'byte')} behind its last whole message "
            f"{are(file.cut)} left out"
        )
    if log.dropouts:
        lost = sum(dropout.duration for dropout in log.dropouts) / 1e3
        times = counted(len(log.dropouts), "time")
        sheets[0].notes.append(f"the logger could not keep up {times}, {lost:.3g} s in all")
    return sheets


def _read_matlab(path: Path) -> list[Sheet]:
    return sheets_of_arrays(path, read_apart(_load_matlab, path))


def _load_matlab(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat

    contents = loadmat(path, simplify_cells=True)
    return {name: value for name, value in contents.items() if not name.startswith("__")}


def _read_hdf5(path: Path) -> list[Sheet]:
    if find_spec("h5py") is None:
        kind = "MATLAB files of version 7.3" if path.suffix == ".mat" else "HDF5 files"
        remedy = "run `pip install h5py`" + (", or save it by save(..., '-v7')" if path.suffix == ".mat" else "")
        raise MissingDependencyError(f"Reading {kind}", "h5py", remedy)
    return sheets_of_arrays(path, *read_apart(load_hdf5, path))


def _read_numpy(path: Path) -> list[Sheet]:
    contents = np.load(path, allow_pickle=False)  # which would run code
    if isinstance(contents, np.ndarray):
        names = contents.dtype.names
        return sheets_of_arrays(path, {name: contents[name] for name in names} if names else {"data": contents})
    arrays: dict[str, np.ndarray] = {}
    closed: dict[str, ValueError] = {}
    with contents:
        for name in contents:
            try:
                arrays[name] = contents[name]
            except ValueError as error:  # objects of Python, or a damaged array
                closed[name] = error
    if not arrays and closed:
        raise next(iter(closed.values()))
    left_out = [f"array {name!r} is left out: {one_line(error)}" for name, error in closed.items()]
    try:
        sheets = sheets_of_arrays(path, arrays)
    except RecordingError as error:
        raise RecordingError(" ".join([str(error), *(f"{sentence}." for sentence in left_out)])) from error
    sheets[0].notes += left_out
    return sheets


_FORMATS: tuple[tuple[bytes, str, Callable[[Path], list[Sheet]]], ...] = (
    (b"PAR1", "Parquet", _read_parquet),
    (b"ARROW1", "Feather", lambda path: _of_arrow(path, _load_feather(path))),
    (b"FEA1", "Feather", lambda path: _of_arrow(path, read_apart(_load_feather, path))),
    (b"\xff\xff\xff\xff", "Arrow", _read_stream),
    (b"ULog\x01\x12\x35", "ULog", _read_ulog),
    (b"MATLAB 7.3", "MATLAB", _read_hdf5),
    (b"\x89HDF\r\n\x1a\n", "HDF5", _read_hdf5),
    (b"MATLAB", "MATLAB", _read_matlab),
    (b"\x93NUMPY", "NumPy", _read_numpy),
)
"""First bytes of a file, the name of its format, and its reader."""
