"""The faults of a pair of channels."""

from collections.abc import Set
from enum import Enum
from typing import NamedTuple


class Kind(str, Enum):
    """The diagnosis of an alarm."""

    SILENT = "silent"
    FROZEN = "frozen"
    SPIKE = "spike"
    OTHER_RATE = "other rate"
    OUT_OF_RANGE = "out of range"
    NOT_SEEN_BEFORE = "not seen before"
    DELAY_CHANGED = "delay changed"
    SCALED = "scaled"
    OFFSET = "offset"
    DRIFTING = "drifting"
    SATURATED = "saturated"
    SWAPPED = "swapped"
    NOISIER = "noisier"
    DECOUPLED = "decoupled"


class Fault(NamedTuple):
    """What is wrong, in words; and the one channel at fault, or "" if both channels of the pair can be.

    ``either`` are the faults of the one and of the other channel, if the words name both: one is there, or each is.
    """

    kind: Kind
    words: str
    channel: str = ""
    either: tuple["Fault", ...] = ()

    def or_else(self, other: "Fault") -> "Fault":
        """Return that it is this, or another fault of the same kind."""
        first, second = sorted((self, other), key=lambda fault: fault.channel)
        if first.words.removeprefix(first.channel) == second.words.removeprefix(second.channel):
            return Fault(self.kind, f"{first.channel} or {second.words}", either=(first, second))
        return Fault(self.kind, f"{self.words}, or {other.words}", either=(self, other))


PROVISIONAL = {Kind.DECOUPLED, Kind.NOISIER, Kind.OUT_OF_RANGE, Kind.NOT_SEEN_BEFORE}
"""Kinds that do not tell the cause: more samples can replace them by a better diagnosis."""

EXPLAINED = {Kind.DELAY_CHANGED, Kind.SCALED, Kind.OFFSET, Kind.DRIFTING, Kind.SWAPPED}
"""Kinds without which a pair fits its baseline: more samples can tell them apart better."""

LATE = {*EXPLAINED, Kind.SILENT}
"""Kinds that replace another one at any time: what shows late is as sure as what shows soon."""

_BETTER: dict[Kind, Set[Kind]] = {
    Kind.OTHER_RATE: {Kind.SILENT},  # a topic of another rate may end
    Kind.SILENT: EXPLAINED,  # a topic whose clock was set ahead is silent at first
    Kind.FROZEN: {Kind.SATURATED},  # at the end of its range a channel looks frozen until it has been there often
    Kind.SPIKE: {Kind.NOISIER, *EXPLAINED},  # noise and larger values also make spikes
    **{kind: {*EXPLAINED, Kind.SILENT, Kind.FROZEN} for kind in EXPLAINED},  # the first second may fit another delay
    **{kind: {*Kind} for kind in PROVISIONAL},
    # What a robot does for the first time may take one channel out of its range.
    Kind.NOT_SEEN_BEFORE: {*Kind} - {Kind.OUT_OF_RANGE},
}


def better(before: Kind, now: Kind) -> bool:
    """Return whether a later diagnosis of the same alarm replaces the earlier one."""
    return now is not before and now in _BETTER.get(before, ())
