"""Topics whose values stop while others go on: a sensor is unplugged, or a driver repeats its last message."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.offline.trace import Overview
from infonet_ros.series import runs
from infonet_ros.settings import Modality
from infonet_ros.text import NANOSECONDS

_LEAST_SHARE = 0.05  # of the recording
_MISSED = 20  # updates that it would have had at its usual rate
_UNUSUAL = 5  # times as long as the topic keeps all its values at any other time


@dataclass(frozen=True)
class Stuck:
    """All channels of a topic keep their values.

    Attributes
    ----------
    topic : str
    channels : tuple of int
    begin, end : int
        First and last such sample.
    start, stop : int
        Their stamps, nanoseconds.
    to_the_end : bool
        They keep them until the recording ends.
    """

    topic: str
    channels: tuple[int, ...]
    begin: int
    end: int
    start: int
    stop: int
    to_the_end: bool

    @property
    def seconds(self) -> float:
        """Length of this time."""
        return (self.stop - self.start) / NANOSECONDS


def stuck_topics(overview: Overview, modalities: Sequence[Modality]) -> tuple[Stuck, ...]:
    """Find the topics that are stuck for a long time, once, while a channel of another topic moves.

    A channel that is 0, or at a value that it had before, may only rest. A computed rate of 0 shows nothing.
    """
    samples = overview.window.samples
    topics = np.array([modality.topic for modality in modalities for _ in modality.channels])
    computed = np.array([parse_channel(path).rate for modality in modalities for path in modality.channels])
    held = np.diff(samples, axis=0) == 0.0  # not where unknown
    least = _LEAST_SHARE * len(samples)
    found = []
    for topic in dict.fromkeys(topics):
        own = topics == topic
        kept = runs(held[:, own].all(axis=1))
        lengths = kept[:, 1] - kept[:, 0]
        longest, *shorter = sorted(lengths, reverse=True) or [0]
        updates = 1.0 - (lengths.sum() - longest) / max(1, len(held) - longest)  # a sample, at other times
        if longest < max(least, _UNUSUAL * max(shorter, default=0), _MISSED / max(updates, 1e-9)):
            continue
        begin, end = kept[lengths.argmax()].tolist()
        values = samples[begin, own & ~computed]
        elsewhere = np.delete(samples[:, own], slice(begin, end + 1), axis=0)
        known_level = (elsewhere == samples[begin, own]).all(axis=1).any()
        if known_level or not values.size or not values.all() or held[begin:end, ~own].all():
            continue
        channels = tuple(np.flatnonzero(own).tolist())
        start, stop = (int(overview.stamps[row]) for row in (begin, end))
        found.append(Stuck(str(topic), channels, begin, end, start, stop, end == len(samples) - 1))
    return tuple(found)


def without_stuck(overview: Overview, found: Sequence[Stuck]) -> Overview:
    """Leave the samples that are stuck unknown, so that channels are compared at other times."""
    samples = overview.window.samples.copy()
    for one in found:
        samples[one.begin + 1 : one.end + 1, one.channels] = np.nan
    return replace(overview, window=replace(overview.window, samples=samples))
