"""A fast measure of dependence of all pairs of streams at each lag, by FFT: it finds the lags for the network.

The same products over all circular shifts give its distribution under independence.

The mean-square contingency of two variables with ranks u and v is ``phi^2 = sum_jk E[f_j(u) f_k(v)]^2``, where f_1,
f_2, ... are orthonormal on the unit interval (Lancaster, Ann. Math. Stat. 1958). For weak dependence it is twice the
MI. Here ``f_k(u) = sqrt(2) cos(pi k u)``: the first detects monotone couplings, the second even ones, such as
a square or an absolute value.
"""

import numpy as np
from scipy import fft, ndimage

from infonet_ros.estimator.samples.product_spread import product_spread
from infonet_ros.series import runs

LEAST_GAIN = 0.05
"""Of contingency over no delay: a delay that gains less is not tried. In nats it is about half of it."""

RIVAL = 0.7
"""Of the largest contingency of a pair: the network may prefer peaks that are so high."""

FINER = 4
"""Steps from lag to lag at which `lagged_products` shows the peak of a pair."""

DEGREES = 3
TESTED_DEGREES = 6  # more of them detect finer couplings, with less power for simple ones
_LEAST_SHIFTS = 19  # for a p-value of 0.05
LAGS_FRACTION = 50  # lags up to a fiftieth of the samples: longer ones leave too few different shifts
_NEAREST_FRACTION = 10  # shifts below a tenth of the recording leave slow streams nearly in step
_TAIL = 0.1  # of the shifts, those with the largest contingency
_LEAST_P = 1e-6
_SPREADS = 40  # shifts at which the spread of the products is measured, and a quarter as many lags
_BLOCK = 4  # times the longest lag: samples of each block


def lagged_contingency(ranks: np.ndarray, longest: int) -> np.ndarray:
    """Return the mean-square contingency of all pairs at all lags, cut off after `DEGREES` functions: (N, N, 2 L + 1).

    ``[a, b, L + lag]`` compares ``a[t]`` with ``b[t + lag]``, float32; 0 without a common sample. Normalised ranks (T,
    N) are 0 to 1, with equal ranks for equal values, NaN where unknown; ``longest`` is L, samples.
    """
    channels = ranks.shape[1]
    left, right, length = _spectra(features_of(ranks, DEGREES), longest, max(_BLOCK * longest, 256))
    right = right.reshape(len(right), channels * (DEGREES + 1), -1).transpose(0, 2, 1)
    found = np.empty((channels, channels, 2 * longest + 1), dtype=np.float32)
    for a in range(channels):
        spectrum = (left[:, a] @ right).reshape(-1, DEGREES + 1, channels, DEGREES + 1)
        products = fft.irfft(spectrum, length, axis=0)[: 2 * longest + 1]
        found[a] = contingency_of(products.transpose(2, 0, 1, 3))
    return found


