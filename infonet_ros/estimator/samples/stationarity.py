"""Which streams drift over a window: a circular shift of those is no fair sample of what independence looks like."""

import numpy as np

from infonet_ros.autocorrelation import memory

LEAST_MOVES = 13.0
KPSS_LIMIT = 1.0  # of a statistic whose 1 % quantile is 0.74 under a known memory; the memory here is estimated
EDGES_LIMIT = 5.0  # of one whose 1 % quantile is 3.9, and that of 0.1 % 6.0


def drifting(channels: np.ndarray) -> np.ndarray:
    """Say which channels trend, step or wander over the window rather than move about a level, alike all the time.

    Two such streams look alike by drifting alone, and a shift of one of them does not undo it: neither is there a
    p-value. One stream that drifts beside one that does not can be tested.

    A channel drifts if its memory leaves fewer than `LEAST_MOVES` independent moves, or if its sums wander further
    than its memory explains (Kwiatkowski et al., J. Econometrics 1992), which finds a trend or a step in noise. Sums
    weighted as by Anderson and Darling find what happens at an end of the window only: a warm-up, a late trend. All are
    asked of the level and of the spread about it: two streams that grow louder are alike, too.

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
    # Ranks: one outlier must not hide a trend, nor make one.
    ranks = np.searchsorted(np.sort(samples), samples).astype(np.float64)
    level = ranks - ranks.mean()
    spread = np.abs(level) - np.abs(level).mean()
    return _wanders(level) or _wanders(spread)


def _wanders(deviations: np.ndarray) -> bool:
    """Say whether deviations from a mean (T,) move about too little, or their sums too far."""
    count = len(deviations)
    if deviations @ deviations <= 1e-9 * count:  # the spread of a stream of two levels
        return False
    if count / memory(deviations) < LEAST_MOVES:
        return True
    sums = np.cumsum(deviations)[:-1]
    before = np.arange(1, count)
    wandering = sums @ sums / count**2
    at_edges = float((sums**2 / (before * (count - before))).sum())
    # What is left of noise without the trend, step, wave or edge that may be in it tells the memory of the noise.
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
    """Take out what has one period in the window."""
    wave = np.exp(2j * np.pi * np.arange(len(deviations)) / len(deviations))
    return deviations - 2.0 * (wave * (wave.conj() @ deviations)).real / len(deviations)


def _without_step(deviations: np.ndarray, place: int) -> np.ndarray:
    return np.concatenate([part - part.mean() for part in np.split(deviations, [place])])
