"""What is estimated from the recording as a whole: each pair at its best delay, and what can be looked at closely."""

from dataclasses import dataclass

import numpy as np

from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.matrices import DependenceMatrix, channel_matrix, lags_in_samples, modality_matrix
from infonet_ros.offline.progress import Progress
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.workers import Workers
from infonet_ros.streams.settings import Settings
from infonet_ros.streams.window import Window

SCAN_RANGE = 1.0
"""Seconds. Delays are looked for so far in both directions, when no ``max_lag`` is given."""

CLEAR_GAIN = 0.05
"""Nats by which the MI must grow from no delay to the best one, for the delay to be clear."""

_SCAN_STEPS = 10  # delays in each direction
_CURVES = 12  # pairs whose MI is shown over the delay


@dataclass(frozen=True, eq=False)
class DelayCurve:
    """MI of one pair over the delay.

    ``lags`` (L,) in seconds, positive where ``b`` follows ``a``; ``mi``, ``lower``, ``upper`` (L,) in nats.
    """

    a: str
    b: str
    lags: np.ndarray
    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True, eq=False)
class WholeRecording:
    """What is known about the recording as a whole.

    Attributes
    ----------
    overview : Overview
        Its aligned samples.
    matrix : DependenceMatrix
        Each pair at the delay at which it depends most.
    undelayed : DependenceMatrix
        Each pair without delay, and without surrogates.
    longest_lag : float
        Seconds; where the search for delays ended, in both directions.
    between_modalities : DependenceMatrix or None
        Sliced MI, without delay; None with fewer than two modalities.
    curves : tuple of DelayCurve
        Of pairs with clear delays, and of the strongest.
    discriminants : dict of (int, int) to (G, G) float32
        Of each pair of valid channels a < b, at its delay in ``matrix``.
    ranks : (T, N) float32
        Normalised ranks of the samples, NaN where unknown.
    """

    overview: Overview
    matrix: DependenceMatrix
    undelayed: DependenceMatrix
    longest_lag: float
    between_modalities: DependenceMatrix | None
    curves: tuple[DelayCurve, ...]
    discriminants: dict[tuple[int, int], np.ndarray]
    ranks: np.ndarray

    @property
    def clear_delays(self) -> np.ndarray:
        """(N, N) bool; see `clear_delays`."""
        return clear_delays(self.matrix, self.undelayed, self.longest_lag)


def clear_delays(matrix: DependenceMatrix, undelayed: DependenceMatrix, longest_lag: float) -> np.ndarray:
    """Tell which pairs (N, N) depend clearly more at their delay than without.

    The MI is larger by `CLEAR_GAIN` or more, and so far that the interval leaves out the MI without delay. A delay at
    the edge of the search is none: the best one may lie beyond.
    """
    inside = (matrix.lag != 0.0) & (np.abs(matrix.lag) < longest_lag - 1e-6)
    return inside & (matrix.mi - undelayed.mi >= CLEAR_GAIN) & (matrix.lower > undelayed.mi)


def scan_range(settings: Settings) -> float:
    """Return how far delays of the whole recording are looked for in both directions, seconds."""
    return settings.max_lag or min(SCAN_RANGE, settings.window / 4)


def estimate_whole(
    net: InfoNet, overview: Overview, settings: Settings, workers: Workers, progress: Progress
) -> WholeRecording:
    """Estimate the recording as a whole."""
    progress("whole recording", 0.0)
    window = overview.window
    scan = _scan_settings(settings, window.rate)
    longest_lag = lags_in_samples(scan, window.rate)[-1] / window.rate
    one_by_one = workers.submit(channel_matrix, net, window, scan)
    at_once = workers.submit(channel_matrix, net, window, settings.with_values(max_lag=0.0, surrogates=0))
    several = len(settings.modalities) > 1
    sliced = workers.submit(modality_matrix, net, window, settings) if several else None
    matrix, undelayed = one_by_one.result(), at_once.result()
    progress("whole recording", 0.5)
    pairs, clear = strongest_pairs(matrix), clear_delays(matrix, undelayed, longest_lag)
    shown = sorted(pairs, key=lambda pair: not clear[pair])[:_CURVES]
    curves = workers.map(lambda pair: _delay_curve(net, window, scan, pair), shown)
    tables = workers.map(lambda pair: _discriminant(net, window, matrix, settings.seed, pair), pairs)
    whole = WholeRecording(
        overview=overview,
        matrix=matrix,
        undelayed=undelayed,
        longest_lag=longest_lag,
        between_modalities=None if sliced is None else sliced.result(),
        curves=tuple(curves),
        discriminants=dict(zip(pairs, tables, strict=True)),
        ranks=_ranks(window.samples),
    )
    progress("whole recording", 1.0)
    return whole


def strongest_pairs(matrix: DependenceMatrix) -> list[tuple[int, int]]:
    """Pairs (a, b), a < b, that depend most, strongest first.

    Ordered by the lower end of the interval, since slow streams have large and uncertain MI; pairs that are not known
    are left out.
    """
    row, column = np.triu_indices(len(matrix.names), k=1)
    least = np.where(matrix.valid[row] & matrix.valid[column], matrix.lower[row, column], np.nan)
    known = np.flatnonzero(np.isfinite(least))
    return [(int(row[k]), int(column[k])) for k in known[np.argsort(-least[known], kind="stable")]]


def lagged_pair(x: np.ndarray, y: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Put ``x[t]`` beside ``y[t + lag]``, for ``lag`` of either sign."""
    count = len(x)
    return x[max(0, -lag) : count - max(0, lag)], y[max(0, lag) : count - max(0, -lag)]


def _scan_settings(settings: Settings, rate: float) -> Settings:
    longest = scan_range(settings)
    step = max(1, round(longest * rate / _SCAN_STEPS)) / rate
    return settings.with_values(max_lag=longest, lag_step=settings.lag_step or step)


def _delay_curve(net: InfoNet, window: Window, scan: Settings, pair: tuple[int, int]) -> DelayCurve:
    a, b = pair
    lags = lags_in_samples(scan, window.rate)
    both = sorted({-lag for lag in lags} | set(lags))
    found = net.lagged(window.samples[:, a], window.samples[:, b], both, seed=scan.seed)
    return DelayCurve(window.names[a], window.names[b], found.lags / window.rate, found.mi, found.lower, found.upper)


def _discriminant(
    net: InfoNet, window: Window, matrix: DependenceMatrix, seed: int, pair: tuple[int, int]
) -> np.ndarray:
    a, b = pair
    x, y = lagged_pair(window.samples[:, a], window.samples[:, b], round(float(matrix.lag[a, b]) * window.rate))
    return net.discriminant(x, y, seed=seed)


def _ranks(samples: np.ndarray) -> np.ndarray:
    """Rank the known samples of each channel, equal ones alike: they are to be looked at."""
    ranks = np.full(samples.shape, np.nan, dtype=np.float32)
    for column, channel in enumerate(samples.T):
        known = np.isfinite(channel)
        _, place, counts = np.unique(channel[known], return_inverse=True, return_counts=True)
        ranks[known, column] = ((np.cumsum(counts) - counts / 2) / max(1, known.sum()))[place]
    return ranks
