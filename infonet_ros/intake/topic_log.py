"""Statistics of each topic: counts, rates, gaps, messages out of order, and dropped messages."""

from array import array
from dataclasses import dataclass

import numpy as np

from infonet_ros.intake.windows.alignment import GAP_PERIODS, stream_period
from infonet_ros.intake.windows.timeline import longest_run
from infonet_ros.text import NANOSECONDS


@dataclass(frozen=True)
class StampSummary:
    """Stamps of the messages that were read from one topic.

    Attributes
    ----------
    count : int
        Messages; 0 for a topic that no channel uses.
    rate : float
        Hz, from the median time between messages; NaN with fewer than three.
    gaps : int
        Times between messages of more than three periods.
    longest_gap : float
        Seconds; NaN with fewer than two messages.
    out_of_order : int
        Messages whose stamp is before that of an earlier one.
    """

    count: int
    rate: float
    gaps: int
    longest_gap: float
    out_of_order: int


@dataclass(frozen=True)
class TopicStatistics:
    """One topic of a recording.

    Attributes
    ----------
    name, type : str
    messages : int
        Messages in the recording.
    stamps : StampSummary
        Stamps of the part that was analysed.
    duplicates : int
        Messages dropped because an earlier one had their stamp and their channels.
    overflowed : int
        Messages dropped because a buffer was full.
    late : int
        Messages that came after a window that they belonged to.
    clock : str
        Either "header", or "recording" for the time at which a message without a stamp was recorded; empty when not
        used.
    """

    name: str
    type: str
    messages: int
    stamps: StampSummary
    duplicates: int
    overflowed: int
    late: int
    clock: str


class StampLog:
    """Stamps of the messages of each modality, 8 bytes each, and 1 byte for each channel: whether it has a sample."""

    def __init__(self) -> None:
        self._stamps: dict[str, array[int]] = {}
        self._present: dict[str, bytearray] = {}

    def extend(self, modality: str, stamps: np.ndarray, present: np.ndarray) -> None:
        """Add the stamps (M,) int64 of messages, nanoseconds, and which channels (M, K) they have samples of."""
        self._stamps.setdefault(modality, array("q")).frombytes(stamps.tobytes())
        self._present.setdefault(modality, bytearray()).extend(present.tobytes())

    def of_channel(self, modality: str, column: int) -> np.ndarray:
        """Return the ascending stamps (M',) of the messages that have a sample of a channel, each once."""
        stamps = self._all(modality)
        if not len(stamps):
            return stamps
        present = np.frombuffer(self._present[modality], dtype=np.bool_).reshape(len(stamps), -1)
        return np.unique(stamps[present[:, column]])

    def _all(self, modality: str) -> np.ndarray:
        return np.array(self._stamps.get(modality, ()), dtype=np.int64)

    @property
    def longest_run(self) -> float:
        """Longest time, in seconds, for which the stamps of one modality continue without a jump."""
        return max((longest_run(np.unique(np.array(stamps))) for stamps in self._stamps.values()), default=0.0)

    def summary(self, modality: str) -> StampSummary:
        """Sum up the stamps of a modality."""
        stamps = self._all(modality)
        period = stream_period(np.unique(stamps))
        steps = np.diff(np.sort(stamps)).astype(float)
        newest = np.maximum.accumulate(stamps) if len(stamps) else stamps
        return StampSummary(
            count=len(stamps),
            rate=NANOSECONDS / period,
            gaps=int((steps > GAP_PERIODS * period).sum()),
            longest_gap=float(steps.max()) / NANOSECONDS if len(steps) else float("nan"),
            out_of_order=int((stamps < newest).sum()),
        )
