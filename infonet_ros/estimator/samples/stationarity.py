"""Which streams drift over a window, so that circular shifts cannot test their dependence."""

import numpy as np

from infonet_ros.series import lowest_ranks, memory

BOTH_DRIFT = "both drift: compare their rates of change"
LEAST_MOVES = 10.0  # with 8, random walks in short windows are called dependent too often
KPSS_LIMIT = 1.0  # of a statistic whose 1 % quantile is 0.74 under a known memory; the memory here is estimated
EDGES_LIMIT = 5.0  # of one whose 1 % quantile is 3.9, and that of 0.1 % 6.0


def drifting(channels: np.ndarray) -> np.ndarray:
    """Return which channels (N, T) have a trend, a step or a slow wander over the window, and stay about no level.

    Two drifting streams look dependent because of the drift alone, and a circular shift does not remove this. So such a
    pair has no p-value. A pair in which only one stream drifts can be tested.

    A channel drifts if its memory leaves fewer than `LEAST_MOVES` independent moves, or if its cumulative sums are
    larger than its memory explains. The sums detect a trend or a step in noise (Kwiatkowski et al., J. Econometrics
    1992). Weighted as by Anderson and Darling, they detect what happens only at an end of the window: a warm-up, a late
    trend. All tests are applied to the level and to the spread about it, since two streams whose noise grows look
    dependent, too.

    Unknown samples are NaN; the known ones are taken as if they followed each other. Channels that are constant or have
    fewer than 16 known samples do not drift.
    """
    found = np.zeros(len(channels), dtype=bool)
    good = np.isfinite(channels)
    counts = good.sum(axis=1)
    for count in np.unique(counts[counts >= 16]):
        alike = np.flatnonzero(counts == count)
        samples = channels[alike][good[alike]].reshape(-1, count)
        moving = np.ptp(samples, axis=1) > 0.0
        if moving.any():
            found[alike[moving]] = _drifts(samples[moving])
    return found


def _drifts(samples: np.ndarray) -> np.ndarray:
    """Return which rows (N, T) drift."""
    # Ranks, so that one outlier neither hides a trend nor looks like one.
    level = _centred(np.stack([lowest_ranks(row) for row in samples]))
    return _wanders(level) | _wanders(_centred(np.abs(level)))


def _wanders(deviations: np.ndarray) -> np.ndarray:
    """Return which rows (N, T), deviations from a mean, make too few independent moves or have too large sums."""
    count = deviations.shape[1]
    found = np.zeros(len(deviations), dtype=bool)
    moving = np.square(deviations).mean(axis=1) > 1e-9  # the spread of a stream of two levels does not
    deviations = deviations[moving]
    sums = np.cumsum(deviations, axis=1)[:, :-1]
    before = np.arange(1, count)
    wandering = np.square(sums).sum(axis=1) / count**2
    at_edges = (np.square(sums) / (before * (count - before))).sum(axis=1)
    # The memory of the noise is measured without a trend, step, wave or edge that it may contain.
    rests = _without_trend(deviations), _without_step(deviations, sums), _without_wave(deviations), _middle(deviations)
    least = np.min([_noise(rest) for rest in rests], axis=0)
    few = count / memory(deviations) < LEAST_MOVES
    found[moving] = few | (wandering > KPSS_LIMIT * least) | (at_edges > EDGES_LIMIT * least)
    return found


def _noise(rests: np.ndarray) -> np.ndarray:
    """Variance of the mean of T samples of rows (N, T), times T; infinite for a row without noise."""
    noise = np.full(len(rests), np.inf)
    some = rests.any(axis=1)
    noise[some] = rests[some].var(axis=1) * memory(rests[some])
    return noise


def _centred(rows: np.ndarray) -> np.ndarray:
    return rows - rows.mean(axis=1, keepdims=True)


def _middle(deviations: np.ndarray) -> np.ndarray:
    edge = deviations.shape[1] // 5
    return _centred(deviations[:, edge : deviations.shape[1] - edge])


def _without_trend(deviations: np.ndarray) -> np.ndarray:
    time = np.arange(deviations.shape[1]) - (deviations.shape[1] - 1) / 2.0
    return deviations - np.outer(deviations @ time, time) / (time @ time)


def _without_wave(deviations: np.ndarray) -> np.ndarray:
    """Remove the wave with one period in the window."""
    count = deviations.shape[1]
    wave = np.exp(2j * np.pi * np.arange(count) / count)
    return deviations - 2.0 * np.outer(deviations @ wave.conj(), wave).real / count


def _without_step(deviations: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Remove the step where the sums are largest."""
    rows, count = np.arange(len(sums)), deviations.shape[1]
    last = np.abs(sums).argmax(axis=1)
    total = sums[rows, last]
    before, after = total / (last + 1), -total / (count - 1 - last)
    return deviations - np.where(np.arange(count) <= last[:, None], before[:, None], after[:, None])
