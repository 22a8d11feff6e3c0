"""The given streams of a window, as its channels follow them: at their delays, or through filters of their past.

All pairs of a window get the same few streams. So the pairs share the network's passes, and a node can keep up.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from infonet_ros.estimator.measures.contingency import LEAST_GAIN, lagged_contingency
from infonet_ros.estimator.samples.responses import Drivers, Place, linear_fit
from infonet_ros.intake.windows.window import Window
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.series import shared_ranks
from infonet_ros.settings import TIME

_SAME = 0.95  # of the variance of a stream: if those chosen before explain so much of it, it is not needed
_MOST = 4  # streams, or one for each given channel if these are more: with more, a window has few similar samples


def given_streams(window: Window, given: Sequence[str]) -> np.ndarray:
    """Return the samples (T, D) of channels of a window; ``time`` is the number of the sample."""
    times = np.arange(len(window.samples), dtype=np.float64)
    columns = [times if name == TIME else window.samples[:, window.names.index(name)] for name in given]
    return np.stack(columns, axis=1) if columns else np.empty((len(times), 0))


def drivers_of(window: Window, given: Sequence[str], delays: np.ndarray) -> Drivers:
    """Return the given channels of a window as drivers of all, which follow them by ``delays`` (N, N) samples."""
    at_once = np.zeros(len(window.names), dtype=np.int64)
    follows = [at_once if name == TIME else delays[window.names.index(name)] for name in given]
    return Drivers(given_streams(window, given).T, window.samples.T, np.stack(follows))


def followed_streams(window: Window, given: Sequence[str], delays: np.ndarray) -> np.ndarray:
    """Return given channels of a window as its channels follow them, (T, P).

    ``delays`` (N, N) are the samples by which the column follows the row.
    """
    drivers = drivers_of(window, given, delays)
    asked = [channel for channel, name in enumerate(window.names) if name not in given]
    used = Counter(
        drivers.place(number, channel) for number, name in enumerate(given) if name != TIME for channel in asked
    )
    chosen = [Place(number, -1, 0) for number in range(len(given))]
    for place, _ in used.most_common():
        if len(chosen) < min(MOST_GIVEN, max(_MOST, len(given))) and not _repeats(drivers, chosen, place):
            chosen.append(place)
    return drivers.at(chosen).T


def delays_within(window: Window, longest: int) -> np.ndarray:
    """Return the samples by which each column follows each row, (N, N) int64: 0 unless much more is shared later."""
    if not longest:
        return np.zeros((len(window.names),) * 2, dtype=np.int64)
    curves = lagged_contingency(shared_ranks(window.samples), longest)
    gains = curves.max(axis=2) - curves[:, :, longest]
    return np.where(gains >= LEAST_GAIN, curves.argmax(axis=2) - longest, 0)


def _repeats(drivers: Drivers, chosen: list[Place], place: Place) -> bool:
    """Return whether a stream is nearly a linear function of those that are chosen."""
    inputs, (stream,) = drivers.at(chosen), drivers.at([place])
    rows = np.isfinite(inputs).all(axis=0) & np.isfinite(stream)
    if rows.sum() <= len(chosen) + 1:
        return True
    _, unexplained = linear_fit(inputs, stream, rows)
    return unexplained <= (1.0 - _SAME) * float(stream[rows].var())
