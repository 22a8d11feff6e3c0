"""The tail of a distribution, from its highest values: how much rarer higher ones are."""

from typing import NamedTuple

import numpy as np

_HIGHEST = 20  # values from which the tail is estimated: lower ones are not typical of it
_LEAST = 10  # of those
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
