"""Changes of one channel's values after which a pair fits its baseline again: a sign, a factor, an offset, a drift.

What the other channel lets expect (see `expectation`) gives the sizes: values are a factor times that, or an offset
more. On average this holds for weak pairs as well, because the expected value is a mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.baselines.diagnosis.fault import Fault, Kind
from infonet_ros.dependence.baselines.expectation import Expectation
from infonet_ros.dependence.factors import factor_words

_LEAST_LOG_FACTOR = 0.1  # a factor closer to 1 only brings values at the edge of the good range back into it
_LEAST_DRIFT = 5.0  # seconds: a shorter stretch always looks as if it drifted
_CLEAR_DRIFT = 3.0  # times the usual distance from a line that drifts: by so much it must change,
_LARGE_DRIFT = 0.5  # and by so much of the offset


@dataclass(frozen=True, eq=False)
class ValueChange:
    """What happened to one side of a pair: its values were multiplied by a factor, and an offset (T,) was added."""

    side: int
    factor: float
    offset: np.ndarray | float
    fault: Fault

    @property
    def what(self) -> str:
        """What is changed: the other side of a pair may have the same change the other way round."""
        if self.fault.kind is not Kind.SCALED:
            return "offset"
        return "sign" if self.factor < 0.0 else "factor"

    def undone(self, pair: np.ndarray) -> np.ndarray:
        """Return what samples (2, T) would be without it."""
        without = pair.copy()
        without[self.side] = (pair[self.side] - self.offset) / self.factor
        return without


def value_changes(
    expectation: Expectation, names: tuple[str, str], pair: np.ndarray, rate: float
) -> Iterator[ValueChange]:
    """Yield the changes that may explain samples (2, T) of a pair with the delay of its baseline."""
    for side, (name, values, expected) in enumerate(zip(names, pair, expectation.expected(pair), strict=True)):
        # One side of a pair cannot stand for the other: a force is never below 0, a vertical acceleration about 9.81.
        yield ValueChange(side, -1.0, 0.0, Fault(Kind.SCALED, f"{name} has an inverted sign", name))
        known = np.flatnonzero(np.isfinite(values) & np.isfinite(expected))
        if len(known) < 2:
            continue
        factor = _factor(values[known], expected[known])
        if factor > 0.0 and abs(np.log(factor)) > _LEAST_LOG_FACTOR:
            yield ValueChange(side, factor, 0.0, Fault(Kind.SCALED, f"{name} {factor_words(factor)}", name))
        yield _offset(side, name, known, values - expected, rate)


def _factor(values: np.ndarray, expected: np.ndarray) -> float:
    """Return the median of values over what is expected, of which large ones count for more; 0 if nothing is."""
    weights = np.abs(expected)
    if not weights.any():
        return 0.0
    ratios = np.divide(values, expected, out=np.zeros(len(values)), where=weights > 0.0)
    order = np.argsort(ratios)
    middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2.0)
    return float(ratios[order[min(middle, len(order) - 1)]])


def _offset(side: int, name: str, known: np.ndarray, more: np.ndarray, rate: float) -> ValueChange:
    """Return the offset of samples that have so much ``more`` (T,) than expected where ``known``; or how it drifts."""
    constant = float(np.median(more[known]))
    slope, first = np.polyfit(known, more[known], 1)
    line = first + slope * np.arange(len(more))
    distance = np.median(np.abs(more[known] - line[known]))
    change = abs(slope) * (known[-1] - known[0])
    if len(known) > _LEAST_DRIFT * rate and change > max(_CLEAR_DRIFT * distance, _LARGE_DRIFT * abs(constant)):
        words = f"{name} drifts: it is shifted by about {line[known[-1]]:.2g}, by {slope * rate:+.2g} more each second"
        return ValueChange(side, 1.0, line, Fault(Kind.DRIFTING, words, name))
    return ValueChange(side, 1.0, constant, Fault(Kind.OFFSET, f"{name} is shifted by about {constant:.2g}", name))
