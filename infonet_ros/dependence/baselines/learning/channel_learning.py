"""Learn the behaviour of one channel from good samples: see `channel_baseline`.

Some of it is a fault only in a channel that is in no pair: of the others, their pairs tell more.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.special import stdtrit

from infonet_ros.dependence.baselines.channel_baseline import LEAST_PAUSE, SAME, ChannelBaseline, roughness
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.page_rule import Extremes
from infonet_ros.dependence.baselines.spikes import RANGE, spike_heights, usual_steps
from infonet_ros.series import memory, runs

_FEW = 20  # messages: with fewer, a pause is no fault
_HOMECOMINGS = 5  # rests of `LEAST_PAUSE` at one value, and as long elsewhere without any: then it rests only there
_NEVER_CALM = 0.2  # times the median roughness: where the calmest stretch has more, the noise of a sensor never ceases
_INDEPENDENT = 10  # samples; the range of a channel with fewer is not known
_BEYOND = 1e-6  # probability with which one independent sample is farther away than all good ones
_STRETCH = 2.0  # seconds for which the roughness is computed
_SPAN = 4.0  # seconds over which messages are counted; more if there are fewer than
_COUNTED = 20  # messages
_STEADY = 1.5  # times its fewest messages in a span: with more than that the topic has no steady rate


def learn_channel(lesson: Lesson, column: int, *, alone: bool) -> ChannelBaseline:
    """Describe the channel in a column of the good samples; ``alone`` tells whether it is in no pair."""
    name, rate, middle = lesson.names[column], lesson.rate, float(lesson.middle[column])
    pieces, messages, spikes = (
        [piece[:, column] for piece in every] for every in (lesson.pieces, lesson.messages, lesson.spikes)
    )
    length = max(10, round(_STRETCH * rate))
    rough = np.array([roughness(own[k : k + length]) for own in pieces for k in range(0, len(own), length)])
    values = np.concatenate(pieces)
    known, angles = values[np.isfinite(values)], np.array([name in lesson.angles])
    spread, step = float(np.ptp(known)), usual_steps(values[:, None], angles)
    rests, home = _lengths((np.diff(own) == 0.0 for own in pieces), rate), _home(pieces, spread, rate)
    # A channel that rests now and then, such as the speed of a wheel, may rest for longer, but at the same value.
    # A pair shows whether its channels may rest. Any other needs the noise of a sensor all the time.
    restless = home is not None or not (len(rests) or (alone and not _never_calm(rough)))
    longest = LEAST_PAUSE if restless else np.inf
    span, fewest, most = _steady_messages(messages, rate)
    return ChannelBaseline(
        name=name,
        angle=bool(angles[0]),
        alone=alone,
        memory=float(lesson.memory[column]),
        middle=middle,
        step=float(step[0]),
        home=home,
        rest=float(rests.max(initial=0.0)),
        period=_period(messages, rate),
        pauses=_pauses(pieces, messages, rate),
        rests=Extremes.of(rests if home is None else np.zeros(0), longest, lesson.seconds),
        distances=_distances(known, middle, rate) if alone else Extremes(spread, np.inf),
        roughness=float(rough.max()),
        spikes=Extremes.of(_heights(pieces, spikes, angles, step), RANGE * spread, lesson.seconds),
        span=span,
        fewest=fewest,
        most=most,
    )


def _heights(
    pieces: Sequence[np.ndarray], spikes: Sequence[np.ndarray], angles: np.ndarray, usual: np.ndarray
) -> np.ndarray:
    """Return the `spike_heights` of samples (T,), and of the messages of each sample (T,), if known: (K,)."""
    single: Sequence[np.ndarray | None] = [one[:, None] for one in spikes] or [None] * len(pieces)
    both = zip(pieces, single, strict=True)
    return np.concatenate([spike_heights(own[:, None], angles, usual, one)[:, 0] for own, one in both])


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
    same = SAME * spread
    if np.count_nonzero(lengths > LEAST_PAUSE) < _HOMECOMINGS or np.ptp(values) > same:
        return None
    away = sum(np.count_nonzero(np.abs(own - values[0]) > same) for own, _ in rests) / rate
    return float(values[0]) if away > _HOMECOMINGS * LEAST_PAUSE else None


def _never_calm(rough: np.ndarray) -> bool:
    """Return whether a channel has noise in all stretches, of this roughness (K,); a short last one does not count."""
    return len(rough) > 1 and bool(rough[:-1].min() > _NEVER_CALM * np.median(rough))


def _distances(known: np.ndarray, middle: float, rate: float) -> Extremes:
    """Learn how far known samples (T,) are from their median, ``middle``.

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
    distances = np.abs(known - middle)
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
