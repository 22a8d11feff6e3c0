"""The common interface of bags and tables: topics, and a stream of samples of the requested channels."""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.pieces import Piece, Sample, TopicPart, pieces_of, samples_of
from infonet_ros.settings import Modality, Settings, remapping_between
from infonet_ros.text import NANOSECONDS, did_you_mean, listed, nearest


@dataclass(frozen=True)
class Topic:
    """A topic of a recording: its name, its message type, its number of messages."""

    name: str
    type: str
    count: int


class NumericField(NamedTuple):
    """A channel that a topic could give: its path, and its rank if there are too many (0 is first)."""

    path: str
    rank: int


class Recording(ABC):
    """A bag or a table. Open while used as a context manager."""

    label: str  # name for titles
    kind: str  # "bag" or "table"
    start: int  # start, end: first and last time of recording, nanoseconds
    end: int

    @property
    @abstractmethod
    def notices(self) -> Sequence[str]:
        """Sentences about how the recording was read, and what was left out."""

    @property
    @abstractmethod
    def topics(self) -> Mapping[str, Topic]:
        """Topics by name."""

    @property
    def unstamped(self) -> Collection[str]:
        """Topics whose messages, as far as they were read, had no header stamp."""
        return ()

    @abstractmethod
    def fields(self, topic: str) -> tuple[list[NumericField], list[str]]:
        """Return the numeric channels that a topic could give, and sentences about what else it holds."""

    def fitting(self, topics: Mapping[str, bool]) -> tuple[list[str], list[str]]:
        """Return those of some topics whose clocks fit, and sentences about the others; see `times_apart.overlapping`.

        True stands for a topic that is worth analysing alone.
        """
        return list(topics), []

    def behind(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Return which of some topics have stamps that lie further behind the times of recording than those of others.

        By how much, nanoseconds. Their clock may be behind, or their messages may take so long.
        """
        return {}

    def set_ahead(self, topics: Iterable[str]) -> None:
        """From now on, set the stamps of these topics ahead by what they are `behind`, and those of no others."""
        assert not {*topics}, "no topics are behind"

    @abstractmethod
    def parts(
        self, modalities: Sequence[Modality], start: int, stop: int
    ) -> Iterator[tuple[list[TopicPart], np.ndarray]]:
        """Read what was recorded from ``start`` to before ``stop``, in this order, some thousand messages at a time.

        Yield those of each topic, and the times of recording of all (M,).
        """

    def samples(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Sample]:
        """Read the same one by one."""
        for parts, received in self.parts(modalities, start, stop):
            yield from samples_of(parts, received)

    def pieces(self, modalities: Sequence[Modality], start: int, stop: int) -> Iterator[Piece]:
        """Read the same in short pieces."""
        for parts, received in self.parts(modalities, start, stop):
            yield from pieces_of(parts, received)


@dataclass(frozen=True)
class Span:
    """A part of a recording, nanoseconds of recording time; ``stop`` is just after its last message."""

    start: int
    stop: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return (self.stop - self.start) / NANOSECONDS


def chosen_span(recording: Recording, start: float, duration: float | None) -> Span:
    """Return the part that begins ``start`` seconds into the recording and lasts ``duration`` seconds (None: the rest).

    Raises RecordingError if it begins after the end of the recording, and ConfigurationError for a number that is not
    finite or below 0, or no duration.
    """
    for name, seconds in (("start", start), ("duration", duration)):
        if seconds is not None and not 0.0 <= seconds < math.inf:
            raise ConfigurationError(
                f"--{name} is {seconds:g}: expected a number of seconds, 0 or more; leave it out to take the recording "
                "as it is."
            )
    if duration == 0.0:
        raise ConfigurationError("--duration is 0: expected more; leave it out to take the rest of the recording.")
    length = (recording.end - recording.start) / NANOSECONDS
    begin = recording.start + round(min(start, length + 1.0) * NANOSECONDS)
    end = recording.end + 1
    if begin >= end:
        raise RecordingError(
            f"--start is {start:g} s, but {recording.label} lasts {length:.1f} s: choose an earlier start."
        )
    if duration is not None:
        end = min(end, begin + round(min(duration, length + 1.0) * NANOSECONDS))
    return Span(begin, end)


def unit_remedy(recording: Recording) -> str:
    """Return advice if a window does not fit: times of a table may have been read in a wrong unit."""
    if recording.kind != "table":
        return ""
    return "; if the unit of the times is wrong, set it with --time-unit"


_CORRECT = "correct the parameter file or leave the modality out with --topics"

OF_ALL = "give recordings that have it, or name the topics that all of them have in a parameter file, with --params"
"""Advice where a topic is not in one of several recordings."""


def check_topics(recording: Recording, settings: Settings, advice: str = _CORRECT, *, remaps: bool = False) -> None:
    """Check that the recording has every topic of the settings, with messages.

    ``advice`` ends the error. ``remaps`` says that the caller has an option ``--remap``, see `settings.remapping`.
    Raises RecordingError that names the first topic that is missing, and those that there are.
    """
    for modality in settings.modalities:
        topic = recording.topics.get(modality.topic)
        if topic is None or not topic.count:
            problem = "is not in" if topic is None else "has no message in"
            there = tuple(sorted(name for name, t in recording.topics.items() if t.count))
            hint, like = did_you_mean(modality.topic, there), nearest(modality.topic, there)
            if like and remaps:
                hint = f"{hint[:-1]} Then add --remap {remapping_between(modality.topic, like)})"
            raise RecordingError(
                f"topic {modality.topic} of modality {modality.name!r} {problem} {recording.label}{hint}: topics with "
                f"messages are {listed(there)}; {advice}."
            )
