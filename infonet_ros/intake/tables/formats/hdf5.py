"""Arrays of HDF5 files, which MATLAB 7.3 also writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from infonet_ros.intake.tables.formats.arrays import MOST_COLUMNS, with_shape

_MOST_ARRAYS = 5000


def load_hdf5(path: Path) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    """Return the arrays of numbers and texts in a file by name, the others `with_shape`, and the units of arrays.

    Pictures may exceed the memory, and are not read. Numbers in attributes stand beside the arrays. The names are those
    of the groups and of the array, joined by points.
    """
    import h5py

    contents, wide, units = dict[str, Any](), list[str](), dict[str, str]()
    with h5py.File(path, "r") as file:
        for name, item in _items(file, h5py):
            contents |= {f"{name}.{key}".lstrip("."): value for key, value in item.attrs.items() if np.size(value) == 1}
            if isinstance(item, h5py.Group):
                continue
            if isinstance(unit := item.attrs.get("units"), (str, bytes)):
                units[name] = unit if isinstance(unit, str) else unit.decode(errors="replace")
            if item.size > MOST_COLUMNS * max(item.shape, default=1):
                wide.append(with_shape(name, item))
            else:
                contents |= dict(_columns(name, item[()]))
    return contents, wide, units


def _items(group: Any, h5py: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Go through a group, its arrays and the groups in it; names with # are internal to MATLAB."""
    yield name, group
    for key, value in list(group.items())[:_MOST_ARRAYS]:
        path = f"{name}.{key}" if name else key
        if isinstance(value, h5py.Group):
            if not key.startswith("#"):
                yield from _items(value, h5py, path)
        elif isinstance(value, h5py.Dataset) and value.shape is not None and _is_plain(value):
            yield path, value


def _is_plain(dataset: Any) -> bool:
    """Return whether an array holds values, and not the codes or places of a text or a cell array of MATLAB."""
    return dataset.attrs.get("MATLAB_class", b"") not in (b"char", b"cell") and "MATLAB_empty" not in dataset.attrs


def _columns(path: str, array: Any) -> Iterator[tuple[str, Any]]:
    """Split a table into its columns; real and imaginary parts are one complex column."""
    names = getattr(array, "dtype", np.dtype(float)).names
    if names == ("real", "imag"):
        yield path, array["real"] + 1j * array["imag"]
    elif names:
        for name in names:
            yield from _columns(f"{path}.{name}", array[name])
    else:
        yield path, array
