"""Requests: pairs of channels, each at a lag, which are to be estimated."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Requests:
    """M pairs of channels, each at a lag: ``left[t]`` with ``right[t + lag]``."""

    left: np.ndarray  # left, right: (M,) int64; channels
    right: np.ndarray
    lag: np.ndarray  # (M,) int64: samples, 0 or more

    @classmethod
    def all_pairs(cls, size: int, lags: np.ndarray) -> "Requests":
        """Make requests for all pairs of ``size`` channels: once at lag 0, in both directions at other lags (L,)."""
        once, both = np.triu_indices(size, k=1), np.nonzero(~np.eye(size, dtype=bool))
        pairs = [(both if lag else once, lag) for lag in np.unique(lags)]
        left, right = (np.concatenate([pair[side] for pair, _ in pairs]) for side in (0, 1))
        return cls(left, right, np.repeat([lag for _, lag in pairs], [len(pair[0]) for pair, _ in pairs]))

    @classmethod
    def one_pair(cls, first: int, second: int, lags: np.ndarray) -> "Requests":
        """Make requests for one pair at lags (L,), positive if the second channel follows the first."""
        ahead = (lags > 0) | ((lags == 0) & (first < second))
        return cls(np.where(ahead, first, second), np.where(ahead, second, first), np.abs(lags))

    def __len__(self) -> int:
        return len(self.lag)
