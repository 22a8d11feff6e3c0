"""The faults of a pair of channels."""

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


def better(before: Kind, now: Kind) -> bool:
    """Return whether a later diagnosis of the same alarm replaces the earlier one.

    A channel at the end of its range looks frozen until it has been there often. What makes a channel noisy, or its
    values larger, also makes spikes. A topic of another rate may end. One whose clock was set ahead is silent at first.
    The first second of a channel that is frozen or silent may fit another delay. What a robot does for the first time
    may take one channel out of its range.
    """
    if before is Kind.NOT_SEEN_BEFORE and now is Kind.OUT_OF_RANGE:
        return False
    if before is Kind.OTHER_RATE:
        return now is Kind.SILENT
    if before is Kind.SILENT:
        return now in EXPLAINED
    if before is Kind.FROZEN:
        return now is Kind.SATURATED
    if before is Kind.SPIKE:
        return now is Kind.NOISIER or now in EXPLAINED
    if before in EXPLAINED:
        return now is not before and now in {*LATE, Kind.FROZEN}
    return now is not before and before in PROVISIONAL
