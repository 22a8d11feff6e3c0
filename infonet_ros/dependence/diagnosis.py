"""Find what is wrong with a pair that no longer fits its baseline: kind of fault, and words for it.

    kind, words, channel = Diagnosis(baseline, pair, view, samples, ranks, start).explain()

A look at all delays and scales reads the table some 100,000 times: tens of milliseconds, whatever the rate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from infonet_ros.dependence.baseline import Baseline, log_ratios, ranks_among
from infonet_ros.dependence.channel_baseline import LEAST_PAUSE, ChannelBaseline, roughness
from infonet_ros.dependence.forms import Form, in_form
from infonet_ros.intake.windows.alignment import lagged_pair

_SEARCH = 2.0  # seconds: a delay that has changed is looked for so far beyond the one that was learnt
_SURE = 3.0  # nats: that a delay has changed may be wrong once in exp(3) times
_LEAST_FITS = 10  # samples by which another delay or scale may be told
_MOST_FITS = 256  # of more, so many are taken all over them
_PAIRINGS = 8  # other pairings to compare them with
_NOISIER = 1.5  # times the roughest stretch
_OUTSIDE = 0.1  # share of samples beyond all good ones
_UNITS = (3.6, 9.81, 10.0, 100.0, 1000.0)
_GAINS = (2.0, 3.0)  # of no unit: an amplifier, a load
_FACTORS = {
    np.degrees(1.0): "is about 57.3 times what it was, as degrees for radians",
    np.radians(1.0): "is about 1/57.3 of what it was, as radians for degrees",
    **{k: f"is about {k:g} times what it was, as in another unit" for k in _UNITS},
    **{1.0 / k: f"is about 1/{k:g} of what it was, as in another unit" for k in _UNITS},
    **{k: f"is about {k:g} times what it was" for k in _GAINS},
    **{1.0 / k: f"is about 1/{k:g} of what it was" for k in _GAINS},
}


_OFFSETS = (-3.0, -2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0)  # standard deviations; and that of the median
_TIED = 0.1  # share of samples at the largest or least value, from which a sensor is taken to saturate
_LEAST_VISITS = 3  # of that value


class Kind(str, Enum):
    """What an alarm says of a pair."""

    SILENT = "silent"
    FROZEN = "frozen"
    OTHER_RATE = "other rate"
    OUT_OF_RANGE = "out of range"
    NOT_SEEN_BEFORE = "not seen before"
    DELAY_CHANGED = "delay changed"
    SCALED = "scaled"
    OFFSET = "offset"
    SATURATED = "saturated"
    NOISIER = "noisier"
    DECOUPLED = "decoupled"


class Finding(NamedTuple):
    """What is wrong, in words; and the one channel that it is about, or "" where it is about both of a pair."""

    kind: Kind
    words: str
    channel: str = ""


FIRST_THOUGHTS = {Kind.DECOUPLED, Kind.NOISIER, Kind.OUT_OF_RANGE}
"""Kinds that more samples may explain better."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """A pair since evidence against it began to grow.

    Attributes
    ----------
    baseline : Baseline
    pair, view : int
        Numbers of the pair, and of the view in which it is looked at.
    samples, ranks : (T, N) float64
        Of the channels of the baseline up to now, as they are and as the view ranks them; NaN where unknown.
    start : int
        The sample at which evidence began to grow.
    """

    baseline: Baseline
    pair: int
    view: int
    samples: np.ndarray
    ranks: np.ndarray
    start: int

    def explain(self) -> Finding:
        """Say what is wrong, as far as the samples tell."""
        pair, rate = self.baseline.pairs[self.pair], self.baseline.rate
        sides = [_Side.of(self.baseline, column, self.samples[self.start :, column]) for column in self._columns]
        found = (
            _of_sides(Kind.FROZEN, [(side.name, side.frozen) for side in sides])
            or _of_sides(Kind.SATURATED, [(side.name, side.saturated) for side in sides])
            or self._other_values()
            or _beyond_what_is_known(sides)
        )
        if found:
            return found
        lag = self._other_lag()
        if lag is not None:
            change = f"is {lag / rate:.2f} s, no longer {pair.lag / rate:.2f} s"
            return Finding(Kind.DELAY_CHANGED, f"the delay of {pair.b} after {pair.a} {change}")
        still = [side.still for side in sides]
        if any(still) and not all(still):
            resting, moving = (pair.a, pair.b) if still[0] else (pair.b, pair.a)
            return Finding(Kind.DECOUPLED, f"{resting} rests while {moving} moves")
        return Finding(Kind.DECOUPLED, f"{pair.a} and {pair.b} no longer depend on each other as before")

    @property
    def _columns(self) -> tuple[int, int]:
        return self.baseline.columns(self.pair)

    @property
    def _recent(self) -> int:
        """Samples since evidence began to grow."""
        return max(1, len(self.samples) - self.start)

    def _other_lag(self) -> int | None:
        """Return the lag at which the pair fits as it did when it was learnt, if there is one."""
        lag = self.baseline.pairs[self.pair].lag
        reach = round(_SEARCH * self.baseline.rate)
        x, y = (self.ranks[max(0, self.start - reach - abs(lag)) :, column] for column in self._columns)
        lags = [*(lag + more for more in range(-reach, reach + 1) if more), lag]
        best = self._best_fit([lagged_pair(x, y, one) for one in lags])
        return None if best is None else lags[best]

    def _other_values(self) -> Finding | None:
        """Say by which factor or offset one channel differs, if the pair fits again once that is taken out."""
        pair = self.baseline.pairs[self.pair]
        first = max(0, self.start - abs(pair.lag))
        ranks, form = self.ranks[first:], self.baseline.views[self.view].form
        values = in_form(self.samples[first:], form, self.baseline.memory, self.baseline.middle)
        changes, tried = [*self._changes(form), _Change(0, 1.0, 0.0, Finding(Kind.DECOUPLED, ""))], []
        for change in changes:
            both, column = [ranks[:, c] for c in self._columns], self._columns[change.side]
            own, quantiles = (values[:, column] - change.offset) / change.factor, self.baseline.quantiles[form, column]
            own = np.where((own < quantiles[0]) | (own > quantiles[-1]), np.nan, own)  # at the edge all look alike
            both[change.side] = ranks_among(quantiles[None], own[:, None])[:, 0]
            tried.append(lagged_pair(both[0], both[1], pair.lag))
        best = self._best_fit(tried)
        return None if best is None else changes[best].finding

    def _changes(self, form: Form) -> Iterator["_Change"]:
        """Yield what can have happened to the values of one channel; an offset shows in the values alone."""
        pair = self.baseline.pairs[self.pair]
        sign = Finding(Kind.SCALED, f"{pair.a} or {pair.b} has an inverted sign")
        yield _Change(0, -1.0, 0.0, sign)
        for side, (name, column) in enumerate(zip((pair.a, pair.b), self._columns, strict=True)):
            for factor, words in _FACTORS.items():
                yield _Change(side, factor, 0.0, Finding(Kind.SCALED, f"{name} {words}", name))
            if form is not Form.VALUES:
                continue
            good, now = self.baseline.quantiles[form, column], self.samples[self.start :, column]
            size, known = float(np.std(good)), now[np.isfinite(now)]
            moved = float(np.median(known) - np.median(good)) if len(known) else 0.0
            beyond = [moved] if abs(moved) > max(_OFFSETS) * size else []
            for offset in [*(many * size for many in _OFFSETS), *beyond]:
                words = f"{name} is shifted by about {offset:.2g}"
                yield _Change(side, 1.0, offset, Finding(Kind.OFFSET, words, name))

    def _best_fit(self, tried: Sequence[tuple[np.ndarray, np.ndarray]]) -> int | None:
        """Return with which of some pairs of ranks (T,) the two fit as they did when they were learnt, if one does.

        The last of them is as it would be had nothing changed: others must be clearly better.

        How well it fits is the bound of Donsker and Varadhan on the MI of these samples: the mean log ratio, less what
        other pairings of the same ranks reach, so that two which keep to a corner do not fit for that. Where two have
        nothing in common the log ratios of n samples add up to h with a probability of exp(-h) at most. Memory makes
        that more likely, as it does alarms, and every one that is tried may be it by chance.
        """
        view, mi = self.baseline.views[self.view], self.baseline.pairs[self.pair].mi
        u, v = (self._latest([pair[side] for pair in tried]) for side in (0, 1))
        u, v = np.where(np.isfinite(v), u, np.nan), np.where(np.isfinite(u), v, np.nan)
        known = np.isfinite(u).sum(axis=1)
        fits = np.full(len(tried), -np.inf)
        asked = np.flatnonzero(known >= max(_LEAST_FITS, u.shape[1] / 2))
        if len(asked):
            fits[asked] = self._fit(u[asked], v[asked])
        # Of samples that are thinned out each counts for as many as memory lets it.
        thinning = self._recent / u.shape[1]
        worth = min(1.0, thinning * view.rises.tail) / 2.0 * known[asked]
        fits[asked[fits[asked] * worth <= np.log(len(tried)) + _SURE]] = -np.inf
        best = int(fits.argmax())
        return best if fits[best] > max(mi / 2.0, fits[-1] + mi / 4.0) else None

    def _latest(self, tried: Sequence[np.ndarray]) -> np.ndarray:
        """Return the latest of some ranks (T,), as many of each: (K, n), NaN before the first."""
        rows = np.full((len(tried), self._recent), np.nan)
        for row, ranks in zip(rows, tried, strict=True):
            own = ranks[-self._recent :]
            row[len(row) - len(own) :] = own
        return rows[:, np.linspace(0, self._recent - 1, min(self._recent, _MOST_FITS)).astype(int)]

    def _fit(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the bound (K,) of ranks (K, n), nats; see `_best_fit`."""
        table = self.baseline.tables[self.view]

        def read(later: np.ndarray) -> np.ndarray:
            return log_ratios(table, u.ravel(), later.ravel()).reshape(u.shape)

        shifts = np.linspace(0, u.shape[1], _PAIRINGS + 2)[1:-1].astype(int)
        others = np.stack([np.exp(read(np.roll(v, shift, axis=1))) for shift in shifts], axis=2)
        return np.nanmean(read(v), axis=1) - np.log(np.nanmean(others, axis=(1, 2)))