def lagged_products(features: np.ndarray, longest: int, parts: int) -> np.ndarray:
    """Return what `lagged_contingency` adds up of two channels, for each of P parts of the samples, float32.

    ``features`` (2, D + 1, T) are those of `features_of` or `values_of`. Shape: (P, 2 L FINER + 1, D + 1, D + 1), sums
    of products for `contingency_of`. They are at each lag, and between the lags as sums of the same waves: a parabola
    through three lags alone has its top too near to the middle one. There are fewer parts where the samples do not fill
    all.
    """
    left, right, length = _spectra(features, longest, -(-features.shape[2] // parts))
    spectrum = FINER * left[:, 0, :, None] * right[:, 1, None]  # (F, D + 1, D + 1, P)
    return fft.irfft(spectrum, FINER * length, axis=0)[: 2 * longest * FINER + 1].transpose(3, 0, 1, 2)


def contingency_of(products: np.ndarray) -> np.ndarray:
    """Return the contingency (...) of sums of products (..., D + 1, D + 1), numbers of samples last."""
    common = np.maximum(products[..., -1, -1], 1.0)
    return np.square(products[..., :-1, :-1]).sum(axis=(-1, -2)) / np.square(common)


def shift_p_values(
    ranks: np.ndarray,
    longest: int,
    workers: int = 1,
    most_growth: np.ndarray | None = None,
    by_direction: np.ndarray | None = None,
    stretch: int = 1,
) -> tuple[np.ndarray, int]:
    """Return the p-value of the largest contingency of each pair over its lags, from all circular shifts.

    A shift keeps the autocorrelation of both streams and removes their dependence. All shifts cost little more than
    one.

    Parameters
    ----------
    ranks : (T, N) float
        As for `lagged_contingency`.
    longest : int
        L, samples: lags from -L to L are compared, as far as enough shifts remain.
    workers : int
        Threads.
    most_growth : (N, N) float, optional
        Above 1 for pairs that move at common times: their contingency is divided by how much it grows by that alone, as
        measured, and at most by so much.
    by_direction : (N, N) bool, optional
        Pairs that are compared by odd functions of the ranks only: these show a direction, and not a size.
    stretch : int
        Samples of each stretch, if ranks are those within stretches: only whole ones are shifted.

    Returns
    -------
    p_values : (N, N) float64
        NaN on the diagonal, and without a common sample.
    shifts : int
        Number of shifts; 0 if the streams are too short.
    """
    count = _fast_length(len(ranks)) if stretch == 1 else len(ranks) // stretch * stretch
    channels = ranks.shape[1]
    longest = min(longest, count // LAGS_FRACTION)
    nearest = max(count // _NEAREST_FRACTION, 2 * longest + 1)
    shifts = np.arange(-(-nearest // stretch) * stretch, count - nearest + 1, stretch)
    found = np.full((channels, channels), np.nan)
    if len(shifts) < _LEAST_SHIFTS:
        return found, 0
    features = features_of(ranks[:count], TESTED_DEGREES)
    spectra = fft.rfft(features, axis=-1, workers=workers)
    for a in range(channels):
        for b in range(a + 1, channels):
            common = fft.irfft(spectra[a, -1].conj() * spectra[b, -1], count)
            degrees = slice(0, -1, 2 if by_direction is not None and by_direction[a, b] else 1)
            products = spectra[a, degrees].conj()[:, None] * spectra[b, degrees]
            contingency = np.square(fft.irfft(products, count, axis=-1, workers=workers)).sum(axis=(0, 1))
            if contingency[0] <= 0.0 or common[0] <= 0.5:
                continue
            # Times the common samples, because by chance the contingency of fewer of them is larger.
            evidence = [contingency / np.maximum(common, 1.0)]
            if most_growth is not None and most_growth[a, b] > 1.0:
                growth = _growth(features[a, degrees], features[b, degrees], common, longest)
                evidence.append(evidence[0] / np.clip(growth, 1.0 / most_growth[a, b], most_growth[a, b]))
            over_lags = [ndimage.maximum_filter1d(one, 2 * longest + 1, mode="wrap") for one in evidence]
            # The larger one: the growth varies with the phase of two streams of one period.
            found[a, b] = found[b, a] = max(_upper_tail(float(one[0]), one[shifts]) for one in over_lags)
    return found, len(shifts)


def _growth(left: np.ndarray, right: np.ndarray, common: np.ndarray, longest: int) -> np.ndarray:
    """Return the `product_spread` (T,) of features (K, T) at each shift, of the usual one; for each common sample.

    Streams that move at common times have a larger one near lag 0, and so have streams that depend on each other.
    Between some lags, and between some shifts beyond, it is interpolated.
    """
    count = left.shape[1]
    lags = np.linspace(-longest, longest, min(_SPREADS // 4, 2 * longest) + 1)
    beyond = np.linspace(longest, count - longest, 2 + _SPREADS)[1:-1]
    places = np.unique(np.round(np.append(lags, beyond)).astype(np.int64) % count)
    spreads = product_spread(left, right, places) / np.maximum(common[places], 1.0)
    growth = spreads / max(float(np.median(spreads)), 1e-9)
    return np.interp(np.arange(count), places, growth, period=count)


def _upper_tail(observed: float, by_chance: np.ndarray) -> float:
    """Return the probability of a contingency of at least ``observed``, from those of all shifts (S,).

    In the largest tenth, the tail is assumed to fall exponentially, as that of a sum of squares. So a p-value can be
    smaller than one over the number of shifts. Neighbouring shifts give nearly the same value, so the mean of the
    exponential is known from few independent values only: the runs of shifts above the median. The tail that a new
    value then has is Lomax's, the average over all means that these runs allow.
    """
    middle, start = np.quantile(by_chance, (0.5, 1.0 - _TAIL))
    above = by_chance > start
    if observed <= start or not above.any():
        return float((1 + np.count_nonzero(by_chance >= observed)) / (1 + len(by_chance)))
    independent = len(runs(by_chance > middle))
    mean = max(by_chance[above].mean() - start, (start - middle) / np.log(0.5 / _TAIL))
    return max(_LEAST_P, float(_TAIL * (1.0 + (observed - start) / (independent * mean)) ** -independent))


def _fast_length(count: int) -> int:
    """Return the largest length up to ``count`` with a fast FFT; the few samples after it are dropped."""
    return next((length for length in range(count, 0, -1) if fft.next_fast_len(length, real=True) == length), 0)


def _spectra(features: np.ndarray, longest: int, block: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Transform blocks of features (N, D + 1, T), and those with ``longest`` samples more on either side.

    Returns two arrays (F, N, D + 1, blocks), the first conjugate, and the length to transform back to.
    """
    count = features.shape[2]
    blocks = -(-count // block)
    length = fft.next_fast_len(block + 2 * longest, real=True)
    padded = np.pad(features, ((0, 0), (0, 0), (longest, blocks * block - count + longest)))
    inner = padded[..., longest : longest + blocks * block].reshape(*features.shape[:2], blocks, block)
    outer = np.lib.stride_tricks.sliding_window_view(padded, block + 2 * longest, axis=-1)[..., ::block, :]
    left, right = (np.moveaxis(fft.rfft(one, length, axis=-1), -1, 0) for one in (inner, outer))
    return left.conj(), right, length


def features_of(ranks: np.ndarray, degrees: int) -> np.ndarray:
    """Return functions of the ranks with mean 0 and variance 1, and 1 where known: (N, degrees + 1, T) float32."""
    known = np.isfinite(ranks.T)
    orders = np.arange(1, degrees + 1)[:, None]
    waves = np.cos(np.pi * orders * np.where(known, ranks.T, 0.0)[:, None]) * known[:, None]
    return _standard(waves, known)


def values_of(samples: np.ndarray) -> np.ndarray:
    """Return samples (T, N) in the form of `features_of`, (N, 2, T): the contingency is their correlation squared."""
    known = np.isfinite(samples.T)
    values = np.where(known, samples.T, 0.0)
    values = (values - np.take_along_axis(values, known.argmax(axis=1)[:, None], axis=1)) * known
    values /= np.maximum(np.abs(values).max(axis=1, keepdims=True), np.finfo(np.float64).tiny)  # whatever the unit
    return _standard(values[:, None], known)


def _standard(waves: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return waves (N, D, T) with mean 0 and variance 1 where ``known`` (N, T), and that, (N, D + 1, T) float32."""
    samples = np.maximum(known.sum(axis=1), 1)[:, None, None]
    waves = (waves - waves.sum(axis=2, keepdims=True) / samples) * known[:, None]
    spread = np.sqrt(np.square(waves).sum(axis=2, keepdims=True) / samples)
    waves = np.divide(waves, spread, out=np.zeros_like(waves), where=spread > 1e-6)
    return np.concatenate([waves, known[:, None]], axis=1).astype(np.float32)
