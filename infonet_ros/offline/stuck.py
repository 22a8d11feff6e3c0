"""Topics and channels that keep their values while others change: a sensor is unplugged, or a driver repeats values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.offline.trace import Overview
from infonet_ros.series import runs
from infonet_ros.settings import Modality
from infonet_ros.text import NANOSECONDS

_NOTHING = 1e-6  # of the range of a channel: a filtered speed at rest falls towards 0
_LEAST_SHARE = 0.01  # of the recording
_MISSED = 20  # updates that it would have had at its usual rate
_UNUSUAL = 5  # times as long as the values are kept at any other time
_NOISY = 0.4  # of the steps of a channel go back on the step before: what has noise never rests


@dataclass(frozen=True)
class Stuck:
    """Channels of a topic that keep their values.

    Attributes
    ----------
    topic : str
    channels : tuple of int
    whole : bool
        They are all channels of the topic.
    begin, end : int
        First and last such sample.
    start, stop : int
        Their stamps, nanoseconds.
    to_the_end : bool
        They keep them until the recording ends.
    """

    topic: str
    channels: tuple[int, ...]
    whole: bool
    begin: int
    end: int
    start: int
    stop: int
    to_the_end: bool

    @property
    def seconds(self) -> float:
        """Length of this time."""
        return (self.stop - self.start) / NANOSECONDS


def find_stuck(overview: Overview, modalities: Sequence[Modality]) -> tuple[Stuck, ...]:
    """Find the topics and channels that are stuck for a long time, once, while others move.

    What is 0 meanwhile, or where it has been before, may just rest, and so may what it measures. A computed rate of 0
    tells nothing. A joint of several can rest: a channel is stuck alone only if it has noise.
    """
    samples = overview.window.samples
    topics = np.array([modality.topic for modality in modalities for _ in modality.channels])
    computed = np.array([parse_channel(path).rate for modality in modalities for path in modality.channels])
    held = np.diff(samples, axis=0) == 0.0  # not where unknown
    found = []
    for topic in dict.fromkeys(topics):
        own = np.flatnonzero(topics == topic)
        single = [own[[k]] for k in range(len(own)) if _is_noisy(samples[:, own[k]])] if len(own) > 1 else []
        for channels in (own, *single):
            kept = _kept(samples, held, channels, computed)
            if kept is None:
                continue
            begin, end = kept
            start, stop = (int(overview.stamps[row]) for row in kept)
            whole, to_the_end = len(channels) == len(own), end == len(samples) - 1
            found.append(Stuck(str(topic), tuple(channels.tolist()), whole, begin, end, start, stop, to_the_end))
            if whole:
                break
    return tuple(found)


def _kept(samples: np.ndarray, held: np.ndarray, own: np.ndarray, computed: np.ndarray) -> tuple[int, int] | None:
    """Return the first and the last of samples (T, N) at which channels ``own`` are stuck together; None without.

    ``held`` (T - 1, N) tells which samples are equal to the next, ``computed`` (N,) which channels are computed rates.
    """
    kept = runs(np.all(held[:, own], axis=1))
    lengths = kept[:, 1] - kept[:, 0]
    longest, *shorter = sorted(lengths, reverse=True) or [0]
    updates = 1.0 - (lengths.sum() - longest) / max(1, len(held) - longest)  # a sample, at other times
    least = max(_LEAST_SHARE * len(samples), _UNUSUAL * max(shorter, default=0), _MISSED / max(updates, 1e-9))
    if longest < least:
        return None
    begin, end = kept[lengths.argmax()].tolist()
    told = samples[:, own[~computed[own]]]
    moved = np.abs(told[begin]) > _NOTHING * np.fmax.reduce(np.abs(told), axis=0, initial=0.0)
    elsewhere = np.delete(samples[:, own], slice(begin, end + 1), axis=0)
    known_level = (elsewhere == samples[begin, own]).all(axis=1).any()
    others_rest = np.delete(held[begin:end], own, axis=1).all()
    return (begin, end) if moved.size and moved.all() and not known_level and not others_rest else None


def _is_noisy(values: np.ndarray) -> bool:
    """Return whether a channel (T,) goes back on its last step again and again, as only noise makes it."""
    steps = np.diff(values)
    signs = np.sign(steps[np.isfinite(steps) & (steps != 0.0)])
    return len(signs) > 1 and bool((signs[1:] != signs[:-1]).mean() >= _NOISY)


def without_stuck(overview: Overview, found: Sequence[Stuck]) -> Overview:
    """Leave the samples that are stuck unknown, so that channels are compared at other times."""
    samples = overview.window.samples.copy()
    for one in found:
        samples[one.begin + 1 : one.end + 1, one.channels] = np.nan
    return replace(overview, window=replace(overview.window, samples=samples))
