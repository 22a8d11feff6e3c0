"""Bad input ends here, with one clear rule each."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from infonet_ros.errors import InputError


def as_matrix(name: str, samples: Any) -> np.ndarray:
    """Return samples as (N, T) float64 channels, NaN where not finite, from a (T, N) array of real numbers.

    Raises
    ------
    InputError
        Not two-dimensional, empty, or complex, text or objects.
    """
    array = _real_array(name, samples)
    if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] == 0:
        raise InputError(
            f"{name} has shape {array.shape}: expected (T, N), T samples of N channels, neither of them 0."
        )
    return _channels(array)


def as_pair(x: Any, y: Any) -> np.ndarray:
    """Return two streams of shape (T,) as (2, T) float64 channels; InputError as in `as_matrix`."""
    arrays = [_real_array(name, values) for name, values in (("x", x), ("y", y))]
    for name, array in zip("xy", arrays, strict=True):
        if array.ndim != 1 or array.size == 0:
            raise InputError(f"{name} has shape {array.shape}: expected (T,), the samples of one stream, not empty.")
    if arrays[0].shape != arrays[1].shape:
        raise InputError(
            f"x has shape {arrays[0].shape} and y has shape {arrays[1].shape}: expected as many samples of each; "
            "align the streams first."
        )
    return _channels(np.stack(arrays, axis=1))


def as_vectors(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return two vector streams as (dx, T) and (dy, T) channels; a (T,) stream counts as (T, 1)."""
    arrays = [_real_array(name, values) for name, values in (("x", x), ("y", y))]
    channels = [as_matrix(name, a[:, None] if a.ndim == 1 else a) for name, a in zip("xy", arrays, strict=True)]
    if channels[0].shape[1] != channels[1].shape[1]:
        raise InputError(
            f"x has shape {arrays[0].shape} and y has shape {arrays[1].shape}: expected as many rows of each; "
            "align the streams first."
        )
    return channels[0], channels[1]


def as_lags(lags: Any, count: int, *, signed: bool) -> np.ndarray:
    """Return lags in samples as (L,) int64; InputError when not whole, beyond the window, or negative if unsigned."""
    array = np.atleast_1d(np.asarray(lags))
    if array.ndim != 1 or array.size == 0 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"lags is {lags!r}: expected a non-empty list of whole numbers of samples.")
    if not signed and array.min() < 0:
        raise InputError(f"lags holds {array.min()}: expected 0 or more, since each lag is tried in both directions.")
    if np.abs(array).max() >= count:
        raise InputError(
            f"lags holds {array[np.abs(array).argmax()]}: expected less than the {count} samples of the window."
        )
    return array.astype(np.int64)


def as_count(name: str, value: Any, least: int) -> int:
    """Return a whole number of at least ``least``, or raise InputError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name} is {value!r}: expected a whole number of at least {least}.")
    return int(value)


def as_groups(groups: Sequence[Sequence[int]], channels: int) -> list[np.ndarray]:
    """Return groups of columns as index arrays, or raise InputError for an empty group or a column out of range."""
    arrays = [np.asarray(group) for group in groups]
    for group in arrays:
        if group.ndim != 1 or group.size == 0 or not np.issubdtype(group.dtype, np.integer):
            raise InputError(f"groups holds {group.tolist()!r}: expected non-empty lists of column numbers.")
        if group.min() < 0 or group.max() >= channels:
            raise InputError(f"groups holds {group.tolist()}: expected columns from 0 to {channels - 1}.")
    return arrays


def _real_array(name: str, values: Any) -> np.ndarray:
    if hasattr(values, "detach"):  # a torch tensor, which may need a gradient or live on a GPU
        values = values.detach().cpu()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} is ragged: expected an array of real numbers ({error}).") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} has shape {array.shape} and type {array.dtype}: expected real numbers.")
    return array


def _channels(samples: np.ndarray) -> np.ndarray:
    """Transpose (T, N) to contiguous (N, T), with one mark, NaN, for everything that is not finite."""
    channels = np.array(samples.T, dtype=np.float64, order="C")
    channels[~np.isfinite(channels)] = np.nan
    return channels
