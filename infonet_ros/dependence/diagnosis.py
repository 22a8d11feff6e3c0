"""Diagnose a pair that no longer fits its baseline: the kind of fault, and words for it.

    kind, words, channel = Diagnosis(baseline, pair, view, samples, ranks, start).explain()

All delays and scales together need some 100,000 look-ups: tens of milliseconds, at any rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.baseline import Baseline, log_ratios
from infonet_ros.dependence.channel_baseline import LEAST_PAUSE, ChannelBaseline, roughness
from infonet_ros.dependence.fault import Fault, Kind
from infonet_ros.dependence.forms import Form, in_form
from infonet_ros.dependence.quantiles import ranks_among
from infonet_ros.dependence.value_changes import ValueChange, value_changes
from infonet_ros.intake.windows.alignment import lagged_pair

_SEARCH = 2.0  # seconds around the learnt delay in which a changed one is searched
_SURE = 3.0  # nats: a changed delay is reported by mistake once in exp(3) times
_LEAST_FITS = 10  # samples for another delay or scale
_MOST_FITS = 256  # samples; of more, so many are used, evenly spread
_PAIRINGS = 8  # other pairings for comparison
_NOISIER = 1.5  # times the roughness of the roughest good stretch
_OUTSIDE = 0.1  # share of samples beyond all good ones
_TIED = 0.1  # share of samples at the largest or least value: with more, the sensor saturates
_LEAST_VISITS = 3  # times that a saturating sensor reaches this value


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
            self.saturated()
            or _of_sides(Kind.FROZEN, [(side.name, side.frozen) for side in sides])
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
        best = self._best_fit([np.stack(lagged_pair(x, y, one)) for one in lags], self.view)
        return None if best is None else lags[best]

    @property
    def _view_of_values(self) -> int:
        """The view of this pair that shows an offset, if there is one."""
        own = [number for number, view in enumerate(self.baseline.views) if view.pair == self.pair]
        return next((number for number in own if self.baseline.views[number].form.ranked is Form.VALUES), self.view)

    def _other_values(self) -> Fault | None:
        """Return the factor, offset or drift of one channel, if the pair fits its baseline without it."""
        pair = self.baseline.pairs[self.pair]
        first = max(0, self.start - abs(pair.lag))
        x, y = self.samples[first:, self._columns].T
        aligned = np.stack(lagged_pair(x, y, pair.lag))
        expectation, rate = self.baseline.expectations[self.pair], self.baseline.rate
        changes = list(value_changes(expectation, (pair.a, pair.b), aligned, rate))
        tried = [*(self._ranks_without(change, aligned) for change in changes), self._ranks_of(aligned)]
        best = self._best_fit(tried, self._view_of_values)
        return None if best is None else changes[best].fault

    def _ranks_without(self, change: ValueChange, aligned: np.ndarray) -> np.ndarray:
        """Return the ranks (2, T) that samples (2, T) would have without a change."""
        changed = aligned.copy()
        changed[change.side] = change.undone(aligned[change.side])
        return self._ranks_of(changed)

    def _ranks_of(self, aligned: np.ndarray) -> np.ndarray:
        """Return the ranks (2, T) of samples (2, T), NaN beyond the edge: there all values would have one rank."""
        columns, form = list(self._columns), self.baseline.views[self._view_of_values].form.ranked
        quantiles = self.baseline.quantiles[form, columns]
        values = in_form(aligned.T, form, self.baseline.memory[columns], self.baseline.middle[columns])
        values = np.where((values < quantiles[:, 0]) | (values > quantiles[:, -1]), np.nan, values)
        return ranks_among(quantiles, values).T

    def _best_fit(self, tried: Sequence[np.ndarray], number: int) -> int | None:
        """Return the number of the ranks (2, T) with which the two fit a view best; None if they fit with none.

        The last of those tried is the unchanged pair: others must be clearly better.

        The fit is the bound of Donsker and Varadhan on the MI of these samples: the mean log ratio, less its value for
        other pairings of the same ranks, so that two channels that stay in one corner do not fit. For independent
        channels the log ratios of n samples add up to h with a probability of exp(-h) at most. Autocorrelation makes
        this more likely, and so does each pair that is tried.
        """
        view, mi = self.baseline.views[number], self.baseline.pairs[self.pair].mi
        u, v = (self._latest([pair[side] for pair in tried]) for side in (0, 1))
        u, v = np.where(np.isfinite(v), u, np.nan), np.where(np.isfinite(u), v, np.nan)
        known = np.isfinite(u).sum(axis=1)
        fits = np.full(len(tried), -np.inf)
        asked = np.flatnonzero(known >= max(_LEAST_FITS, u.shape[1] / 2))
        if len(asked):
            fits[asked] = self._fit(u[asked], v[asked], self.baseline.tables[number])
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

    def _fit(self, u: np.ndarray, v: np.ndarray, table: np.ndarray) -> np.ndarray:
        """Return the bound (K,) of ranks (K, n), nats; see `_best_fit`."""

        def read(later: np.ndarray) -> np.ndarray:
            return log_ratios(table, u.ravel(), later.ravel()).reshape(u.shape)

        shifts = np.linspace(0, u.shape[1], _PAIRINGS + 2)[1:-1].astype(int)
        others = np.stack([np.exp(read(np.roll(v, shift, axis=1))) for shift in shifts], axis=2)
        return np.nanmean(read(v), axis=1) - np.log(np.nanmean(others, axis=(1, 2)))


@dataclass(frozen=True)
class _Side:
    """The behaviour of one channel of a pair while evidence grew.

    ``still`` tells whether it had one value only, and ``frozen`` are the words for that if it is longer than ever.
    """

    name: str
    still: bool
    frozen: str
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


def _saturation(name: str, samples: np.ndarray, start: int, good: np.ndarray) -> str:
    """Return words if a channel (T,) often stops at a value that it passed in the good recordings, quantiles (Q,).

    The value is its largest or smallest since ``start``; before, it counts as long as the channel did not pass it.
    """
    for sign, words in ((1.0, "above"), (-1.0, "below")):
        values = sign * samples
        value, (least, most) = np.fmax.reduce(values[start:], initial=-np.inf), np.sort(sign * good[[0, -1]])
        passed = np.flatnonzero(values > value)
        held = values[passed[-1] + 1 if len(passed) else 0 :]
        tied = held[np.isfinite(held)] == value
        visits = np.count_nonzero(np.diff(tied.astype(np.int8), prepend=0) > 0)
        usual = 2.0 * float((sign * good == value).mean())
        if visits >= _LEAST_VISITS and tied.mean() > max(_TIED, usual) and least < value < most:
            return f"{name} does not go {words} {sign * value:.3g}, in the good recordings to {sign * most:.3g}"
    return ""


def _rest(channel: ChannelBaseline, seconds: float) -> str:
    """Return words for a channel that keeps one value."""
    if not channel.rest:
        return f"{channel.name} is frozen"
    return f"{channel.name} has rested for {seconds:.2g} s, in the good recordings for {channel.rest:.2g} s at most"
