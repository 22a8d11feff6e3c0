"""What came in on each topic: counts, rates, gaps, disorder, and what was dropped."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from infonet_ros.streams.alignment import GAP_PERIODS, stream_period


@dataclass(frozen=True)
class TopicStatistics:
    """One topic of a recording.

    Attributes
    ----------
    name, type : str
    messages : int
        In the recording.
    read : int
        In the part that was analysed; 0 for a topic that no channel uses.
    rate : float
        Hz, from the median time between messages; NaN with fewer than three.
    gaps : int
        Times between messages of more than three periods.
    longest_gap : float
        Seconds; NaN with fewer than two messages.
    out_of_order : int
        Messages whose stamp is before that of an earlier one.
    duplicates : int
        Messages dropped because an earlier one had their stamp and their channels.
    overflowed : int
        Messages given up because a buffer was full.
    late : int
        Messages that came after a window that they belonged to.
    clock : str
        "header", or "recording" for the time at which a message without a stamp was recorded.
    """

    name: str
    type: str
    messages: int
    read: int
    rate: float
    gaps: int
    longest_gap: float
    out_of_order: int
    duplicates: int
    overflowed: int
    late: int
    clock: str


class StampLog:
    """Stamps of each modality while they come in, eight bytes each."""

    def __init__(self) -> None:
        self._stamps: dict[str, array] = {}

    def add(self, modality: str, stamp: int) -> None:
        """Note the stamp of one message, nanoseconds."""
        self._stamps.setdefault(modality, array("q")).append(stamp)

    def summary(self, modality: str) -> Mapping[str, float | int]:
        """Return ``read``, ``rate``, ``gaps``, ``longest_gap`` and ``out_of_order`` of a modality."""
        stamps = np.frombuffer(self._stamps.get(modality, array("q")), dtype=np.int64)
        steps = np.diff(np.sort(stamps))
        newest = np.maximum.accumulate(stamps) if len(stamps) else stamps
        period = stream_period(np.unique(stamps))
        return {
            "read": len(stamps),
            "rate": 1e9 / period if period > 0 else float("nan"),
            "gaps": int((steps > GAP_PERIODS * period).sum()) if period > 0 else 0,
            "longest_gap": float(steps.max()) / 1e9 if len(steps) else float("nan"),
            "out_of_order": int((stamps < newest).sum()),
        }
