"""How much the sum of products of two streams varies by chance, from the sums of blocks of samples.

Two streams that change at common times, as set points of one program do, have fewer independent pairs of values than
after a shift of one of them. So a shift alone does not show how large their dependence is by chance. The blocks do:
their sums vary more where neighbouring products repeat each other, whatever the reason.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from infonet_ros.series import joint_autocovariances, memory_of

BLOCKS = 10  # of long recordings: fewer are less certain, and the products of more of them are not independent
LEAST_BLOCKS = 4
MOVES = 5.0  # of the products in each block: the sums of blocks with fewer depend on each other
LONGEST = 1000  # samples of a block that are used


def product_spread(left: np.ndarray, right: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Estimate the variance of ``sum_t left[j, t] right[k, t + shift]``, summed over all j and k.

    Parameters
    ----------
    left, right : (J, T), (K, T) floating
        Of mean 0; T at least `BLOCKS`.
    shifts : (S,) int64
        Samples, circular.

    Returns
    -------
    (S,) float64
    """
    count = left.shape[1]
    used = BLOCKS * min(count // BLOCKS, LONGEST)
    return spread_of(block_sums(left, right, shifts, BLOCKS)) * (count / used)


def block_sums(left: np.ndarray, right: np.ndarray, shifts: np.ndarray, blocks: int) -> np.ndarray:
    """Return ``left[j, t] right[k, t + shift]``, summed over the samples of each block: (S, blocks, J, K)."""
    count = left.shape[1]
    apart = count // blocks
    used = min(apart, LONGEST)
    rows = np.arange(blocks)[:, None] * apart + np.arange(used)
    parts = left[:, rows].swapaxes(0, 1)  # (blocks, J, rows)
    later = np.concatenate([right, right], axis=1).T.copy()
    spans = sliding_window_view(later, used, axis=0).swapaxes(1, 2)  # from each sample on: views, no copies
    return np.stack([parts @ spans[shift::apart][:blocks] for shift in np.asarray(shifts) % count])


def spread_of(sums: np.ndarray) -> np.ndarray:
    """Return the spread of sums of blocks (S, blocks, J, K) about their mean, over all: (S,) float64."""
    return np.square(sums - sums.mean(axis=1, keepdims=True)).sum(axis=(1, 2, 3), dtype=np.float64)


def spread_of_total(sums: np.ndarray) -> np.ndarray:
    """Return the variance of the total of sums of blocks (S, blocks, J, K), over all j and k: (S,) float64, above 0.

    Blocks may depend on each other: their `memory` is counted, so they can be short.
    """
    deviations = sums - sums.mean(axis=1, keepdims=True)
    series = np.moveaxis(deviations, 1, -1).reshape(len(sums), -1, sums.shape[1])
    covariance = joint_autocovariances(series, sums.shape[1] - 1)[:, 0]
    covariance[:, 0] = np.maximum(covariance[:, 0], 1e-9)
    return np.asarray(covariance[:, 0] * memory_of(covariance), dtype=np.float64)


def independent_blocks(left: np.ndarray, right: np.ndarray) -> int:
    """Return a number of blocks whose sums hardly depend on each other: each has `MOVES` independent products."""
    return int(np.clip(joint_moves(left, right) / MOVES, LEAST_BLOCKS, BLOCKS))


def joint_moves(left: np.ndarray, right: np.ndarray) -> float:
    """Return the number of independent products of streams (J, T) and (K, T) of mean 0.

    There are as many of these as the samples have times the memory of the products. Two streams that move at common
    times have fewer than two that move each at its own.
    """
    products = (left[:, None] * right).reshape(-1, left.shape[1])
    return independent_moves(products - products.mean(axis=1, keepdims=True))


def independent_moves(deviations: np.ndarray) -> float:
    """Return how many of the samples of series (J, T) of mean 0 are independent; infinite if all are 0."""
    (covariance,) = joint_autocovariances(deviations, deviations.shape[1] - 1)
    return float(deviations.shape[1] / memory_of(covariance)) if covariance[0] > 0.0 else np.inf
