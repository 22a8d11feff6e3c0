"""Checks of the arguments of `InfoNet`; each error names the rule that the argument breaks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from infonet_ros.errors import InputError
from infonet_ros.estimator.dataframes import Names, numbers_of
from infonet_ros.estimator.network.observation import TRAINED_SAMPLES
from infonet_ros.estimator.samples.channels import MIN_SAMPLES
from infonet_ros.limits import MOST_GIVEN


def as_matrix(name: str, samples: Any) -> np.ndarray:
    """Return samples as (N, T) float64 channels, NaN where not finite, from a (T, N) array of real numbers.

    Raises InputError if they are not two-dimensional, or are empty, complex, text or objects; or a list of streams.
    """
    array = _real_array(name, samples)
    if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] == 0:
        raise InputError(
            f"{name} has shape {array.shape}: expected (T, N), T samples of N channels, neither of them 0."
        )
    if isinstance(samples, list | tuple) and len(array) < MIN_SAMPLES <= array.shape[1]:
        raise InputError(
            f"{name} is a list of {len(array)} streams of {array.shape[1]} samples: expected (T, N), a row for each "
            f"time; pass numpy.stack({name}, axis=1)."
        )
    return _channels(array)


def as_pair(x: Any, y: Any) -> np.ndarray:
    """Return two streams of shape (T,) as (2, T) float64 channels; InputError as in `as_matrix`."""
    arrays = [_real_array(name, values) for name, values in (("x", x), ("y", y))]
    for name, array in zip("xy", arrays, strict=True):
        if array.ndim != 1 or array.size == 0:
            raise InputError(f"{name} has shape {array.shape}: expected (T,), the samples of one stream, not empty.")
    _check_alike(arrays, "samples")
    return _channels(np.stack(arrays, axis=1))


def as_vectors(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return two vector streams as (dx, T) and (dy, T) channels; a (T,) stream counts as (T, 1)."""
    arrays = [_real_array(name, values) for name, values in (("x", x), ("y", y))]
    channels = [as_matrix(name, a[:, None] if a.ndim == 1 else a) for name, a in zip("xy", arrays, strict=True)]
    _check_alike(arrays, "rows")
    return channels[0], channels[1]


def _check_alike(pair: Sequence[np.ndarray], counted: str) -> None:
    x, y = pair
    if len(x) != len(y):
        raise InputError(
            f"x has shape {x.shape} and y has shape {y.shape}: expected as many {counted} of each; align the streams "
            "first."
        )


def as_given(given: Any, count: int) -> np.ndarray:
    """Return given streams as (D, T) channels, from (T,) or (T, D) with D up to 8 and as many samples as the streams.

    Raises InputError if they have another shape, or are no array of real numbers.
    """
    array = _real_array("given", given)
    channels = as_matrix("given", array[:, None] if array.ndim == 1 else array)
    if channels.shape[1] != count or len(channels) > MOST_GIVEN:
        raise InputError(
            f"given has shape {array.shape}: expected ({count},) or ({count}, D), as many samples as the streams have, "
            f"and at most {MOST_GIVEN} streams."
        )
    return channels


def as_lags(lags: Any, *, signed: bool) -> np.ndarray:
    """Return lags in samples as (L,) int64; InputError when not whole, or negative if unsigned."""
    array = _whole_numbers(lags)
    if array is None:
        raise InputError(f"lags is {lags!r}: expected a non-empty list of whole numbers of samples.")
    if not signed and array.min() < 0:
        raise InputError(f"lags holds {array.min()}: expected 0 or more, since each lag is tried in both directions.")
    return array


def check_lags(lags: np.ndarray, count: int) -> None:
    """Raise InputError when a window of ``count`` samples cannot hold one of the lags (L,)."""
    longest = max(lags.tolist(), key=abs)  # of Python's whole numbers: the smallest of NumPy has no absolute value
    if abs(longest) >= count:
        raise InputError(f"lags holds {longest}: expected less than the {count} samples of the window.")


