"""Other tests of independence of two vector streams: distance correlation, HSIC, canonical correlation."""

import numpy as np
from scipy.linalg import cholesky, solve_triangular

RIDGE = 1.0  # times the mean variance


def shuffled_p(left: np.ndarray, right: np.ndarray, rng: np.random.Generator, surrogates: int) -> float:
    """Return the p-value of the inner product of two kernel matrices, against shuffled samples."""
    observed = inner(left, right)
    orders = (rng.permutation(len(left)) for _ in range(surrogates))
    return (1 + sum(inner(left, right[np.ix_(order, order)]) >= observed for order in orders)) / (1 + surrogates)


def inner(left: np.ndarray, right: np.ndarray) -> float:
    """Return the inner product of two kernel matrices, each divided by its norm."""
    return float((left * right).sum() / np.sqrt((left**2).sum() * (right**2).sum()))


def _squared_distances(x: np.ndarray) -> np.ndarray:
    squares = (x**2).sum(axis=1)
    return np.maximum(squares[:, None] + squares - 2.0 * x @ x.T, 0.0)


def distances(x: np.ndarray) -> np.ndarray:
    """Return the centred distances of all rows, of which distance correlation is the inner product."""
    return _centred(np.sqrt(_squared_distances(x)))


def gauss(x: np.ndarray) -> np.ndarray:
    """Return the centred Gaussian kernels of median width, of which HSIC is the inner product."""
    squared = _squared_distances(x)
    return _centred(np.exp(-squared / np.median(squared[np.triu_indices(len(x), k=1)])))


def _centred(kernel: np.ndarray) -> np.ndarray:
    """Centre a kernel matrix so that its inner product with an independent one is 0 on average."""
    count = len(kernel)
    rows = (kernel - np.diag(np.diag(kernel))).sum(axis=0)
    centred = kernel - (rows + rows[:, None]) / (count - 2) + rows.sum() / ((count - 1) * (count - 2))
    np.fill_diagonal(centred, 0.0)
    return centred


def canonical_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return the largest canonical correlation, with a ridge on both covariances."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    whitened = [
        solve_triangular(cholesky(v.T @ v / len(v) + RIDGE * v.var() * np.eye(v.shape[1]), lower=True), v.T, lower=True)
        for v in (x, y)
    ]
    return float(np.linalg.norm(whitened[0] @ whitened[1].T / len(x), 2))
