"""Fields that have the same numbers, also in different topics: one of them is enough for a proposal."""

from collections.abc import Sequence

import numpy as np

from infonet_ros.intake.proposing.kinds import Column
from infonet_ros.series import average_ranks

_AGREEMENT = 0.9  # of the changes of two fields that are the same
_COMPARED = 400  # of those changes
_LEAST_SHARE = 1.0 / 3.0  # of the changes of one that the other has, when it is published less often
_TOLERANCE = 1e-3  # of the range: two fields that are closer have the same numbers
_ALIKE_RANKS = 0.3  # correlation; of streams that share nothing it is 0.05
_FEW_CHANGES = 40  # at those times, too few to compare
_APART = 3  # messages that the same number may be earlier or later in the other field


def may_be_same(columns: Sequence[Column]) -> np.ndarray:
    """Return which pairs of fields may have the same numbers, (N, N) bool: `same_numbers` is too slow for thousands.

    At some hundred times, the same numbers have similar ranks, in the same message or in one a little earlier or later.
    Fields that hardly change at those times may be the same as any other.
    """
    if not columns:
        return np.empty((0, 0), dtype=np.bool_)
    moments = np.linspace(
        min(column.stamps[0] for column in columns), max(column.stamps[-1] for column in columns), _COMPARED
    )
    places = [np.searchsorted(column.stamps, moments) for column in columns]

    def ranks(shift: int) -> np.ndarray:
        values = [c.values[np.clip(own + shift, 0, len(c.values) - 1)] for c, own in zip(columns, places, strict=True)]
        ranked = np.stack([average_ranks(own) for own in values]).astype(np.float32)
        ranked -= ranked.mean(axis=1, keepdims=True)
        return ranked / np.maximum(np.linalg.norm(ranked, axis=1, keepdims=True), 1e-9)

    here = ranks(0)
    alike = np.zeros((len(columns), len(columns)), dtype=np.bool_)
    for shift in range(-_APART, _APART + 1):
        alike |= np.abs(here @ ranks(shift).T) > _ALIKE_RANKS
    quiet = (np.diff(here, axis=1) != 0.0).sum(axis=1) < _FEW_CHANGES
    return alike | alike.T | quiet[:, None] | quiet


def same_numbers(one: Column, other: Column) -> bool:
    """Return whether two fields have the same numbers at about the same times, up to a scale, a sign and an offset.

    The same message of another topic may come a little earlier or later, and some may be missing there.
    """
    fewer, more = sorted((one, other), key=lambda column: len(column.changes))
    if not len(fewer.changes) or len(fewer.changes) < _LEAST_SHARE * len(more.changes):
        return False
    places = fewer.changes[:: max(1, len(fewer.changes) // _COMPARED)]
    places = places[(fewer.stamps[places] > more.stamps[0]) & (fewer.stamps[places] <= more.stamps[-1])]
    if not len(places):
        return False
    left = fewer.values[places]
    near = np.searchsorted(more.stamps, fewer.stamps[places])[:, None] + np.arange(-_APART, _APART + 1)
    right = more.values[np.clip(near, 0, len(more.values) - 1)]
    lines = [(1.0, 0.0), *filter(None, (_line(left, shifted) for shifted in right.T))]
    return any(_follows(slope * left + offset, right) for slope, offset in lines)


def _follows(expected: np.ndarray, right: np.ndarray) -> bool:
    """Return whether neighbouring columns of ``right`` (P, S) contain the expected values (P,) and move alike.

    Of two messages only one can be the same; which one changes where stamps jitter.
    """
    off = np.abs(right - expected[:, None])
    for shift in range(right.shape[1] - 1):
        nearer = off[:, shift : shift + 2].argmin(axis=1) + shift
        found = right[np.arange(len(right)), nearer]
        # Two wheels that drive straight ahead go the same way, but with different steps.
        if _alike(expected, found) and (len(found) < 2 or _alike(np.diff(expected), np.diff(found))):
            return True
    return False


def _alike(expected: np.ndarray, found: np.ndarray) -> bool:
    return bool((np.abs(found - expected) <= _TOLERANCE * np.ptp(expected)).mean() >= _AGREEMENT)


def _line(left: np.ndarray, right: np.ndarray) -> tuple[float, float] | None:
    """Return slope and offset of most of some pairs (P,), whatever the others are; None where there is no slope."""
    steps = np.diff(left)
    moving = steps != 0.0
    if not moving.any():
        return None
    slope = float(np.median(np.diff(right)[moving] / steps[moving]))
    return (slope, float(np.median(right - slope * left))) if slope else None
