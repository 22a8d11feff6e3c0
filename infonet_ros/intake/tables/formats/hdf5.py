"""Arrays of HDF5 files, which MATLAB 7.3 also writes."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from infonet_ros.intake.tables.formats.arrays import MOST_COLUMNS, with_shape
from infonet_ros.intake.tables.sheet import MOST_ELEMENTS

_MOST_ARRAYS = 5000


def load_hdf5(path: Path) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    """Return the arrays of numbers and texts in a file by name, the others `with_shape`, and the units of arrays.

    Pictures may exceed the memory, and are not read. Numbers in attributes, also in texts of JSON, stand beside the
    arrays. The names are those of the groups and of the array, joined by points.
    """
    import h5py

    contents, wide, units = dict[str, Any](), list[str](), dict[str, str]()
    with h5py.File(path, "r") as file:
        for name, item in _items(file, h5py, set()):
            for key, value in item.attrs.items():
                if np.size(value) == 1:
                    contents[f"{name}.{key}".lstrip(".")] = _in_json(value)
            if isinstance(item, h5py.Group):
                continue
            if isinstance(unit := item.attrs.get("units"), (str, bytes)):
                units[name] = unit if isinstance(unit, str) else unit.decode(errors="replace")
            if item.size > MOST_COLUMNS * max(item.shape, default=1):
                wide.append(with_shape(name, item))
            else:
                contents |= dict(_columns(name, item[()]))
    return contents, wide, units


def _in_json(attribute: Any) -> Any:
    """Return what a text of JSON holds, such as the settings of a simulation; any other attribute as it is.

    Lists are not read: the settings of two robots are no stream with two rows.
    """
    if not isinstance(attribute, (str, bytes)):
        return attribute
    try:
        content = json.loads(attribute, object_hook=_without_lists)
    except (ValueError, RecursionError):
        return attribute
    return attribute if isinstance(content, list) else content


def _without_lists(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if not isinstance(value, list)}


def _items(group: Any, h5py: Any, seen: set[Any], name: str = "") -> Iterator[tuple[str, Any]]:
    """Go through a group, its arrays and the groups in it that were not ``seen``; names with # are internal to MATLAB.

    A symbolic link has another name of what is elsewhere in the file. Other links may lead to a group twice, too, or to
    one that they stand in.
    """
    if group in seen:
        return
    seen.add(group)
    yield name, group
    for key in islice(group, _MOST_ARRAYS):
        if not (key.startswith("#") or isinstance(group.get(key, getlink=True), h5py.SoftLink)):
            yield from _inside(group.get(key), h5py, seen, name, key)


def _inside(item: Any, h5py: Any, seen: set[Any], parent: str, key: str) -> Iterator[tuple[str, Any]]:
    """Go through a member of a group; the cells and structures to which an array refers are numbered."""
    path = f"{parent}.{key}" if parent else key
    if isinstance(item, h5py.Group):
        yield from _items(item, h5py, seen, path)
    elif not isinstance(item, h5py.Dataset) or item.shape is None or not _is_plain(item):
        return
    elif h5py.check_ref_dtype(item.dtype) is None:
        yield path, item
    elif item.size <= MOST_ELEMENTS:
        of_structures = parent and "MATLAB_class" not in item.attrs
        for place, reference in enumerate(filter(None, item[()].flat), 1):
            names = (f"{parent}_{place}", key) if of_structures else (parent, f"{key}_{place}")
            yield from _inside(item.file[reference], h5py, seen, *names)


def _is_plain(dataset: Any) -> bool:
    """Return whether an array holds values or references, and not the codes of a text of MATLAB."""
    return dataset.attrs.get("MATLAB_class", b"") != b"char" and "MATLAB_empty" not in dataset.attrs


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
