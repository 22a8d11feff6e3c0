"""Measures how long matrices, messages and matched sets are overdue."""

import time

from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

_HOPS = 3  # hops without a matrix that are still normal
_LONGEST_LOOK = 2.0  # seconds that one look counts: the diagnostics look once a second


class Silence:
    """Seconds since a count last changed, measured only while the node's clock advances.

    So a pause or a jump of simulated time does not count, nor does the sleep of a computer.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._count: object = None
        self._system = self._node = 0

    def look(self, count: object, now: int) -> float:
        """Return the seconds, given the count and the time of the node's clock (nanoseconds); call it regularly."""
        system = time.monotonic_ns()
        if count != self._count:
            self.seconds, self._count = 0.0, count
        else:
            passed = min(system - self._system, now - self._node) / NANOSECONDS
            self.seconds += min(max(0.0, passed), _LONGEST_LOOK)
        self._system, self._node = system, now
        return self.seconds


class Pulse:
    """Detects matrices, messages with an accepted stamp, and matched sets that are overdue by several hops."""

    def __init__(self) -> None:
        self.no_matrix = self.no_message = self.no_set = 0.0  # seconds without one; 0 while it is not overdue
        self._matrices, self._messages, self._sets = Silence(), Silence(), Silence()
        self._full = Silence()  # since the last matrix, or since the first window last grew
        self._fed = Silence()  # since the last matrix, or since messages began to come
        self._begun = 0

    def look(
        self, now: int, settings: Settings, *, matrices: int, messages: int, sets: int, fill: float, computing: float
    ) -> None:
        """Update from counts since the node was configured, and its time ``now``, nanoseconds; call it regularly.

        ``fill`` is the filled part of the first window, 0 to 1; ``computing`` are the seconds that a matrix takes.
        """
        usual = _HOPS * settings.hop * settings.shares + settings.patience
        longest = usual + computing + settings.window
        self.no_message = _beyond(usual, self._messages.look(messages, now))
        self.no_set = _beyond(usual, self._sets.look(sets, now))
        self._begun += fill == 0.0 or self.no_message > 0.0
        silence = self._matrices.look(matrices, now)
        full, fed = self._full.look((matrices, fill), now), self._fed.look((matrices, self._begun), now)
        overdue = full > (usual + computing if fill else longest) or fed > longest
        self.no_matrix = silence if overdue else 0.0


def _beyond(usual: float, seconds: float) -> float:
    return seconds if seconds > usual else 0.0
