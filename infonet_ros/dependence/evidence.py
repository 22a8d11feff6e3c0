"""Sample by sample: do two channels still belong together? Evidence that they no longer do, and alarms.

    monitor = EvidenceMonitor(baseline, interval=3600.0)
    for alarm in monitor.push(stamps, samples):       # (T,), (T, N): the next samples on the clock of the baseline
        print(alarm)

Each pair is judged by the values of both channels, by what is new in them, or by both ways: its views. An alarm goes on
when the evidence of a view (see `page_rule`) passes the threshold that the false-alarm interval asks for, and off when
all are back at half of it: evidence is held below twice the threshold, so that it recovers.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from infonet_ros.dependence.baseline import (
    Baseline,
    ChannelBaseline,
    PairBaseline,
    View,
    log_ratios,
    news,
    ranks_among,
    roughness,
)
from infonet_ros.dependence.page_rule import PageSum
from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.alignment import lagged_pair
from infonet_ros.text import NANOSECONDS, moment

MEMORY = 60.0
"""Seconds of samples that are kept, to tell what is wrong."""

LEAST_PAUSE = 1.0
"""Seconds. A shorter time without samples, or without a new value, is no alarm, however lively the stream was."""

_HISTORY = 10_000  # alarms
_SECOND_THOUGHT = 10.0  # seconds after an alarm in which more samples may tell what is wrong
_SEARCH = 2.0  # seconds: a delay that has changed is looked for so far beyond the one that was learnt
_SURE = 3.0  # nats: that a delay has changed may be wrong once in exp(3) times
_LEAST_FITS = 10  # samples by which another delay or scale may be told
_PAIRINGS = 8  # other pairings to compare them with
_NOISIER = 1.5  # times the roughest stretch
_FACTORS = {
    np.degrees(1.0): "is about 57.3 times what it was, as degrees for radians",
    np.radians(1.0): "is about 1/57.3 of what it was, as radians for degrees",
    **{k: f"is about {k:g} times what it was, as in another unit" for k in (3.6, 9.81, 10.0, 100.0, 1000.0)},
    **{1.0 / k: f"is about 1/{k:g} of what it was, as in another unit" for k in (3.6, 9.81, 10.0, 100.0, 1000.0)},
}
_OUTSIDE = 0.1  # share of samples beyond all good ones


class Kind(str, Enum):
    """What an alarm says of a pair."""

    SILENT = "silent"
    FROZEN = "frozen"
    OUT_OF_RANGE = "out of range"
    NOT_SEEN_BEFORE = "not seen before"
    DELAY_CHANGED = "delay changed"
    SCALED = "scaled"
    NOISIER = "noisier"
    PARTED = "parted"


_FIRST_THOUGHTS = {Kind.PARTED, Kind.NOISIER, Kind.OUT_OF_RANGE}
"""Kinds that more samples may explain better."""


@dataclass(frozen=True)
class Alarm:
    """A pair that is not what it was in the good recordings.

    Attributes
    ----------
    a, b : str
    time : int
        When the alarm went on, nanoseconds of sensor time.
    since : int
        When evidence began to grow: about when the fault came.
    evidence : float
        Nats, when the alarm went on.
    kind : Kind
    words : str
        What is wrong, as far as the samples tell.
    end : int or None
        When the alarm went off; None while it is on.
    """

    a: str
    b: str
    time: int
    since: int
    evidence: float
    kind: Kind
    words: str
    end: int | None = None

    def __str__(self) -> str:
        until = "still on at the end" if self.end is None else f"until {moment(self.end)}"
        return f"{moment(self.time)}: {self.words} (since about {moment(self.since)}, {until})"


class EvidenceMonitor:
    """Adds up the evidence of every pair of a baseline.

    Parameters
    ----------
    baseline : Baseline
    interval : float
        Mean time between false alarms, seconds; all pairs together.

    Attributes
    ----------
    evidence : (P,) float64
        Of each pair, nats; NaN before its first sample. Where a pair has two views, that of the one that is nearer to
        its threshold, on the scale of the first.
    thresholds : (P,) float64
        Evidence, nats, that makes an alarm.
    """

    def __init__(self, baseline: Baseline, interval: float) -> None:
        if not 0.0 < interval < float("inf"):
            raise ConfigurationError(f"the false-alarm interval is {interval:g} s: expected a number above 0.")
        self.baseline = baseline
        self._tops = baseline.thresholds(interval)
        self._views = [
            [number for number, view in enumerate(baseline.views) if view.pair == pair]
            for pair in range(len(baseline.pairs))
        ]
        self.thresholds = self._tops[[views[0] for views in self._views]]
        self.reset()

    def reset(self) -> None:
        """Forget all samples, as when time has jumped."""
        count = len(self.baseline.channels)
        self._stamps = np.empty(0, dtype=np.int64)
        self._samples = np.empty((0, count))
        self._ranks = np.empty((2, 0, count))  # of values, and of news
        self._silent = np.zeros(count, dtype=int)
        self._still = np.zeros(count, dtype=int)
        self._value = np.full(count, np.nan)
        self.evidence = np.full(len(self.baseline.pairs), np.nan)
        self._on: dict[int, int] = {}  # pair to number of its alarm
        self._first = 0  # number of the oldest alarm that is remembered
        self._alarms: deque[Alarm] = deque()
        self._sums = [PageSum(view.block, 2.0 * top) for view, top in zip(self.baseline.views, self._tops, strict=True)]

    def push(self, stamps: np.ndarray, samples: np.ndarray) -> list[Alarm]:
        """Take the next samples (T, N) of the baseline's channels, NaN where unknown; return alarms that went on.

        ``stamps`` (T,) int64 are nanoseconds, one period of the baseline's clock apart.
        """
        known = len(self._stamps)
        self._stamps = np.concatenate([self._stamps, stamps])
        self._ranks = np.concatenate([self._ranks, self._ranks_of(samples)], axis=1)
        self._samples = np.concatenate([self._samples, samples])
        self._count_pauses(samples)
        judged = [self._judge(number, known, len(stamps)) for number in range(len(self._pairs))]
        self._forget()
        return [alarm for alarm in judged if alarm is not None]

    @property
    def last_stamp(self) -> int:
        """Stamp of the last sample, nanoseconds; 0 before the first."""
        return int(self._stamps[-1]) if len(self._stamps) else 0

    @property
    def on(self) -> dict[int, Alarm]:
        """Alarms that are on, by the number of the pair."""
        return {pair: self._alarms[number - self._first] for pair, number in self._on.items()}

    @property
    def history(self) -> list[Alarm]:
        """Return the alarms so far, in the order of time; those of long ago are forgotten."""
        return list(self._alarms)

    @property
    def _pairs(self) -> Sequence[PairBaseline]:
        return self.baseline.pairs

    def _count_pauses(self, samples: np.ndarray) -> None:
        """Count for each channel since how many samples it gives nothing, and since how many the same value."""
        known, values = np.isfinite(samples), np.concatenate([self._value[None], samples])
        places = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
        held = np.take_along_axis(values, np.maximum.accumulate(places), axis=0)
        self._silent = _rows_since(known, self._silent)
        self._still = _rows_since(known & (held[1:] != held[:-1]), self._still)
        self._value = held[-1]

    def _ranks_of(self, samples: np.ndarray) -> np.ndarray:
        """Return the ranks (2, T, N) of the next samples, and of what is new in them."""
        last = self._samples[-1:]
        fresh = news(np.concatenate([last, samples]), self.baseline.memory)[len(last) :]
        ranks = np.full((2, *samples.shape), np.nan)
        for of_news in {view.news for view in self.baseline.views}:
            ranks[int(of_news)] = ranks_among(self.baseline.quantiles[int(of_news)], fresh if of_news else samples)
        return ranks

    def _judge(self, number: int, known: int, fresh: int) -> Alarm | None:
        """Add the new samples to the evidence of one pair; return its alarm if that has just gone on."""
        columns, threshold = self._columns(self._pairs[number]), self.thresholds[number]
        found = [self._add(view, columns, known, fresh) for view in self._views[number]]
        (peak, since), level = max(found), max(self._level(view) for view in self._views[number])
        self.evidence[number] = level * threshold
        paused = [column for column in columns if self._has_paused(column)]
        now = int(self._stamps[-1])
        if number in self._on:
            self._follow(number, now, well=not paused and level < 0.5)
            return None
        if not paused and peak < 1.0:
            return None
        if paused:
            since = now - int(self._still[paused].max() * NANOSECONDS / self.baseline.rate)
        pair = self._pairs[number]
        alarm = Alarm(pair.a, pair.b, now, since, peak * threshold, *self._explain(number, since))
        self._on[number] = self._first + len(self._alarms)
        self._alarms.append(alarm)
        return alarm

    def _add(self, view: int, columns: tuple[int, int], known: int, fresh: int) -> tuple[float, int]:
        """Add the new samples to one view; return its largest evidence, as a share of its threshold, and since when."""
        lag = self._pairs[self.baseline.views[view].pair].lag
        ranks = self._ranks_seen(view, max(0, known - abs(lag)))
        u, v = lagged_pair(ranks[:, columns[0]], ranks[:, columns[1]], lag)
        ratios = log_ratios(self.baseline.tables[view], u, v)[-fresh:] if fresh else np.empty(0)
        peak, since = self._sums[view].add(ratios, self._stamps[len(self._stamps) - len(ratios) :])
        return float(peak / self._tops[view]), since

    def _level(self, view: int) -> float:
        """Return the evidence of a view as a share of its threshold."""
        return float(self._sums[view].value / self._tops[view])

    def _ranks_seen(self, view: int, first: int) -> np.ndarray:
        """Return the ranks (T, N) that a view judges, from a sample on."""
        return self._ranks[int(self.baseline.views[view].news), first:]

    def _follow(self, number: int, now: int, well: bool) -> None:
        """End an alarm of a pair that is well again; look again for what explains one."""
        place = self._on[number] - self._first
        alarm = self._alarms[place]
        if well:
            del self._on[number]
            self._alarms[place] = replace(alarm, end=now)
        elif alarm.kind in _FIRST_THOUGHTS and now - alarm.time < _SECOND_THOUGHT * NANOSECONDS:
            kind, words = self._explain(number, alarm.since)
            self._alarms[place] = replace(alarm, kind=kind, words=words)

    def _columns(self, pair: PairBaseline) -> tuple[int, int]:
        names = self.baseline.names
        return names.index(pair.a), names.index(pair.b)

    def _has_paused(self, column: int) -> bool:
        """Tell whether a channel gives nothing for longer than it ever did, or always the same, which it never did.

        One that may rest, such as the speed of a wheel, may rest for longer than in the good recordings.
        """
        channel, rate = self.baseline.channels[column], self.baseline.rate
        if self._silent[column] / rate > max(LEAST_PAUSE, 2.0 * channel.gap):
            return True
        return channel.rest == 0.0 and self._still[column] / rate > LEAST_PAUSE

    def _explain(self, number: int, since: int) -> tuple[Kind, str]:
        """Say what is wrong, by the samples since evidence began to grow."""
        pair, rate = self._pairs[number], self.baseline.rate
        a, b = pair.a, pair.b
        columns = self._columns(pair)
        rows = slice(int(np.searchsorted(self._stamps, since)), None)
        sides = [_Side.of(self.baseline, c, self._samples[rows, c]) for c in columns]
        if silent := [side.name for side in sides if side.silent]:
            return Kind.SILENT, f"{' and '.join(silent)} gave nothing"
        if frozen := [side for side in sides if side.frozen]:
            longest = [side for side in frozen if side.beyond] or frozen
            return Kind.FROZEN, " and ".join(side.frozen for side in longest)
        if scaled := self._other_scale(number, rows):
            return Kind.SCALED, scaled
        outside = [side.name for side in sides if side.outside]
        if len(outside) == 2:
            return Kind.NOT_SEEN_BEFORE, f"{a} and {b} are where the good recordings never were"
        if noisier := [side.name for side in sides if side.noisier]:
            return Kind.NOISIER, f"{' and '.join(noisier)} {'is' if len(noisier) == 1 else 'are'} noisier than before"
        if outside:
            return Kind.OUT_OF_RANGE, f"{outside[0]} is out of its known range"
        lag = self._other_lag(number, rows)
        if lag is not None:
            change = f"is {lag / rate:.2f} s, no longer {pair.lag / rate:.2f} s"
            return Kind.DELAY_CHANGED, f"the delay of {b} after {a} {change}"
        return Kind.PARTED, f"{a} and {b} no longer belong together"

    def _other_lag(self, number: int, rows: slice) -> int | None:
        """Return the lag at which the pair fits as it did when it was learnt, if there is one."""
        pair = self._pairs[number]
        a, b = self._columns(pair)
        reach = round(_SEARCH * self.baseline.rate)
        ranks = self._ranks_seen(self._views[number][0], max(0, rows.start - reach - abs(pair.lag)))
        recent = max(1, len(self._stamps) - rows.start)
        lags = [*(pair.lag + more for more in range(-reach, reach + 1) if more), pair.lag]
        tried = [np.stack(lagged_pair(ranks[:, a], ranks[:, b], lag))[:, -recent:] for lag in lags]
        best = self._best_fit(number, tried)
        return None if best is None else lags[best]

    def _other_scale(self, number: int, rows: slice) -> str | None:
        """Say by which factor one channel differs from what it was, if the pair fits again once it is taken out."""
        pair, chosen = self._pairs[number], self._views[number][0]
        of_news, columns = self.baseline.views[chosen].news, self._columns(pair)
        first = max(0, rows.start - abs(pair.lag))
        recent = max(1, len(self._stamps) - rows.start)
        samples, ranks = self._samples[first:], self._ranks_seen(chosen, first)
        values = news(samples, self.baseline.memory) if of_news else samples
        changes = [(0, -1.0, f"{pair.a} or {pair.b} has its sign turned")]
        changes += [
            (side, factor, f"{name} {words}")
            for side, name in enumerate((pair.a, pair.b))
            for factor, words in _FACTORS.items()
        ]
        changes.append((0, 1.0, "nothing changed"))
        tried = []
        for side, factor, _ in changes:
            both, column = [ranks[:, c] for c in columns], columns[side]
            own, quantiles = values[:, column] / factor, self.baseline.quantiles[int(of_news), column]
            own = np.where((own < quantiles[0]) | (own > quantiles[-1]), np.nan, own)  # at the edge all look alike
            both[side] = ranks_among(quantiles[None], own[:, None])[:, 0]
            tried.append(np.stack(lagged_pair(both[0], both[1], pair.lag))[:, -recent:])
        best = self._best_fit(number, tried)
        return None if best is None else changes[best][2]

    def _best_fit(self, number: int, tried: Sequence[np.ndarray]) -> int | None:
        """Return with which of some ranks (2, T) the pair fits as it did when it was learnt, if there are such.

        The last of them are as they would be had nothing changed: others must be clearly better.

        How well it fits is the bound of Donsker and Varadhan on the MI of these samples: the mean log ratio, less what
        other pairings of the same ranks reach, so that two which keep to a corner do not fit for that. Where two have
        nothing in common the log ratios of n samples add up to h with a probability of exp(-h) at most. Memory makes
        that more likely, as it does alarms, and every one that is tried may be it by chance.
        """
        chosen = self._views[number][0]
        view: View = self.baseline.views[chosen]
        table, mi = self.baseline.tables[chosen], self._pairs[number].mi
        fits = np.full(len(tried), -np.inf)
        for place, (u, v) in enumerate(tried):
            known = np.isfinite(u) & np.isfinite(v)
            if known.sum() < max(_LEAST_FITS, len(known) / 2):
                continue
            u, v = u[known], v[known]
            shifts = np.linspace(0, len(v), _PAIRINGS + 2)[1:-1].astype(int)
            others = np.concatenate([log_ratios(table, u, np.roll(v, shift)) for shift in shifts])
            fit = float(log_ratios(table, u, v).mean() - np.log(np.exp(others).mean()))
            if fit * len(u) * view.tail / (2.0 * view.block) > np.log(len(tried)) + _SURE:
                fits[place] = fit
        best = int(fits.argmax())
        return best if fits[best] > max(mi / 2.0, fits[-1] + mi / 4.0) else None

    def _forget(self) -> None:
        longest = max((abs(pair.lag) for pair in self._pairs), default=0)
        keep = max(round(MEMORY * self.baseline.rate), longest + 1)
        self._stamps, self._samples, self._ranks = self._stamps[-keep:], self._samples[-keep:], self._ranks[:, -keep:]
        while len(self._alarms) > _HISTORY and self._first not in self._on.values():
            self._alarms.popleft()
            self._first += 1


def _rows_since(flags: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return since how many rows no flag (T, N) is set; ``before`` (N,) of those rows have gone before."""
    newest = flags[::-1]
    return np.where(newest.any(axis=0), newest.argmax(axis=0), before + len(flags)) if len(flags) else before


