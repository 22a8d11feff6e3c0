"""The copula transform: ranks keep the dependence of streams and throw their units and marginals away."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np


@dataclass(frozen=True, eq=False)
class Ordering:
    """The order of the samples of each channel, equal ones at random.

    Ties must be broken at random, and independently for each channel: that leaves the mutual information of discrete
    data unchanged, while average ranks, or one common order, do not. The randomness is drawn from the channel's
    content rather than from its position, so that results do not depend on the order in which channels are given.

    Attributes
    ----------
    orders : (N, T) int64
        Samples of each channel from the least to the greatest; those that are not known come last.
    keys : list of N bytes
        Digests of the dense ranks: equal for channels that differ by an increasing transform only.
    """

    orders: np.ndarray
    keys: list[bytes]

    @classmethod
    def from_channels(cls, channels: np.ndarray, seed: int) -> "Ordering":
        """Sort ``channels``, (N, T) with NaN where unknown."""
        orders = np.argsort(channels, axis=1)
        ordered = np.take_along_axis(channels, orders, axis=1)
        steps = ordered[:, 1:] != ordered[:, :-1]
        dense = np.zeros(channels.shape, dtype=np.int32)
        np.put_along_axis(dense, orders[:, 1:], np.cumsum(steps, axis=1, dtype=np.int32), axis=1)
        dense[np.isnan(channels)] = -1
        keys: list[bytes] = []
        for index, ranks in enumerate(dense):
            key = blake2b(ranks.tobytes(), digest_size=8).digest()
            if not steps[index].all():
                # Channels of equal content would share one order, and look more alike than they are.
                entropy = [seed, int.from_bytes(key, "little"), keys.count(key)]
                shuffled = np.random.default_rng(entropy).permutation(len(ranks))
                unknown_last = np.where(ranks < 0, len(ranks), ranks)[shuffled]
                orders[index] = shuffled[np.argsort(unknown_last, kind="stable")]
            keys.append(key)
        return cls(orders, keys)

    def canonical(self) -> np.ndarray:
        """Order of the channels that depends on their content alone, (N,)."""
        return np.array(sorted(range(len(self.keys)), key=self.keys.__getitem__), dtype=np.int64)

    def ranks(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Rank samples among each other.

        Parameters
        ----------
        rows : (R,) int64, optional
            Samples to rank, in increasing order, known in all channels; all T when not given.

        Returns
        -------
        (N, R) int64
            0 ... R - 1, each once in every channel.
        """
        orders = self.orders
        if rows is not None and len(rows) < orders.shape[1]:
            place = np.full(orders.shape[1], -1)
            place[rows] = np.arange(len(rows))
            places = place[orders]
            orders = places[places >= 0].reshape(len(orders), len(rows))
        ranks = np.empty(orders.shape, dtype=np.int64)
        np.put_along_axis(ranks, orders, np.arange(orders.shape[1])[None], axis=1)
        return ranks

    def __getitem__(self, index: np.ndarray) -> "Ordering":
        return Ordering(self.orders[index], [self.keys[k] for k in index])


def normalised(ranks: np.ndarray) -> np.ndarray:
    """Map ranks (N, T), 0 ... T - 1, into the unit interval: ``(rank + 1/2) / T``, float32."""
    count = ranks.shape[1]
    return ((np.arange(count) + 0.5) / count).astype(np.float32)[ranks]
