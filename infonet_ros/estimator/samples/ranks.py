"""Ranks (the copula transform): they keep the dependence of streams, and remove units and marginals."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from scipy.special import ndtri


@dataclass(frozen=True, eq=False)
class Ordering:
    """The sorted order of the samples of each channel, with equal samples in random order.

    Ties must be broken at random, and independently for each channel: this does not change the mutual information of
    discrete data, while average ranks or a common order would. The random numbers depend on the channel's content and
    not on its position, so results do not depend on the order of the channels.
    """

    orders: np.ndarray
    """(N, T) int64: samples of each channel from the least to the greatest; those that are not known come last."""
    keys: list[bytes]  # digests of the dense ranks: equal for channels that differ by an increasing transform only

    @classmethod
    def from_channels(cls, channels: np.ndarray, seed: int) -> "Ordering":
        """Sort ``channels``, (N, T) with NaN where unknown."""
        orders = np.argsort(channels, axis=1)
        ordered = np.stack([values[order] for values, order in zip(channels, orders, strict=True)])
        steps = ordered[:, 1:] != ordered[:, :-1]
        levels = np.zeros(channels.shape, dtype=np.int32)
        np.cumsum(steps, axis=1, out=levels[:, 1:])
        dense = _placed(levels, orders)
        dense[np.isnan(channels)] = -1
        upright_keys: list[bytes] = []
        for index in np.flatnonzero(~steps.all(axis=1)):
            upright, falls = _upright(dense[index])
            key = _digest(upright)
            # Channels of equal content would share one order, and look more dependent than they are.
            orders[index] = _order_at_random(upright, [seed, int.from_bytes(key, "little"), upright_keys.count(key)])
            if falls:
                known = np.count_nonzero(upright >= 0)
                orders[index, :known] = orders[index, :known][::-1]
            upright_keys.append(key)
        return cls(orders, [_digest(ranks) for ranks in dense])

    def canonical(self) -> np.ndarray:
        """Return an order of the channels that depends only on their content, (N,)."""
        return np.array(sorted(range(len(self.keys)), key=self.keys.__getitem__), dtype=np.int64)

    @property
    def digests(self) -> np.ndarray:
        """The keys as numbers, (N,) uint64."""
        return np.frombuffer(b"".join(self.keys), dtype=np.uint64)

    def ranks(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Rank samples among each other: (N, R) int64, 0 ... R - 1, each once in every channel.

        ``rows`` (R,) are those to rank, in increasing order, known in all channels; all T when not given.
        """
        orders = self.orders
        if rows is not None and len(rows) < orders.shape[1]:
            place = np.full(orders.shape[1], -1)
            place[rows] = np.arange(len(rows))
            places = place[orders]
            orders = places[places >= 0].reshape(len(orders), len(rows))
        return _placed(np.broadcast_to(np.arange(orders.shape[1]), orders.shape), orders)

    def __getitem__(self, index: np.ndarray) -> "Ordering":
        return Ordering(self.orders[index], [self.keys[k] for k in index])


def _digest(ranks: np.ndarray) -> bytes:
    return blake2b(ranks.tobytes(), digest_size=8).digest()


def _upright(ranks: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return dense ranks (T,) or those of the negated channel, whichever is canonical; and whether it is the latter.

    So ties of a channel and of its negative are broken in the same way, and both give the same MI.
    """
    negated = np.where(ranks < 0, ranks, ranks.max() - ranks)
    falls = negated.tobytes() < ranks.tobytes()
    return (negated if falls else ranks), falls


def _order_at_random(ranks: np.ndarray, entropy: list[int]) -> np.ndarray:
    """Sort samples by dense ranks (T,), equal ones at random, those of rank -1 last."""
    shuffled = np.random.default_rng(entropy).permutation(len(ranks))
    unknown_last = np.where(ranks < 0, len(ranks), ranks)[shuffled]
    return shuffled[np.argsort(unknown_last, kind="stable")]


def _placed(values: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Put values (N, T) at the positions of orders (N, T), row by row; several times faster than `put_along_axis`."""
    placed = np.empty(values.shape, dtype=values.dtype)
    for row, order, value in zip(placed, orders, values, strict=True):
        row[order] = value
    return placed


def rank(values: np.ndarray) -> np.ndarray:
    """Rank values (N, T) row by row, equal ones in their order: (N, T) int64, 0 ... T - 1."""
    orders = np.argsort(values, axis=1, kind="stable")
    return _placed(np.broadcast_to(np.arange(values.shape[1]), orders.shape), orders)


def normalised(ranks: np.ndarray) -> np.ndarray:
    """Map ranks (N, T), 0 ... T - 1, into the unit interval: ``(rank + 1/2) / T``, float32."""
    count = ranks.shape[1]
    return ((np.arange(count) + 0.5) / count).astype(np.float32)[ranks]


def waves(ranks: np.ndarray, degrees: int) -> np.ndarray:
    """Return waves of normalised ranks (..., R), each of mean 0: (..., degrees, R) float32."""
    angles = np.float32(np.pi) * np.arange(1, 1 + degrees, dtype=np.float32)[:, None]
    found = np.cos(angles * ranks[..., None, :])
    centred: np.ndarray = found - found.mean(axis=-1, keepdims=True)
    return centred


def normal_scores(ranks: np.ndarray) -> np.ndarray:
    """Map ranks (N, T), 0 ... T - 1, each once, to zero-mean, unit-variance normal scores (N, T) float32.

    Their correlation is finer than any grid.
    """
    return _levels(ranks.shape[1])[ranks]


@lru_cache(maxsize=64)
def _levels(count: int) -> np.ndarray:
    levels = ndtri((np.arange(count) + 0.5) / count)
    levels /= np.sqrt(np.mean(levels**2))
    return levels.astype(np.float32)
