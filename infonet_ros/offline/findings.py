"""What an analysis found, in words: for the report, the terminal and scripts."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.recording import NANOSECONDS

SIGNIFICANCE = 0.01
"""Share of the pairs called significant that may be so by chance."""

_DELAYS = 5  # that are told one by one


@dataclass(frozen=True)
class Significance:
    """Pairs of the whole recording that are significant.

    Attributes
    ----------
    significant : (N, N) bool
        After correction for the number of pairs.
    found, alone, tested : int
        Pairs that are significant, that have a p-value of at most `SIGNIFICANCE` each for itself, that have one at all.
    surrogates : int
    """

    significant: np.ndarray
    found: int
    alone: int
    tested: int
    surrogates: int

    @classmethod
    def of(cls, analysis: Analysis) -> "Significance":
        """Judge an analysis; without surrogates nothing was tested."""
        matrix = analysis.whole.matrix
        significant = matrix.significant(SIGNIFICANCE, adjusted=True)
        return cls(
            significant=significant,
            found=int(np.triu(significant).sum()),
            alone=int(np.triu(matrix.significant(SIGNIFICANCE)).sum()),
            tested=int(np.triu(np.isfinite(matrix.p_value)).sum()),
            surrogates=analysis.settings.surrogates,
        )

    def doubts(self, a: int, b: int) -> bool:
        """Tell whether a pair was tested and is not significant."""
        return bool(self.surrogates) and not self.significant[a, b]

    def __str__(self) -> str:
        if not self.surrogates:
            return "Nothing was tested for significance: no surrogates were asked for."
        text = (
            f"{self.found} of {counted(self.tested, 'pair')} {'is' if self.found == 1 else 'are'} significant: p ≤ "
            f"{SIGNIFICANCE:g} against {counted(self.surrogates, 'surrogate')}, adjusted for the number of pairs by "
            f"Benjamini and Hochberg. Unadjusted, {self.alone} would pass, where chance alone gives "
            f"{SIGNIFICANCE * self.tested:.1f}."
        )
        needed = math.ceil(self.tested / SIGNIFICANCE) - 1
        if self.surrogates < needed:
            text += f" So few surrogates find many pairs or none: a single pair can pass from {needed} on."
        return text


@dataclass(frozen=True)
class Delay:
    """Words about the delay of a pair, and whether it is clear, and significant if that was tested."""

    words: str
    clear: bool

    @classmethod
    def of(cls, analysis: Analysis, a: int, b: int) -> "Delay":
        """Judge the delay at which channels ``a`` and ``b`` depend most over the whole recording."""
        names, whole = analysis.names, analysis.whole
        lag, best, at_zero = (float(square[a, b]) for square in (whole.matrix.lag, whole.matrix.mi, whole.undelayed.mi))
        if lag == 0.0:
            return cls("none", False)
        leader, follower = (names[a], names[b]) if lag > 0 else (names[b], names[a])
        words = f"{follower} follows {leader} by {abs(lag):.2f} s"
        if whole.clear_delays[a, b]:
            words += f" ({at_zero:.2f} nats without delay, {best:.2f} with it)"
            return cls(words, not Significance.of(analysis).doubts(a, b))
        if abs(lag) >= whole.longest_lag - 1e-6:
            return cls(f"{words}, the edge of the search", False)
        return cls(f"{words}, not clearly more than without delay ({at_zero:.2f} nats)", False)


def findings(analysis: Analysis) -> list[str]:
    """Sentences about the strongest pairs, clear delays, significance and changes."""
    names, matrix, significance = analysis.names, analysis.whole.matrix, Significance.of(analysis)
    sentences = [
        f"{names[a]} and {names[b]} share {matrix.mi[a, b]:.2f} nats "
        f"({matrix.lower[a, b]:.2f} to {matrix.upper[a, b]:.2f})"
        f"{', which is not significant' if significance.doubts(a, b) else ''}."
        for a, b in analysis.strongest(3)
    ]
    delays = [delay for pair in analysis.strongest() if (delay := Delay.of(analysis, *pair)).clear]
    sentences += [f"Delay: {delay.words}." for delay in delays[:_DELAYS]]
    if len(delays) > _DELAYS:
        sentences.append(f"{counted(len(delays) - _DELAYS, 'more pair')} with a clear delay.")
    if significance.surrogates:
        sentences.append(str(significance))
    pairs = len({(change.a, change.b) for change in analysis.changes})
    changes = f"{counted(len(analysis.changes), 'change')} of dependence in {counted(pairs, 'pair')}."
    return [*sentences, changes if pairs else "No dependence changed."]


def findings_record(analysis: Analysis) -> dict[str, Any]:
    """Return the same in plain types, for JSON: every known pair, strongest first, and every change."""
    names, matrix, significance = analysis.names, analysis.whole.matrix, Significance.of(analysis)
    measures = ("mi", "lower", "upper", "p_value", "lag")
    adjusted = matrix.p_adjusted
    return {
        "recording": analysis.label,
        "duration": analysis.span.duration,
        "windows": len(analysis.matrices),
        "rate": matrix.sample_rate,
        "channels": list(names),
        "significance": {"level": SIGNIFICANCE, "method": "Benjamini-Hochberg", "surrogates": significance.surrogates},
        "pairs": [
            {
                "a": names[a],
                "b": names[b],
                **{name: _plain(getattr(matrix, name)[a, b]) for name in measures},
                "p_adjusted": _plain(adjusted[a, b]),
                "significant": bool(significance.significant[a, b]) if significance.surrogates else None,
                "delay_clear": Delay.of(analysis, a, b).clear,
            }
            for a, b in analysis.strongest()
        ],
        "changes": [
            {"a": c.a, "b": c.b, "time": c.time / NANOSECONDS, "before": _plain(c.before), "after": _plain(c.after)}
            for c in analysis.changes
        ],
    }


def counted(count: int, noun: str) -> str:
    """Return "1 pair", "2 pairs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _plain(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
