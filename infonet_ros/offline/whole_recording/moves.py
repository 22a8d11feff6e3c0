"""Samples of a recording and how they change, with the ranks of both.

Slow streams make few moves, but many changes: these may show what the samples do not.
"""

from dataclasses import dataclass

import numpy as np

from infonet_ros.series import shared_ranks

_STEPS_A_SEARCH = 5  # in the range of delays: over such a step streams that drift are differentiated


@dataclass(frozen=True, eq=False)
class Moves:
    """Samples of all channels, how they change, and the ranks of both."""

    samples: np.ndarray  # (T, N) float64: NaN where unknown
    changes: np.ndarray  # (T', N) float64: from each sample to one later by a part of the range of delays
    ranks: np.ndarray  # (T, N) float32
    change_ranks: np.ndarray  # (T', N) float32

    @classmethod
    def of(cls, samples: np.ndarray, longest: int) -> "Moves":
        """Rank samples (T, N) and their changes; delays are ``longest`` samples at most."""
        step = max(1, longest // _STEPS_A_SEARCH)
        changes = samples[step:] - samples[:-step]
        return cls(samples, changes, shared_ranks(samples), shared_ranks(changes))
