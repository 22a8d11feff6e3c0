"""Diagnose a pair that no longer fits its baseline: the kind of fault, and words for it.

    kind, words, channel = Diagnosis(baseline, pair, view, samples, ranks, start).explain()

All delays and scales together need some 100,000 look-ups: tens of milliseconds, at any rate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from infonet_ros.dependence.baseline import Baseline, log_ratios
from infonet_ros.dependence.channel_baseline import LEAST_PAUSE, ChannelBaseline, roughness
from infonet_ros.dependence.factors import FACTORS
from infonet_ros.dependence.forms import Form, in_form
from infonet_ros.dependence.quantiles import ranks_among
from infonet_ros.intake.windows.alignment import lagged_pair

_SEARCH = 2.0  # seconds around the learnt delay in which a changed one is searched
_SURE = 3.0  # nats: a changed delay is reported by mistake once in exp(3) times
_LEAST_FITS = 10  # samples for another delay or scale
_MOST_FITS = 256  # samples; of more, so many are used, evenly spread
_PAIRINGS = 8  # other pairings for comparison
_NOISIER = 1.5  # times the roughness of the roughest good stretch
_OUTSIDE = 0.1  # share of samples beyond all good ones
_OFFSETS = (
    -3.0,
    -2.0,
    -1.5,
    -1.0,
    -0.5,
    0.5,
    1.0,
    1.5,
    2.0,
    3.0,
)  # standard deviations; the shift of the median is tried too
_TIED = 0.1  # share of samples at the largest or least value: with more, the sensor saturates
_LEAST_VISITS = 3  # times that a saturating sensor reaches this value


class Kind(str, Enum):
    """The diagnosis of an alarm."""

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


class Fault(NamedTuple):
    """What is wrong, in words; and the one channel at fault, or "" if both channels of the pair can be."""

    kind: Kind
    words: str
    channel: str = ""


PROVISIONAL = {Kind.DECOUPLED, Kind.NOISIER, Kind.OUT_OF_RANGE}
"""Kinds that more samples can replace by a better diagnosis."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """A pair since evidence against it began to grow.

    Attributes
    ----------
    baseline : Baseline
    pair, view : int
        Numbers of the pair, and of the view that is used.
    samples, ranks : (T, N) float64
        Of the channels of the baseline up to now, and their ranks in the view; NaN where unknown.
    start : int
        The sample at which evidence began to grow.
    """

    baseline: Baseline
    pair: int
    view: int
    samples: np.ndarray
    ranks: np.ndarray
    start: int

    def explain(self) -> Fault:
        """Return what is wrong, as far as the samples show it."""
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
            return Fault(Kind.DELAY_CHANGED, f"the delay of {pair.b} after {pair.a} {change}")
        still = [side.still for side in sides]
        if any(still) and not all(still):
            resting, moving = (pair.a, pair.b) if still[0] else (pair.b, pair.a)
            return Fault(Kind.DECOUPLED, f"{resting} rests while {moving} moves")
        return Fault(Kind.DECOUPLED, f"{pair.a} and {pair.b} no longer depend on each other as before")

    @property
    def _columns(self) -> tuple[int, int]:
        return self.baseline.columns(self.pair)

    @property
    def _recent(self) -> int:
        """Samples since evidence began to grow."""
        return max(1, len(self.samples) - self.start)

    def _other_lag(self) -> int | None:
        """Return the lag at which the pair fits its baseline, if there is one."""
        lag = self.baseline.pairs[self.pair].lag
        reach = round(_SEARCH * self.baseline.rate)
        x, y = (self.ranks[max(0, self.start - reach - abs(lag)) :, column] for column in self._columns)
        lags = [*(lag + more for more in range(-reach, reach + 1) if more), lag]
        best = self._best_fit([lagged_pair(x, y, one) for one in lags])
        return None if best is None else lags[best]

    def _other_values(self) -> Fault | None:
        """Return the factor or offset of one channel, if the pair fits its baseline without it."""
        pair = self.baseline.pairs[self.pair]
        first = max(0, self.start - abs(pair.lag))
        ranks, form = self.ranks[first:], self.baseline.views[self.view].form.ranked
        values = in_form(self.samples[first:], form, self.baseline.memory, self.baseline.middle)
        changes, tried = [*self._changes(form), _Change(0, 1.0, 0.0, Fault(Kind.DECOUPLED, ""))], []
        for change in changes:
            both, column = [ranks[:, c] for c in self._columns], self._columns[change.side]
            own, quantiles = (values[:, column] - change.offset) / change.factor, self.baseline.quantiles[form, column]
            own = np.where(
                (own < quantiles[0]) | (own > quantiles[-1]), np.nan, own
            )  # beyond the edge all values would have one rank
            both[change.side] = ranks_among(quantiles[None], own[:, None])[:, 0]
            tried.append(lagged_pair(both[0], both[1], pair.lag))
        best = self._best_fit(tried)
        return None if best is None else changes[best].fault

    def _changes(self, form: Form) -> Iterator["_Change"]:
        """Yield the possible changes of the values of one channel; an offset shows only in the values."""
        pair = self.baseline.pairs[self.pair]
        sign = Fault(Kind.SCALED, f"{pair.a} or {pair.b} has an inverted sign")
        yield _Change(0, -1.0, 0.0, sign)
        for side, (name, column) in enumerate(zip((pair.a, pair.b), self._columns, strict=True)):
            for factor, words in FACTORS.items():
                yield _Change(side, factor, 0.0, Fault(Kind.SCALED, f"{name} {words}", name))
            if form is not Form.VALUES:
                continue
            good, now = self.baseline.quantiles[form, column], self.samples[self.start :, column]
            size, known = float(np.std(good)), now[np.isfinite(now)]
            moved = float(np.median(known) - np.median(good)) if len(known) else 0.0
            beyond = [moved] if abs(moved) > max(_OFFSETS) * size else []
            for offset in [*(many * size for many in _OFFSETS), *beyond]:
                words = f"{name} is shifted by about {offset:.2g}"
                yield _Change(side, 1.0, offset, Fault(Kind.OFFSET, words, name))

    def _best_fit(self, tried: Sequence[tuple[np.ndarray, np.ndarray]]) -> int | None:
        """Return the number of the pair of ranks (T,) with which the two fit their baseline best; None if none fits.

        The last of those tried is the unchanged pair: others must be clearly better.

        The fit is the bound of Donsker and Varadhan on the MI of these samples: the mean log ratio, less its value for
        other pairings of the same ranks, so that two channels that stay in one corner do not fit. For independent
        channels the log ratios of n samples add up to h with a probability of exp(-h) at most. Autocorrelation makes
        this more likely, and so does each pair that is tried.
        """
        view, mi = self.baseline.views[self.view], self.baseline.pairs[self.pair].mi
        u, v = (self._latest([pair[side] for pair in tried]) for side in (0, 1))
        u, v = np.where(np.isfinite(v), u, np.nan), np.where(np.isfinite(u), v, np.nan)
        known = np.isfinite(u).sum(axis=1)
        fits = np.full(len(tried), -np.inf)
        asked = np.flatnonzero(known >= max(_LEAST_FITS, u.shape[1] / 2))
        if len(asked):
            fits[asked] = self._fit(u[asked], v[asked])
        # Each of the thinned samples counts for as many as are independent.
        thinning = self._recent / u.shape[1]
        worth = min(1.0, thinning * view.rises.tail) / 2.0 * known[asked]
        fits[asked[fits[asked] * worth <= np.log(len(tried)) + _SURE]] = -np.inf
        best = int(fits.argmax())
        return best if fits[best] > max(mi / 2.0, fits[-1] + mi / 4.0) else None

    def _latest(self, tried: Sequence[np.ndarray]) -> np.ndarray:
        """Return the latest of some ranks (T,), the same number of each: (K, n), NaN before the first."""
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
    """A possible change of one side of a pair: a factor, or an offset."""

    side: int
    factor: float
    offset: float
    fault: Fault


@dataclass(frozen=True)
class _Side:
    """The behaviour of one channel of a pair while evidence grew.

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


def _saturation(name: str, known: np.ndarray, good: np.ndarray) -> str:
    """Return words if a channel often stops at a value that it passed in the good recordings, quantiles (Q,)."""
    extremes = ((known.max(initial=-np.inf), good[-1], "above"), (known.min(initial=np.inf), good[0], "below"))
    for value, limit, words in extremes:
        tied = known == value
        visits = np.count_nonzero(np.diff(tied.astype(np.int8), prepend=0) > 0)
        usual = 2.0 * float((good == value).mean())
        if visits >= _LEAST_VISITS and tied.mean() > max(_TIED, usual) and good[0] < value < good[-1]:
            return f"{name} does not go {words} {value:.3g}, in the good recordings to {limit:.3g}"
    return ""


def _rest(channel: ChannelBaseline, seconds: float) -> str:
    """Return words for a channel that keeps one value."""
    if not channel.rest:
        return f"{channel.name} is frozen"
    return f"{channel.name} has rested for {seconds:.2g} s, in the good recordings for {channel.rest:.2g} s at most"
