"""Samples in, windows out: the one way from channels to windows, for the node and for the analysis of recordings.

    stream = WindowStream(settings)
    for modality, stamp, values in messages:        # a value for each channel of that modality; see `RingBuffer.push`
        stream.push(modality, stamp, values)
        for cut in stream.ready():                  # a copy of the samples: align it here or on another thread
            window = cut.align()                    # Window: (T, N) samples, all channels

Windows end at whole multiples of the hop since the epoch, and their samples lie at whole multiples of the clock's
period. A window is ready once every channel has a sample at or after its end, or once some channel is ``patience``
ahead of it. So the windows depend on sensor time alone: whatever the order in which topics arrive (within the
patience), the same messages give the same windows.

Several streams can take turns: each cuts one window in ``shares``, the one whose turn is ``share``, and all of them
together cut what one alone would.

With the synchronizations 'approximate' and 'exact' whole sets of messages come in, ``push(MATCHED, stamp, values)``
with the values of all channels, and a window holds the sets of its time as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.streams.alignment import clock_rate, clock_ticks, gap_limit, resample, stream_period, unwrapped
from infonet_ros.streams.channels import parse_channel
from infonet_ros.streams.ring_buffer import RingBuffer
from infonet_ros.streams.settings import Settings
from infonet_ros.streams.window import Window

MATCHED = "matched"
"""Key under which sets of messages are pushed."""

NANOSECONDS = 1_000_000_000

BACKWARD_JUMP = NANOSECONDS
"""A stamp that is so far behind the newest of its own topic means that time jumped back; less is disorder."""

FORWARD_JUMP = 10 * NANOSECONDS
"""A stamp that is farther than this, and than a window, ahead of all others means that time jumped ahead.

