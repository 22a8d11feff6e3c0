"""The estimators that people use today, behind one call: (T,), (T,) -> nats."""

from collections.abc import Callable

import numpy as np
from scipy import stats

Estimator = Callable[[np.ndarray, np.ndarray], float]


def to_normal(values: np.ndarray) -> np.ndarray:
    """Map ranks to normal scores; equal values get a random order of fixed seed."""
    order = np.random.default_rng(len(np.unique(values))).permutation(len(values))
    ranks = np.empty(len(values))
    ranks[order] = stats.rankdata(values[order], method="ordinal")
    return stats.norm.ppf((ranks - 0.5) / len(values))


def ksg(x: np.ndarray, y: np.ndarray) -> float:
    """Kraskov, Stoegbauer and Grassberger (2004) with k = 3, by ennemi; MI of 0 where it comes out negative."""
    import ennemi

    return max(0.0, float(np.squeeze(ennemi.estimate_mi(y, x, k=3, preprocess=True))))


def ksg_of_ranks(x: np.ndarray, y: np.ndarray) -> float:
    """KSG after a rank-to-normal transform."""
    return ksg(to_normal(x), to_normal(y))


def scikit_learn(x: np.ndarray, y: np.ndarray) -> float:
    """`sklearn.feature_selection.mutual_info_regression`, its own defaults."""
    from sklearn.feature_selection import mutual_info_regression

    return float(mutual_info_regression(x[:, None], y, random_state=0)[0])


def gaussian_copula(x: np.ndarray, y: np.ndarray) -> float:
    """MI of the Gaussian copula with the correlation of the normal scores (Ince et al. 2017)."""
    rho = np.corrcoef(to_normal(x), to_normal(y))[0, 1]
    return float(-0.5 * np.log1p(-min(rho**2, 1.0 - 1e-12)))
