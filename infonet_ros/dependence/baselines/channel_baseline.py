"""The behaviour of single channels in good recordings: pauses, rests, values, roughness, spikes, rate of messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from infonet_ros.dependence.baselines.page_rule import Extremes
from infonet_ros.series import runs

LEAST_PAUSE = 1.0
"""Seconds. A shorter time without samples, or without a new value, is no fault of any stream."""

SAME = 1e-6
"""Of the range of a channel: a filter that decays to 0 ends at any number as small."""

_SLOWING = 4  # samples that come ever nearer to 0 before a channel rests there,
_STOP = 8.0  # and times the usual step, from the last of them: a robot slows down, a sensor that fails jumps


def field_of(name: str) -> str:
    """Return the field that a channel is computed from, such as that of its rate."""
    return name.partition("|")[0]


def modality_of(name: str) -> str:
    """Return the modality of a channel."""
    return name.partition(".")[0]


@dataclass(frozen=True)
class ChannelBaseline:
    """The behaviour of a channel without faults."""

    name: str
    angle: bool  # whether whole turns do not count
    alone: bool  # whether it is in no pair
    memory: float  # share of a sample that the next one keeps (lag-1 autocorrelation)
    middle: float  # middle, step: median of its values, and root mean square of the steps from sample to sample
    step: float
    home: float | None  # where it rests, such as 0 of a speed; None if at several values, or hardly ever
    rest: float  # longest time with the same value, seconds
    period: float  # usual time between two messages, seconds; 0 if they are not counted
    pauses: Extremes  # pauses, rests: times without a message, and with the same value, but not `home`, seconds
    rests: Extremes
    distances: Extremes  # of its values from the middle; none is an alarm if it is in a pair
    roughness: float  # of its roughest stretch
    spikes: Extremes
    span: float  # seconds over which its messages are counted; 0 if their rate is not steady
    fewest: float  # fewest, most: number of its messages in a span
    most: float

    @classmethod
    def from_words(cls, words: Mapping[str, Any]) -> "ChannelBaseline":
        """Read the result of `dataclasses.asdict`."""
        extremes = {key: Extremes.from_words(one) for key, one in words.items() if isinstance(one, dict)}
        return cls(**{**words, **extremes})

    def is_home(self, value: float) -> bool:
        """Return whether a value is that at which the channel rests."""
        return self.home is not None and self._is_same(value, self.home)

    def is_zero(self, value: float) -> bool:
        """Return whether a value is 0, next to those of the good recordings."""
        return self._is_same(value, 0.0)

    def slowed_down(self, values: np.ndarray) -> bool:
        """Return whether values (T,), NaN where unknown, come to 0 bit by bit, and stay there."""
        known = np.abs(values[np.isfinite(values)])
        moves = np.flatnonzero(np.diff(known))
        if not len(moves) or not self.is_zero(known[-1]):
            return False
        last = known[max(0, moves[-1] - _SLOWING + 1) :][: _SLOWING + 1]
        return len(last) > _SLOWING and bool((np.diff(last) <= 0.0).all()) and last[-2] <= _STOP * self.step

    def end_of_stop(self, values: np.ndarray, rate: float) -> int:
        """Return the row at which values (T,) leave 0, where they were for longer than in the good recordings.

        It is the last such row, or 0 if there is none. ``rate`` is in Hz.
        """
        rests = runs(np.diff(values) == 0.0)
        for begin, end in rests[rests[:, 1] < len(values) - 1][::-1].tolist():
            longest = max(self.longest_rest(values[end]), LEAST_PAUSE)
            if self.is_zero(values[end]) and end - begin > longest * rate:
                return int(end) + 1
        return 0

    def independent(self, count: int) -> float:
        """Return how many independent samples so many in a row are worth, as of an AR(1) stream of this memory."""
        memory = max(0.0, self.memory)
        return count * (1.0 - memory) / (1.0 + memory)

    def _is_same(self, value: float, other: float) -> bool:
        return abs(value - other) <= SAME * self.distances.highest

    def longest_rest(self, value: float) -> float:
        """Return the longest time with a value, or with any if it may rest at any, seconds."""
        return self.rest if self.home is None or self.is_home(value) else 0.0

    @property
    def judged(self) -> dict[str, bool]:
        """Whether each fault of the single channel can be found."""
        faults = {"silence": self.pauses, "freezing": self.rests, "values far out of range": self.distances}
        return {name: bool(np.isfinite(one.least)) for name, one in faults.items()}


def roughness(values: np.ndarray) -> float:
    """Return the median size of second differences of samples (T,): noise makes it large, smooth motion does not."""
    bends = np.abs(np.diff(values, n=2))
    known = bends[np.isfinite(bends)]
    return float(np.median(known)) if len(known) else 0.0


def rest_words(channel: ChannelBaseline, value: float, seconds: float) -> str:
    """Say of a channel that it has kept a value for so long."""
    longest = channel.longest_rest(value)
    if not longest:
        return "is frozen" if channel.home is None else f"is frozen at {value:.3g}, but rests at {channel.home:.3g}"
    return f"has rested for {seconds:.2g} s, in the good recordings for {longest:.2g} s at most"
