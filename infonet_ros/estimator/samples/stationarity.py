"""Which streams drift over a window, so that circular shifts cannot test their dependence."""

import numpy as np

from infonet_ros.autocorrelation import memory

LEAST_MOVES = 13.0
KPSS_LIMIT = 1.0  # of a statistic whose 1 % quantile is 0.74 under a known memory; the memory here is estimated
EDGES_LIMIT = 5.0  # of one whose 1 % quantile is 3.9, and that of 0.1 % 6.0


def drifting(channels: np.ndarray) -> np.ndarray:
    """Return which channels have a trend, a step or a slow wander over the window, and do not stay about a level.

    Two drifting streams look dependent because of the drift alone, and a circular shift does not remove this. So such a
    pair has no p-value. A pair in which only one stream drifts can be tested.

    A channel drifts if its memory leaves fewer than `LEAST_MOVES` independent moves, or if its cumulative sums are
    larger than its memory explains. The sums detect a trend or a step in noise (Kwiatkowski et al., J. Econometrics
    1992). Weighted as by Anderson and Darling, they detect what happens only at an end of the window: a warm-up, a late
    trend. All tests are applied to the level and to the spread about it, since two streams whose noise grows look
    dependent, too.

    Parameters
    ----------
    channels : (N, T) float64
        NaN where unknown; the known samples are taken as if they followed each other.

    Returns
    -------
    (N,) bool
        False for channels that are constant or have fewer than 16 known samples.
    """
    found = np.zeros(len(channels), dtype=bool)
    good = np.isfinite(channels)
    for index, (values, known) in enumerate(zip(channels, good, strict=True)):
        samples = values[known]
        if len(samples) >= 16 and samples.min() < samples.max():
            found[index] = _drifts(samples)
    return found


def _drifts(samples: np.ndarray) -> bool:
    # Ranks, so that one outlier neither hides a trend nor looks like one.
    ranks = np.searchsorted(np.sort(samples), samples).astype(np.float64)
    level = ranks - ranks.mean()
    spread = np.abs(level) - np.abs(level).mean()
    return _wanders(level) or _wanders(spread)


def _wanders(deviations: np.ndarray) -> bool:
    """Return whether deviations from a mean (T,) make too few independent moves, or their sums are too large."""
    count = len(deviations)
    if deviations @ deviations <= 1e-9 * count:  # the spread of a stream of two levels
        return False
    if count / memory(deviations) < LEAST_MOVES:
        return True
    sums = np.cumsum(deviations)[:-1]
    before = np.arange(1, count)
    wandering = sums @ sums / count**2
    at_edges = float((sums**2 / (before * (count - before))).sum())
    # The memory of the noise is measured without a trend, step, wave or edge that it may contain.
    step = int(np.abs(sums).argmax()) + 1
    without = _without_trend(deviations), _without_step(deviations, step), _without_wave(deviations)
    rests = *without, _middle(deviations)
    noises = [rest.var() * memory(rest) for rest in rests if rest.any()]
    return any(wandering > KPSS_LIMIT * noise or at_edges > EDGES_LIMIT * noise for noise in noises)


def _middle(deviations: np.ndarray) -> np.ndarray:
    edge = len(deviations) // 5
    middle = deviations[edge : len(deviations) - edge]
    return middle - middle.mean()


def _without_trend(deviations: np.ndarray) -> np.ndarray:
    time = np.arange(len(deviations)) - (len(deviations) - 1) / 2.0
    return deviations - time * ((time @ deviations) / (time @ time))


def _without_wave(deviations: np.ndarray) -> np.ndarray:
    """Remove the wave with one period in the window."""
    wave = np.exp(2j * np.pi * np.arange(len(deviations)) / len(deviations))
    return deviations - 2.0 * (wave * (wave.conj() @ deviations)).real / len(deviations)


def _without_step(deviations: np.ndarray, place: int) -> np.ndarray:
    return np.concatenate([part - part.mean() for part in np.split(deviations, [place])])
