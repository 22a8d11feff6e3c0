"""Samples of a recording and how they change, with the ranks of both; and ranks within stretches.

Slow streams make few moves, but many changes: these may show what the samples do not. Ranks within stretches do not
drift, neither in level nor in spread.
"""

from dataclasses import dataclass

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.series import shared_ranks

_MOST_STRETCHES = 100
_STRETCH = 32  # samples, at least
_LAGS_A_STRETCH = 2  # times the longest delay, at least
_STEPS_A_SEARCH = 5  # in the range of delays: over such a step streams that drift are differentiated


@dataclass(frozen=True, eq=False)
class Moves:
    """Samples of all channels, how they change, and the ranks of both."""

    samples: np.ndarray  # (T, N) float64: NaN where unknown
    changes: np.ndarray  # (T', N) float64: from each sample to one later by a part of the range of delays
    ranks: np.ndarray  # (T, N) float32
    change_ranks: np.ndarray  # (T', N) float32
    stretch: int  # samples of each stretch

    @classmethod
    def of(cls, samples: np.ndarray, longest: int) -> "Moves":
        """Rank samples (T, N) and their changes; delays are ``longest`` samples at most."""
        step = max(1, longest // _STEPS_A_SEARCH)
        changes = samples[step:] - samples[:-step]
        stretch = max(_STRETCH, _LAGS_A_STRETCH * longest, len(samples) // _MOST_STRETCHES)
        return cls(samples, changes, shared_ranks(samples), shared_ranks(changes), stretch)

    @cached_property
    def ranks_within(self) -> np.ndarray:
        """Ranks of the samples among those of the same stretch, (T', N) float32: whole stretches."""
        whole = len(self.samples) // self.stretch * self.stretch
        stretches = self.samples[:whole].reshape(-1, self.stretch, self.samples.shape[1])
        return np.concatenate([shared_ranks(stretch) for stretch in stretches] or [self.ranks[:0]])

    def slopes(self) -> np.ndarray:
        """Return how each stretch rises or falls, by its ranks over time: (stretches, N) float64."""
        ranks = self.ranks_within.reshape(-1, self.stretch, self.samples.shape[1])
        return np.nansum(ranks * np.linspace(-1.0, 1.0, self.stretch)[:, None], axis=1)
