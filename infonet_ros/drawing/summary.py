"""Summary of many matrices with the same rows: the median over the windows, and a sentence about it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from infonet_ros.drawing.view_options import Pair, known_pairs

if TYPE_CHECKING:
    from infonet_ros.dependence.matrix import DependenceMatrix


def median_matrix(matrices: "Sequence[DependenceMatrix]") -> "DependenceMatrix":
    """Return the median of each pair's numbers over windows, which have the same rows and are in the order of time.

    The result spans all windows; a pair that was never known stays unknown. Its delay is the median over the windows in
    which the pair's p-value is at most 0.05 (all windows if there is no such window): in other windows the delay of the
    largest MI is due to chance.
    """
    known = np.array([matrix.known for matrix in matrices])
    significant = np.array([matrix.significant() for matrix in matrices])
    trusted = np.where(significant.any(axis=0), significant, known)
    values: dict[str, Any] = {
        name: _median([getattr(matrix, name) for matrix in matrices], known)
        for name in ("mi", "lower", "upper", "p_value")
    }
    return replace(
        matrices[-1],
        **values,
        lag=_median([matrix.lag for matrix in matrices], trusted),
        valid=np.any([matrix.valid for matrix in matrices], axis=0),
        start=matrices[0].start,
        end=matrices[-1].end,
        duration=float(np.median([matrix.duration for matrix in matrices])),
    )


def strongest_between(matrix: "DependenceMatrix", group: Mapping[str, str]) -> Pair | None:
    """Return the significant pair of largest MI whose rows belong to different groups, or None."""
    pairs = [pair for pair in known_pairs(matrix) if pair.significant and group[pair.a] != group[pair.b]]
    return max(pairs, key=lambda pair: pair.mi, default=None)


def sentence(pair: Pair, words: Mapping[str, str]) -> str:
    """Return a sentence about the MI of a pair, and its delay if that is clear; ``words`` may give other names."""
    a, b = words.get(pair.a, pair.a), words.get(pair.b, pair.b)
    text = f"{a} and {b} depend on each other: {pair.mi:.2f} nats ({pair.lower:.2f} to {pair.upper:.2f})"
    if math.isnan(pair.delay):
        return f"{text}."
    if not pair.delay:
        return f"{text}, at the same time."
    return f"{text}, with the {b if pair.delay > 0 else a} {abs(pair.delay):.1f} s behind."


def _median(values: Sequence[np.ndarray], where: np.ndarray) -> np.ndarray:
    """Median along the first axis of the chosen values; NaN where none was chosen."""
    chosen = np.ma.masked_array(values, ~where | np.isnan(values))
    return np.ma.median(chosen, axis=0).filled(np.nan).astype(np.float32)
