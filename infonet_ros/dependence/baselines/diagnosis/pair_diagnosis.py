"""Diagnose a pair that no longer fits its baseline: the kind of fault, and words for it.

    fault = Diagnosis(baseline, pair, samples, start).explain()

All delays and values together need some 100,000 look-ups: tens of milliseconds, at any rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.channel_baseline import (
    LEAST_PAUSE,
    ChannelBaseline,
    field_of,
    rest_words,
    roughness,
)
from infonet_ros.dependence.baselines.diagnosis.fault import Fault, Kind
from infonet_ros.dependence.baselines.diagnosis.fault_hypotheses import FaultSearch
from infonet_ros.dependence.baselines.forms import Form
from infonet_ros.text import are, listed

LONG_ZERO = "0 for longer than in the good recordings"
"""Words for a channel that has come to 0, as never before."""

_NEW = "have values that the good recordings do not contain"
_NOISIER = 1.5  # times the roughness of the roughest good stretch
_LEAST_ROUGH = 8  # samples: one spike makes fewer rough
_OUTSIDE = 0.1  # share of samples beyond all good ones
_RARE = 0.025  # share of the good samples at either end of a channel's range: values that they hardly show,
_MOSTLY = 0.9  # if so much of the new ones is there
_RECENT = 2.0  # seconds in which a channel moves, or hardly
_CALM = 0.25  # of its usual distance from its median: with less a channel hardly moves,
_NOISE = 0.05  # and with less it rests
_TIED = 0.1  # share of samples at the largest or least value: with more, the sensor saturates
_LEAST_VISITS = 3  # times that a saturating sensor reaches this value
_RESTS = 0.01  # share of the good samples at this value: with more, the channel rests there,
_BY_CHANCE = 0.01  # and the probability that it does not pass the value for as long must be less


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """A pair since evidence against it began to grow."""

    baseline: Baseline
    pair: int  # its number
    samples: np.ndarray  # (T, N) float64: of the channels of the baseline up to now; NaN where unknown
    start: int  # the sample at which evidence began to grow
    raised: int | None = None  # the number of samples when the alarm started, if that was before now

    def explain(self) -> Fault:
        """Return what is wrong, as far as the samples show it."""
        pair, sides = self.baseline.pairs[self.pair], self._sides
        search = FaultSearch(self.baseline, self.pair, self.samples, max(1, len(self.samples) - self.start))
        found = (
            self.saturated()
            or self.standing()
            or self._said(Kind.FROZEN, [side.frozen for side in sides])
            or self._both_new()
            or search.best()
            or self._said(Kind.NOISIER, [side.noisier for side in sides])
            or self._said(Kind.OUT_OF_RANGE, [side.outside for side in sides])
        )
        if found:
            return found
        still = [side.still for side in sides]
        if any(still) and not all(still):
            resting, moving = (pair.a, pair.b) if still[0] else (pair.b, pair.a)
            either = (
                Fault(Kind.DECOUPLED, f"{resting} rests while the others of its pairs move", resting),
                Fault(Kind.DECOUPLED, f"{moving} moves while the others of its pairs rest", moving),
            )
            return Fault(Kind.DECOUPLED, f"{resting} rests while {moving} moves", either=either)
        if all(side.rested and not side.zero for side in sides):
            words = f"{pair.a} and {pair.b} rest, at values that no good recording has together"
            return Fault(Kind.NOT_SEEN_BEFORE, words)
        if search.still_dependent():
            words = f"{pair.a} and {pair.b} still depend on each other, but not as in the good recordings"
            return Fault(Kind.NOT_SEEN_BEFORE, words)
        if rare := self._said(Kind.NOT_SEEN_BEFORE, [side.rare for side in sides]):
            return rare
        if new := self._new_elsewhere():
            words = f"{pair.a} and {pair.b} differ, but {listed(new)} {_NEW}"
            return Fault(Kind.NOT_SEEN_BEFORE, words)
        return Fault(Kind.DECOUPLED, f"{pair.a} and {pair.b} no longer depend on each other as before")

    def saturated(self) -> Fault | None:
        """Return which channels often stop at a value that they passed in the good recordings.

        While a channel is at that value it looks frozen, so what it did before counts as well.
        """
        good = self.baseline.quantiles[Form.VALUES]
        words = [
            _saturation(self.baseline.channels[column], self.samples[:, column], self.start, good[column])
            for column in self._columns
        ]
        return self._said(Kind.SATURATED, words)

    def standing(self) -> Fault | None:
        """Return that a channel is 0, as never before: the robot may stand still, or turn in place.

        The other one hardly moves then, or this one slowed down.
        """
        resting = [side for side in self._sides if side.frozen and side.zero]
        calm = all(side.calm for side in self._sides)
        if not resting or not (calm or all(side.slowed_down for side in resting)):
            return None
        does = ", and {} hardly moves" if calm else ", while {} moves"
        other = [does.format(side.name) for side in self._sides if side not in resting]
        words = f"{' and '.join(side.name for side in resting)} {are(len(resting))} {LONG_ZERO}{''.join(other)}"
        return Fault(Kind.NOT_SEEN_BEFORE, words, resting[0].name if other else "")

    def _both_new(self) -> Fault | None:
        """Return that both channels are outside their range: the robot does what the good recordings do not show."""
        pair = self.baseline.pairs[self.pair]
        both = all(side.outside for side in self._sides)
        return Fault(Kind.NOT_SEEN_BEFORE, f"{pair.a} and {pair.b} {_NEW}") if both else None

    def _said(self, kind: Kind, words: Sequence[str]) -> Fault | None:
        """Return a fault of one channel or both from the words for each; None if there are none."""
        faulty = [side.name for side, one in zip(self._sides, words, strict=True) if one]
        return Fault(kind, " and ".join(filter(None, words)), faulty[0] if len(faulty) == 1 else "") if faulty else None

    def _new_elsewhere(self) -> list[str]:
        """Return the channels of other sources that are outside their range, if several are: the robot does new things.

        A broken topic may take all of its channels out of their range, so those of the two topics do not count.
        """
        baseline = self.baseline
        good, samples = baseline.quantiles[Form.VALUES], self.samples[self.start :, : baseline.paired]
        outside = ((samples < good[:, 0]) | (samples > good[:, -1])).mean(axis=0) > _OUTSIDE
        pair, new = baseline.pairs[self.pair], [baseline.names[column] for column in np.flatnonzero(outside)]
        new = [name for name in new if not baseline.sources(name) & baseline.sources(pair.a, pair.b)]
        return new if len({field_of(name) for name in new}) > 1 else []

    @cached_property
    def _sides(self) -> list["_Side"]:
        return [
            _Side.of(self.baseline, column, self.samples[:, column], self.start, self.raised)
            for column in self._columns
        ]

    @property
    def _columns(self) -> tuple[int, int]:
        return self.baseline.columns(self.pair)


@dataclass(frozen=True)
class _Side:
    """The behaviour of one channel of a pair while evidence grew.

    ``still`` tells whether it had one value only, ``zero`` that it is 0, ``slowed_down`` that it came to 0 bit by bit,
    ``calm`` that it hardly moves, and ``rested`` that it rested up to the alarm. The others are words, or empty:
    ``frozen`` of one value for longer than ever, ``rare`` of values up to the alarm at one end of its range, where
    hardly any good ones are.
    """

    name: str
    still: bool
    zero: bool
    slowed_down: bool
    calm: bool
    rested: bool
    frozen: str
    outside: str
    rare: str
    noisier: str

    @classmethod
    def of(cls, baseline: Baseline, column: int, every: np.ndarray, start: int, raised: int | None) -> "_Side":
        channel, samples, grown = baseline.channels[column], every[start:], every[start:raised]
        known = samples[np.isfinite(samples)]
        seconds, still = len(known) / baseline.rate, len(known) > 1 and not np.diff(known).any()
        good = baseline.quantiles[Form.VALUES, column]
        least, low, high, most = good[np.round(np.array([0.0, _RARE, 1.0 - _RARE, 1.0]) * (len(good) - 1)).astype(int)]
        recent, before = known[-round(_RECENT * baseline.rate) :], grown[np.isfinite(grown)]
        usual = _distance(good)
        frozen = still and seconds > max(channel.longest_rest(known[-1]), LEAST_PAUSE)
        outside = len(known) > 1 and ((known < least) | (known > most)).mean() > _OUTSIDE
        rare = max(np.sum(grown < low), np.sum(grown > high)) > _MOSTLY * len(grown)
        noisier = len(known) >= _LEAST_ROUGH and roughness(samples) > _NOISIER * channel.roughness
        return cls(
            name=channel.name,
            still=still,
            zero=len(known) > 0 and channel.is_zero(known[-1]),
            slowed_down=channel.slowed_down(every),
            calm=len(known) > 1 and _distance(recent) < _CALM * usual,
            rested=len(before) > 1 and _distance(before) < _NOISE * usual,
            frozen=f"{channel.name} {rest_words(channel, known[-1], seconds)}" if frozen else "",
            outside=f"{channel.name} is outside its known range" if outside else "",
            rare=f"{channel.name} is at values that the good recordings hardly show" if rare else "",
            noisier=f"{channel.name} is noisier than before" if noisier else "",
        )


def _distance(values: np.ndarray) -> float:
    """Return the median distance of values (T,) from their median."""
    return float(np.median(np.abs(values - np.median(values))))


def _saturation(channel: ChannelBaseline, samples: np.ndarray, start: int, good: np.ndarray) -> str:
    """Return words if a channel (T,) often stops at a value that it passed in the good recordings, quantiles (Q,).

    The value is its largest or smallest since ``start``; before, it counts as long as the channel did not pass it.
    Coarse readings come to their outermost level, too, but to others more often. Where the good recordings rest at this
    value as well, as commands do, the channel must have stayed below for longer than it would by chance. What moves in
    one direction comes to the value at which it rests, the most frequent of the good ones. If it no longer comes to
    that, it may be shifted. What stays at 0 stands still.
    """
    for sign, words in ((1.0, "above"), (-1.0, "below")):
        values = sign * samples
        value, (least, most) = np.fmax.reduce(values[start:], initial=-np.inf), np.sort(sign * good[[0, -1]])
        passed = np.flatnonzero(values > value)
        held = values[passed[-1] + 1 if len(passed) else 0 :]
        known = held[np.isfinite(held)]
        tied, visited = known == value, known[np.diff(known, prepend=np.nan) != 0.0]
        visits = np.count_nonzero(visited == value)
        most_visited = visits == np.unique(visited, return_counts=True)[1].max(initial=0)
        levels, counts = np.unique(sign * good, return_counts=True)
        home = levels[counts.argmax()]
        moved = counts.max() > _TIED * len(good) and home not in values[start:]
        stands = channel.is_zero(value) and np.fmin.reduce(values[start:], initial=np.inf) == value
        limited = least < value < most and value != home and not moved and not stands
        often = np.mean(sign * good == value) > _RESTS
        by_chance = np.mean(sign * good <= value) ** channel.independent(len(known)) if often else 0.0
        if limited and visits >= _LEAST_VISITS and most_visited and tied.mean() > _TIED and by_chance < _BY_CHANCE:
            return f"{channel.name} does not go {words} {sign * value:.3g}, in the good recordings to {sign * most:.3g}"
    return ""
