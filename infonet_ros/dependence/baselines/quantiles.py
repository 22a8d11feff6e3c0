"""Distributions as evenly spaced quantiles, and where samples stand among them."""

import numpy as np

QUANTILES = 1025
"""Number of quantiles that describe a distribution."""


def channel_quantiles(samples: np.ndarray) -> np.ndarray:
    """Return the quantiles (N, QUANTILES) of channels (T, N), of which each has known samples; NaN is left out."""
    probabilities = np.linspace(0.0, 1.0, QUANTILES)
    return np.stack([np.quantile(channel[np.isfinite(channel)], probabilities) for channel in samples.T])


def ranks_among(quantiles: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return where samples (T, N) stand among the quantiles (N, Q), 0 to 1; NaN where they are not known.

    A value that occurs often takes many quantiles, and stands in their middle.
    """
    places = np.linspace(0.0, 1.0, quantiles.shape[1])
    ranks = np.empty(samples.shape)
    for column, (own, values) in enumerate(zip(quantiles, samples.T, strict=True)):
        ranks[:, column] = np.interp(values, own, places)
        left, right = own.searchsorted(values), own.searchsorted(values, side="right")
        tied = right > left + 1
        if tied.any():
            ranks[tied, column] = (left + right - 1)[tied] / (2 * (len(own) - 1))
    return ranks
