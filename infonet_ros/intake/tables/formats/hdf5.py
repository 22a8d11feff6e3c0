"""Arrays of HDF5 files, which MATLAB 7.3 also writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from infonet_ros.intake.tables.formats.arrays import MOST_COLUMNS, with_shape

_MOST_ARRAYS = 5000


def load_hdf5(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the arrays of numbers in a file by name, and the others `with_shape`: pictures may exceed the memory.

    The names are those of the groups and of the array, joined by points.
    """
    import h5py

    arrays, wide = dict[str, np.ndarray](), list[str]()
    with h5py.File(path, "r") as file:
        for name, dataset in _datasets(file, h5py):
            if dataset.size > MOST_COLUMNS * max(dataset.shape, default=1):
                wide.append(with_shape(name, dataset))
            else:
                arrays |= dict(_columns(name, dataset[()]))
    return arrays, wide


def _datasets(group: Any, h5py: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Go through the arrays of numbers of a group and of the groups in it; names with # are internal to MATLAB."""
    for key, value in list(group.items())[:_MOST_ARRAYS]:
        path = f"{name}.{key}" if name else key
        if isinstance(value, h5py.Group):
            if not key.startswith("#"):
                yield from _datasets(value, h5py, path)
        elif isinstance(value, h5py.Dataset) and value.shape is not None and _holds_numbers(value):
            yield path, value


def _holds_numbers(dataset: Any) -> bool:
    """Return whether an array holds numbers, and not a text of MATLAB."""
    kind = dataset.attrs.get("MATLAB_class", b"")
    if kind in (b"char", b"cell") or "MATLAB_empty" in dataset.attrs:
        return False
    fields = [dataset.dtype.fields[name][0].base for name in dataset.dtype.names or ()]
    return all(kind.kind in "biufc" for kind in fields or [dataset.dtype])


def _columns(path: str, array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Split a table into its columns; real and imaginary parts are one complex column."""
    names = array.dtype.names
    if names == ("real", "imag"):
        yield path, array["real"] + 1j * array["imag"]
    elif names:
        yield from ((f"{path}.{name}", array[name]) for name in names)
    else:
        yield path, array
