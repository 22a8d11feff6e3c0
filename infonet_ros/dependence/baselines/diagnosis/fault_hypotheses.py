"""What may have happened to a pair: a changed delay, changed values, or channels that are swapped.

Each of these faults is a hypothesis, with the ranks that the pair would have without it. The one without which the pair
fits its baseline best is the diagnosis.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.diagnosis.fault import Fault, Kind
from infonet_ros.dependence.baselines.diagnosis.fits import LIKELY, SURE, Fits
from infonet_ros.dependence.baselines.diagnosis.value_changes import value_changes
from infonet_ros.dependence.baselines.forms import Form, channel_quantiles, in_form, ranks_among
from infonet_ros.series import paired_at_lag, runs

_SEARCH = 2.0  # seconds around the learnt delay in which a changed one is searched
_FARTHER = 2.0  # times the range of the good values: a sound robot may go so far,
_MOSTLY = 0.9  # for so much of the time


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A fault that may be there, and the ranks (2, T) that the pair would have without it.

    ``counterpart`` is what the other channel would have instead, if its values could be that: beside the one, the other
    is as much more as that is less.
    """

    fault: Fault
    ranks: np.ndarray
    counterpart: Fault | None = None


@dataclass(frozen=True, eq=False)
class FaultSearch:
    """Finds the fault of a pair in samples (T, N) of its baseline's channels; the ``recent`` last ones are new."""

    baseline: Baseline
    pair: int
    samples: np.ndarray
    recent: int

    def best(self) -> Fault | None:
        """Return the fault without which the pair fits its baseline; None if there is none.

        It must restore half of what the two share, and fit clearly better than the pair as it is.
        """
        tried = [*self._other_lags(), *self._other_values(), *self._swapped()]
        if not tried:
            return None
        fits = self._fits([*(one.ranks for one in tried), self._as_it_is])
        best, mi = int(fits.nats[:-1].argmax()), self.baseline.pairs[self.pair].mi
        enough = fits.nats[:-1] > max(mi / 2.0, fits.nats[-1] + mi / 4.0)
        if not (enough[best] and fits.clear(best) and fits.clear(best, len(tried))):
            return None
        near = (fits.nats[best] - fits.nats[:-1]) * fits.worth < SURE
        order = np.argsort(-fits.nats[:-1], kind="stable")
        found = _simplest([tried[number] for number in order if near[number]])
        if found.fault.kind is Kind.DELAY_CHANGED and _far_apart([one.fault for one in tried], near):
            return None
        possible = [tried[number].fault for number in order if enough[number] or near[number]]
        other = found.counterpart or _other_swap(possible, found.fault)
        return found.fault.or_else(other) if other else found.fault

    def still_dependent(self) -> bool:
        """Return whether the pair is likely to have half of the dependence that it had.

        Its values may have another distribution, as at another speed: their ranks among themselves may show it.
        """
        fits = self._fits([self._as_it_is, self._among_themselves])
        best = int(fits.nats.argmax())
        return bool(fits.nats[best] > self.baseline.pairs[self.pair].mi / 2.0) and fits.clear(best, sure=LIKELY)

    @property
    def _columns(self) -> tuple[int, int]:
        return self.baseline.columns(self.pair)

    @property
    def _view(self) -> int:
        """The view of this pair by values, which show an offset, or the first one; its rises are those of its table.

        Views are in the order in which they were learnt: values, innovations, residuals.
        """
        return self.baseline.views_of(self.pair)[0]

    @property
    def _as_it_is(self) -> np.ndarray:
        x, y = self._ranks(self.samples[:, self._columns].T)
        return np.stack(paired_at_lag(x, y, self.baseline.pairs[self.pair].lag))

    @property
    def _among_themselves(self) -> np.ndarray:
        """The ranks (2, T) of the recent samples among each other."""
        lag = self.baseline.pairs[self.pair].lag
        x, y = self._in_form(self.samples[-self.recent - abs(lag) :, self._columns].T).T
        pair = np.stack(paired_at_lag(x, y, lag), axis=1)
        if not np.isfinite(pair).any(axis=0).all():
            return np.full(pair.T.shape, np.nan)
        return ranks_among(channel_quantiles(pair), pair).T

    def _fits(self, tried: Sequence[np.ndarray]) -> Fits:
        steepness = self.baseline.views[self._view].rises.steepness
        return Fits.of(self.baseline.tables[self._view], tried, self.recent, steepness)

    def _ranks(self, pair: np.ndarray) -> np.ndarray:
        """Return the ranks (2, T) of samples (2, T), NaN beyond the edge: there all values would have one rank."""
        quantiles = self.baseline.quantiles[self.baseline.views[self._view].form.ranked, list(self._columns)]
        values = self._in_form(pair)
        values = np.where((values < quantiles[:, 0]) | (values > quantiles[:, -1]), np.nan, values)
        return ranks_among(quantiles, values).T

    def _in_form(self, pair: np.ndarray) -> np.ndarray:
        """Return samples (2, T) in the form of the view: (T, 2)."""
        columns, form = list(self._columns), self.baseline.views[self._view].form.ranked
        return in_form(pair.T, form, self.baseline.memory[columns], self.baseline.middle[columns])

    def _other_lags(self) -> Iterator[Hypothesis]:
        pair, rate = self.baseline.pairs[self.pair], self.baseline.rate
        reach = round(_SEARCH * rate)
        x, y = self._ranks(self.samples[-self.recent - reach - abs(pair.lag) :, self._columns].T)
        for more in filter(None, range(-reach, reach + 1)):
            lag = pair.lag + more
            change = f"is {lag / rate:.2f} s, no longer {pair.lag / rate:.2f} s"
            either = (_moved_in_time(pair.a, -more / rate), _moved_in_time(pair.b, more / rate))
            fault = Fault(Kind.DELAY_CHANGED, f"the delay of {pair.b} after {pair.a} {change}", either=either)
            yield Hypothesis(fault, np.stack(paired_at_lag(x, y, lag)))

    def _other_values(self) -> Iterator[Hypothesis]:
        pair = self.baseline.pairs[self.pair]
        x, y = self.samples[-self.recent - abs(pair.lag) :, self._columns].T
        aligned = np.stack(paired_at_lag(x, y, pair.lag))
        expectation = self.baseline.expectations[self.pair]
        changes = list(value_changes(expectation, (pair.a, pair.b), aligned, self.baseline.rate))
        undone = [one.undone(aligned) for one in changes]
        likely = [one for one, pair in zip(changes, undone, strict=True) if self._is_usual(pair)]
        for change, changed in zip(changes, undone, strict=True):
            others = (one.fault for one in likely if one.side != change.side and one.what == change.what)
            yield Hypothesis(change.fault, self._ranks(changed), next(others, None))

    def _is_usual(self, pair: np.ndarray) -> bool:
        """Return whether a sound robot may have samples (2, T), even if it goes farther than in the good recordings."""
        good = self.baseline.quantiles[Form.VALUES, list(self._columns)]
        least, most = good[:, :1], good[:, -1:]
        known = pair[:, np.isfinite(pair).all(axis=0)]
        usual = np.abs(known - (least + most) / 2.0) <= _FARTHER * (most - least) / 2.0
        return known.size > 0 and bool((usual.mean(axis=1) > _MOSTLY).all())

    def _swapped(self) -> Iterator[Hypothesis]:
        """Yield the channels with which one of the two may be swapped.

        Then another pair of that channel fits with this one in its place, too.
        """
        names, lag = self.baseline.names, self.baseline.pairs[self.pair].lag
        for side, column in enumerate(self._columns):
            for other in range(len(names)):
                if other in self._columns or not self._fits_elsewhere(column, other) or self._differ(column, other):
                    continue
                columns = list(self._columns)
                columns[side] = other
                x, y = self._ranks(self.samples[:, columns].T)
                first, second = sorted((column, other))  # each of the two says the same
                fault = Fault(Kind.SWAPPED, f"{names[first]} and {names[second]} are swapped", names[column])
                yield Hypothesis(fault, np.stack(paired_at_lag(x, y, lag)))

    def _fits_elsewhere(self, column: int, other: int) -> bool:
        """Return whether a channel fits a pair of another one in its place, and that one does not."""
        for number, pair in enumerate(self.baseline.pairs):
            columns = list(self.baseline.columns(number))
            if other not in columns or column in columns or number == self.pair:
                continue
            columns[columns.index(other)] = column
            fits = self._of_other(number, columns)
            if fits.nats[0] > pair.mi / 2.0 and fits.clear(0) and fits.clear(0, 1):
                return True
        return False

    def _differ(self, column: int, other: int) -> bool:
        """Return whether two channels are a pair, which does not fit if they are swapped.

        If one of two that measure the same is late, the other one fits in its place as well.
        """
        for number, pair in enumerate(self.baseline.pairs):
            columns = self.baseline.columns(number)
            if {*columns} == {column, other}:
                return bool(self._of_other(number, columns[::-1]).nats[0] <= pair.mi / 2.0)
        return False

    def _of_other(self, number: int, columns: Sequence[int]) -> Fits:
        """Return how well two channels fit in the place of another pair, and how well that pair fits as it is."""
        its = FaultSearch(self.baseline, number, self.samples, self.recent)
        x, y = its._ranks(self.samples[:, list(columns)].T)
        return its._fits([np.stack(paired_at_lag(x, y, self.baseline.pairs[number].lag)), its._as_it_is])


def _moved_in_time(name: str, later: float) -> Fault:
    """Return that a channel is ``later`` than before, seconds."""
    words = f"{name} is {abs(later):.2f} s {'later' if later > 0.0 else 'earlier'} than before"
    return Fault(Kind.DELAY_CHANGED, words, name)


def _far_apart(faults: Sequence[Fault], near: np.ndarray) -> bool:
    """Return whether separate delays are ``near`` (K,) the best, as of streams that vibrate: then none is known."""
    delays = near[[fault.kind is Kind.DELAY_CHANGED for fault in faults]]
    return len(runs(delays)) > 1


def _simplest(near: Sequence[Hypothesis]) -> Hypothesis:
    """Return the best of faults that explain a pair about as well, best first; one that drifts only if alone."""
    return next((one for one in near if one.fault.kind is not Kind.DRIFTING), near[0])


def _other_swap(possible: Sequence[Fault], fault: Fault) -> Fault | None:
    """Return the best of the ``possible`` swaps of the other channel, best first; None if ``fault`` is no swap."""
    if fault.kind is not Kind.SWAPPED:
        return None
    return next((one for one in possible if one.kind is fault.kind and one.channel != fault.channel), None)
