"""The behaviour of single channels in good recordings: rests, pauses, roughness, spikes and rate of messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.forms import memory_of
from infonet_ros.dependence.spikes import Spikes, spike_heights
from infonet_ros.series import runs

LEAST_PAUSE = 1.0
"""Seconds. A shorter time without samples, or without a new value, is no fault of any stream."""

_STRETCH = 2.0  # seconds for which the roughness is computed
_SPAN = 4.0  # seconds over which messages are counted; more if there are fewer than
_COUNTED = 20  # messages
_STEADY = 1.5  # times its fewest messages in a span: with more than that the topic has no steady rate


@dataclass(frozen=True)
class ChannelBaseline:
    """The behaviour of a channel without faults.

    Attributes
    ----------
    name : str
    angle : bool
        Whether whole turns do not count.
    memory : float
        Share of a sample that the next one keeps (lag-1 autocorrelation).
    gap, rest : float
        Longest times without a value, and with the same value, seconds.
    roughness : float
        Of its roughest stretch.
    spikes : Spikes
    span : float
        Seconds over which its messages are counted; 0 if their rate is not steady.
    fewest, most : float
        Number of its messages in a span.
    """

    name: str
    angle: bool
    memory: float
    gap: float
    rest: float
    roughness: float
    spikes: Spikes
    span: float
    fewest: float
    most: float


def channel_baselines(
    names: Sequence[str],
    pieces: Sequence[np.ndarray],
    messages: Sequence[np.ndarray],
    rate: float,
    angles: Collection[str] = (),
) -> tuple[ChannelBaseline, ...]:
    """Describe channels by good samples (T, N) of one or several recordings, and their `messages_since`, if known.

    ``angles`` are the names of those whose whole turns do not count.
    """
    channels, memory = [], memory_of(pieces)
    for column, name in enumerate(names):
        own = [piece[:, column] for piece in pieces]
        length = max(10, round(_STRETCH * rate))
        stretches = [values[k : k + length] for values in own for k in range(0, len(values), length)]
        span, fewest, most = _steady_messages([counts[:, column] for counts in messages], rate)
        channels.append(
            ChannelBaseline(
                name=name,
                angle=name in angles,
                memory=float(memory[column]),
                gap=max(_longest_run(np.isnan(values)) for values in own) / rate,
                rest=max(_longest_run(np.diff(values) == 0.0) for values in own) / rate,
                roughness=max(map(roughness, stretches)),
                spikes=_spikes(own, name in angles, rate),
                span=span,
                fewest=fewest,
                most=most,
            )
        )
    return tuple(channels)


def _spikes(pieces: Sequence[np.ndarray], angle: bool, rate: float) -> Spikes:
    heights = np.concatenate([spike_heights(values[:, None], np.array([angle]))[:, 0] for values in pieces])
    values = np.concatenate(pieces)
    return Spikes.of(heights, float(np.nanmax(values) - np.nanmin(values)), len(values) / rate)


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


def _longest_run(flags: np.ndarray) -> int:
    """Return the length of the longest run of flags (T,) that are set."""
    return int(np.diff(runs(flags), axis=1).max(initial=0))


def roughness(values: np.ndarray) -> float:
    """Return the median size of second differences of samples (T,): noise makes it large, smooth motion does not."""
    bends = np.abs(np.diff(values, n=2))
    known = bends[np.isfinite(bends)]
    return float(np.median(known)) if len(known) else 0.0
