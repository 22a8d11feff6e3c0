"""The messages between two ticks of a clock: how many they are, and by how much one of them stands out."""

from collections.abc import Sequence

import numpy as np

_REPEATED = 2  # messages with one value that may be a spike: more are a level
_VALUES = 4  # in turn, before a message, that tell with it by how much the one two before it stands out


def messages_since(stamps: np.ndarray, ticks: np.ndarray, period: int) -> np.ndarray:
    """Return how many messages (T,) of ascending stamps (M,) came in the period up to each tick; NaN before them."""
    before, after = (np.searchsorted(stamps, at, side="right") for at in (ticks - period, ticks))
    return np.where(before > 0, after - before, np.nan)


def spikes_since(
    streams: Sequence[tuple[np.ndarray, np.ndarray]], ticks: np.ndarray, period: int, angular: np.ndarray
) -> np.ndarray:
    """Return by how much one of the messages in the period up to each tick (T,) stands out the most: (T, N).

    Each stream has ascending stamps (M,) and values (M, K), NaN where unknown; all together have N channels. A message
    stands out if the value before and the next one are on the same side of it. Its distance to them counts, less their
    distance to those beyond: a jolt of the robot rises and falls, a bit error does not. A publisher that is faster than
    its sensor may repeat it once. It counts at the second next message, so no later one is needed. Whole turns of
    ``angular`` channels (N,) do not count.
    """
    begin = int(ticks[0]) - period
    channels, times, values = _one_after_another([_end_of(*stream, begin) for stream in streams])
    starts = np.flatnonzero(np.r_[len(values) > 0, (values[1:] != values[:-1]) | (channels[1:] != channels[:-1])])
    steps, lengths, channels = np.diff(values[starts]), np.diff(starts), channels[starts]
    steps = np.where(angular[channels[1:]], np.remainder(steps + np.pi, 2.0 * np.pi) - np.pi, steps)
    before, after, sizes = steps[1:-2], -steps[2:-1], np.abs(steps)
    of_one = channels[:-4] == channels[4:]
    single = of_one & (before * after > 0.0) & (lengths[2:-1] <= _REPEATED)
    heights = np.where(single, np.minimum(sizes[1:-2] - sizes[:-3], sizes[2:-1] - sizes[3:]), 0.0)
    times = times[starts[4:]]
    places = np.searchsorted(ticks, times)
    inside = (times > begin) & (places < len(ticks))
    found = np.zeros((len(ticks), len(angular)))
    np.maximum.at(found, (places[inside], channels[4:][inside]), heights[inside])
    return found


def _end_of(stamps: np.ndarray, values: np.ndarray, begin: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the end of a stream in which each channel takes some values in turn up to ``begin``; all without one."""
    row = int(stamps.searchsorted(begin, side="right"))
    for reach in (4 * _VALUES, row):  # few rows suffice, for most streams
        first = max(0, row - reach)
        before = values[first:row]
        known = np.isfinite(before)
        changes = ((before[1:] != before[:-1]) & known[1:] & known[:-1]).sum(axis=0)
        if (changes >= _VALUES - 1).all():
            break
    return stamps[first:], values[first:]


def _one_after_another(streams: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return number, stamp and value of the known samples, channel after channel: one pass over all takes less time."""
    parts, count = [], 0
    for stamps, values in streams:
        own, rows = np.nonzero(np.isfinite(values.T))
        parts.append((own + count, stamps[rows], values[rows, own]))
        count += values.shape[1]
    channels, times, taken = (np.concatenate(one) for one in zip(*parts, strict=True))
    return channels, times, taken
