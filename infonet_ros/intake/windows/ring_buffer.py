"""The latest samples of one topic in preallocated memory, sorted by stamp.

    buffer = RingBuffer(columns=3)
    buffer.push(stamp, (0.1, math.nan, None))   # NaN: not known; None: no sample of that channel in this message
    buffer.extend(stamps, values, present)      # many messages at once: (M,), (M, K), (M, K)
    buffer.stamps, buffer.values, buffer.present    # views: (M,), (M, K), (M, K); valid until the next push
    buffer.discard_before(stamp)                # samples that no window will need

Rows lie in one block that is twice as long as the rows it may hold. New rows go to its end; at the end of the block,
the rows in use move to its front. So they are always one contiguous view, and neither push nor extend allocates.
"""

from collections.abc import Sequence

import numpy as np

NEVER = np.iinfo(np.int64).min
"""Stamp of a channel that has no sample yet."""

_FIRST_ROWS = 512


class RingBuffer:
    """Samples of K channels of one topic, sorted by stamp.

    A message that is out of order is put where it belongs. A message with the stamp of an earlier one adds the
    channels that the earlier one lacked (two publishers on one topic). If it adds none, it is a duplicate and is
    dropped. Memory doubles on demand up to a limit, bytes; from there on, the oldest samples give way.
    """

    def __init__(self, columns: int, memory_limit: int = 64 * 2**20) -> None:
        bytes_per_row = 8 + 9 * columns
        self._row_limit = max(_FIRST_ROWS, memory_limit // bytes_per_row // 2)
        self._columns = columns
        self._first = self._end = 0
        self._allocate(_FIRST_ROWS)
        self.newest = np.full(columns, NEVER, dtype=np.int64)  # stamp of each channel's newest sample, or NEVER
        # Messages so far, of which out of order, dropped as duplicates, and dropped because memory was full.
        self.received = self.out_of_order = self.duplicates = self.overflowed = 0

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def stamps(self) -> np.ndarray:
        """(M,) int64, nanoseconds, strictly increasing."""
        return self._stamps[self._first : self._end]

    @property
    def values(self) -> np.ndarray:
        """(M, K) float64; NaN where not known."""
        return self._values[self._first : self._end]

    @property
    def present(self) -> np.ndarray:
        """(M, K) bool; False where the message said nothing about the channel."""
        return self._present[self._first : self._end]

    def push(self, stamp: int, values: Sequence[float | None]) -> None:
        """Add one message: a stamp in nanoseconds and a value for each of the K channels."""
        self.received += 1
        self._place(stamp, values, [value is not None for value in values])

    def extend(self, stamps: np.ndarray, values: np.ndarray, present: np.ndarray) -> None:
        """Add messages in the order in which they came, as if each were pushed: stamps (M,) and values (M, K).

        Stamps are nanoseconds. ``present`` (M, K) bool is False where a message says nothing about a channel.
        """
        self.received += len(stamps)
        first = 0
        for last in _ends_of_runs(stamps):
            run = stamps[first:last]
            newest = self._stamps[self._end - 1] if len(self) else self.newest.max()
            new = first + int(np.searchsorted(run, newest, side="right"))
            for row in range(first, new):
                self._place(int(stamps[row]), np.where(present[row], values[row], np.nan), present[row])
            if new < last:
                self._append(stamps[new:last], values[new:last], present[new:last])
            first = last

    def discard_before(self, stamp: int) -> None:
        """Forget the samples before ``stamp``."""
        self._first += int(np.searchsorted(self.stamps, stamp))

    def clear(self) -> None:
        """Forget all samples; the counts stay."""
        self._first = self._end = 0
        self.newest.fill(NEVER)

    def _allocate(self, rows: int) -> None:
        """Allocate memory for ``rows`` rows in use, and move the present rows to its front."""
        stamps = np.empty(2 * rows, dtype=np.int64)
        values = np.empty((2 * rows, self._columns))
        present = np.empty((2 * rows, self._columns), dtype=bool)
        count = len(self)
        if count:
            stamps[:count], values[:count], present[:count] = self.stamps, self.values, self.present
        self._stamps, self._values, self._present = stamps, values, present
        self._rows = rows
        self._first, self._end = 0, count

    def _append(self, stamps: np.ndarray, values: np.ndarray, present: np.ndarray) -> None:
        """Add rows that are newer than all others, in the order of their stamps."""
        for first in range(0, len(stamps), self._row_limit):
            piece = slice(first, first + self._row_limit)
            count = len(stamps[piece])
            self._make_room(count)
            rows = slice(self._end, self._end + count)
            self._stamps[rows], self._present[rows] = stamps[piece], present[piece]
            self._values[rows] = values[piece]
            self._values[rows][~present[piece]] = np.nan
            self._end += count
        newest = len(stamps) - 1 - np.argmax(present[::-1], axis=0)
        there = present.any(axis=0)
        self.newest[there] = np.maximum(self.newest, stamps[newest])[there]

    def _place(self, stamp: int, values: Sequence[float | None] | np.ndarray, present: Sequence[bool]) -> None:
        """Add a row where its stamp belongs."""
        if not len(self) and any(present) and (self.newest[np.asarray(present, dtype=bool)] == stamp).all():
            self.duplicates += 1  # of a sample that has been discarded
            return
        if not len(self) or stamp > self._stamps[self._end - 1]:
            self._make_room(1)
            row = self._end
            self._end += 1
        else:
            self.out_of_order += stamp < self._stamps[self._end - 1]
            row = self._first + int(np.searchsorted(self.stamps, stamp))
            if self._stamps[row] == stamp:
                self._merge(row, values, present)
                return
            if row == self._first and len(self) == self._row_limit:  # it would be the first to give way
                self.overflowed += 1
                return
            row = self._insert(row)
        self._stamps[row] = stamp
        self._values[row] = values
        self._present[row] = present
        self._note_newest(stamp, present)

    def _make_room(self, count: int) -> None:
        """Make room for ``count`` rows behind the last one; drop the oldest rows at the limit of memory."""
        wanted = len(self) + count
        if wanted > self._rows:
            rows = self._rows
            while rows < min(wanted, self._row_limit):
                rows = min(2 * rows, self._row_limit)
            if rows > self._rows:
                self._allocate(rows)
            given_up = max(0, wanted - rows)
            self._first += given_up
            self.overflowed += given_up
        if self._end + count > len(self._stamps):
            kept = len(self)
            for block in (self._stamps, self._values, self._present):
                block[:kept] = block[self._first : self._end]
            self._first, self._end = 0, kept

    def _insert(self, row: int) -> int:
        """Open a row before ``row`` by moving the later ones; return its index."""
        offset = row - self._first
        full = self.overflowed
        self._make_room(1)
        row = max(self._first, self._first + offset - (self.overflowed - full))
        for block in (self._stamps, self._values, self._present):
            block[row + 1 : self._end + 1] = block[row : self._end]
        self._end += 1
        return row

    def _merge(self, row: int, values: Sequence[float | None] | np.ndarray, present: Sequence[bool]) -> None:
        if any(new and old for new, old in zip(present, self._present[row], strict=True)):
            self.duplicates += 1
            return
        for column, there in enumerate(present):
            if there:
                self._values[row, column] = values[column]
                self._present[row, column] = True
        self._note_newest(int(self._stamps[row]), present)

    def _note_newest(self, stamp: int, present: Sequence[bool]) -> None:
        for column, there in enumerate(present):
            if there and stamp > self.newest[column]:
                self.newest[column] = stamp


def _ends_of_runs(stamps: np.ndarray) -> list[int]:
    """Return where runs of increasing stamps end."""
    return [*(np.flatnonzero(stamps[1:] <= stamps[:-1]) + 1).tolist(), len(stamps)] if len(stamps) else []
