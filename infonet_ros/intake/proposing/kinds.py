"""Kinds of numeric fields, recognised by their samples, and what a proposal of channels does with each.

    column = as_angle(Column.of("pose.position.x", stamps, values))
    kind = kind_of(column)              # the first of KINDS whose test holds
    kind.channel(column)                # "pose.position.x|rate"; None for a field that is left out

Two fields that both grow or wander seem to depend on each other, even if they do not: such a field is used by its rate
of change. The constants below are grouped by the kind of field that they belong to.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.proposing.rate_spans import rate_span
from infonet_ros.series import lowest_ranks, memory
from infonet_ros.text import NANOSECONDS

# Of all fields
_PERIODS = 32  # that are measured at a time
_LONGEST = 8192  # samples for the memory of a field
_UNBROKEN = 10.0  # periods between two samples, at most
_EVEN = 0.1  # of a period: so far stamps may be from the ticks of a clock, and a clock may slip in a recording

# Events: one value nearly always
_RARE = 0.05  # of the samples, at other values

# States: few values; and levels, to which a field comes back
FEW_LEVELS = 8  # a field with no more values is a state or a switch
_HOME = 0.1  # of the samples, at one value that a field comes back to
_RETURNS = 3  # to that value, for it to be a level

# Counters: equal steps
_LEAST_STEPS = 8  # to say that a field counts
_COUNTING = 0.9  # of the steps that are all the same
_RESETS = 1.0 / 3.0  # of the steps, at most

# Wandering fields: no level
_LEAST_SAMPLES = 32  # to say that a field wanders
_REST = 0.01  # of the range: a field at rest may be so far from its first value, or from its last
_FEWEST_MOVES = 4.0  # of a field in the recording; with fewer, it may still be moving to its level
_BLOCKS = 256  # means of the field, without the noise from sample to sample
_SLOW = 0.5  # of the variance of a field that wanders is left in those means
_UNIT_ROOT = -2.87  # of a random walk, 19 of 20 are above (Dickey, Fuller 1979)
_PAST_STEPS = 4  # earlier steps in the test for a random walk
_NOISY = -1.0 / 3.0  # correlation of a step with the next: below it, two thirds of the steps are noise, or more

# Angles: jumps of a whole turn
_TURNS = {"radians": 2.0 * np.pi, "degrees": 360.0}
_A_STEP = 2.0  # times the longest other step: so far an angle may move while it jumps


@dataclass(frozen=True, eq=False)
class Column:
    """Samples of one field, as far as they are known."""

    path: str
    stamps: np.ndarray  # (M,) int64: nanoseconds, strictly increasing
    values: np.ndarray  # (M,) float64: finite; angles without their jumps of a whole turn
    turns: bool = False  # the values are an angle, in radians

    @classmethod
    def of(cls, path: str, stamps: np.ndarray, values: np.ndarray) -> "Column":
        """Put samples (M,) in order of their stamps, nanoseconds; leave out unknown ones and repeated stamps."""
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

    @property
    def clock(self) -> float:
        """Hz of a clock for these samples: three digits of their rate, or more if their stamps are even.

        A clock that loses a sample to such stamps in minutes interpolates at every fraction of the way in turn. The
        spread of noise then rises and falls slowly, which would be called drift.
        """
        if not self.period > 0.0:
            return math.nan
        usual, steps, period = float(f"{1.0 / self.period:.2e}"), np.diff(self.stamps), self.period * NANOSECONDS
        for most in (_UNBROKEN, math.inf):  # across long gaps the ticks are counted only by a period that is exact
            near = steps[steps < most * period]
            period = near.sum() / max(1.0, np.rint(near / period).sum())
        ticks = np.r_[0.0, np.cumsum(np.rint(steps / period))]
        slip = ticks[-1] * abs(1.0 - period * usual / NANOSECONDS)  # samples, over the recording
        even = np.ptp(self.stamps - self.stamps[0] - ticks * period) < _EVEN * period
        return float(f"{NANOSECONDS / period:.8e}") if even and slip > _EVEN else usual

    @cached_property
    def levels(self) -> int:
        """Number of different values."""
        return len(np.unique(self.values))

    @cached_property
    def changes(self) -> np.ndarray:
        """Indices (C,) of the samples that differ from the one before."""
        return np.flatnonzero(np.diff(self.values) != 0.0) + 1

    @cached_property
    def moving(self) -> np.ndarray:
        """Values (K,) from when the field leaves its first value until it reaches its last; all if these are too few.

        A robot may stand still at the beginning and at the end of a recording.
        """
        values, rest = self.values, _REST * np.ptp(self.values)
        left = np.flatnonzero(np.abs(values - values[0]) > rest)
        coming = np.flatnonzero(np.abs(values - values[-1]) > rest)
        if not len(left) or coming[-1] - left[0] < _LEAST_SAMPLES:
            return values
        moving = values[left[0] : coming[-1] + 1]
        return moving if np.ptp(moving) > 0.0 else values  # a switch that was on once

    @cached_property
    def rate_span(self) -> float | None:
        """Seconds over which its rate is taken, 0 for those between two samples; None where noise hides any rate."""
        samples = rate_span(self.moving, self.hold)
        return None if samples is None else samples * self.period

    @property
    def span_digits(self) -> str:
        """Two digits of ``rate_span``, as a path takes them: "0.4", "160", without an exponent."""
        return np.format_float_positional(self.rate_span or 0.0, precision=2, fractional=False, trim="-")

    @property
    def hold(self) -> int:
        """Samples from one change to the next, by the median, of a field that mostly repeats its value; 1 of others."""
        return int(np.median(np.diff(self.changes))) if is_held(self) and len(self.changes) > 1 else 1

    @property
    def ranks(self) -> np.ndarray:
        """Ranks (R,) float64 of the moving values, or of some of them, less their mean; outliers have no weight."""
        values = self.moving[:: max(1, len(self.moving) // _LONGEST)]
        ranks = lowest_ranks(values)
        return ranks - ranks.mean()

    @property
    def moves(self) -> float:
        """The number of independent samples while the field moves: samples over memory, see `series.memory`."""
        ranks = self.ranks
        return len(ranks) / float(memory(ranks))

    @cached_property
    def wanders(self) -> bool:
        """Whether the field grows or drifts instead of moving about a level.

        A field that often returns to the same value, such as a speed of 0, has a level, however far it goes.
        """
        if len(self.values) < _LEAST_SAMPLES or self.levels <= FEW_LEVELS:
            return False
        levels, count = np.unique(self.values, return_counts=True)
        at_home = self.values == levels[count.argmax()]
        visits = int(np.count_nonzero(np.diff(at_home.astype(np.int8), prepend=0) == 1))
        if at_home.mean() >= _HOME and visits >= _RETURNS:
            return False
        return self.moves < _FEWEST_MOVES or is_random_walk(self.ranks)


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
        if self.treatment is Treatment.KEPT or self.treatment is Treatment.SPARE:
            return column.path
        return f"{column.path}|rate({column.span_digits})" if column.rate_span else f"{column.path}|rate"


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
        steps = np.abs(np.diff(unwrapped))
        usual = steps[jumps].max(initial=0.0) <= _A_STEP * steps[~jumps].max(initial=0.0)  # else a fault made the jump
        if jumps.any() and usual and steps.max() < turn / 4 and jumps.mean() < _RARE:
            radians = unwrapped * (2.0 * np.pi / turn)
            return replace(column, path=f"{column.path}|{unit}", values=radians, turns=True)
    return column


def counts(column: Column) -> bool:
    """Return whether a field grows by the same amount with every message, or with time; resets are allowed.

    One that is named as a stamp tells times, too: PX4 writes ``accelerometer_timestamp_relative``.
    """
    if "timestamp" in column.path.lower():
        return True
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
    """Return whether a field is, by its name, the uncertainty of another field, and not a measurement."""
    return "covariance" in column.path


def is_event(column: Column) -> bool:
    """Return whether a field has its usual value, such as 0, in all but a few samples."""
    _, counts_of_levels = np.unique(column.values, return_counts=True)
    return bool(counts_of_levels.max() >= (1.0 - _RARE) * len(column.values))


def is_noisy(column: Column) -> bool:
    """Return whether a field wanders with so much noise that its rate of change would be that of the noise.

    An example is a battery that empties: its voltage shows the load, its steps from sample to sample do not.
    """
    if not column.wanders:
        return False
    steps = np.diff(lowest_ranks(column.moving))  # of ranks, because of outliers
    return bool(steps[1:] @ steps[:-1] <= _NOISY * (steps @ steps))


def is_random_walk(ranks: np.ndarray, limit: float = _UNIT_ROOT) -> bool:
    """Return whether ranks (T,) of a field have no level to return to, by the augmented test of Dickey and Fuller."""
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
    return bool(effect[0] >= limit * error)


def is_held(column: Column) -> bool:
    """Return whether most samples of a field of many values repeat the previous one: it is updated less often."""
    return bool((np.diff(column.values) == 0.0).mean() >= 0.5) and column.levels > FEW_LEVELS


KINDS = (
    FieldKind("empty", lambda column: not len(column.values), Treatment.OUT, "without a known value"),
    FieldKind("constant", lambda column: bool(column.values.min() == column.values.max()), Treatment.OUT, "constant"),
    FieldKind("covariance", is_covariance, Treatment.SPARE, "covariances"),
    FieldKind("event", is_event, Treatment.KEPT, "events that are rare"),
    FieldKind("counter", counts, Treatment.OUT, "clocks, counters or sequence numbers"),
    FieldKind("noisy", is_noisy, Treatment.KEPT, "wandering, with noise that would hide their rates"),
    FieldKind("wandering", lambda column: column.wanders, Treatment.RATE, "growing or wandering"),
    FieldKind("angle", lambda column: column.turns, Treatment.KEPT, "angles"),
    FieldKind("held", is_held, Treatment.KEPT, "held between updates"),
    FieldKind("measurement", lambda column: True, Treatment.KEPT, "measurements"),
)
"""Name, test and treatment of each kind, in the order in which they are tried."""

ALSO_BY_RATE = FieldKind("rate", lambda column: True, Treatment.RATE, "also used as rate of change")
"""A field once more, by its rate of change: over a time that suits its noise, or as another field measures it."""

ALSO_BY_LEVEL = FieldKind(
    "level", lambda column: True, Treatment.KEPT, "also used as it is, beside a field that it follows"
)
"""A field that wanders once more, as it is."""