class _Change(NamedTuple):
    """What can have happened to one side of a pair: it was multiplied, or an offset was added."""

    side: int
    factor: float
    offset: float
    finding: Finding


@dataclass(frozen=True)
class _Side:
    """What one channel of a pair did while evidence grew.

    ``still`` tells whether it had one value only, ``frozen`` are the words for that if it is longer than ever, and
    ``saturated`` those for a value that it does not pass.
    """

    name: str
    still: bool
    frozen: str
    saturated: str
    outside: bool
    noisier: bool

    @classmethod
    def of(cls, baseline: Baseline, column: int, samples: np.ndarray) -> "_Side":
        channel, known = baseline.channels[column], samples[np.isfinite(samples)]
        seconds, still = len(known) / baseline.rate, len(known) > 1 and not np.diff(known).any()
        least, most = baseline.quantiles[0, column, [0, -1]]
        return cls(
            name=channel.name,
            still=still,
            frozen=_rest(channel, seconds) if still and seconds > max(channel.rest, LEAST_PAUSE) else "",
            saturated="" if still else _saturation(channel.name, known, baseline.quantiles[Form.VALUES, column]),
            outside=len(known) > 1 and bool(((known < least) | (known > most)).mean() > _OUTSIDE),
            noisier=roughness(samples) > _NOISIER * channel.roughness,
        )


