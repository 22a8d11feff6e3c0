"""Faults that one channel shows alone: it is silent, frozen, has spikes, or another rate of messages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.dependence.channel_baseline import LEAST_PAUSE, ChannelBaseline
from infonet_ros.dependence.fault import Kind
from infonet_ros.dependence.latest_rows import LatestRows
from infonet_ros.dependence.spikes import REACH, spike_heights

_FEWER, _MORE = 0.8, 1.25  # times the fewest and the most messages of the good recordings


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
        Mean time between two false alarms for spikes, seconds; all channels together.
    """

    def __init__(self, channels: Sequence[ChannelBaseline], rate: float, interval: float) -> None:
        self._channels, self._rate = channels, rate
        self._angles = np.array([channel.angle for channel in channels])
        self._spiky = np.array([channel.spikes.threshold(interval * len(channels)) for channel in channels])
        self._spans = np.array([round(channel.span * rate) for channel in channels], dtype=int)
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        count = len(self._channels)
        self._silent = np.zeros(count, dtype=int)
        self._still = np.zeros(count, dtype=int)
        self._value = np.full(count, np.nan)
        self._before = np.full((2 * REACH, count), np.nan)
        self._spikes = np.zeros((0, count))
        longest = int(self._spans.max(initial=0))
        self._messages = LatestRows(longest, (count,))
        self._messages.extend(np.full((longest, count), np.nan))

    def push(self, samples: np.ndarray, messages: np.ndarray) -> None:
        """Take the next samples (T, N), NaN where unknown, and their `messages_since`, NaN where not counted."""
        known, values = np.isfinite(samples), np.concatenate([self._value[None], samples])
        places = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
        held = np.take_along_axis(values, np.maximum.accumulate(places), axis=0)
        self._silent = _rows_since(known, self._silent)
        self._still = _rows_since(known & (held[1:] != held[:-1]), self._still)
        self._value = held[-1]
        before = np.concatenate([self._before, samples])
        self._spikes, self._before = spike_heights(before, self._angles), before[len(samples) :]
        self._messages.extend(messages)
        self._messages.forget()

    def troubles(self) -> list[Trouble | None]:
        """Return what is wrong with each channel; None if nothing is. A topic is named once."""
        found = [self._trouble(column) for column in range(len(self._channels))]
        modalities = [channel.name.partition(".")[0] for channel in self._channels]
        for modality in set(modalities):
            own = [k for k, other in enumerate(modalities) if other == modality]
            alike = {trouble and trouble.kind for trouble in (found[k] for k in own)}
            if len(own) > 1 and len(alike) == 1 and alike <= {Kind.SILENT, Kind.OTHER_RATE}:
                first = found[own[0]]
                for k in own:
                    found[k] = first and replace(first, name=modality)
        return found

    def _trouble(self, column: int) -> Trouble | None:
        """Return what is wrong with a channel; None if nothing is.

        A channel that rested in the good recordings, such as the speed of a wheel, may rest for longer.
        """
        channel = self._channels[column]
        silent, still = self._silent[column] / self._rate, self._still[column] / self._rate
        if silent > max(LEAST_PAUSE, 2.0 * channel.gap):
            return Trouble(Kind.SILENT, channel.name, "sent no value", silent)
        if channel.rest == 0.0 and still > LEAST_PAUSE:
            return Trouble(Kind.FROZEN, channel.name, "is frozen", still)
        return self._spike(column) or self._other_rate(column)

    def _spike(self, column: int) -> Trouble | None:
        """Return the highest spike of a channel among the last samples that were pushed."""
        heights, channel = self._spikes[:, column], self._channels[column]
        if not (heights > self._spiky[column]).any():
            return None
        place = int(heights.argmax())
        state = f"has a spike of {heights[place]:.2g}, in the good recordings of {channel.spikes.highest:.2g} at most"
        return Trouble(Kind.SPIKE, channel.name, state, (len(heights) - 1 - place + REACH) / self._rate)

    def _other_rate(self, column: int) -> Trouble | None:
        channel, span = self._channels[column], self._spans[column]
        counts = self._messages.rows[len(self._messages) - span :, column]
        found = counts.sum()
        if not span or np.isnan(found) or _FEWER * channel.fewest <= found <= _MORE * channel.most:
            return None
        usual = (channel.fewest + channel.most) / 2.0
        # Relative to a rate between the two, the missing messages add up from the time at which the rate changed.
        excess = np.cumsum(counts - (usual + found) / 2.0 / span)
        since = counts[int(excess.argmax() if found < usual else excess.argmin()) + 1 :]
        if not since.any():
            return Trouble(Kind.SILENT, channel.name, "sent no value", len(since) / self._rate)
        now, before = since.mean() * self._rate, usual / channel.span
        state = f"has {now:.3g} messages a second, in the good recordings {before:.3g}"
        return Trouble(Kind.OTHER_RATE, channel.name, state, len(since) / self._rate)


def _rows_since(flags: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the number of rows (N,) since a flag (T, N) was last set; ``before`` (N,) is it before the first."""
    newest = flags[::-1]
    return np.where(newest.any(axis=0), newest.argmax(axis=0), before + len(flags)) if len(flags) else before
