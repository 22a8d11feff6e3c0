"""Measures how long matrices, messages and matched sets are overdue."""

import time

from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

_HOPS = 3  # hops without a matrix that are still normal


class Silence:
    """Seconds since a count last grew, measured only while the node's clock advances.

    So a pause or a jump of simulated time does not count.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._count = -1
        self._system = self._node = 0

    def look(self, count: int, now: int) -> float:
        """Return the seconds, given the count and the time of the node's clock (nanoseconds); call it regularly."""
        system = time.monotonic_ns()
        if count != self._count:
            self.seconds, self._count = 0.0, count
        else:
            self.seconds += max(0, min(system - self._system, now - self._node)) / NANOSECONDS
        self._system, self._node = system, now
        return self.seconds


class Pulse:
    """Detects matrices, messages and matched sets that are overdue by several hops.

    Attributes
    ----------
    no_matrix, no_message, no_set : float
        Seconds without a matrix, without a message with an accepted stamp, without a set of matching messages; 0
        while it is not overdue.
    """

    def __init__(self) -> None:
        self.no_matrix = self.no_message = self.no_set = 0.0
        self._matrices, self._messages, self._sets = Silence(), Silence(), Silence()

    def look(self, now: int, settings: Settings, matrices: int, messages: int, sets: int, allowance: float) -> None:
        """Update from the counts; call it regularly.

        Parameters
        ----------
        now : int
            Time of the node's clock, nanoseconds.
        settings : Settings
        matrices, messages, sets : int
            Counts since the node was configured.
        allowance : float
            Seconds that a matrix may take longer than hops: to fill the first window, and to compute it.
        """
        usual = _HOPS * settings.hop * settings.shares + settings.patience
        self.no_matrix = _beyond(usual + allowance, self._matrices.look(matrices, now))
        self.no_message = _beyond(usual, self._messages.look(messages, now))
        self.no_set = _beyond(usual, self._sets.look(sets, now))


def _beyond(usual: float, seconds: float) -> float:
    return seconds if seconds > usual else 0.0
