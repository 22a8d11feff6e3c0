"""Random one-dimensional projections of vector streams, for sliced mutual information."""

from hashlib import blake2b

import numpy as np
import torch


def project(channels: np.ndarray, directions: int, seed: int, occurrence: int = 0) -> np.ndarray:
    """Project standardised channels on random directions.

    The directions depend on the seed and on the content of the channels, not on the order of the vectors. They differ
    between vectors, as in the definition of sliced MI by Goldfeld and Greenewald (2021).

    Parameters
    ----------
    channels : (d, T) floating
        Finite.
    directions : int
        K.
    seed : int
    occurrence : int
        Number of this vector among vectors of equal content.

    Returns
    -------
    (K, T) float64
        All zero if every channel is constant.
    """
    peak = np.abs(channels).max(axis=1, keepdims=True)
    scaled = channels / np.where(peak > 0.0, peak, 1.0)  # squares of very large or small values would overflow
    centred = scaled - scaled.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    varies = deviation[:, 0] > 0.0
    standard = centred[varies] / deviation[varies]
    rng = np.random.default_rng([seed, int.from_bytes(content_key(channels), "little"), occurrence])
    vectors = rng.standard_normal((directions, len(standard)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # With torch, because numpy's threads keep cores busy for a while after a product, which slows the network.
    return (torch.from_numpy(vectors) @ torch.from_numpy(standard)).numpy()


def content_key(channels: np.ndarray) -> bytes:
    """Return a digest of the values (N, T): equal ones get equal projections."""
    return blake2b(np.ascontiguousarray(channels).tobytes(), digest_size=8).digest()
