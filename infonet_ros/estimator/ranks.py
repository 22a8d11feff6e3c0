"""The copula transform: ranks keep the dependence of two streams and throw their units and marginals away."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np


@dataclass(frozen=True, eq=False)
class TieBreaker:
    """Random order in which equal values are ranked, one per channel, drawn from the channel's content.

    Ties must be broken at random, and independently for each channel: that leaves the mutual information of discrete
    data unchanged, while average ranks, or one common order, do not. Seeding by content rather than by position makes
    results independent of the order in which channels are given.

    Attributes
    ----------
    orders : list of (T,) int64 or None
        A permutation of the samples for each channel that has ties, None for one that has none.
    keys : list of bytes
        Digest of the order of each channel's samples; unchanged by increasing transforms.
    """

    orders: list[np.ndarray | None]
    keys: list[bytes]

    @classmethod
    def from_channels(cls, channels: np.ndarray, seed: int) -> "TieBreaker":
        """Look for ties in ``channels``, (N, T) with NaN where unknown."""
        orders: list[np.ndarray | None] = []
        keys: list[bytes] = []
        for channel in channels:
            values, dense = np.unique(channel, return_inverse=True)
            key = blake2b(dense.astype(np.int32).tobytes(), digest_size=8).digest()
            tied = np.isfinite(values).sum() < np.isfinite(channel).sum()
            # Channels of equal content would share one order, and look more alike than they are.
            entropy = [seed, int.from_bytes(key, "little"), keys.count(key)]
            orders.append(np.random.default_rng(entropy).permutation(len(channel)) if tied else None)
            keys.append(key)
        return cls(orders, keys)

    def canonical_order(self) -> np.ndarray:
        """Order of the channels that depends on their content alone, (N,)."""
        return np.array(sorted(range(len(self.keys)), key=self.keys.__getitem__), dtype=np.int64)


def normalised_ranks(
    channels: np.ndarray, orders: list[np.ndarray | None], rows: np.ndarray | None = None
) -> np.ndarray:
    """Rank the samples of each channel: ``(rank - 1/2) / T``, with ``rank`` from 1 to T.

    Parameters
    ----------
    channels : (N, T) floating
        Finite in the chosen rows.
    orders : list of (T,) int64 or None
        From `TieBreaker`.
    rows : (R,) int64, optional
        Samples to rank among each other, in increasing order; all when not given.

    Returns
    -------
    (N, R) float32 in (0, 1)
    """
    if rows is not None:
        channels = channels[:, rows]
    count = channels.shape[1]
    ordered = np.argsort(channels, axis=1)
    for index, order in enumerate(orders):
        if order is not None:
            if rows is not None:
                order = np.argsort(np.argsort(order)[rows])
            ordered[index] = order[np.argsort(channels[index][order], kind="stable")]
    ranks = np.empty(channels.shape, dtype=np.float32)
    np.put_along_axis(ranks, ordered, ((np.arange(count) + 0.5) / count).astype(np.float32)[None], axis=1)
    return ranks