@dataclass(frozen=True)
class _Side:
    """What one channel of a pair did while evidence grew; ``frozen`` are the words for it, if it is.

    ``beyond`` tells whether it was so for longer than it ever was.
    """

    name: str
    silent: bool
    frozen: str
    beyond: bool
    outside: bool
    noisier: bool

    @classmethod
    def of(cls, baseline: Baseline, column: int, samples: np.ndarray) -> "_Side":
        channel, known = baseline.channels[column], samples[np.isfinite(samples)]
        if len(known) < 2:
            return cls(channel.name, silent=True, frozen="", beyond=False, outside=False, noisier=False)
        least, most = baseline.quantiles[0, column, [0, -1]]
        steps = np.abs(np.diff(known))
        return cls(
            name=channel.name,
            silent=False,
            frozen="" if steps.any() else _rest(channel, len(known) / baseline.rate),
            beyond=len(known) / baseline.rate > channel.rest,
            outside=bool(((known < least) | (known > most)).mean() > _OUTSIDE),
            noisier=roughness(samples) > _NOISIER * channel.roughness,
        )


def _rest(channel: ChannelBaseline, seconds: float) -> str:
    """Say that a channel gives the same value all the time."""
    if not channel.rest:
        return f"{channel.name} is frozen"
    return f"{channel.name} has rested for {seconds:.1f} s, in the good recordings for {channel.rest:.1f} s at most"
