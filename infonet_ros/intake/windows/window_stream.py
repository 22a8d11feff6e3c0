"""Cuts streams of samples into aligned windows, by the same code for the node and for recordings.

    stream = WindowStream(settings)
    for modality, stamp, values in messages:        # a value for each channel of that modality; see `RingBuffer.push`
        stream.push(modality, stamp, values)
        for cut in stream.ready():                  # a copy of the samples: align it here or on another thread
            window = cut.align()                    # Window: (T, N) samples, all channels

Windows end at whole multiples of the hop since the epoch, and their samples lie at whole multiples of the clock's
period. Messages whose stamps do not continue those before them are set aside; see `timeline`. A window is ready once
every channel has a sample at or after its end, or once some channel is ``patience`` ahead of it. A channel that ends in
``|rate`` is differentiated here, over a time around each tick, and so needs samples a little beyond the end. So the
windows depend on sensor time alone: in whatever order topics arrive (within the patience), the same messages give the
same windows.

Several streams can take turns: each cuts one of ``shares`` consecutive windows, the one with the number ``share``. All
of them together cut the same windows as one stream alone.

With the synchronizations 'approximate' and 'exact', whole sets of messages are pushed: ``push(MATCHED, stamp, values)``
with the values of all channels. A window then holds the sets of its time without resampling.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.windows.alignment import clock_rate, clock_ticks, stream_period
from infonet_ros.intake.windows.ring_buffer import RingBuffer
from infonet_ros.intake.windows.timeline import LEAP, Timeline
from infonet_ros.intake.windows.window import Cut, span_of_rates
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

MATCHED = "matched"
"""Key under which sets of messages are pushed."""

_TOO_SLOW = 1.5  # samples of every channel for one of the clock: its rate was measured while messages were lost

Columns = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Values (M, K) and whether they are there (M, K), by the name of the buffer."""


