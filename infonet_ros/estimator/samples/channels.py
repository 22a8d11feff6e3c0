"""The channels of a window: sorted, with the known and new samples of each."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.estimator.samples.holding import Repetition, common_messages
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.estimator.samples.updates import LEAST_UPDATES

MIN_SAMPLES = 64
_SOME = 16


@dataclass(frozen=True, eq=False)
class Pattern:
    """The known and the new samples of a channel; channels with the same pattern share it."""

    good: np.ndarray  # (T,) bool
    repetition: Repetition
    """Only what matters for pairs: its repeats are None if no other channel repeats its values at the same samples. Its
    changes are None if no other channel changes at the times of the same messages."""

    def common_rows(self, other: "Pattern", lag: int = 0) -> np.ndarray:
        """Return the samples (R,) of a pair: known here and ``lag`` samples later in the other; new if both hold."""
        rows = np.flatnonzero(self.good[: len(self.good) - lag] & other.good[lag:])
        return self.repetition.counting(other.repetition, rows, lag)

    def fewer(self, other: "Pattern") -> bool:
        """Return whether a pair may have fewer samples than both know: both are held, or rows repeat."""
        return self.repetition.shared(other.repetition)

    def least_rows(self, other: "Pattern") -> int:
        """Return the smallest number of samples that gives an estimate; a channel with few known samples has none."""
        known = min(np.count_nonzero(self.good), np.count_nonzero(other.good))
        return LEAST_UPDATES if self.fewer(other) and known >= MIN_SAMPLES else MIN_SAMPLES


@dataclass(frozen=True, eq=False)
class Channels:
    """Channels of one window, in an order that depends only on their content.

    So results are identical for every order in which the channels are given.
    """

    values: np.ndarray  # (N, T) float64: NaN where unknown
    ordering: Ordering
    order: np.ndarray  # (N,) int64: position of each in the order of the caller
    patterns: list[Pattern]
    pattern: np.ndarray  # (N,) int64: number of each channel's pattern

    @classmethod
    def from_values(cls, given: np.ndarray, seed: int) -> "Channels":
        """Sort channels (N, T), NaN where unknown, and find the patterns that they share."""
        ordering = Ordering.from_channels(given, seed)
        order = ordering.canonical()
        values, ordering = given[order], ordering[order]
        good = np.isfinite(values)
        found = _that_matters([Repetition.of(*one) for one in zip(values, ordering.orders, strict=True)])
        numbers: dict[tuple[object, ...], int] = {}
        patterns: list[Pattern] = []
        pattern = np.empty(len(values), dtype=np.int64)
        for index, (known, one) in enumerate(zip(good, found, strict=True)):
            key = (*map(_bytes, (known, one.updates, one.repeats, one.changes)), one.few)
            number = pattern[index] = numbers.setdefault(key, len(numbers))
            if number == len(patterns):
                patterns.append(Pattern(known, one))
        return cls(values, ordering, order, patterns, pattern)

    @property
    def count(self) -> int:
        """T, the number of samples."""
        return self.values.shape[1]

    def __len__(self) -> int:
        return len(self.values)

    def places(self) -> np.ndarray:
        """Return the present position of each channel of the caller, (N,)."""
        return np.argsort(self.order)

    def pattern_of(self, channel: int) -> Pattern:
        """Return the pattern of a channel."""
        return self.patterns[self.pattern[channel]]

    def constant(self, index: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return which of channels ``index`` (K,) do not change over samples ``rows`` (R,), at least one: (K,) bool."""
        probe = self.values[np.ix_(index, rows[[0, len(rows) // 2, -1]])]
        constant = (probe == probe[:, :1]).all(axis=1)  # nearly all differ here already
        for place in np.flatnonzero(constant):
            constant[place] = (self.values[index[place], rows] == probe[place, 0]).all()
        return constant


def constant_channels(channels: np.ndarray) -> np.ndarray:
    """Return which channels (N, T), NaN where unknown, have samples but never change: (N,) bool."""
    # These two leave NaN out; without samples both are NaN, which equals nothing.
    least, most = (of.reduce(channels, axis=1, initial=np.nan) for of in (np.fmin, np.fmax))
    return np.asarray(least == most)


def some_channels(channels: np.ndarray) -> np.ndarray:
    """Return up to 16 of the channels (d, T) of a vector, evenly spread: enough to tell how slow it is."""
    return channels[np.unique(np.linspace(0, len(channels) - 1, _SOME).astype(int))]


def _that_matters(streams: list[Repetition]) -> list[Repetition]:
    """Leave out repeats that no other stream shares, and changes without common messages: others share a pattern."""
    often = Counter(_bytes(one.repeats) for one in streams)
    common = [bool(row.any()) for row in common_messages(streams)]
    return [
        replace(
            one,
            repeats=one.repeats if often[_bytes(one.repeats)] > 1 else None,
            changes=one.changes if shared else None,
            few=one.few and shared,
        )
        for one, shared in zip(streams, common, strict=True)
    ]


def _bytes(array: np.ndarray | None) -> bytes:
    return b"" if array is None else array.tobytes()
