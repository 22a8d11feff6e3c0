"""The faults of a pair of channels."""

from enum import Enum
from typing import NamedTuple


class Kind(str, Enum):
    """The diagnosis of an alarm."""

    SILENT = "silent"
    FROZEN = "frozen"
    OTHER_RATE = "other rate"
    OUT_OF_RANGE = "out of range"
    NOT_SEEN_BEFORE = "not seen before"
    DELAY_CHANGED = "delay changed"
    SCALED = "scaled"
    OFFSET = "offset"
    DRIFTING = "drifting"
    SATURATED = "saturated"
    NOISIER = "noisier"
    DECOUPLED = "decoupled"


class Fault(NamedTuple):
    """The kind of fault, the fault in words, and the channel at fault; "" if both channels of the pair can be."""

    kind: Kind
    words: str
    channel: str = ""


PROVISIONAL = {Kind.DECOUPLED, Kind.NOISIER, Kind.OUT_OF_RANGE}
"""Kinds that do not name the cause: with more samples, a better diagnosis can replace them."""

MORE_EXACT = {Kind.FROZEN: Kind.SATURATED, Kind.OFFSET: Kind.DRIFTING}
"""A channel at the end of its range looks frozen until it has been there often, and one that drifts looks shifted."""
