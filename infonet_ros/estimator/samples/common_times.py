"""Pairs of streams that move at common times: they have a longer memory than if one of them is shifted.

Set points change at the same instants, a gap of a topic interrupts all its channels. Two such streams can be
independent, but they have fewer independent pairs of values than after a shift. So surrogates share less than the data.
"""

import numpy as np

from infonet_ros.series import autocovariances, memory_of

GROWTH = 1.5  # the power of their memory by which estimates grow: fitted, see the alarms of `benchmarks.level`
MOST = 2.0  # times the memory after a shift: sum of r^|k| over all k against that of r^|2k|, for slow streams
DEGREES = 2  # waves of the ranks, by which the memory is measured
CHANCE = 2.0  # standard errors: little is lost where it is exceeded by chance
WIDTHS = 1, 8  # samples, from whose mean a move goes to that of the next ones: noise hides steps of single samples


def moving_together(ranks: np.ndarray) -> np.ndarray:
    """Return which channels often move at the same samples, more than their own dependence explains.

    Parameters
    ----------
    ranks : (N, R) float32
        Normalised ranks, R at least 3.

    Returns
    -------
    (N, N) bool
        Whether the sizes of the moves of two channels correlate more than those of normal variables of the correlation
        that the moves have.
    """
    count = ranks.shape[1]
    found = [_coincidence(ranks, width) > CHANCE * np.sqrt(width / count) for width in _widths(count)]
    return np.logical_or.reduce(found)


def coincidence(ranks: np.ndarray) -> np.ndarray:
    """Return how much two channels move at the same samples; see `moving_together`.

    Parameters
    ----------
    ranks : (N, R) float32
        Normalised ranks.

    Returns
    -------
    (N, N) float64
        0 if not more than by chance, up to 1.
    """
    found = [np.zeros(2 * (len(ranks),)), *(_coincidence(ranks, width) for width in _widths(ranks.shape[1]))]
    return np.maximum.reduce(found)


def common_time_factors(left: np.ndarray, right: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return by which factors surrogates would be larger if their pairs of values had the memory of the data.

    The memory is that of the products of both streams' waves, as measured in the data and after each shift.

    Parameters
    ----------
    left, right : (R,) float32
        Normalised ranks.
    shifts : (S,) int64
        Samples.

    Returns
    -------
    (S,) float64
    """
    count = len(left)
    places = (np.arange(count) - np.append(0, shifts)[:, None]) % count
    degrees = range(1, 1 + DEGREES)
    first, second = ([np.cos(np.pi * degree * ranks) for degree in degrees] for ranks in (left, right))
    products = (one * other[places] for one in first for other in second)
    covariance = sum(autocovariances(product - product.mean(axis=1, keepdims=True)) for product in products)
    times = memory_of(np.asarray(covariance))
    return np.minimum(times[0] / times[1:], MOST) ** GROWTH


def _widths(count: int) -> list[int]:
    return [width for width in WIDTHS if 4 * width < count]


def _coincidence(ranks: np.ndarray, width: int) -> np.ndarray:
    """Compare the moves from the mean of so many samples to the mean of the next ones."""
    sums = np.cumsum(np.pad(ranks, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    moves = sums[:, 2 * width :] - 2.0 * sums[:, width:-width] + sums[:, : -2 * width]
    alike = np.clip(_correlations(moves), -1.0, 1.0)
    explained = (np.sqrt(1.0 - alike**2) + alike * np.arcsin(alike) - 1.0) / (np.pi / 2.0 - 1.0)
    return _correlations(np.abs(moves)) - explained


def _correlations(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    return centred @ centred.T
