"""The coverage of good recordings: the false-alarm interval that they support, and the values that they lack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincinv

CONFIDENCE = 0.95
"""Confidence with which the good recordings support a false-alarm interval."""

_SELDOM = 0.01  # share of the values of a part that may lie outside the range of the others


@dataclass(frozen=True)
class NewValues:
    """A channel with values in one part of the good recordings that the other parts do not have."""

    channel: str  # channel, part: the part is a recording, or a half of the only one
    part: str
    share: float  # share of its values that lie outside the range of the other parts

    def __str__(self) -> str:
        return f"{self.share:.0%} of {self.channel} in {self.part} lies outside the range of the rest"


@dataclass(frozen=True)
class Coverage:
    """The false-alarm interval that good recordings support, and the values that they do not cover."""

    supported: float
    """The longest false-alarm interval, seconds, that they support: each half is judged by the other half."""
    new_values: tuple[NewValues, ...]
    """Values that only one part of the recordings has: another recording may have new values as well."""

    @classmethod
    def from_words(cls, words: Mapping[str, Any]) -> "Coverage":
        """Read the result of `dataclasses.asdict`."""
        new_values = tuple(NewValues(**one) for one in words["new_values"])
        return cls(float(words["supported"]), new_values)


def longest_supported(reached: np.ndarray, seconds: float) -> float:
    """Return the longest false-alarm interval that good recordings support.

    ``reached`` (K,) is the longest interval at which each rise of the evidence would be an alarm; both are seconds, and
    so is the length of the recordings. No alarm in them supports a third of it: the rule of three.
    """
    for alarms in range(len(reached) + 1):
        interval = seconds / float(gammaincinv(alarms + 1, CONFIDENCE))  # Poisson's limit for so many
        if np.count_nonzero(reached >= interval) <= alarms:
            break
    return interval


def new_values(names: Sequence[str], parts: Mapping[str, np.ndarray]) -> tuple[NewValues, ...]:
    """Find channels of which a part (T, N) of the good recordings has values outside the range of the others."""
    found = []
    for part, samples in parts.items():
        others = np.concatenate([other for name, other in parts.items() if name != part])
        for name, own, rest in zip(names, samples.T, others.T, strict=True):
            own, rest = own[np.isfinite(own)], rest[np.isfinite(rest)]
            share = float(((own < rest.min()) | (own > rest.max())).mean()) if len(own) and len(rest) else 0.0
            if share > _SELDOM:
                found.append(NewValues(name, part, share))
    return tuple(sorted(found, key=lambda one: -one.share))
