"""Circular-shift surrogates: estimates for independent streams with the same autocorrelation."""

import numpy as np

NEAREST_FRACTION = 10  # shifts below a tenth of the window leave slow streams nearly in step


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
