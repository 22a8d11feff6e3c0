"""Topics and channels that keep their values while others change: a sensor is unplugged, or a driver repeats values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.intake.messages.paths import is_rate, without_rate
from infonet_ros.offline.trace import Overview
from infonet_ros.series import has_noise, mean_of_known, runs
from infonet_ros.text import NANOSECONDS

_NOTHING = 1e-6  # of the range of a channel: a filtered speed at rest falls towards 0
_LEAST_SHARE = 0.01  # of the recording
_MISSED = 20  # updates that it would have had at its usual rate
_UNUSUAL = 5  # times as long as the values are kept at any other time
_RESTLESS = 0.5  # of the samples of a field differ from the one before: it never rests
_LIMIT = 0.01  # of the samples of a channel at either end of its range
_AS_USUAL = 0.5  # of the usual step of a channel: it moves as usual,
_QUORUM = 0.75  # and so do so many of the others


@dataclass(frozen=True)
class Stuck:
    """Channels of a topic that keep their values.

    Attributes
    ----------
    topic : str
    channels : tuple of int
        Numbers of the channels.
    whole : bool
        They are all channels of the topic.
    first, last : int
        The first and the last such sample.
    start, stop : int
        Their stamps, nanoseconds of sensor time.
    to_the_end : bool
        They keep their values until the recording ends.
    """

    topic: str
    channels: tuple[int, ...]
    whole: bool
    first: int
    last: int
    start: int
    stop: int
    to_the_end: bool

    @property
    def seconds(self) -> float:
        """Length of this time."""
        return (self.stop - self.start) / NANOSECONDS


def find_stuck(overview: Overview, channel_topics: Sequence[str]) -> tuple[Stuck, ...]:
    """Find the topics and channels that are stuck for a long time, once, while others move.

    ``channel_topics`` (N,) has the topic of each channel.

    What is 0 meanwhile, or where it has been before, may just rest, and so may what it measures; and so may the robot,
    if most others move less than usual. A computed rate of 0 tells nothing. A joint of several can rest: a field is
    stuck alone only if it has noise. If it never rests otherwise and all else moves as usual, it may also be where it
    has been before, or known by its computed rate only.
    """
    samples, names = overview.window.samples, overview.window.names
    topics = np.array(channel_topics)
    computed = np.array([is_rate(name) for name in names])
    fields = np.array([without_rate(name) for name in names])
    held = np.diff(samples, axis=0) == 0.0  # not where unknown
    found = []
    for topic in dict.fromkeys(topics):
        own = np.flatnonzero(topics == topic)
        forms = [np.flatnonzero(fields == field) for field in dict.fromkeys(fields[own])]
        noisy = [one for one in forms if any(has_noise(samples[:, k]) for k in one)]
        asked = [(own, len(noisy) == len(forms)), *((form, True) for form in noisy if len(forms) > 1)]
        for channels, all_noisy in asked:
            if len(channels) == len(names):  # there are no others that move
                continue
            kept = _kept(samples, held, channels, computed, all_noisy)
            if kept is None:
                continue
            begin, end = kept
            start, stop = (int(overview.stamps[row]) for row in kept)
            whole, to_the_end = len(channels) == len(own), end == len(samples) - 1
            found.append(Stuck(str(topic), tuple(channels.tolist()), whole, begin, end, start, stop, to_the_end))
            if whole:
                break
    return tuple(found)


def _kept(
    samples: np.ndarray, held: np.ndarray, own: np.ndarray, computed: np.ndarray, noisy: bool
) -> tuple[int, int] | None:
    """Return the first and the last of samples (T, N) at which channels ``own`` are stuck together; None without.

    ``held`` (T - 1, N) tells which samples are equal to the next, ``computed`` (N,) which channels are computed rates,
    and ``noisy`` whether all of ``own`` have noise.
    """
    kept = runs(np.all(held[:, own], axis=1))
    lengths = kept[:, 1] - kept[:, 0]
    longest, *shorter = sorted(lengths, reverse=True) or [0]
    updates = 1.0 - (lengths.sum() - longest) / max(1, len(held) - longest)  # a sample, at other times
    least = max(_LEAST_SHARE * len(samples), _UNUSUAL * max(shorter, default=0), _MISSED / max(updates, 1e-9))
    if longest < least:
        return None
    begin, end = kept[lengths.argmax()].tolist()
    if noisy and updates >= _RESTLESS and _stops_alone(samples, own, computed[own], slice(begin, end + 1)):
        return begin, end
    told = samples[:, own[~computed[own]]]
    moved = np.abs(told[begin]) > _NOTHING * np.fmax.reduce(np.abs(told), axis=0, initial=0.0)
    elsewhere = np.delete(samples[:, own], slice(begin, end + 1), axis=0)
    known_level = (elsewhere == samples[begin, own]).all(axis=1).any()
    told_alone = moved.size and moved.all() and not known_level
    return (begin, end) if told_alone and _others_move(samples, own, slice(begin, end + 1)) else None


def _stops_alone(samples: np.ndarray, own: np.ndarray, computed: np.ndarray, rows: slice) -> bool:
    """Return whether channels ``own`` of samples (T, N) stop in some rows, within their range, while all else moves.

    At the end of its range a sensor may be at its limit. A measured speed of 0 may be rest, a ``computed`` rate of 0 is
    any level.
    """
    level, elsewhere = samples[rows.start, own], np.delete(samples[:, own], rows, axis=0)
    if not np.isfinite(elsewhere).any(axis=0).all():
        return False
    least, most = np.nanquantile(elsewhere, (_LIMIT, 1.0 - _LIMIT), axis=0)
    moved = np.abs(level) > _NOTHING * np.maximum(np.abs(least), np.abs(most))
    inside = ((least < level) & (level < most) & (computed | moved)).all()
    return bool(inside) and _others_move(samples, own, rows)


def _others_move(samples: np.ndarray, own: np.ndarray, rows: slice) -> bool:
    """Return whether most channels of samples (T, N), but ``own``, move as usual in some rows, or the robot rests."""
    steps = np.abs(np.diff(np.delete(samples, own, axis=1), axis=0))
    usual, now = mean_of_known(steps), mean_of_known(steps[rows])
    return float(np.mean(now >= _AS_USUAL * usual)) >= _QUORUM


def without_stuck(overview: Overview, found: Sequence[Stuck]) -> Overview:
    """Leave the samples that are stuck unknown, so that channels are compared at other times."""
    unknown = np.zeros(overview.window.samples.shape, dtype=bool)
    for one in found:
        unknown[one.first + 1 : one.last + 1, one.channels] = True
    return overview.without(unknown)
