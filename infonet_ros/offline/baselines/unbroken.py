"""Recordings as one stretch of samples, not cut into windows."""

from typing import NamedTuple

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.recording import OF_ALL, Recording, Span, check_topics
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.recorded_windows import RecordedWindows
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.search_range import usual_range
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

_HOP = 1.0  # seconds: so much at most is lost at the end of a recording,
_LOST = 1e-4  # or this share of it: a table of four years has 100 million seconds
_EVERYTHING = 10**9  # samples: more than any recording has


class UnbrokenRecording(NamedTuple):
    """A recording as one stretch of samples, and sentences about what was left out."""

    label: str
    overview: Overview
    messages: np.ndarray  # (T, N) float64: see `messages_since`
    spikes: np.ndarray  # (T, N) float64: see `Cut.spikes`
    notices: list[str]


def read_unbroken(
    recording: Recording, settings: Settings, span: Span, progress: Progress = silent
) -> UnbrokenRecording:
    """Read a recording as one stretch of samples on one clock, joined from the new samples of each window."""
    check_topics(recording, settings, OF_ALL)
    length = min(settings.window, span.duration / 2.0)
    hop = min(max(_HOP, _LOST * span.duration), length)
    whole = settings.with_values(window=length, hop=hop, max_lag=0.0)
    recorded = RecordedWindows(recording, whole, span, longest_lag=usual_range(settings), unbroken=True)
    if not sum(1 for _ in recorded.windows(progress)):
        raise RecordingError(f"{recording.label} is too short: expected at least two windows of {length:g} s.")
    overview = recorded.trace.overview(_EVERYTHING)
    messages = recorded.messages(overview.stamps, round(NANOSECONDS / overview.window.rate))
    messages[np.r_[False, np.diff(overview.stamps) <= 0]] = np.nan  # in a hole
    notices = [*recording.notices, *recorded.notices()]
    return UnbrokenRecording(recording.label, overview, messages, recorded.trace.spikes(), notices)