def _of_sides(kind: Kind, said: Sequence[tuple[str, str]]) -> Finding | None:
    """Return what is said of one channel or of both, [(name, words)]; None where nothing is."""
    told = [(name, words) for name, words in said if words]
    if not told:
        return None
    return Finding(kind, " and ".join(words for _, words in told), told[0][0] if len(told) == 1 else "")


def _beyond_what_is_known(sides: Sequence[_Side]) -> Finding | None:
    """Say which channels are outside their range, or noisier than before."""
    outside = [side.name for side in sides if side.outside]
    if len(outside) == 2:
        return Finding(
            Kind.NOT_SEEN_BEFORE, f"{' and '.join(outside)} have values that the good recordings do not contain"
        )
    noisier = [side.name for side in sides if side.noisier]
    if len(noisier) == 2:
        return Finding(Kind.NOISIER, f"{' and '.join(noisier)} are noisier than before")
    if noisier:
        return Finding(Kind.NOISIER, f"{noisier[0]} is noisier than before", noisier[0])
    if outside:
        return Finding(Kind.OUT_OF_RANGE, f"{outside[0]} is outside its known range", outside[0])
    return None


def _saturation(name: str, known: np.ndarray, good: np.ndarray) -> str:
    """Say that a channel comes to a value again and again that it passed in the good recordings: quantiles (Q,)."""
    extremes = ((known.max(initial=-np.inf), good[-1], "above"), (known.min(initial=np.inf), good[0], "below"))
    for value, limit, words in extremes:
        tied = known == value
        visits = np.count_nonzero(np.diff(tied.astype(np.int8), prepend=0) > 0)
        usual = 2.0 * float((good == value).mean())
        if visits >= _LEAST_VISITS and tied.mean() > max(_TIED, usual) and good[0] < value < good[-1]:
            return f"{name} does not go {words} {value:.3g}, in the good recordings to {limit:.3g}"
    return ""


def _rest(channel: ChannelBaseline, seconds: float) -> str:
    """Say that a channel gives the same value all the time."""
    if not channel.rest:
        return f"{channel.name} is frozen"
    return f"{channel.name} has rested for {seconds:.2g} s, in the good recordings for {channel.rest:.2g} s at most"
