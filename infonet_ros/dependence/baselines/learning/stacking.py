"""The table of a pair: that of the network and histograms of the samples, in the proportion that fits new samples.

The network counts only the new values of two held streams. If a robot drives by set points and rests, it sees little of
the rest. Then its table does not hold for all samples: it called one in six good ones impossible. Histograms hold for
all, but are coarse. The weights give samples that are not in the histograms the highest likelihood (stacking: Smyth
and Wolpert 1999). Where the network is right, it has all of the weight.
"""

import numpy as np

from infonet_ros.dependence.baselines.baseline import log_ratios
from infonet_ros.estimator.samples.ranks import Ordering, normalised

_CELLS = (4, 8, 16, 32)  # of the histograms, on each axis; divisors of those of the table, and of the last
_FOLDS = 8  # stretches, each of which is new to the histograms of the others
_DOUBT = 0.5  # samples that each cell has beforehand
_STEPS = 100  # of the EM algorithm
_SEED = 0  # of the order of equal samples


def stacked(table: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Return the log density (G, G) of the copula of a pair, from its samples (2, T), NaN where unknown.

    ``table`` (G, G) is the network's; the mean of its exponential is 1.
    """
    known = pair[:, np.isfinite(pair).all(axis=0)]
    u, v = normalised(Ordering.from_channels(known, _SEED).ranks()).astype(np.float64)
    counts = _counts(u, v)
    held_out = [np.concatenate([log_ratios(table, own, other) for own, other in _folds(u, v)])]
    for cells in counts:
        others = cells.sum(axis=0) - cells
        tables = (_log_density(one, len(table)) for one in others)
        held_out.append(
            np.concatenate([log_ratios(one, *fold) for one, fold in zip(tables, _folds(u, v), strict=True)])
        )
    whole = [table, *(_log_density(cells.sum(axis=0), len(table)) for cells in counts)]
    weights = _weights(np.exp(held_out))
    return np.log(np.tensordot(weights, np.exp(whole), axes=1)).astype(np.float32)


def shared(table: np.ndarray) -> float:
    """Return the nats that two channels share by their log density (G, G)."""
    return float((np.exp(table, dtype=np.float64) * table).mean())


def _folds(u: np.ndarray, v: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(zip(np.array_split(u, _FOLDS), np.array_split(v, _FOLDS), strict=True))


def _counts(u: np.ndarray, v: np.ndarray) -> list[np.ndarray]:
    """Count the samples (T,) in the cells of each histogram and fold: (folds, n, n) each."""
    finest = _CELLS[-1]
    fold = np.repeat(np.arange(_FOLDS), [len(own) for own, _ in _folds(u, v)])
    row, column = ((ranks * finest).astype(np.int64) for ranks in (u, v))
    counts = np.bincount((fold * finest + row) * finest + column, minlength=_FOLDS * finest**2)
    return [counts.reshape(_FOLDS, cells, finest // cells, cells, -1).sum(axis=(2, 4)) for cells in _CELLS]


def _log_density(counts: np.ndarray, nodes: int) -> np.ndarray:
    """Return the log density (nodes, nodes) of a histogram (n, n)."""
    filled = counts + _DOUBT
    return np.log(filled / filled.mean()).repeat(nodes // len(counts), axis=0).repeat(nodes // len(counts), axis=1)


def _weights(densities: np.ndarray) -> np.ndarray:
    """Return the weights (K,) of densities (K, T) with which new samples are the likeliest, by the EM algorithm."""
    weights = np.full(len(densities), 1.0 / len(densities))
    for _ in range(_STEPS):
        shares = weights[:, None] * densities
        weights = (shares / shares.sum(axis=0)).mean(axis=1)
    return weights
