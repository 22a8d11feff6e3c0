"""Kinds of numeric fields, recognised by their samples, and what a proposal of channels does with each.

    column = as_angle(Column.of("pose.position.x", stamps, values))
    kind = kind_of(column)              # the first of KINDS whose test holds
    kind.channel(column)                # "pose.position.x|rate"; None for a field that is left out
    same_numbers(column, other)         # one of the two is enough

A field that grows or wanders looks like every other that does, whatever they have to do with each other: it enters by
its rate of change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, lru_cache

import numpy as np

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.series import average_ranks, lowest_ranks, memory
from infonet_ros.text import NANOSECONDS

_LEAST_SAMPLES = 32  # to say that a field wanders
_FEWEST_MOVES = 4.0  # of a field in the recording; with fewer, it may still be moving to its level
_BLOCKS = 256  # means of the field, without the noise from sample to sample
_SLOW = 0.5  # of the variance of a field that wanders is left in those means
_UNIT_ROOT = -2.87  # of a random walk, 19 of 20 are above (Dickey, Fuller 1979)
_PAST_STEPS = 4  # earlier steps in the test for a random walk
_FEW_LEVELS = 8  # a field with no more values is a state or a switch
_HOME = 0.1  # of the samples, at one value that a field comes back to
_RETURNS = 3  # to that value, for it to be a level
_NOISY = -1.0 / 3.0  # correlation of a step with the next: below it, two thirds of the steps are noise, or more
_RARE = 0.05  # of the samples of an event
_COUNTING = 0.9  # of the steps of a counter, that are all the same
_RESETS = 1.0 / 3.0  # of the steps of a counter, at most
_LEAST_STEPS = 8  # to say that a field counts
_TURNS = {"radians": 2.0 * np.pi, "degrees": 360.0}
_AGREEMENT = 0.9  # of the changes of two fields that are the same
_COMPARED = 400  # of those changes
_LEAST_SHARE = 1.0 / 3.0  # of the changes of one that the other has, when it is published less often
_TOLERANCE = 1e-3  # of the range: two fields that are closer have the same numbers
_ALIKE_RANKS = 0.3  # correlation; of streams that share nothing it is 0.05
_FEW_CHANGES = 40  # in so many moments, tell too little
_APART = 3  # messages, from one to the same of the other
_PERIODS = 32  # that are measured at a time
_LONGEST = 8192  # samples for the memory of a field


@dataclass(frozen=True, eq=False)
class Column:
    """Samples of one field, as far as they are known.

    Attributes
    ----------
    path : str
    stamps : (M,) int64
        Nanoseconds, strictly increasing.
    values : (M,) float64
        Finite; angles without their jumps of a whole turn.
    turns : bool
        The values are an angle, in radians.
    """

    path: str
    stamps: np.ndarray
    values: np.ndarray
    turns: bool = False

    @classmethod
    def of(cls, path: str, stamps: np.ndarray, values: np.ndarray) -> "Column":
        """Put samples in order, and leave out those that are not known or repeat a stamp."""
        known = np.isfinite(values)
        stamps, first = np.unique(stamps[known], return_index=True)
        turns = parse_channel(path).wraps
        values = values[known][first]
        return cls(path, stamps, np.unwrap(values) if turns else values, turns)

    @property
    def period(self) -> float:
        """Seconds between samples; NaN with fewer than two. Bursts, rounded stamps and gaps do not change it."""
        count = len(self.stamps)
        if count < 2:
            return float("nan")
        apart = min(_PERIODS, max(1, count // 8))
        return float(np.median(self.stamps[apart:] - self.stamps[:-apart])) / apart / NANOSECONDS

    @cached_property
    def changes(self) -> np.ndarray:
        """Samples (C,) that differ from the one before."""
        return np.flatnonzero(np.diff(self.values) != 0.0) + 1

    @property
    def ranks(self) -> np.ndarray:
        """(R,) float64 about 0, of the values or of some of many: an outlier neither hides nor makes a trend."""
        values = self.values[:: max(1, len(self.values) // _LONGEST)]
        ranks = lowest_ranks(values)
        return ranks - ranks.mean()

    @property
    def moves(self) -> float:
        """The number of independent moves of the field: its samples over its memory, see `series.memory`."""
        ranks = self.ranks
        return len(ranks) / float(memory(ranks))


class Treatment(Enum):
    """The use of a field: as it is, as its rate of change, or left out."""

    OUT = "left out"
    SPARE = "left out, unless nothing else is there"
    RATE = "taken by its rate of change"
    KEPT = "taken as it is"


@dataclass(frozen=True)
class FieldKind:
    """A kind of field: its name, its test, its treatment, and its words in notes."""

    name: str
    test: Callable[[Column], bool]
    treatment: Treatment
    words: str

    def channel(self, column: Column) -> str | None:
        """Return the path under which a field of this kind is proposed; None where it is left out."""
        if self.treatment is Treatment.OUT:
            return None
        return f"{column.path}|rate" if self.treatment is Treatment.RATE else column.path


def kind_of(column: Column) -> FieldKind:
    """Return the first kind whose test holds."""
    return next(kind for kind in KINDS if kind.test(column))


def as_angle(column: Column) -> Column:
    """Read a plain number that jumps by whole turns, of 360 degrees or 2 pi, as an angle; return others as they are."""
    if column.turns or len(column.values) < _LEAST_STEPS:
        return column
    low, high = column.values.min(), column.values.max()
    for unit, turn in _TURNS.items():
        if not 0.75 * turn <= high - low <= 1.01 * turn:
            continue
        unwrapped = np.unwrap(column.values, period=turn)
        jumps = np.abs(np.diff(column.values)) > turn / 2
        if jumps.any() and np.abs(np.diff(unwrapped)).max() < turn / 4 and jumps.mean() < _RARE:
            radians = unwrapped * (2.0 * np.pi / turn)
            return replace(column, path=f"{column.path}|{unit}", values=radians, turns=True)
    return column


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
        looks = np.stack(
            [c.values[np.clip(own + shift, 0, len(c.values) - 1)] for c, own in zip(columns, places, strict=True)]
        )
        ranked = np.stack([average_ranks(look) for look in looks]).astype(np.float32)
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


def _levels(column: Column) -> int:
    return len(np.unique(column.values))


def _is_empty(column: Column) -> bool:
    return not len(column.values)


def _is_constant(column: Column) -> bool:
    return bool(column.values.min() == column.values.max())


def counts(column: Column) -> bool:
    """Return whether a field grows by the same amount with every message, or with time; resets are allowed."""
    steps = np.diff(column.values)
    moving = steps[steps != 0.0]
    if column.turns or len(moving) < _LEAST_STEPS:
        return False
    step = float(np.median(moving))
    if (moving * step < 0.0).mean() > _RESETS:
        return False
    if np.isclose(moving, step, rtol=1e-6).sum() >= _COUNTING * len(steps):
        return True
    grown = np.cumsum(np.where(steps * step < 0.0, step, steps))
    time = (column.stamps[1:] - column.stamps[0]) / NANOSECONDS
    time = time - time.mean()
    rest = grown - grown.mean() - time * (time @ grown) / (time @ time)
    return bool(rest.std() <= 0.5 * abs(step))


def is_covariance(column: Column) -> bool:
    """Return by its name whether a field is the uncertainty of another one, not a measurement."""
    return "covariance" in column.path


def is_event(column: Column) -> bool:
    """Return whether a field has other values than its usual one, such as 0, in few samples only."""
    _, counts_of_levels = np.unique(column.values, return_counts=True)
    return bool(counts_of_levels.max() >= (1.0 - _RARE) * len(column.values))


@lru_cache(maxsize=1)  # two kinds ask it
def wanders(column: Column) -> bool:
    """Return whether a field grows or drifts instead of moving about a level.

    A field that often returns to the same value, such as a speed of 0, has a level, however far it goes.
    """
    values = column.values
    if len(values) < _LEAST_SAMPLES or _levels(column) <= _FEW_LEVELS:
        return False
    levels, count = np.unique(values, return_counts=True)
    at_home = values == levels[count.argmax()]
    visits = int(np.count_nonzero(np.diff(at_home.astype(np.int8), prepend=0) == 1))
    if at_home.mean() >= _HOME and visits >= _RETURNS:
        return False
    return column.moves < _FEWEST_MOVES or _is_random_walk(column.ranks)


def is_noisy(column: Column) -> bool:
    """Return whether a field wanders with so much noise that its rate of change would be that of the noise.

    An example is a battery that empties: its voltage shows the load, its steps from sample to sample do not.
    """
    if not wanders(column):
        return False
    steps = np.diff(lowest_ranks(column.values))  # of ranks, because of outliers
    return bool(steps[1:] @ steps[:-1] <= _NOISY * (steps @ steps))


def _is_random_walk(ranks: np.ndarray) -> bool:
    """Return whether a field has no level to return to, by the augmented test of Dickey and Fuller."""
    size = -(-len(ranks) // _BLOCKS)
    means = ranks[: len(ranks) // size * size].reshape(-1, size).mean(axis=1)
    if means.var() < _SLOW * ranks.var():
        return False
    steps = np.diff(means)
    past = [steps[_PAST_STEPS - lag : len(steps) - lag] for lag in range(1, _PAST_STEPS + 1)]
    after = steps[_PAST_STEPS:]
    known = np.column_stack([means[_PAST_STEPS:-1], np.ones(len(after)), *past])
    inverse = np.linalg.pinv(known.T @ known)
    effect = inverse @ known.T @ after
    rest = after - known @ effect
    error = np.sqrt(rest @ rest / (len(after) - len(effect)) * inverse[0, 0])
    return bool(effect[0] >= _UNIT_ROOT * error)


def is_held(column: Column) -> bool:
    """Return whether most samples of a field of many values repeat the previous one, so that it has its own updates."""
    return bool((np.diff(column.values) == 0.0).mean() >= 0.5) and _levels(column) > _FEW_LEVELS


KINDS = (
    FieldKind("empty", _is_empty, Treatment.OUT, "without a known value"),
    FieldKind("constant", _is_constant, Treatment.OUT, "constant"),
    FieldKind("covariance", is_covariance, Treatment.SPARE, "covariances"),
    FieldKind("event", is_event, Treatment.KEPT, "events that are rare"),
    FieldKind("counter", counts, Treatment.OUT, "clocks, counters or sequence numbers"),
    FieldKind("noisy", is_noisy, Treatment.KEPT, "wandering, with noise that would hide their rates"),
    FieldKind("wandering", wanders, Treatment.RATE, "growing or wandering"),
    FieldKind("angle", lambda column: column.turns, Treatment.KEPT, "angles"),
    FieldKind("held", is_held, Treatment.KEPT, "held between updates"),
    FieldKind("measurement", lambda column: True, Treatment.KEPT, "measurements"),
)
"""Name, test and treatment of each kind, in the order in which they are tried."""