class WindowStream:
    """Buffers of all channels, and the grid of hops at which windows are cut from them.

    Not thread-safe: push and take from one thread; a `Cut` may go to another. ``max_gaps`` (N,) are the longest gaps to
    bridge in each channel, nanoseconds, if ``max_gap`` is 0: where they are known already, a short window need not show
    them.
    """

    def __init__(self, settings: Settings, max_gaps: np.ndarray | None = None) -> None:
        columns = {m.name: len(m.channels) for m in settings.modalities}
        if settings.synchronization != "resample":
            columns = {MATCHED: sum(columns.values())}
        paths = [parse_channel(path) for path in settings.channel_paths]
        self._wraps = np.array([path.wraps for path in paths], dtype=np.bool_)
        self._rates = np.array([path.rate for path in paths], dtype=np.bool_)
        self._spans = np.array([round(path.rate_span * NANOSECONDS) for path in paths], dtype=np.int64)
        if self._rates.any() and settings.synchronization != "resample":
            raise ConfigurationError(
                f"channel {paths[int(self._rates.argmax())].text!r} is a rate of change with synchronization "
                f"{settings.synchronization!r}: rates need the regular clock of 'resample'; set synchronization to it, "
                "or leave '|rate' out."
            )
        self._known_gaps = np.zeros(len(paths), dtype=np.int64) if max_gaps is None else max_gaps
        memory = round(settings.buffer_memory * 2**20)
        # By the name of the modality, or the one buffer `MATCHED`, as those that follow.
        self.buffers = {name: RingBuffer(count, memory) for name, count in columns.items()}
        self.late = dict.fromkeys(columns, 0)  # samples that came after a window that they belonged to
        self.jumps = dict.fromkeys(columns, 0)  # of time in its stamps, at which all buffers were emptied
        self._topics = {MATCHED: MATCHED, **{modality.name: modality.topic for modality in settings.modalities}}
        self._timeline: Timeline[tuple[np.ndarray, Columns]] = Timeline()
        self.clear()
        self.change(settings)

    def clear(self) -> None:
        """Forget all samples and start again with the next one."""
        self._timeline.clear()
        self._ready: list[Cut] = []  # windows that were complete when time jumped
        self._empty()

    def _empty(self) -> None:
        for buffer in self.buffers.values():
            buffer.clear()
        self.newest: int | None = None  # stamp of all topics; None before the first message
        self._since = 0
        self.next_end = 0  # of the next window
        self._cut_until: int | None = None
        self._measured_rate = float("nan")

    def change(self, settings: Settings) -> None:
        """Apply new values of the settings that may change while streams run, such as window and hop."""
        self._settings = settings
        self._window = round(settings.window * NANOSECONDS)
        self._hop = round(settings.hop * NANOSECONDS)
        given = round(settings.max_gap * NANOSECONDS)
        self._max_gaps = np.full_like(self._known_gaps, given) if given else self._known_gaps
        self._timeline.leap = max(LEAP, self._window, round(settings.patience * NANOSECONDS))
        if self.newest is not None:
            kept = [int(buffer.stamps[0]) for buffer in self.buffers.values() if len(buffer)]
            self._since = max(self._since, min(kept, default=self.newest))
            self._plan(self._since)

    @property
    def rate(self) -> float:
        """Rate of the clock, Hz; NaN as long as it is not known, and without a clock."""
        return self._settings.rate or self._measured_rate

    @property
    def backward_jumps(self) -> int:
        """Number of backward jumps of time."""
        return self._timeline.backward_jumps

    @property
    def forward_jumps(self) -> int:
        """Number of forward jumps of time."""
        return self._timeline.forward_jumps

    @property
    def taken(self) -> int:
        """Number of messages whose stamps were taken, of all buffers; see `Timeline`."""
        return sum(buffer.received for buffer in self.buffers.values())

    def outliers(self, name: str) -> int:
        """Return the number of messages of a buffer that are set aside for their stamps; see `Timeline`."""
        return self._timeline.outliers.get(self._topics[name], 0)

    def offset(self, name: str) -> float:
        """Return by how many seconds the last of them was ahead of the others; negative if behind, NaN if none."""
        return self._timeline.offsets.get(self._topics[name], float("nan"))

    def clock_steps(self, name: str) -> list[float]:
        """By how many seconds the clock of a modality's topic was set on the way, alone."""
        return self._timeline.steps.get(self._topics[name], [])

    @property
    def fill(self) -> float:
        """Filled share of the first window, 0 to 1."""
        return 0.0 if self.newest is None else min(1.0, (self.newest - self._since) / self._window)

    def push(self, name: str, stamp: int, values: Sequence[float | None], arrival: int | None = None) -> None:
        """Add one message: the buffer's name, its stamp in nanoseconds, a value for each of the buffer's channels."""
        if self._timeline.follow_one(self._topics[name], stamp, arrival):
            self._note(name, stamp, stamp, int(self._cut_until is not None and stamp <= self._cut_until))
            self.buffers[name].push(stamp, values)
        else:
            columns = np.array([values], dtype=np.float64), np.array([[value is not None for value in values]])
            self.extend(np.array([stamp]), {name: columns}, None if arrival is None else np.array([arrival]))

    def extend(self, stamps: np.ndarray, columns: Columns, arrivals: np.ndarray | None = None) -> np.ndarray:
        """Add messages of one topic in the order in which they came; return the stamps (M',) of those taken now.

        ``stamps`` (M,) are nanoseconds. ``columns`` are the values (M, K) and their presence (M, K) by the name of the
        buffer, see `RingBuffer.extend`. ``arrivals`` (M,) say when the messages came or were recorded, see
        `Timeline.admit`. Among those taken are some that were set aside before.
        """
        topic = self._topics[next(iter(columns))]
        if self._timeline.follow(topic, stamps, None if arrivals is None else int(arrivals[-1])):
            self._store(stamps, columns)
            return stamps
        taken: list[int] = []
        for row, stamp in enumerate(stamps.tolist()):
            part = slice(row, row + 1)
            item = stamps[part], {name: (values[part], there[part]) for name, (values, there) in columns.items()}
            admitted = self._timeline.admit(topic, stamp, item, None if arrivals is None else int(arrivals[row]))
            if admitted.jumped:
                self._ready += self._cut_ready()
                self._empty()
                for name in columns:
                    self.jumps[name] += 1
            for own_stamp, own_columns in admitted.items:
                self._store(own_stamp, own_columns)
                if own_columns.keys() == columns.keys():
                    taken.append(int(own_stamp[0]))
        return np.array(taken, dtype=np.int64)

    def _store(self, stamps: np.ndarray, columns: Columns) -> None:
        late = 0 if self._cut_until is None else int(np.count_nonzero(stamps <= self._cut_until))
        for name, (values, present) in columns.items():
            self._note(name, int(stamps[0]), int(stamps.max()), late)
            self.buffers[name].extend(stamps, values, present)

    def _note(self, name: str, first: int, newest: int, late: int) -> None:
        if self.newest is None:
            self.newest = self._since = first
            self._plan(first)
        self.newest = max(self.newest, newest)
        self.late[name] += late

    def ready(self) -> list[Cut]:
        """Cut the windows that became ready, oldest first."""
        cuts, self._ready = [*self._ready, *self._cut_ready()], []
        return cuts

    def _cut_ready(self) -> list[Cut]:
        cuts = []
        while self.newest is not None and self._complete(self.next_end, self.newest):
            if MATCHED not in self.buffers and (not np.isfinite(self.rate) or self._too_slow(self.next_end)):
                self._measure_rate(self.next_end)
            if self._is_own(self.next_end) and (cut := self._cut(self.next_end, self.newest)):
                cuts.append(cut)
            self._cut_until = self.next_end
            self.next_end += self._hop
            for buffer in self.buffers.values():
                buffer.discard_before(self._horizon(self.next_end))
        return cuts

    def _plan(self, since: int) -> None:
        """Set the end of the next window to the first hop with a whole window of samples before it."""
        earliest = max(since + self._window, 0 if self._cut_until is None else self._cut_until + 1)
        self.next_end = -(-earliest // self._hop) * self._hop

    def _is_own(self, end: int) -> bool:
        """Return whether it is this stream's turn to cut the window up to ``end``; see ``shares``."""
        return end // self._hop % self._settings.shares == self._settings.share

    def _complete(self, end: int, newest: int) -> bool:
        """Return whether every channel reached ``end``, or is later than the patience."""
        if newest < end:
            return False
        if self._reached(end):
            return True
        patience = self._settings.patience
        if np.isfinite(self.rate):
            patience = max(patience, 2.0 / self.rate)
        return newest >= end + max(round(patience * NANOSECONDS), self._spans.max(initial=0))

    def _reached(self, end: int) -> bool:
        """Return whether every channel has all samples that the window up to ``end`` needs."""
        if any(int(buffer.newest.min()) < end for buffer in self.buffers.values()):
            return False
        if not self._rates.any():
            return True
        if not np.isfinite(self.rate):
            self._measure_rate(end)
            if not np.isfinite(self.rate):
                return True
        ticks, period = self._clock(end)
        first = 0
        for buffer in self.buffers.values():
            count = len(buffer.newest)
            for column in np.flatnonzero(self._rates[first : first + count]):
                own, wanted = buffer.stamps[buffer.present[:, column]], int(self._spans[first + column])
                if buffer.newest[column] < end + span_of_rates(own, end, ticks[0], period, wanted) // 2:
                    return False
            first += count
        return True

    def _horizon(self, end: int) -> int:
        """Return the oldest stamp that the window up to ``end`` can use."""
        return end - self._window - max(self._window, int(self._max_gaps.max(initial=0)))

    def _cut(self, end: int, newest: int) -> Cut | None:
        ticks, period, since = None, 0, end - self._window + 1
        if MATCHED not in self.buffers:
            if not np.isfinite(self.rate):
                return None
            ticks, period = self._clock(end)
            since = self._horizon(end)
        # The last tick is interpolated between the samples on both sides of it: the later one lies beyond the end.
        until = end if ticks is None else newest
        samples = tuple(_samples_of(buffer, since, until) for buffer in self.buffers.values())
        if ticks is None and not len(samples[0][0]):
            return None
        settings = self._settings
        return Cut(
            names=settings.channel_names,
            samples=samples,
            wraps=self._wraps,
            rates=self._rates,
            spans=self._spans,
            end=end,
            ticks=ticks,
            period=period,
            interpolation=settings.interpolation,
            max_gaps=self._max_gaps,
        )

    def _clock(self, end: int) -> tuple[np.ndarray, int]:
        """Return the ticks of the window up to ``end``, and their period."""
        period = round(NANOSECONDS / self.rate)
        return clock_ticks(end, max(1, round(self._window / period)), period), period

    def _too_slow(self, end: int) -> bool:
        """Return whether all channels have many more samples in the window up to ``end`` than the clock."""
        if self._settings.rate:
            return False
        many = _TOO_SLOW * self._measured_rate * self._settings.window
        for buffer in self.buffers.values():
            first, last = np.searchsorted(buffer.stamps, (end - self._window + 1, end + 1))
            if last - first <= many or buffer.present[first:last].sum(axis=0).min() <= many:
                return False
        return True

    def _measure_rate(self, end: int) -> None:
        """Measure the rate of the slowest channel up to ``end``; later samples depend on the order of arrival.

        The clock never slows down: messages may be lost.
        """
        stamps = (b.stamps[rows] for b in self.buffers.values() for rows in b.present.T)
        periods = [stream_period(own[own <= end]) for own in stamps]
        self._measured_rate = float(np.fmax(self._measured_rate, clock_rate(periods)))


def _samples_of(buffer: RingBuffer, since: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Copy the samples from ``since`` to ``end``, both included."""
    first, last = np.searchsorted(buffer.stamps, (since, end + 1))
    return buffer.stamps[first:last].copy(), buffer.values[first:last].copy(), buffer.present[first:last].copy()
