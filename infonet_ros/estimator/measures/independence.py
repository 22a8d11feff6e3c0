"""Test of independence of two vector streams: several statistics, compared with the same circular shifts.

No statistic detects every dependence, so the test combines four kinds:

- the distance covariance (Szekely et al., Ann. Stat. 2007), for dependence of many channels;
- the Hilbert-Schmidt criterion with Gaussian kernels (Gretton et al., NeurIPS 2007), for smooth dependence of any kind;
- the sum of squared correlations of waves of the ranks, the second of one side with the first or second of the other,
  for squares and absolute values;
- the largest correlation of one channel's waves with another's, for a pair of channels among thousands.

The first three are inner products of two T x T matrices. Shifting a stream shifts its matrix along the diagonal, so
one FFT along the diagonals gives all shifts at once.

Two vectors that move at common times share less after a shift for this reason alone, see `common_times`. So they are
judged by the first three, each divided by how much it varies by chance at the same shift.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy import fft
from torch import Tensor

from infonet_ros.estimator.samples.channels import some_channels
from infonet_ros.estimator.samples.common_times import Coincidence
from infonet_ros.estimator.samples.product_spread import independent_blocks
from infonet_ros.estimator.samples.surrogates import surrogate_shifts
from infonet_ros.series import average_ranks, memory

LEAST_ROWS = 24
MOST_ROWS = 512  # of a part: matrices of T x T
MOST_PARTS = 4
LEAST_SHIFTS = 39  # for the spread of each statistic
MOST_PRODUCTS = 1.5e8  # of the largest correlation: samples x pairs of waves x shifts
FARTHEST = 3.0  # times the interquartile range: one outlier must not dominate a distance
DEGREES = 4  # waves of each channel, as far as `MOST_PRODUCTS` goes
SHARPNESS = 2.0  # of the mean over statistics, from 0 (their sum) to infinity (their maximum)
WEIGHTS = {"distance": 0.56, "gauss": 0.34, "even": 0.03, "even left": 0.03, "even right": 0.03, "largest": 0.01}
"""Weight of each statistic; those that detect only one kind of dependence have a small one."""


@dataclass(frozen=True, eq=False)
class Vector:
    """A vector stream prepared for the test, divided in turn into parts."""

    spectra: list[dict[str, np.ndarray]]
    """list of dict of (D, F) complex64: of each kernel matrix, centred, along its diagonals."""
    waves: list[Tensor]  # list of (K, d, R) float32: cosines of the ranks of each degree, of mean 0 and variance 1

    @classmethod
    def prepare(cls, channels: np.ndarray, overlap: int) -> "Vector":
        """Take finite channels (d, R), at least one of which varies; fade ``overlap`` last samples into the first."""
        varies = channels.max(axis=1) > channels.min(axis=1)
        step = -(-channels.shape[1] // (MOST_ROWS * MOST_PARTS))
        rows = np.arange(0, channels.shape[1], step)
        parts = -(-len(rows) // MOST_ROWS)
        length = len(rows) // parts
        taken = [channels[varies][:, rows[part::parts][:length]] for part in range(parts)]
        ranks = [_average_ranks(part) for part in taken]
        waves = [_waves(part) for part in ranks]
        return cls(
            [_spectra(part, wave, overlap // step // parts) for part, wave in zip(taken, waves, strict=True)],
            [_standard(without_seam(_standard(wave), overlap // step // parts)) for wave in waves],
        )

    @property
    def count(self) -> int:
        """Samples of each part, which are shifted."""
        return self.waves[0].shape[2]


def seam(left: float, right: float, count: int) -> int:
    """Return how many samples at the end of two vectors of ``count`` samples are faded into the beginning.

    A circular shift joins the end of a stream to its beginning. In autocorrelated streams this makes a jump that the
    unshifted streams do not have, and hundreds of pairs of channels together would detect it. Fading the end into the
    beginning removes the jump. It matters only if both vectors are slow, so the shorter of their memories (from
    `vector_memory`) decides. The result is a power of two, so that one preparation of a vector fits most others.
    """
    wanted = int(3.0 * (min(left, right) - 1.0))
    return min(count // 7, 1 << (wanted - 1).bit_length()) if wanted > 0 else 0


def vector_memory(channels: np.ndarray) -> float:
    """Return the integrated autocorrelation time of a vector (d, R) in samples (at least 1), by some channels."""
    ranks = _average_ranks(some_channels(channels))
    ranks -= ranks.mean(axis=1, keepdims=True)
    times = np.ones(len(ranks))
    moving = ranks.any(axis=1)
    times[moving] = memory(ranks[moving])
    return float(times.mean())


def independence_p(left: Vector, right: Vector, surrogates: int, seed: int) -> float:
    """Return the p-value of the hypothesis that two vectors, prepared alike, are independent."""
    count = left.count
    shifts = np.append(0, surrogate_shifts(count, max(surrogates, LEAST_SHIFTS), seed))
    allowed = np.append(0, np.arange(shifts[1:].min(), shifts[1:].max() + 1))
    evidence = np.zeros(len(shifts))
    place = np.searchsorted(allowed, shifts)
    blocks = _blocks_at_common_times(left, right)
    found = studentised_over_all_shifts(left, right, blocks) if blocks else over_all_shifts(left, right)
    for name, values in found.items():
        evidence += WEIGHTS[name] * _weighed(values[allowed])[place]
    if not blocks:
        evidence += WEIGHTS["largest"] * _weighed(_largest_correlation(left, right, shifts))
    judged = evidence[1 : 1 + surrogates]
    return float((1 + (judged >= evidence[0]).sum()) / (1 + len(judged)))


def over_all_shifts(left: Vector, right: Vector) -> dict[str, np.ndarray]:
    """Return each inner product of kernel matrices with the right one shifted by 0, 1, ... samples: (R,) each."""
    pairs = {
        "distance": ("distance", "distance"),
        "gauss": ("gauss", "gauss"),
        "even right": ("first", "second"),
        "even left": ("second", "first"),
        "even": ("second", "second"),
    }
    found = {}
    for name, (a, b) in pairs.items():
        spectrum = sum(
            np.einsum("df,df->f", one[a], other[b].conj())
            for one, other in zip(left.spectra, right.spectra, strict=True)
        )
        found[name] = fft.irfft(spectrum, n=left.count).astype(np.float64)
    return found


def studentised_over_all_shifts(left: Vector, right: Vector, blocks: int) -> dict[str, np.ndarray]:
    """Return each of `over_all_shifts` divided by how much it varies by chance, see `product_spread`.

    In the space of the kernels' features, it is the squared length of a sum of products. The squared lengths of the
    sums of blocks come from the parts of the left matrices in which both samples are of one block.
    """
    within = [{name: _within(one, left.count, blocks) for name, one in part.items()} for part in left.spectra]
    whole, of_blocks = over_all_shifts(left, right), over_all_shifts(replace(left, spectra=within), right)
    return {name: whole[name] / np.maximum(of_blocks[name] - whole[name] / blocks, 1e-12) for name in whole}


def _within(spectrum: np.ndarray, count: int, blocks: int) -> np.ndarray:
    """Keep the elements of a matrix, by its `_diagonals` (D, F), whose samples are both in one of the blocks."""
    first, apart = np.arange(count), np.arange(len(spectrum))[:, None]
    block = first * blocks // count
    alike = (first + apart < count) & (block == block[(first + apart) % count])
    return fft.rfft(fft.irfft(spectrum, n=count, axis=1) * alike, axis=1)


def _blocks_at_common_times(left: Vector, right: Vector) -> int:
    """Return a number of `independent_blocks` if most channels of two vectors move at common times; 0 otherwise."""
    first, second = (some_channels(vector.waves[0][0].numpy()) for vector in (left, right))
    together = Coincidence.of(np.concatenate([first, second])).together[: len(first), len(first) :]
    return independent_blocks(first, second) if together.mean() > 0.5 else 0


def _largest_correlation(left: Vector, right: Vector, shifts: np.ndarray) -> np.ndarray:
    """Return the largest correlation of a wave of the left with a shifted one of the right, for each shift (S,)."""
    count, parts = left.count, len(left.waves)
    pairs = left.waves[0].shape[1] * right.waves[0].shape[1]
    degrees = int(np.clip(np.sqrt(MOST_PRODUCTS / (pairs * count * parts * len(shifts))), 1, DEGREES))
    step = -(-int(pairs * degrees**2 * count * parts * len(shifts)) // int(2 * MOST_PRODUCTS))
    a = torch.cat([wave[:degrees].flatten(0, 1)[:, ::step] for wave in left.waves], dim=1)
    b = [wave[:degrees].flatten(0, 1) for wave in right.waves]
    largest = [
        (a @ torch.cat([torch.roll(wave, int(shift), dims=1)[:, ::step] for wave in b], dim=1).T).abs().max()
        for shift in shifts
    ]
    return torch.stack(largest).double().numpy()


def _weighed(values: np.ndarray) -> np.ndarray:
    """Convert a statistic at S shifts (S,) to evidence (S,): its distance from the others on a normal scale.

    Each value uses mean, deviation and skewness of all others, so the unshifted one is treated like the rest. Skewness
    is removed as Wilson and Hilferty do for sums of squares (PNAS 1931).
    """
    others = len(values) - 1
    values = values - values.mean()
    values = values / max(float(np.sqrt(np.mean(values**2))), 1e-300)
    mean, square, cube = ((np.sum(values**power) - values**power) / others for power in (1, 2, 3))
    variance = np.maximum(square - mean**2, 1e-9)
    skewness = np.clip((cube - 3.0 * mean * square + 2.0 * mean**3) / variance**1.5, 0.05, 3.0)
    score = (values - mean) / np.sqrt(variance)
    normal = 6.0 / skewness * (np.cbrt(np.maximum(skewness / 2.0 * score + 1.0, 0.0)) - 1.0) + skewness / 6.0
    return np.exp(SHARPNESS * normal)


def _average_ranks(channels: np.ndarray) -> np.ndarray:
    """Rank each channel (d, R), equal values alike, from 1 to R."""
    return np.stack([average_ranks(values) for values in channels])


def levelled(channels: np.ndarray) -> np.ndarray:
    """Standardise channels (d, R) after clipping outliers."""
    low, middle, high = np.quantile(channels, [0.25, 0.5, 0.75], axis=1)[..., None]
    reach = np.where(high > low, FARTHEST * (high - low), np.inf)
    values = np.clip(channels, middle - reach, middle + reach)
    return (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)


def _waves(ranks: np.ndarray) -> Tensor:
    """Cosines of ranks (d, R), of each degree: (DEGREES, d, R) float32."""
    angles = (np.pi / ranks.shape[1]) * (ranks - 0.5)
    waves = [np.ones_like(angles), np.cos(angles)]
    while len(waves) <= DEGREES:
        waves.append(2.0 * waves[1] * waves[-1] - waves[-2])
    return torch.from_numpy(np.stack(waves[1:]).astype(np.float32))


def _standard(waves: Tensor) -> Tensor:
    centred = waves - waves.mean(dim=-1, keepdim=True)
    return centred / centred.norm(dim=-1, keepdim=True).clamp_min(1e-6)


def _spectra(channels: np.ndarray, waves: Tensor, overlap: int) -> dict[str, np.ndarray]:
    """FFT of each kernel matrix of a part along its diagonals."""
    values = torch.from_numpy(levelled(channels).astype(np.float32))
    squares = values.square().sum(dim=0)
    distances = (squares[:, None] + squares - 2.0 * values.T @ values).clamp_min(0.0)
    usual = distances[:: max(1, len(distances) // 64)].median().clamp_min(1e-6)
    first, second = (_standard(wave) for wave in waves[:2])
    kernels = {
        "distance": -distances.sqrt(),
        "gauss": torch.exp(-distances / usual),
        "first": first.T @ first,
        "second": second.T @ second,
    }
    closed = {
        name: without_seam(without_seam(_centred(kernel), overlap).T, overlap) for name, kernel in kernels.items()
    }
    return {name: _diagonals(kernel) for name, kernel in closed.items()}


def _centred(kernel: Tensor) -> Tensor:
    """Centre a symmetric kernel matrix (R, R) in feature space."""
    mean = kernel.mean(dim=0)
    return kernel - mean - mean[:, None] + mean.mean()


def without_seam(values: Tensor, overlap: int) -> Tensor:
    """Fade the last samples of (..., R) into the first, at equal power: (..., R - overlap)."""
    if not overlap:
        return values
    weight = torch.sin(torch.pi / 2.0 * (torch.arange(overlap) + 0.5) / overlap)
    closed = values[..., :-overlap].clone()
    closed[..., :overlap] *= weight
    closed[..., :overlap] += (1.0 - weight.square()).sqrt() * values[..., -overlap:]
    return closed


def _diagonals(kernel: Tensor) -> np.ndarray:
    """Centre a symmetric matrix (R, R), and return the spectra of its circular diagonals: (R // 2 + 1, F).

    The two triangles are equal, so the diagonals of one count twice.
    """
    count, centred = len(kernel), _centred(kernel)
    wrapped = torch.empty(count, count + count // 2)
    wrapped[:, :count] = centred
    wrapped[:, count:] = centred[:, : count // 2]
    diagonals = torch.as_strided(wrapped, (count // 2 + 1, count), (1, count + count // 2 + 1))
    diagonals[1 : (count + 1) // 2] *= np.sqrt(2.0)
    return fft.rfft(diagonals.numpy(), axis=1)