It jumped back when, for ten seconds of sensor time, nothing comes but stamps that are so far behind: the topic that was
ahead has fallen silent.
"""


@dataclass(frozen=True, eq=False)
class Cut:
    """The samples that one window is made of, copied out of the buffers.

    ``pieces`` are (stamps, values, present) of each buffer, ``angular`` tells of each channel whether it is an angle,
    ``ticks`` is the clock of the window, None when its samples stay where they are.
    """

    names: tuple[str, ...]
    pieces: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]
    angular: np.ndarray
    end: int
    ticks: np.ndarray | None
    period: int
    interpolation: str
    max_gap: int

    def align(self) -> Window:
        """Bring all channels onto one clock."""
        if self.ticks is None:
            ((stamps, values, _),) = self.pieces
            return Window(self.names, values, int(stamps[0]), int(stamps[-1]), float("nan"))
        ticks = self.ticks
        samples = np.empty((len(ticks), len(self.names)))
        first = 0
        for stamps, values, present in self.pieces:
            angular = self.angular[first : first + values.shape[1]]
            into = samples[:, first : first + values.shape[1]]
            if present.all():
                into[:] = self._on_clock(ticks, stamps, values, angular)
            else:
                for column, rows in enumerate(present.T):
                    one = slice(column, column + 1)
                    into[:, one] = self._on_clock(ticks, stamps[rows], values[rows, one], angular[one])
            first += values.shape[1]
        return Window(self.names, samples, int(ticks[0]), int(ticks[-1]), NANOSECONDS / self.period)

    def _on_clock(self, ticks: np.ndarray, stamps: np.ndarray, values: np.ndarray, angular: np.ndarray) -> np.ndarray:
        """Resample channels that share their stamps, from no more samples than the ticks need."""
        first = max(0, int(np.searchsorted(stamps, ticks[0], side="right")) - 1)
        last = int(np.searchsorted(stamps, ticks[-1])) + 1
        stamps, values = stamps[first:last], values[first:last].copy()
        for column in np.flatnonzero(angular):
            values[:, column] = unwrapped(values[:, column])
        return resample(stamps, values, ticks, self.interpolation, gap_limit(self.max_gap, self.period, stamps))


class WindowStream:
    """Buffers of all channels, and the grid of hops at which windows are cut from them.

    Not thread-safe: push and take from one thread; a `Cut` may go to another.

    Attributes
    ----------
    buffers : dict of str to RingBuffer
        By the name of the modality, or the one buffer ``MATCHED``.
    late : dict of str to int
        Samples by buffer that came after a window that they belonged to.
    backward_jumps, forward_jumps : int
        How often time jumped and all buffers were emptied.
    jumps : dict of str to int
        The same, in either direction, by the buffer whose stamps jumped.
    """

    def __init__(self, settings: Settings) -> None:
        columns = {m.name: len(m.channels) for m in settings.modalities}
        if settings.synchronization != "resample":
            columns = {MATCHED: sum(columns.values())}
        paths = [parse_channel(path) for modality in settings.modalities for path in modality.channels]
        self._angular = np.array([path.angular for path in paths], dtype=np.bool_)
        memory = round(settings.buffer_memory * 2**20)
        self.buffers = {name: RingBuffer(count, memory) for name, count in columns.items()}
        self.late = dict.fromkeys(columns, 0)
        self.backward_jumps = self.forward_jumps = 0
        self.jumps = dict.fromkeys(columns, 0)
        self.clear()
        self.change(settings)

    def clear(self) -> None:
        """Forget all samples and start anew with the next one."""
        for buffer in self.buffers.values():
            buffer.clear()
        self._last: dict[str, int] = {}
        self._newest: int | None = None  # of all topics; None before the first message
        self._behind: int | None = None  # first stamp since which all are far behind the newest
        self._since = 0
        self._next_end = 0
        self._cut_until: int | None = None
        self._measured_rate = float("nan")

    def change(self, settings: Settings) -> None:
        """Take over new values of the settings that may change while streams run, such as window and hop."""
        self._settings = settings
        self._window = round(settings.window * NANOSECONDS)
        self._hop = round(settings.hop * NANOSECONDS)
        if self._newest is not None:
            kept = [int(buffer.stamps[0]) for buffer in self.buffers.values() if len(buffer)]
            self._since = max(self._since, min(kept, default=self._newest))
            self._plan(self._since)

    @property
    def rate(self) -> float:
        """Rate of the clock, Hz; NaN as long as it is not known, and without a clock."""
        return self._settings.rate or self._measured_rate

    @property
    def fill(self) -> float:
        """How much of a first window has come in, 0 to 1."""
        return 0.0 if self._newest is None else min(1.0, (self._newest - self._since) / self._window)

    def push(self, name: str, stamp: int, values: Sequence[float | None]) -> None:
        """Add one message: the buffer's name, its stamp in nanoseconds, a value for each of the buffer's channels."""
        self._clear_after_a_jump(name, stamp)
        if self._newest is None:
            self._newest = self._since = stamp
            self._plan(stamp)
        self._newest = max(self._newest, stamp)
        self._last[name] = max(self._last.get(name, stamp), stamp)
        if self._cut_until is not None and stamp <= self._cut_until:
            self.late[name] += 1
        self.buffers[name].push(stamp, values)

    def _clear_after_a_jump(self, name: str, stamp: int) -> None:
        """Start anew when this stamp cannot follow on those before it."""
        if self._newest is None:
            return
        far = max(self._window, FORWARD_JUMP)
        if stamp >= self._newest - far:
            self._behind = None
        elif self._behind is None:
            self._behind = stamp
        if stamp < self._last.get(name, stamp) - BACKWARD_JUMP:
            self.backward_jumps += 1
            self.jumps[name] += 1
        elif self._behind is not None and stamp > self._behind + FORWARD_JUMP:
            self.backward_jumps += 1
            self.jumps[max(self._last, key=self._last.__getitem__)] += 1  # the one that had gone ahead
        elif stamp > self._newest + far:
            self.forward_jumps += 1
            self.jumps[name] += 1
        else:
            return
        self.clear()

    def ready(self) -> list[Cut]:
        """Cut the windows that became ready, oldest first."""
        cuts = []
        while self._newest is not None and self._complete(self._next_end, self._newest):
            if MATCHED not in self.buffers and not np.isfinite(self.rate):
                self._measure_rate(self._next_end)
            if self._ours(self._next_end) and (cut := self._cut(self._next_end, self._newest)):
                cuts.append(cut)
            self._cut_until = self._next_end
            self._next_end += self._hop
            for buffer in self.buffers.values():
                buffer.discard_before(self._horizon(self._next_end))
        return cuts

    def _plan(self, since: int) -> None:
        """Let the next window end at the first hop that has a whole window of samples before it."""
        earliest = max(since + self._window, 0 if self._cut_until is None else self._cut_until + 1)
        self._next_end = -(-earliest // self._hop) * self._hop

    def _ours(self, end: int) -> bool:
        """Tell whether it is this stream's turn to cut the window up to ``end``; others take turns at the rest."""
        return end // self._hop % self._settings.shares == self._settings.share

    def _complete(self, end: int, newest: int) -> bool:
        """Tell whether every channel reached ``end``, or is so late that it is not waited for."""
        if newest < end:
            return False
        if all(int(buffer.newest.min()) >= end for buffer in self.buffers.values()):
            return True
        patience = self._settings.patience
        if np.isfinite(self.rate):
            patience = max(patience, 2.0 / self.rate)
        return newest >= end + round(patience * NANOSECONDS)

    def _horizon(self, end: int) -> int:
        """Oldest stamp that the window up to ``end`` can make use of."""
        return end - self._window - max(self._window, round(self._settings.max_gap * NANOSECONDS))

    def _cut(self, end: int, newest: int) -> Cut | None:
        ticks, period, since = None, 0, end - self._window + 1
        if MATCHED not in self.buffers:
            if not np.isfinite(self.rate):
                return None
            period = round(NANOSECONDS / self.rate)
            ticks = clock_ticks(end, max(1, round(self._window / period)), period)
            since = self._horizon(end)
        # A clock's last tick is read off between the samples on both sides of it: the later one lies beyond the end.
        until = end if ticks is None else newest
        pieces = tuple(_piece(buffer, since, until) for buffer in self.buffers.values())
        if ticks is None and not len(pieces[0][0]):
            return None
        settings = self._settings
        return Cut(
            names=settings.channel_names,
            pieces=pieces,
            angular=self._angular,
            end=end,
            ticks=ticks,
            period=period,
            interpolation=settings.interpolation,
            max_gap=round(settings.max_gap * NANOSECONDS),
        )

    def _measure_rate(self, end: int) -> None:
        """Take the rate of the slowest channel in the first window; what came after it depends on who was first."""
        stamps = (b.stamps[rows] for b in self.buffers.values() for rows in b.present.T)
        periods = [stream_period(own[own <= end]) for own in stamps]
        self._measured_rate = clock_rate(periods)


def _piece(buffer: RingBuffer, since: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Copy the samples from ``since`` to ``end``, both included."""
    first, last = np.searchsorted(buffer.stamps, (since, end + 1))
    return buffer.stamps[first:last].copy(), buffer.values[first:last].copy(), buffer.present[first:last].copy()
