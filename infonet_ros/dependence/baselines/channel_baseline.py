"""The behaviour of single channels in good recordings: pauses, rests, values, roughness, spikes, rate of messages.

Some of it is a fault only in a channel that is in no pair: of the others, their pairs tell more.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from infonet_ros.dependence.baselines.forms import lag_one_autocorrelations
from infonet_ros.dependence.baselines.spikes import RANGE, spike_heights, usual_steps
from infonet_ros.dependence.baselines.tails import Extremes
from infonet_ros.series import memory, runs

LEAST_PAUSE = 1.0
"""Seconds. A shorter time without samples, or without a new value, is no fault of any stream."""

_FEW = 20  # messages: with fewer, a pause is no fault
_SAME = 1e-6  # of the range of a channel: a filter that decays to 0 ends at any number as small
_SLOWING = 4  # samples that come ever nearer to 0 before a channel rests there,
_STOP = 8.0  # and times the usual step, from the last of them: a robot slows down, a sensor that fails jumps
_HOMECOMINGS = 5  # rests of `LEAST_PAUSE` at one value, and as long elsewhere without any: then it rests only there
_NEVER_CALM = 0.2  # times the median roughness: where the calmest stretch has more, the noise of a sensor never ceases
_INDEPENDENT = 10  # samples; the range of a channel with fewer is not known
_BEYOND = 1e-6  # probability with which one independent sample is farther away than all good ones
_STRETCH = 2.0  # seconds for which the roughness is computed
_SPAN = 4.0  # seconds over which messages are counted; more if there are fewer than
_COUNTED = 20  # messages
_STEADY = 1.5  # times its fewest messages in a span: with more than that the topic has no steady rate


@dataclass(frozen=True)
class ChannelBaseline:
    """The behaviour of a channel without faults."""

    name: str
    angle: bool  # whether whole turns do not count
    alone: bool  # whether it is in no pair
    memory: float  # share of a sample that the next one keeps (lag-1 autocorrelation)
    middle: float  # middle, step: median of its values, and root mean square of the steps from sample to sample
    step: float
    home: float | None  # where it rests, such as 0 of a speed; None if at several values, or hardly ever
    rest: float  # longest time with the same value, seconds
    period: float  # usual time between two messages, seconds; 0 if they are not counted
    pauses: Extremes  # pauses, rests: times without a message, and with the same value, but not `home`, seconds
    rests: Extremes
    distances: Extremes  # of its values from the middle; none is an alarm if it is in a pair
    roughness: float  # of its roughest stretch
    spikes: Extremes
    span: float  # seconds over which its messages are counted; 0 if their rate is not steady
    fewest: float  # fewest, most: number of its messages in a span
    most: float

    @classmethod
    def from_words(cls, words: Mapping[str, Any]) -> "ChannelBaseline":
        """Read the result of `dataclasses.asdict`."""
        extremes = {key: Extremes.from_words(one) for key, one in words.items() if isinstance(one, dict)}
        return cls(**{**words, **extremes})

    def is_home(self, value: float) -> bool:
        """Return whether a value is that at which the channel rests."""
        return self.home is not None and self._is_same(value, self.home)

    def is_zero(self, value: float) -> bool:
        """Return whether a value is 0, next to those of the good recordings."""
        return self._is_same(value, 0.0)

    def slowed_down(self, values: np.ndarray) -> bool:
        """Return whether values (T,), NaN where unknown, come to 0 bit by bit, and stay there."""
        known = np.abs(values[np.isfinite(values)])
        moves = np.flatnonzero(np.diff(known))
        if not len(moves) or not self.is_zero(known[-1]):
            return False
        last = known[max(0, moves[-1] - _SLOWING + 1) :][: _SLOWING + 1]
        return len(last) > _SLOWING and bool((np.diff(last) <= 0.0).all()) and last[-2] <= _STOP * self.step

    def end_of_stop(self, values: np.ndarray, rate: float) -> int:
        """Return the row at which values (T,) leave 0, where they were for longer than in the good recordings.

        It is the last such row, or 0 if there is none. ``rate`` is in Hz.
        """
        rests = runs(np.diff(values) == 0.0)
        for begin, end in rests[rests[:, 1] < len(values) - 1][::-1].tolist():
            longest = max(self.longest_rest(values[end]), LEAST_PAUSE)
            if self.is_zero(values[end]) and end - begin > longest * rate:
                return int(end) + 1
        return 0

    def _is_same(self, value: float, other: float) -> bool:
        return abs(value - other) <= _SAME * self.distances.highest

    def longest_rest(self, value: float) -> float:
        """Return the longest time with a value, or with any if it may rest at any, seconds."""
        return self.rest if self.home is None or self.is_home(value) else 0.0

    @property
    def judged(self) -> dict[str, bool]:
        """Whether each fault of the single channel can be found."""
        faults = {"silence": self.pauses, "freezing": self.rests, "values far out of range": self.distances}
        return {name: bool(np.isfinite(one.least)) for name, one in faults.items()}


def channel_baselines(
    names: Sequence[str],
    pieces: Sequence[np.ndarray],
    messages: Sequence[np.ndarray],
    rate: float,
    angles: Collection[str] = (),
    alone: Collection[str] = (),
    spikes: Sequence[np.ndarray] = (),
) -> tuple[ChannelBaseline, ...]:
    """Describe channels by good samples (T, N) of one or several recordings, and their `messages_since`, if known.

    ``angles`` are the names of those whose whole turns do not count, ``alone`` of those that are in no pair. ``spikes``
    (T, N) tell by how much one of the messages of each sample stands out, if known.
    """
    kept = lag_one_autocorrelations(pieces)
    return tuple(
        _channel(
            name,
            [piece[:, column] for piece in pieces],
            [counts[:, column] for counts in messages],
            [own[:, column] for own in spikes] or [np.full(len(piece), np.nan) for piece in pieces],
            rate,
            angle=name in angles,
            alone=name in alone,
            kept=float(kept[column]),
        )
        for column, name in enumerate(names)
    )


def _channel(
    name: str,
    pieces: Sequence[np.ndarray],
    messages: Sequence[np.ndarray],
    spikes: Sequence[np.ndarray],
    rate: float,
    *,
    angle: bool,
    alone: bool,
    kept: float,
) -> ChannelBaseline:
    values, length = np.concatenate(pieces), max(10, round(_STRETCH * rate))
    rough = np.array([roughness(own[k : k + length]) for own in pieces for k in range(0, len(own), length)])
    known, seconds = values[np.isfinite(values)], len(values) / rate
    angles, spread = np.array([angle]), float(np.ptp(known))
    step = usual_steps(values[:, None], angles)
    rests, home = _lengths((np.diff(own) == 0.0 for own in pieces), rate), _home(pieces, spread, rate)
    # A channel that rests now and then, such as the speed of a wheel, may rest for longer, but at the same value.
    # A pair shows whether its channels may rest. Any other needs the noise of a sensor all the time.
    restless = home is not None or not (len(rests) or (alone and not _never_calm(rough)))
    heights = _heights(pieces, spikes, angles, step)
    span, fewest, most = _steady_messages(messages, rate)
    return ChannelBaseline(
        name=name,
        angle=angle,
        alone=alone,
        memory=kept,
        middle=float(np.median(known)),
        step=float(step[0]),
        home=home,
        rest=float(rests.max(initial=0.0)),
        period=_period(messages, rate),
        pauses=_pauses(pieces, messages, rate),
        rests=Extremes.of(rests if home is None else np.zeros(0), LEAST_PAUSE if restless else np.inf, seconds),
        distances=_distances(known, rate) if alone else Extremes(spread, np.inf),
        roughness=float(rough.max()),
        spikes=Extremes.of(heights, RANGE * spread, seconds),
        span=span,
        fewest=fewest,
        most=most,
    )


def _heights(
    pieces: Sequence[np.ndarray], spikes: Sequence[np.ndarray], angles: np.ndarray, usual: np.ndarray
) -> np.ndarray:
    """Return the `spike_heights` of samples (T,), and of the messages of each sample (T,): (K,)."""
    both = zip(pieces, spikes, strict=True)
    return np.concatenate([spike_heights(own[:, None], angles, usual, one[:, None])[:, 0] for own, one in both])


def _period(messages: Sequence[np.ndarray], rate: float) -> float:
    """Return the usual time between messages (T,), seconds; 0 if they are not counted."""
    counts = np.concatenate([np.zeros(0), *messages])
    known = counts[np.isfinite(counts)]
    return len(known) / rate / float(known.sum()) if known.any() else 0.0


def _pauses(pieces: Sequence[np.ndarray], messages: Sequence[np.ndarray], rate: float) -> Extremes:
    """Learn the times without a message, or without a sample if messages are not counted."""
    empty = [counts == 0.0 for counts in messages] or [np.isnan(values) for values in pieces]
    few = bool(messages) and np.nansum(np.concatenate(messages)) < _FEW
    return Extremes.of(_lengths(empty, rate), np.inf if few else LEAST_PAUSE, sum(map(len, pieces)) / rate)


def _home(pieces: Sequence[np.ndarray], spread: float, rate: float) -> float | None:
    """Return the value that a channel (T,) has whenever it rests; None if there are several, or too few.

    ``spread`` is the range of its values.
    """
    rests = [(own, runs(np.diff(own) == 0.0)) for own in pieces]
    values = np.concatenate([own[run[:, 0]] for own, run in rests])
    lengths = np.concatenate([np.diff(run, axis=1)[:, 0] for _, run in rests]) / rate
    same = _SAME * spread
    if np.count_nonzero(lengths > LEAST_PAUSE) < _HOMECOMINGS or np.ptp(values) > same:
        return None
    away = sum(np.count_nonzero(np.abs(own - values[0]) > same) for own, _ in rests) / rate
    return float(values[0]) if away > _HOMECOMINGS * LEAST_PAUSE else None


def _never_calm(rough: np.ndarray) -> bool:
    """Return whether a channel has noise in all stretches, of this roughness (K,); a short last one does not count."""
    return len(rough) > 1 and bool(rough[:-1].min() > _NEVER_CALM * np.median(rough))


def _distances(known: np.ndarray, rate: float) -> Extremes:
    """Learn how far known samples (T,) are from their median.

    Of few independent samples Student's distribution tells how much farther the next one may be.
    """
    deviations, spread = known - known.mean(), float(known.std())
    if not spread:
        return Extremes(0.0, np.inf)
    apart = float(memory(deviations))
    count = len(known) / apart
    if count < _INDEPENDENT:
        return Extremes(float(np.ptp(known)), np.inf)
    reach = -float(stdtrit(count - 1.0, _BEYOND / 2.0)) * spread * np.sqrt(1.0 + 1.0 / count)
    distances = np.abs(known - np.median(known))
    starts = np.arange(0, len(known), max(1, round(apart)))
    return Extremes.of(np.maximum.reduceat(distances, starts), reach, len(known) / rate)


def _lengths(pieces: Iterable[np.ndarray], rate: float) -> np.ndarray:
    """Return for how many seconds flags (T,) are set, each time that they are: (K,)."""
    return np.concatenate([np.diff(runs(flags), axis=1)[:, 0] for flags in pieces]) / rate


def _steady_messages(pieces: Sequence[np.ndarray], rate: float) -> tuple[float, float, float]:
    """Return the span, seconds, and the fewest and most of the messages (T,) in it; 0 unless their rate is steady."""
    usual = np.nanmean(np.concatenate(pieces)) * rate if pieces else 0.0
    if not usual > 0.0:
        return 0.0, 0.0, 0.0
    span = max(_SPAN, _COUNTED / usual)
    rows = round(span * rate)
    sums = [np.convolve(counts, np.ones(rows), mode="valid") for counts in pieces if len(counts) >= rows]
    known = np.concatenate([[np.nan], *sums])
    known = known[np.isfinite(known)]
    if not len(known) or known.max() > _STEADY * known.min():
        return 0.0, 0.0, 0.0
    return rows / rate, float(known.min()), float(known.max())


def roughness(values: np.ndarray) -> float:
    """Return the median size of second differences of samples (T,): noise makes it large, smooth motion does not."""
    bends = np.abs(np.diff(values, n=2))
    known = bends[np.isfinite(bends)]
    return float(np.median(known)) if len(known) else 0.0


def rest_words(channel: ChannelBaseline, value: float, seconds: float) -> str:
    """Say of a channel that it has kept a value for so long."""
    longest = channel.longest_rest(value)
    if not longest:
        return "is frozen" if channel.home is None else f"is frozen at {value:.3g}, but rests at {channel.home:.3g}"
    return f"has rested for {seconds:.2g} s, in the good recordings for {longest:.2g} s at most"
