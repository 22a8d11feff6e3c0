"""Diagnose a pair that no longer fits its baseline: the kind of fault, and words for it.

    fault = Diagnosis(baseline, pair, samples, start).explain()

All delays and values together need some 100,000 look-ups: tens of milliseconds, at any rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.channel_baseline import LEAST_PAUSE, rest_words, roughness
from infonet_ros.dependence.baselines.diagnosis.fault import Fault, Kind
from infonet_ros.dependence.baselines.diagnosis.fault_hypotheses import FaultSearch
from infonet_ros.dependence.baselines.forms import Form
from infonet_ros.text import are

LONG_ZERO = "0 for longer than in the good recordings"
"""Words for a channel that has come to 0, as never before."""

_NOISIER = 1.5  # times the roughness of the roughest good stretch
_LEAST_ROUGH = 8  # samples: one spike makes fewer rough
_OUTSIDE = 0.1  # share of samples beyond all good ones
_RARE = 0.025  # share of the good samples at either end of a channel's range: values that they hardly show,
_MOSTLY = 0.9  # if so much of the new ones is there
_RECENT = 2.0  # seconds in which a channel moves, or hardly
_CALM = 0.25  # of its usual distance from its median: with less a channel hardly moves
_TIED = 0.1  # share of samples at the largest or least value: with more, the sensor saturates
_LEAST_VISITS = 3  # times that a saturating sensor reaches this value


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
            or _of_sides(Kind.FROZEN, [(side.name, side.frozen) for side in sides])
            or search.best()
            or _beyond_what_is_known(sides)
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
        if search.still_dependent():
            words = f"{pair.a} and {pair.b} still depend on each other, but not as in the good recordings"
            return Fault(Kind.NOT_SEEN_BEFORE, words)
        if rare := [side.name for side in sides if side.rare]:
            words = f"{' and '.join(rare)} {are(len(rare))} at values that the good recordings hardly show"
            return Fault(Kind.NOT_SEEN_BEFORE, words, rare[0] if len(rare) == 1 else "")
        return Fault(Kind.DECOUPLED, f"{pair.a} and {pair.b} no longer depend on each other as before")

    def saturated(self) -> Fault | None:
        """Return which channels often stop at a value that they passed in the good recordings.

        While a channel is at that value it looks frozen, so what it did before counts as well.
        """
        baseline = self.baseline
        said = []
        for column in self._columns:
            name, good = baseline.channels[column].name, baseline.quantiles[Form.VALUES, column]
            said.append((name, _saturation(name, self.samples[:, column], self.start, good)))
        return _of_sides(Kind.SATURATED, said)

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
    and ``calm`` that it hardly moves. ``frozen`` are the words for one value only if it is longer than ever. ``rare``
    tells that its values up to the alarm were at one end of its range, where hardly any good ones are.
    """

    name: str
    still: bool
    zero: bool
    slowed_down: bool
    calm: bool
    frozen: str
    outside: bool
    rare: bool
    noisier: bool

    @classmethod
    def of(cls, baseline: Baseline, column: int, every: np.ndarray, start: int, raised: int | None) -> "_Side":
        channel, samples, grown = baseline.channels[column], every[start:], every[start:raised]
        known = samples[np.isfinite(samples)]
        seconds, still = len(known) / baseline.rate, len(known) > 1 and not np.diff(known).any()
        good = baseline.quantiles[Form.VALUES, column]
        least, low, high, most = good[np.round(np.array([0.0, _RARE, 1.0 - _RARE, 1.0]) * (len(good) - 1)).astype(int)]
        recent = known[-round(_RECENT * baseline.rate) :]
        frozen = still and seconds > max(channel.longest_rest(known[-1]), LEAST_PAUSE)
        return cls(
            name=channel.name,
            still=still,
            zero=len(known) > 0 and channel.is_zero(known[-1]),
            slowed_down=channel.slowed_down(every),
            calm=len(known) > 1 and bool(_distance(recent) < _CALM * _distance(good)),
            frozen=f"{channel.name} {rest_words(channel, known[-1], seconds)}" if frozen else "",
            outside=len(known) > 1 and bool(((known < least) | (known > most)).mean() > _OUTSIDE),
            rare=bool(max(np.sum(grown < low), np.sum(grown > high)) > _MOSTLY * len(grown)),
            noisier=len(known) >= _LEAST_ROUGH and roughness(samples) > _NOISIER * channel.roughness,
        )


def _distance(values: np.ndarray) -> float:
    """Return the median distance of values (T,) from their median."""
    return float(np.median(np.abs(values - np.median(values))))


def _of_sides(kind: Kind, found: Sequence[tuple[str, str]]) -> Fault | None:
    """Return a fault of one channel or both from [(name, words)]; None if there are no words."""
    faulty = [(name, words) for name, words in found if words]
    if not faulty:
        return None
    return Fault(kind, " and ".join(words for _, words in faulty), faulty[0][0] if len(faulty) == 1 else "")


def _beyond_what_is_known(sides: Sequence[_Side]) -> Fault | None:
    """Return which channels are outside their range, or noisier than before."""
    outside = [side.name for side in sides if side.outside]
    if len(outside) == 2:
        return Fault(
            Kind.NOT_SEEN_BEFORE, f"{' and '.join(outside)} have values that the good recordings do not contain"
        )
    noisier = [side.name for side in sides if side.noisier]
    if len(noisier) == 2:
        return Fault(Kind.NOISIER, f"{' and '.join(noisier)} are noisier than before")
    if noisier:
        return Fault(Kind.NOISIER, f"{noisier[0]} is noisier than before", noisier[0])
    if outside:
        return Fault(Kind.OUT_OF_RANGE, f"{outside[0]} is outside its known range", outside[0])
    return None


def _saturation(name: str, samples: np.ndarray, start: int, good: np.ndarray) -> str:
    """Return words if a channel (T,) often stops at a value that it passed in the good recordings, quantiles (Q,).

    The value is its largest or smallest since ``start``; before, it counts as long as the channel did not pass it.
    Coarse readings come to their outermost level, too, but to others more often. What moves in one direction comes to
    the value at which it rests, the most frequent of the good ones. If it no longer comes to that, it may be shifted.
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
        limited = least < value < most and value != home and not moved
        usual = 2.0 * float((sign * good == value).mean())
        if limited and visits >= _LEAST_VISITS and most_visited and tied.mean() > max(_TIED, usual):
            return f"{name} does not go {words} {sign * value:.3g}, in the good recordings to {sign * most:.3g}"
    return ""
