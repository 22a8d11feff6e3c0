"""How well ranks of a pair fit its table, and whether one pairing fits clearly better than another.

The fit is the bound of Donsker and Varadhan on the MI of these samples: the mean log ratio, less its value for other
pairings of the same ranks, so that two channels that stay in one corner do not fit. For independent channels the log
ratios of n samples add up to h with a probability of exp(-h) at most. Autocorrelation makes this more likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.baselines.baseline import log_ratios
from infonet_ros.dependence.baselines.forms import QUANTILES

SURE = 4.0
"""Nats by which one of two clearly fits better: by chance once in exp(4) times."""

LIKELY = 1.0
"""Nats by which one of two is likely to fit better."""

_LEAST = 10  # known samples
_MOST = 256  # samples; of more, so many are used, evenly spread
_PAIRINGS = 8  # other pairings for comparison


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of some pairings of the same samples."""

    nats: np.ndarray
    """(K,) float64: bound on the MI, nats; -inf where too few ranks are known. Ranks that others know and this one does
    not, because its values lie beyond all good ones, count against it."""
    worth: float  # number of independent samples that these are worth

    @classmethod
    def of(cls, table: np.ndarray, tried: Sequence[np.ndarray], recent: int, steepness: float) -> "Fits":
        """Judge the latest ``recent`` ranks of each of those tried (2, T), by a table (G, G).

        ``steepness`` is that of the `Rises` of the table: it tells how much the samples depend on those before them.
        """
        u, v = (_latest([pair[side] for pair in tried], recent) for side in (0, 1))
        u, v = np.where(np.isfinite(v), u, np.nan), np.where(np.isfinite(u), v, np.nan)
        known = np.isfinite(u).sum(axis=1)
        nats = np.full(len(tried), -np.inf)
        asked = np.flatnonzero(known >= max(_LEAST, u.shape[1] / 2))
        if len(asked):
            beyond = 1.0 - known[asked] / known.max()
            nats[asked] = _bounds(table, u[asked], v[asked]) - beyond * np.log(QUANTILES)
        # Each of the thinned samples counts for as many as are independent.
        return cls(nats, min(1.0, recent / u.shape[1] * steepness) / 2.0 * float(known.max()))

    def clear(self, one: int, other: int | None = None, sure: float = SURE) -> bool:
        """Return whether a pairing clearly fits better than another one, or than none, allowing for all that are tried.

        Of independent channels the best of K fits is larger by log(K). ``sure`` are nats, see `SURE`.
        """
        than = 0.0 if other is None else self.nats[other]
        return bool((self.nats[one] - than) * self.worth > np.log(len(self.nats)) + sure)


def _latest(tried: Sequence[np.ndarray], recent: int) -> np.ndarray:
    """Return the latest of some ranks (T,), the same number of each: (K, n), NaN before the first."""
    rows = np.full((len(tried), recent), np.nan)
    for row, ranks in zip(rows, tried, strict=True):
        own = ranks[-recent:]
        row[len(row) - len(own) :] = own
    return rows[:, np.linspace(0, recent - 1, min(recent, _MOST)).astype(int)]


def _bounds(table: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the bound (K,) of ranks (K, n), nats."""
    tables = np.broadcast_to(table, (len(u), *table.shape))
    shifts = np.linspace(0, u.shape[1], _PAIRINGS + 2)[1:-1].astype(int)
    others = np.stack([np.exp(log_ratios(tables, u, np.roll(v, shift, axis=1))) for shift in shifts], axis=2)
    return np.nanmean(log_ratios(tables, u, v), axis=1) - np.log(np.nanmean(others, axis=(1, 2)))
