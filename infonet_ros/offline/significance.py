"""Tests which pairs of a whole recording are significant."""

import math
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.matrix import BOTH_DRIFT, DependenceMatrix
from infonet_ros.offline.whole_recording import SIGNIFICANCE
from infonet_ros.text import are, counted


@dataclass(frozen=True)
class Significance:
    """Pairs of the whole recording that are significant."""

    significant: np.ndarray  # (N, N) bool: after correction for the number of pairs
    both_drift: np.ndarray  # (N, N) bool: pairs of which both channels drift
    judged: np.ndarray  # (N, N) bool: pairs that have a p-value
    found: int
    alone: int
    tested: int
    """``found``, ``alone``, ``tested``: pairs that are significant, pairs with a p-value of at most `SIGNIFICANCE`
    before correction, and pairs with a p-value."""
    shifts: int  # circular shifts behind the p-values; 0 if nothing was tested
    all_shifts: bool  # all possible shifts were used, and not a requested number of surrogates

    @classmethod
    def of(cls, matrix: DependenceMatrix, shifts: int, *, all_shifts: bool) -> "Significance":
        """Judge the pairs of a matrix by their p-values."""
        significant = matrix.significant(SIGNIFICANCE, adjusted=True)
        return cls(
            significant=significant,
            both_drift=matrix.both_drift,
            judged=np.isfinite(matrix.p_value),
            found=int(np.triu(significant).sum()),
            alone=int(np.triu(matrix.significant(SIGNIFICANCE)).sum()),
            tested=int(np.triu(np.isfinite(matrix.p_value)).sum()),
            shifts=shifts,
            all_shifts=all_shifts,
        )

    @property
    def needed(self) -> int:
        """Surrogates with which one pair alone can pass."""
        return math.ceil(self.tested / SIGNIFICANCE) - 1

    @property
    def too_few(self) -> bool:
        """Whether there are fewer surrogates than that."""
        return not self.all_shifts and self.shifts < self.needed

    @property
    def by_changes(self) -> np.ndarray:
        """(N, N) bool: pairs of channels that both drift, whose p-value is that of their changes."""
        return self.both_drift & self.judged

    @property
    def untested(self) -> int:
        """Pairs of channels that both drift, and change alike, so that nothing can be tested."""
        return int(np.triu(self.both_drift & ~self.judged).sum())

    def why_untested(self, a: int, b: int) -> str | None:
        """Return why a pair has no p-value; None if it has one."""
        if self.judged[a, b]:
            return None
        if not self.shifts:
            return "too short to be shifted against itself"
        return BOTH_DRIFT if self.both_drift[a, b] else "no common samples"

    def record(self) -> dict[str, str | int | float]:
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
            "judged_by_change": int(np.triu(self.by_changes).sum()),
            "both_drift_untested": self.untested,
        }

    def doubt(self, a: int, b: int) -> str:
        """Return the doubt about a pair: both drift, or it is not significant; empty if there is no doubt."""
        if not self.shifts or self.significant[a, b]:
            return ""
        return BOTH_DRIFT if self.both_drift[a, b] else "not significant"

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
        if by_changes := int(np.triu(self.by_changes).sum()):
            drifting = f"{counted(by_changes, 'pair')} of channels that drift"
            text += f" {drifting} {are(by_changes)} judged by how they change."
        if self.untested:
            text += f" {counted(self.untested, 'pair')} cannot be tested: {BOTH_DRIFT}."
        return text