def check_tensors(x: Any, y: Any, given: Any) -> None:
    """Raise InputError for arguments that `InfoNet.__call__` cannot take."""
    for name, values in (("x", x), ("y", y), *([] if given is None else [("given", given)])):
        if not isinstance(values, Tensor) or not values.is_floating_point():
            kind = values.dtype if isinstance(values, Tensor) else type(values).__name__
            raise InputError(f"{name} is of type {kind}: expected a floating torch tensor; `estimate` takes arrays.")
    if x.ndim != 2 or len(x) == 0 or x.shape != y.shape or not MIN_SAMPLES <= x.shape[1] <= TRAINED_SAMPLES[1]:
        raise InputError(
            f"x has shape {tuple(x.shape)} and y has shape {tuple(y.shape)}: expected (B, T) for both, B > 0, "
            f"T from {MIN_SAMPLES} to {TRAINED_SAMPLES[1]}."
        )
    if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
        raise InputError("x or y holds NaN or infinity: expected finite samples; leave the others out first.")
    if x.device != y.device:
        raise InputError(f"x is on {x.device} and y on {y.device}: expected both on one device.")
    if given is None:
        return
    if given.ndim not in (2, 3) or given.shape[:2] != x.shape or not torch.isfinite(given).all():
        raise InputError(
            f"given has shape {tuple(given.shape)}: expected (B, T) or (B, T, D) with the B and T of x, all finite."
        )


def as_count(name: str, value: Any, least: int) -> int:
    """Return a whole number of at least ``least``, or raise InputError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name} is {value!r}: expected a whole number of at least {least}.")
    return int(value)


def as_column(name: str, column: Any, names: Names) -> int:
    """Return the number of a column that is given by its number or by one of the names, or raise InputError."""
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, bool) or not isinstance(column, (int, np.integer)) or not 0 <= column < len(names):
        named = [repr(one) for one in names if isinstance(one, str)]
        known = f", or one of {', '.join(named)}" if named else ""
        raise InputError(f"{name} is {column!r}: expected a column from 0 to {len(names) - 1}{known}.")
    return int(column)


def as_groups(name: str, groups: Any, names: Names) -> list[np.ndarray]:
    """Return groups of columns, each given by its number or name, as index arrays, or raise InputError."""
    if isinstance(groups, str) or not isinstance(groups, Sequence | np.ndarray) or len(groups) == 0:
        raise InputError(f"{name} is {groups!r}: expected a non-empty list of lists of columns.")
    for group in groups:
        if isinstance(group, str) or not isinstance(group, Sequence | np.ndarray) or len(group) == 0:
            raise InputError(f"{name} holds {group!r}: expected non-empty lists of columns.")
    return [np.array([as_column(f"a column of {name}", column, names) for column in group]) for group in groups]


def as_pairs(pairs: Any, names: Names) -> np.ndarray:
    """Return pairs of columns, each given by its number or name, as (K, 2) int64, or raise InputError."""
    found = as_groups("pairs", pairs, names)
    for pair, columns in zip(pairs, found, strict=True):
        if len(columns) != 2:
            raise InputError(f"pairs holds {pair!r}: expected two columns in each.")
    return np.stack(found)


def _whole_numbers(values: Any) -> np.ndarray | None:
    """Return one or several whole numbers as (K,) int64, None for anything else."""
    try:
        array = np.atleast_1d(np.asarray(values))
    except ValueError:  # ragged
        return None
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu":
        return None
    return array.astype(np.int64)


def _real_array(name: str, values: Any) -> np.ndarray:
    values = numbers_of(name, values)
    if isinstance(values, Tensor):  # which may need a gradient, live on a GPU, or be of a type that NumPy lacks
        values = values.detach().cpu()
        values = values.float() if values.dtype == torch.bfloat16 else values
    try:
        array = np.asanyarray(values)
    except ValueError as error:
        raise InputError(f"{name} is ragged: expected an array of real numbers ({error}).") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} has shape {array.shape} and type {array.dtype}: expected real numbers.")
    if isinstance(array, np.ma.MaskedArray):
        return np.ma.filled(array.astype(np.float64), np.nan)
    array = np.asarray(array)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.ndim and array.size:
        # Stamps in nanoseconds differ by less than double precision holds of them. Modulo 2^64 the difference is exact.
        array = array.astype(np.uint64) - array.min(axis=0).astype(np.uint64)
    return array


def _channels(samples: np.ndarray) -> np.ndarray:
    """Transpose (T, N) to contiguous (N, T), with one mark, NaN, for everything that is not finite."""
    channels = np.array(samples.T, dtype=np.float64, order="C")
    channels[~np.isfinite(channels)] = np.nan
    return channels
