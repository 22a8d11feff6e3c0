"""The tail of a distribution, from its highest values: how much rarer higher ones are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

_HIGHEST = 20  # values from which the tail is estimated: lower ones are not typical of it
_LEAST = 10  # of those
_HIGHER = 2.0  # times the highest value of the good recordings
_CARE = 1.645  # standard errors by which the tail is assumed to be heavier than estimated: enough in 95 % of all cases


class Tail(NamedTuple):
    """Of ``above`` values beyond ``height``, those by x higher are exp(``steepness`` x) times as rare, or rarer."""

    above: int
    height: float
    steepness: float

    @classmethod
    def of(cls, heights: np.ndarray) -> "Tail | None":
        """Learn it from values (K,); None where too few are known.

        Hill's estimate (1975) has a relative standard error of one by the root of their number.
        """
        heights = np.sort(heights)[::-1]
        count = min(_HIGHEST, len(heights) // 2)
        if count < _LEAST:
            return None
        height = float(heights[count])
        steepness = (count - 1) / max(1e-9, float((heights[:count] - height).sum()))
        return cls(count, height, steepness * (1.0 - _CARE / float(np.sqrt(count))))


@dataclass(frozen=True)
class Extremes:
    """The highest values of a measure in the good recordings, such as the lengths of pauses."""

    highest: float  # of all
    least: float  # no lower one is an alarm; inf if none can be
    height: float = 0.0  # height, spacing: one that is higher comes once in so many seconds
    spacing: float = 1.0
    tail: float = np.inf  # beyond, those by x higher are exp(tail x) times as rare, or rarer

    @classmethod
    def of(cls, heights: np.ndarray, least: float, seconds: float) -> "Extremes":
        """Learn them from the heights (K,) in some time; an alarm is ``least`` high, and twice as high as all."""
        highest = float(heights.max(initial=0.0))
        least = max(_HIGHER * highest, least)
        tail = Tail.of(heights[heights > 0.0])
        return cls(highest, least, tail.height, seconds / tail.above, tail.steepness) if tail else cls(highest, least)

    @classmethod
    def from_words(cls, words: Mapping[str, Any]) -> "Extremes":
        """Read the result of `dataclasses.asdict`."""
        return cls(**{name: float(value) for name, value in words.items()})

    def threshold(self, interval: float) -> float:
        """Return the height that good streams pass once in ``interval`` seconds, or less often."""
        return max(self.least, self.height + max(0.0, float(np.log(interval / self.spacing))) / self.tail)
