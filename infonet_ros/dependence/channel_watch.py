"""Faults that one channel shows alone: it is silent, frozen, or has another rate of messages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.channel_baseline import LEAST_PAUSE, ChannelBaseline
from infonet_ros.dependence.diagnosis import Kind
from infonet_ros.dependence.latest_rows import LatestRows

_FEWER, _MORE = 0.8, 1.25  # times the fewest and the most messages of the good recordings


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a channel, and for how many seconds."""

    kind: Kind
    words: str
    channel: str
    seconds: float


class ChannelWatch:
    """Watches all channels of a baseline, sample by sample.

    Parameters
    ----------
    channels : sequence of ChannelBaseline
        N.
    rate : float
        Hz, of the samples.
    """

    def __init__(self, channels: Sequence[ChannelBaseline], rate: float) -> None:
        self._channels, self._rate = channels, rate
        self._spans = np.array([round(channel.span * rate) for channel in channels], dtype=int)
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        count = len(self._channels)
        self._silent = np.zeros(count, dtype=int)
        self._still = np.zeros(count, dtype=int)
        self._value = np.full(count, np.nan)
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
        self._messages.extend(messages)
        self._messages.forget()

    def trouble(self, column: int) -> Trouble | None:
        """Return what is wrong with a channel; None if nothing is.

        A channel that rested in the good recordings, such as the speed of a wheel, may rest for longer.
        """
        channel = self._channels[column]
        silent, still = self._silent[column] / self._rate, self._still[column] / self._rate
        if silent > max(LEAST_PAUSE, 2.0 * channel.gap):
            return Trouble(Kind.SILENT, f"{channel.name} sent no value", channel.name, silent)
        if channel.rest == 0.0 and still > LEAST_PAUSE:
            return Trouble(Kind.FROZEN, f"{channel.name} is frozen", channel.name, still)
        return self._other_rate(column)

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
            return Trouble(Kind.SILENT, f"{channel.name} sent no value", channel.name, len(since) / self._rate)
        now, before = since.mean() * self._rate, usual / channel.span
        words = f"{channel.name} has {now:.3g} messages a second, in the good recordings {before:.3g}"
        return Trouble(Kind.OTHER_RATE, words, channel.name, len(since) / self._rate)


def _rows_since(flags: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the number of rows (N,) since a flag (T, N) was last set; ``before`` (N,) is it before the first."""
    newest = flags[::-1]
    return np.where(newest.any(axis=0), newest.argmax(axis=0), before + len(flags)) if len(flags) else before
