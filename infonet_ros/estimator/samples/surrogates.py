"""Circular-shift surrogates: estimates for independent streams with the same autocorrelation."""

import numpy as np

from infonet_ros.series import autocovariances

NEAREST_FRACTION = 10  # shifts below a tenth of the window leave slow streams nearly in step
SHORTEST_CYCLE, LONGEST_CYCLE = 0.75, 0.95  # of the window
CHANCE = 4.0  # standard errors


def surrogate_shifts(count: int, surrogates: int, seed: int, longest_lag: int = 0) -> np.ndarray:
    """Draw up to ``surrogates`` different shifts in samples for windows of ``count`` samples, (S,).

    There are fewer if the window is short or the lags are long: a shift that is drawn twice would make p-values too
    small.

    Shuffling would remove the autocorrelation together with the dependence, so any two slow streams would look
    dependent (Theiler et al., Physica D 1992). A circular shift keeps the autocorrelation.
    """
    if not surrogates:
        return np.empty(0, dtype=np.int64)
    nearest = min(max(count // NEAREST_FRACTION, longest_lag + 1), (count - 1) // 2)
    shifts = np.arange(nearest, count - nearest + 1)
    rng = np.random.default_rng([seed, count])
    return rng.choice(shifts, size=min(surrogates, len(shifts)), replace=False)


def p_value(observed: np.ndarray, exceeding: np.ndarray, surrogates: np.ndarray | int) -> np.ndarray:
    """Probability of so large an estimate under independence, ``(1 + #{s >= observed}) / (1 + S)``.

    NaN where ``observed`` is; in double precision, so that 1/20 is not above 0.05. Counting the observation itself
    keeps the test exact (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 2010).
    """
    p = (1.0 + exceeding) / (1.0 + surrogates)
    return np.where(np.isnan(observed), np.nan, p)


def cycles(scores: np.ndarray) -> np.ndarray:
    """Return the number of samples after which each channel begins again when it is shifted, (N,): up to T.

    Where the end of a window meets its beginning, a stream with a period jumps in its phase. So its surrogates share
    less with another stream of the same period than it does itself, and the test would call the pair dependent: gaits,
    spinning lidars, charging batteries. A slow stream jumps in its level. Such a channel begins again where it
    continues as it began, from three quarters of the window on; some of its samples are then used twice.

    Parameters
    ----------
    scores : (N, T) float32
        Of mean 0.
    """
    count = scores.shape[1]
    covariance = autocovariances(scores)
    first, last = int(SHORTEST_CYCLE * count), int(LONGEST_CYCLE * count)
    overlap = 1.0 - np.arange(first, last) / count
    # The correlation of the end with the beginning, and how much of it may be chance.
    least = (covariance[:, first:last] / covariance[:, :1] - CHANCE * np.sqrt(overlap / count)) / overlap
    return np.where(least.max(axis=1) > 0.0, first + least.argmax(axis=1), count)
