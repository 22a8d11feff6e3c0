"""Tests which pairs of a whole recording are significant."""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.estimator.samples.channels import MIN_SAMPLES
from infonet_ros.estimator.samples.stationarity import BOTH_DRIFT
from infonet_ros.offline.whole_recording.whole_recording import SIGNIFICANCE
from infonet_ros.text import are, counted


@dataclass(frozen=True, eq=False)
class Significance:
    """Pairs of the whole recording that are significant, by their p-values."""

    matrix: DependenceMatrix
    shifts: int  # circular shifts behind the p-values; 0 if nothing was tested
    all_shifts: bool  # all possible shifts were used, and not a requested number of surrogates

    @cached_property
    def significant(self) -> np.ndarray:
        """(N, N) bool: pairs that are significant after correction for the number of pairs."""
        return self.matrix.significant(SIGNIFICANCE, adjusted=True)

    @cached_property
    def both_drift(self) -> np.ndarray:
        """(N, N) bool: pairs of which both channels drift."""
        return self.matrix.both_drift

    @cached_property
    def judged(self) -> np.ndarray:
        """(N, N) bool: pairs that have a p-value."""
        return np.isfinite(self.matrix.p_value)

    @property
    def found(self) -> int:
        """Number of pairs that are significant."""
        return _pairs(self.significant)

    @property
    def alone(self) -> int:
        """Number of pairs with a p-value of at most `SIGNIFICANCE` before correction."""
        return _pairs(self.matrix.significant(SIGNIFICANCE))

    @property
    def tested(self) -> int:
        """Number of pairs that have a p-value."""
        return _pairs(self.judged)

    @property
    def needed(self) -> int:
        """Surrogates with which one pair alone can pass."""
        return math.ceil(self.tested / SIGNIFICANCE) - 1

    @property
    def too_few(self) -> bool:
        """Whether there are fewer surrogates than that."""
        return not self.all_shifts and self.shifts < self.needed

    @property
    def without_drift(self) -> np.ndarray:
        """(N, N) bool: pairs of channels that both drift, whose p-value is of short stretches and of changes."""
        return self.both_drift & self.judged

    @cached_property
    def untested(self) -> dict[str, int]:
        """Reasons why pairs cannot be tested, and the number of these pairs, the most frequent first."""
        pairs = combinations(range(len(self.judged)), 2)
        return dict(Counter(filter(None, (self.why_untested(a, b) for a, b in pairs))).most_common())

    def why_untested(self, a: int, b: int) -> str | None:
        """Return why a pair has no p-value; None if it has one."""
        if self.judged[a, b]:
            return None
        if not self.shifts:
            return "the recording is too short to be shifted against itself"
        if reason := str(self.matrix.reasons[a, b]):
            return reason
        if self.matrix.valid[[a, b]].all():
            return "they have too few samples in common"
        few = self.matrix.samples[[a, b], [a, b]].min() < MIN_SAMPLES
        return "one of them has too few samples" if few else "one of them does not vary"

    def record(self) -> dict[str, str | int | float | dict[str, int]]:
        """Return the numbers of the sentence, in plain types for JSON."""
        return {
            "level": SIGNIFICANCE,
            "method": "Benjamini-Hochberg",
            "against": "all circular shifts" if self.all_shifts else "surrogates",
            "shifts": self.shifts,
            "significant": self.found,
            "unadjusted": self.alone,
            "by_chance": round(SIGNIFICANCE * self.tested, 6),
            "tested": self.tested,
            "needed_surrogates": self.needed,
            "judged_without_drift": _pairs(self.without_drift),
            "untested": self.untested,
        }

    def doubt(self, a: int, b: int) -> str:
        """Return the doubt about a pair: it cannot be tested, drifts, or is not significant; empty without a doubt."""
        if not self.shifts or self.significant[a, b]:
            return ""
        return str(self.matrix.reasons[a, b]) or (BOTH_DRIFT if self.both_drift[a, b] else "not significant")

    def __str__(self) -> str:
        if not self.shifts:
            return "Nothing was tested for significance: the recording is too short to be shifted against itself."
        against = "all circular shifts" if self.all_shifts else counted(self.shifts, "surrogate")
        are_they = are(1 if self.tested == 1 else self.found)
        text = (
            f"{self.found} of {counted(self.tested, 'pair')} {are_they} significant: p ≤ {SIGNIFICANCE:g} against "
            f"{against}, adjusted for the number of pairs by Benjamini and Hochberg. Unadjusted, {self.alone} would "
            f"pass, where chance alone gives {SIGNIFICANCE * self.tested:.1f}."
        )
        if self.too_few:
            text += f" With so few surrogates, many pairs pass or none: a single pair needs {self.needed} or more."
        if without_drift := _pairs(self.without_drift):
            drifting = f"{counted(without_drift, 'pair')} of channels that drift"
            text += f" {drifting} {are(without_drift)} judged without their drift."
        for why, count in self.untested.items():
            text += f" {counted(count, 'pair')} cannot be tested, because {why}."
        return text


def _pairs(chosen: np.ndarray) -> int:
    """Count the pairs that are chosen, (N, N) bool; symmetric."""
    return int(np.triu(chosen).sum())
