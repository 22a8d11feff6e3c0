"""How much the sum of products of two streams varies by chance, from the sums of blocks of samples.

Two streams that change at common times, as set points of one program do, have fewer independent pairs of values than
after a shift of one of them. So a shift alone does not show how large their dependence is by chance. The blocks do:
their sums vary more where neighbouring products repeat each other, whatever the reason.
"""

import numpy as np

BLOCKS = 10  # fewer are less certain, and the products of more of them are not independent
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
    apart = count // BLOCKS
    rows = np.arange(BLOCKS)[:, None] * apart + np.arange(min(apart, LONGEST))
    blocks = left[:, rows].swapaxes(0, 1)  # (BLOCKS, J, rows)
    found = np.empty(len(shifts))
    for number, shift in enumerate(shifts):
        sums = blocks @ right[:, (rows + shift) % count].transpose(1, 2, 0)
        found[number] = np.square(sums - sums.mean(axis=0)).sum()
    return found * (count / rows.size)
