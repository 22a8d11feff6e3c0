"""The forms in which samples are judged: values, innovations, innovations in units of their recent size, and residuals.

Innovations are almost uncorrelated in time, and soon show that slow streams have decoupled. Divided by their recent
size, the innovations of streams with bursts have one distribution at all times. A residual is a sample of one channel
less its expected value given the other channel (see `expectation`): of strong pairs they show even small offsets.

Samples are ranked among the evenly spaced quantiles of the good ones.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

RECENT = 8
"""Innovations that give the recent size: it follows bursts of a few dozen samples, but no outlier."""

QUANTILES = 1025
"""Number of quantiles that describe a distribution."""


class Form(IntEnum):
    """The form that is judged; the number of one in `RANKED` is its place in arrays."""

    VALUES = 0
    INNOVATIONS = 1
    STANDARDIZED = 2
    RESIDUALS = 3

    @property
    def ranked(self) -> "Form":
        """The form whose ranks the table of a view is for."""
        return Form.VALUES if self is Form.RESIDUALS else self


RANKED = (Form.VALUES, Form.INNOVATIONS, Form.STANDARDIZED)
"""Forms of single channels: a table judges the ranks of both."""


def in_form(samples: np.ndarray, form: Form, memory: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return samples (T, N) in a form; NaN where it is not known, such as for the first.

    ``memory`` (N,) is the share of a sample that the next one keeps, ``middle`` (N,) the value about which it moves.
    A sample depends on at most RECENT + 1 before it.
    """
    if form is Form.VALUES:
        return samples
    innovations = np.full(samples.shape, np.nan)
    innovations[1:] = samples[1:] - middle - memory * (samples[:-1] - middle)
    return innovations if form is Form.INNOVATIONS else _standardized(innovations)


def _standardized(innovations: np.ndarray) -> np.ndarray:
    """Divide each innovation (T, N) by the root mean square of those before it; NaN where fewer than half are known."""
    known = np.isfinite(innovations)
    squares = np.where(known, innovations, 0.0) ** 2
    count, power = _sum_of_earlier(np.stack([known, squares], axis=1)).swapaxes(0, 1)
    usable = (2 * count >= RECENT) & (power > 0.0)
    return np.where(usable, innovations, np.nan) / np.sqrt(np.where(usable, power / np.maximum(count, 1.0), 1.0))


def _sum_of_earlier(values: np.ndarray) -> np.ndarray:
    """Return the sum (T, ...) of the RECENT rows before each."""
    padded = np.concatenate([np.zeros((RECENT, *values.shape[1:])), values])
    return np.sum([padded[row : row + len(values)] for row in range(RECENT)], axis=0)


def lag_one_autocorrelations(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Return the lag-1 autocorrelation (N,) of channels (T, N) of all recordings; 0 where it is not known."""
    before, after = (np.concatenate(parts) for parts in zip(*((p[:-1], p[1:]) for p in pieces), strict=True))
    memory = np.zeros(before.shape[1])
    for column, (x, y) in enumerate(zip(before.T, after.T, strict=True)):
        known = np.isfinite(x) & np.isfinite(y)
        if known.any() and np.ptp(x[known]) > 0.0 and np.ptp(y[known]) > 0.0:
            memory[column] = np.corrcoef(x[known], y[known])[0, 1]
    return memory


def channel_quantiles(samples: np.ndarray) -> np.ndarray:
    """Return the quantiles (N, QUANTILES) of channels (T, N), of which each has known samples; NaN is left out.

    As `numpy.quantile`, which takes fifty times as long for 3000 values.
    """
    ordered = [np.sort(channel[np.isfinite(channel)]) for channel in samples.T]
    places = np.linspace(0.0, 1.0, QUANTILES)
    return np.stack([np.interp(places * (len(own) - 1), np.arange(len(own)), own) for own in ordered])


def ranks_among(quantiles: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return where samples (T, N) stand among the quantiles (N, Q), 0 to 1; NaN where they are not known.

    A value that occurs often takes many quantiles, and stands in their middle.
    """
    last, columns = quantiles.shape[1] - 1, np.ascontiguousarray(samples.T)
    left = np.stack([own.searchsorted(values) for own, values in zip(quantiles, columns, strict=True)])
    above = np.clip(left, 1, last)
    low, high, next_one = (
        np.take_along_axis(quantiles, at, axis=1) for at in (above - 1, above, np.minimum(left + 1, last))
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # where several quantiles are equal
        ranks = np.clip((above - 1 + (columns - low) / (high - low)) / last, 0.0, 1.0)
    for column in np.flatnonzero((next_one == columns).any(axis=1)):  # hardly any, for most streams
        right = quantiles[column].searchsorted(columns[column], side="right")
        tied = right > left[column] + 1
        ranks[column, tied] = (left[column] + right - 1)[tied] / (2 * last)
    return ranks.T
