"""Faults that one channel shows alone: it is silent, frozen, far from its values, has spikes, or another rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.dependence.baselines.channel_baseline import ChannelBaseline, field_of, modality_of, rest_words
from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.dependence.baselines.spikes import BEFORE, REACH, spike_heights

_MEASURES = ("pauses", "rests", "distances", "spikes")  # of which high ones can be false alarms
_FEWER, _MORE = 0.8, 1.25  # times the fewest and the most messages of the good recordings
_JOLT = "has a spike in {} fields at once: the robot had a jolt, or a message is damaged"
_ENDED = 2.0 / 3.0  # share of the rows with too few messages; if the last ones, so many, have none, the topic is silent


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a channel, or with all channels of a topic, and for how many seconds."""

    kind: Kind
    name: str
    state: str
    seconds: float

    @property
    def words(self) -> str:
        """The whole sentence."""
        return f"{self.name} {self.state}"


class ChannelWatch:
    """Watches all channels of a baseline, sample by sample.

    Parameters
    ----------
    channels : sequence of ChannelBaseline
        N.
    rate : float
        Hz, of the samples.
    interval : float
        Mean time between two false alarms, seconds; all channels together.
    """

    def __init__(self, channels: Sequence[ChannelBaseline], rate: float, interval: float) -> None:
        self._channels, self._rate = channels, rate
        self._angles = np.array([channel.angle for channel in channels])
        self._steps = np.array([channel.step for channel in channels])
        self._middle = np.array([channel.middle for channel in channels])
        own = interval * len(channels) * len(_MEASURES)
        self._pauses, self._rests, self._distances, self._spiky = (
            np.array([getattr(channel, measure).threshold(own) for channel in channels]) for measure in _MEASURES
        )
        self._spans = np.array([round(channel.span * rate) for channel in channels], dtype=int)
        self._fewest = _FEWER * np.array([channel.fewest for channel in channels])
        self._most = _MORE * np.array([channel.most for channel in channels])
        self._modalities = [modality_of(channel.name) for channel in channels]
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        count = len(self._channels)
        self._silent = np.zeros(count, dtype=int)
        self._unknown = np.zeros(count, dtype=int)
        self._still = np.zeros(count, dtype=int)
        self._outside = np.zeros(count, dtype=int)
        self._value = np.full(count, np.nan)
        self._before = np.full((2, BEFORE + REACH, count), np.nan)  # samples, and spikes of messages
        self._spikes = np.zeros((0, count))
        self._messages = np.full((int(self._spans.max(initial=0)), count), np.nan)

    def push(self, samples: np.ndarray, messages: np.ndarray, spikes: np.ndarray | None = None) -> None:
        """Take the next samples (T, N), NaN where unknown, and their `messages_since`, NaN where not counted.

        ``spikes`` (T, N) tell by how much one of these messages stands out; without them, samples are compared.
        """
        known, values = np.isfinite(samples), np.concatenate([self._value[None], samples])
        places = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
        held = np.take_along_axis(values, np.maximum.accumulate(places), axis=0)
        self._silent = _rows_since(np.where(np.isnan(messages), known, messages > 0.0), self._silent)
        self._unknown = _rows_since(known, self._unknown)
        self._still = _rows_since(known & (held[1:] != held[:-1]), self._still)
        inside = ~(np.abs(held[1:] - self._middle) > self._distances)
        self._outside = _rows_since(inside, self._outside)
        self._value = held[-1]
        unknown = np.full(samples.shape, np.nan)
        recent = np.concatenate([self._before, [samples, unknown if spikes is None else spikes]], axis=1)
        self._spikes = spike_heights(recent[0], self._angles, self._steps, recent[1], self._spiky)
        self._before = recent[:, len(samples) :]
        self._messages = np.concatenate([self._messages, messages])[len(messages) :]

    def troubles(self) -> list[Trouble | None]:
        """Return what is wrong with each channel; None if nothing is. A topic is named once."""
        found: list[Trouble | None] = [None] * len(self._channels)
        signs = self._signs()
        for column in np.flatnonzero(signs.any(axis=0)).tolist():
            found[column] = self._trouble(column, signs[:, column])
        for modality in {self._modalities[k] for k, trouble in enumerate(found) if trouble is not None}:
            own = [k for k, other in enumerate(self._modalities) if other == modality]
            troubles = {k: trouble for k in own if (trouble := found[k]) is not None}
            for k, trouble in _of_topic(modality, troubles, len(own)).items():
                found[k] = trouble
        return found

    def _signs(self) -> np.ndarray:
        """Return whether each channel may be silent, frozen, far away, have a spike or another rate: (5, N)."""
        counts = self._counts()
        return np.stack(
            [
                self._silent / self._rate > self._pauses,
                (self._still - self._unknown) / self._rate > self._rests,
                self._outside > 2 * REACH,
                (self._spikes > self._spiky).any(axis=0),
                (counts < self._fewest) | (counts > self._most),
            ]
        )

    def _counts(self) -> np.ndarray:
        """Return the number of messages (N,) of each channel in its span; NaN where they are not counted."""
        counts = np.full(len(self._channels), np.nan)
        for span in set(self._spans.tolist()) - {0}:
            counts = np.where(self._spans == span, self._messages[-span:].sum(axis=0), counts)
        return counts

    def _trouble(self, column: int, signs: np.ndarray) -> Trouble | None:
        """Return what is wrong with a channel by its signs (5,), the first that holds; None if nothing is."""
        silent, still, away, spike, other_rate = signs
        channel, value = self._channels[column], float(self._value[column])
        if silent:
            return Trouble(Kind.SILENT, channel.name, "sent no value", float(self._silent[column] / self._rate))
        if still and not channel.is_home(value):
            seconds = float((self._still[column] - self._unknown[column]) / self._rate)
            return Trouble(Kind.FROZEN, channel.name, rest_words(channel, value, seconds), seconds)
        if away:
            return self._far_away(column)
        if spike:
            return self._spike(column)
        return self._other_rate(column) if other_rate else None

    def _far_away(self, column: int) -> Trouble:
        """Return that a channel is far outside the range of its good values, for longer than a spike."""
        channel = self._channels[column]
        reach = channel.distances.highest
        usual = f"{channel.middle - reach:.3g} to {channel.middle + reach:.3g}"
        state = f"is {self._value[column]:.3g}, in the good recordings within {usual}"
        return Trouble(Kind.OUT_OF_RANGE, channel.name, state, float(self._outside[column] / self._rate))

    def _spike(self, column: int) -> Trouble:
        """Return the highest spike of a channel among the last samples that were pushed."""
        heights, channel = self._spikes[:, column], self._channels[column]
        place = int(heights.argmax())
        state = f"has a spike of {heights[place]:.2g}, in the good recordings of {channel.spikes.highest:.2g} at most"
        return Trouble(Kind.SPIKE, channel.name, state, (len(heights) - 1 - place + REACH) / self._rate)

    def _other_rate(self, column: int) -> Trouble:
        channel, span = self._channels[column], self._spans[column]
        counts = self._messages[-span:, column]
        found, usual = counts.sum(), (channel.fewest + channel.most) / 2.0
        # Relative to a rate between the two, the missing messages add up from the time at which the rate changed.
        excess = np.cumsum(np.concatenate([[0.0], counts - (usual + found) / 2.0 / span]))
        since = counts[int(excess.argmax() if found < usual else excess.argmin()) :]
        silent = int(self._silent[column])
        if silent > _ENDED * len(since):
            return Trouble(Kind.SILENT, channel.name, "sent no value", silent / self._rate)
        now, before = since.mean() * self._rate, usual / channel.span
        state = f"has {now:.3g} messages a second, in the good recordings {before:.3g}"
        return Trouble(Kind.OTHER_RATE, channel.name, state, len(since) / self._rate)


def _of_topic(modality: str, troubles: Mapping[int, Trouble], count: int) -> dict[int, Trouble]:
    """Return the trouble that channels of a topic have together, by their places among those with any.

    All ``count`` channels are silent, or have another rate; or several fields have a spike at once.
    """
    for kind in (Kind.SILENT, Kind.OTHER_RATE):
        own = [k for k, trouble in troubles.items() if trouble.kind is kind]
        if 1 < len(own) == count:
            return dict.fromkeys(own, replace(troubles[own[0]], name=modality))
    spiky = [k for k, trouble in troubles.items() if trouble.kind is Kind.SPIKE]
    fields = {field_of(troubles[k].name) for k in spiky}
    if len(fields) < 2:
        return {}
    return dict.fromkeys(spiky, replace(troubles[spiky[0]], name=modality, state=_JOLT.format(len(fields))))


def _rows_since(flags: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the number of rows (N,) since a flag (T, N) was last set; ``before`` (N,) is it before the first."""
    newest = flags[::-1]
    return np.where(newest.any(axis=0), newest.argmax(axis=0), before + len(flags)) if len(flags) else before
