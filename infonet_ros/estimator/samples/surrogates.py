"""Circular-shift surrogates: estimates for independent streams with the same autocorrelation."""

from dataclasses import dataclass

import numpy as np

from infonet_ros.series import autocovariances

SHORTEST_CYCLE, LONGEST_CYCLE = 0.75, 0.95  # of the window
CHANCE = 3.3  # standard errors: with more, slow waves in noise are not cut; with fewer, noise is cut, which costs power


def surrogate_shifts(count: int, surrogates: int, seed: int, longest_lag: int = 0) -> np.ndarray:
    """Draw up to ``surrogates`` different shifts in samples for windows of ``count`` samples, (S,).

    There are fewer if the window is short or the lags are long: a shift that is drawn twice would make p-values too
    small.

    Shuffling would remove the autocorrelation together with the dependence, so any two slow streams would look
    dependent (Theiler et al., Physica D 1992). A circular shift keeps the autocorrelation.

    One shift is drawn in each of as many equal parts of the window, and none in an equal part around the data.
    Neighbouring shifts of slow streams give similar estimates. If the shifts lay closer to each other than to the data,
    the estimate of the data would be the largest too often.
    """
    return ShiftsByContent(np.zeros(1, dtype=np.uint64), count, surrogates, seed, longest_lag)[:][:, 0]


@dataclass(frozen=True, eq=False)
class ShiftsByContent:
    """Shifts as those of `surrogate_shifts`, of S surrogates, but different ones for each of M pairs.

    With the same shifts for all, all streams of a period that these suit badly would be called dependent. They are
    drawn when they are taken, since those of many pairs would fill the memory.
    """

    contents: np.ndarray  # (M,) uint64: digests of the pairs
    count: int  # count, surrogates, seed, longest_lag: as in `surrogate_shifts`
    surrogates: int
    seed: int
    longest_lag: int = 0

    def __len__(self) -> int:
        """S, which is fewer than ``surrogates`` if the window is short or the lags are long."""
        return min(self.surrogates, int(self.count - 2.0 * self._nearest))

    def __getitem__(self, span: slice) -> np.ndarray:
        """Draw the shifts of some surrogates in samples, (S', M)."""
        rng = np.random.default_rng([self.seed, self.count])
        places = rng.permutation(len(self))[span, None]
        keys = rng.integers(1 << 63, size=(len(self), 1), dtype=np.uint64)[span]
        width = (self.count - 2.0 * self._nearest) / max(len(self), 1)  # of a part
        return np.ceil(self._nearest + width * places + (width - 1.0) * _uniform(self.contents ^ keys)).astype(np.int64)

    @property
    def _nearest(self) -> float:
        """Samples that each shift is away from the data, at least."""
        least = max(self.count / (self.surrogates + 1) / 2.0, (self.longest_lag + 1) / SHORTEST_CYCLE)
        return min(least, (self.count - 1) / 2.0)


def _uniform(numbers: np.ndarray) -> np.ndarray:
    """Map different numbers (uint64) to independent ones, uniform between 0 and 1 (SplitMix64, Steele et al. 2014)."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


def p_value(observed: np.ndarray, exceeding: np.ndarray, surrogates: np.ndarray | int) -> np.ndarray:
    """Return the probability of so large an estimate under independence, ``(1 + #{s >= observed}) / (1 + S)``.

    Estimates (...), the number of surrogates that are ``exceeding`` each (...), and the number of all. NaN where
    ``observed`` is; in double precision, so that 1/20 is not above 0.05. Counting the observation itself keeps the
    test exact (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 2010).

    Examples
    --------
    >>> p_value(np.array([0.3, np.nan]), exceeding=np.array([0, 5]), surrogates=19).tolist()
    [0.05, nan]
    """
    p = (1.0 + exceeding) / (1.0 + surrogates)
    return np.where(np.isnan(observed), np.nan, p)


def cycles(scores: np.ndarray) -> np.ndarray:
    """Return the number of samples after which each channel begins again when it is shifted, (N,): up to T.

    Where the end of a window meets its beginning, a stream with a period jumps in its phase. So its surrogates share
    less with another stream of the same period than it does itself, and the test would call the pair dependent: gaits,
    spinning lidars, charging batteries. A slow stream jumps in its level. Such a channel begins again where it
    continues as it began, from three quarters of the window on; some of its samples are then used twice. Scores (N, T)
    have mean 0.
    """
    count = scores.shape[1]
    covariance = autocovariances(scores)
    first, last = int(SHORTEST_CYCLE * count), int(LONGEST_CYCLE * count)
    overlap = 1.0 - np.arange(first, last) / count
    # The correlation of the end with the beginning, and how much of it may be chance.
    least = (covariance[:, first:last] / covariance[:, :1] - CHANCE * np.sqrt(overlap / count)) / overlap
    return np.where(least.max(axis=1) > 0.0, first + least.argmax(axis=1), count)
