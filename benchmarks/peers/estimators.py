"""Other estimators with one interface: (T,), (T,) -> nats."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from scipy import stats

Estimator = Callable[[np.ndarray, np.ndarray], float]


def to_normal(values: np.ndarray) -> np.ndarray:
    """Map ranks to normal scores; equal values get a random order of fixed seed."""
    order = np.random.default_rng(len(np.unique(values))).permutation(len(values))
    ranks = np.empty(len(values))
    ranks[order] = stats.rankdata(values[order], method="ordinal")
    return stats.norm.ppf((ranks - 0.5) / len(values))


def ksg_of_ranks(x: np.ndarray, y: np.ndarray) -> float:
    """Kraskov, Stoegbauer and Grassberger (2004), k = 3, after a rank-to-normal transform, by ennemi; 0 if negative."""
    import ennemi

    return max(0.0, float(np.squeeze(ennemi.estimate_mi(to_normal(y), to_normal(x), k=3))))


def scikit_learn(x: np.ndarray, y: np.ndarray) -> float:
    """`sklearn.feature_selection.mutual_info_regression`, its own defaults: KSG, k = 3, of standardised values."""
    from sklearn.feature_selection import mutual_info_regression

    return float(mutual_info_regression(x[:, None], y, random_state=0)[0])


def gaussian_copula(x: np.ndarray, y: np.ndarray) -> float:
    """MI of the Gaussian copula with the correlation of the normal scores (Ince et al. 2017)."""
    rho = np.corrcoef(to_normal(x), to_normal(y))[0, 1]
    return float(-0.5 * np.log1p(-min(rho**2, 1.0 - 1e-12)))


INFONET = "infonet"
KSG = "KSG of ranks"
ORACLE = "oracle"
_PEERS: dict[str, tuple[Estimator, str, str]] = {
    KSG: (ksg_of_ranks, "ennemi", "ennemi"),
    "scikit-learn": (scikit_learn, "sklearn", "scikit-learn"),
    "Gaussian copula": (gaussian_copula, "scipy", "scipy"),
}


def installed_peers() -> dict[str, Estimator]:
    """Return the estimators to compare with that are installed."""
    return {name: estimator for name, (estimator, module, _) in _PEERS.items() if find_spec(module)}


def what_is_left_out() -> list[str]:
    """Return one sentence for each estimator that is not installed."""
    return [
        f"{name} is left out, because {package} is not installed: `pip install {package}`."
        for name, (_, module, package) in _PEERS.items()
        if not find_spec(module)
    ]
