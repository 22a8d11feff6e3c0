"""The behaviour of single channels in good recordings: pauses, rests, values, roughness, spikes, rate of messages.

Some of it is a fault only in a channel that is in no pair: of the others, their pairs tell more.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from infonet_ros.dependence.forms import lag_one_autocorrelations
from infonet_ros.dependence.spikes import RANGE, spike_heights, usual_steps
from infonet_ros.dependence.tails import Extremes
from infonet_ros.series import memory, runs

LEAST_PAUSE = 1.0
"""Seconds. A shorter time without samples, or without a new value, is no fault of any stream."""

_FEW = 20  # messages: with fewer, a pause is no fault
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

    def longest_rest(self, value: float) -> float:
        """Return the longest time with a value, or with any if it may rest at any, seconds."""
        return self.rest if self.home is None or value == self.home else 0.0

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
) -> tuple[ChannelBaseline, ...]:
    """Describe channels by good samples (T, N) of one or several recordings, and their `messages_since`, if known.

    ``angles`` are the names of those whose whole turns do not count, ``alone`` of those that are in no pair.
    """
    kept = lag_one_autocorrelations(pieces)
    return tuple(
        _channel(
            name,
            [piece[:, column] for piece in pieces],
            [counts[:, column] for counts in messages],
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
    rests, home = _lengths((np.diff(own) == 0.0 for own in pieces), rate), _home(pieces, rate)
    # A channel that rests now and then, such as the speed of a wheel, may rest for longer, but at the same value.
    # A pair shows whether its channels may rest. Any other needs the noise of a sensor all the time.
    restless = home is not None or not (len(rests) or (alone and not _never_calm(rough)))
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
        spikes=Extremes.of(
            np.concatenate([spike_heights(own[:, None], angles, step)[:, 0] for own in pieces]), RANGE * spread, seconds
        ),
        span=span,
        fewest=fewest,
        most=most,
    )


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


def _home(pieces: Sequence[np.ndarray], rate: float) -> float | None:
    """Return the value that a channel (T,) has whenever it rests; None if there are several, or too few."""
    rests = [(own, runs(np.diff(own) == 0.0)) for own in pieces]
    values = np.concatenate([own[run[:, 0]] for own, run in rests])
    lengths = np.concatenate([np.diff(run, axis=1)[:, 0] for _, run in rests]) / rate
    if np.count_nonzero(lengths > LEAST_PAUSE) < _HOMECOMINGS or np.ptp(values):
        return None
    away = sum(np.count_nonzero(np.isfinite(own) & (own != values[0])) for own, _ in rests) / rate
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
