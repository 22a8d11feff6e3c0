"""Distributions as evenly spaced quantiles, and where samples stand among them."""

import numpy as np

QUANTILES = 1025
"""Number of quantiles that describe a distribution."""


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
