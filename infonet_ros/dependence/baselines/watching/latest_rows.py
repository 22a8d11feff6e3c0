"""The latest rows of an array that grows at its end, without a copy for each extension."""

import numpy as np


class LatestRows:
    """Keeps rows of a ``shape`` in memory of twice their number, and moves them to its start only at its end.

    `forget` leaves the latest ``keep`` of them.
    """

    def __init__(self, keep: int, shape: tuple[int, ...] = (), dtype: type = float) -> None:
        self._keep = keep
        self._memory: np.ndarray = np.empty((2 * keep, *shape), dtype=dtype)
        self._first = self._end = 0

    def __len__(self) -> int:
        return self._end - self._first

    @property
    def rows(self) -> np.ndarray:
        """A view, valid until the next `extend`."""
        return self._memory[self._first : self._end]

    def extend(self, rows: np.ndarray) -> None:
        """Add rows (K, ...) at the end."""
        if self._end + len(rows) > len(self._memory):
            kept, wanted = self.rows.copy(), len(self) + len(rows)
            if wanted > len(self._memory):
                self._memory = np.empty((2 * wanted, *self._memory.shape[1:]), dtype=self._memory.dtype)
            self._memory[: len(kept)] = kept
            self._first, self._end = 0, len(kept)
        self._memory[self._end : self._end + len(rows)] = rows
        self._end += len(rows)

    def forget(self) -> None:
        """Drop all rows except the latest."""
        self._first = max(self._first, self._end - self._keep)
