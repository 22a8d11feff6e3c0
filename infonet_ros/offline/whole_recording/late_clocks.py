"""Finds clocks that are behind, among the topics whose stamps lie behind the times of recording.

Stamps lie behind because the clock of another computer is behind, or because the messages took long. So both are tried:
a topic that shares more information with the others after its stamps were set ahead has a clock that is behind.
"""

from collections.abc import Collection
from itertools import product

import numpy as np

from infonet_ros.estimator.measures.contingency import lagged_contingency, shift_p_values
from infonet_ros.intake.recording import Recording, Span
from infonet_ros.offline.progress import silent
from infonet_ros.offline.recorded_windows import RecordedWindows
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.settings import Settings

_SAMPLES = 20_000
_MORE = 1.5  # times as much must be shared
_LEVEL = 0.01  # for all pairs together


def set_late_clocks_ahead(recording: Recording, settings: Settings, span: Span, longest_lag: float) -> None:
    """Set the stamps of topics ahead whose clocks are behind; delays up to ``longest_lag`` seconds are compared."""
    late = recording.behind(dict.fromkeys(modality.topic for modality in settings.modalities))
    if not late:
        return
    as_it_is = _shared(recording, settings, span, longest_lag, late)
    recording.set_ahead(late)
    ahead = _shared(recording, settings, span, longest_lag, late)
    recording.set_ahead([topic for topic in late if ahead[topic] > _MORE * as_it_is[topic]])


def _shared(
    recording: Recording, settings: Settings, span: Span, longest_lag: float, late: Collection[str]
) -> dict[str, float]:
    """Return the largest contingency of each late topic with one that is not; 0 where none is significant."""
    recorded = RecordedWindows(recording, settings, span, longest_lag)
    if not sum(1 for _ in recorded.windows(silent)):
        return dict.fromkeys(late, 0.0)
    window = recorded.overview(_SAMPLES).window
    longest = int(longest_lag * window.rate)
    ranks = Moves.of(window.samples, longest).ranks
    largest = lagged_contingency(ranks, longest).max(axis=2)
    topics = np.array(settings.channel_topics)
    others = np.flatnonzero(~np.isin(topics, list(late)))
    found = {}
    for topic in late:
        own = np.flatnonzero(topics == topic)
        a, b = max(product(own, others), key=lambda pair: largest[pair])
        p_value = shift_p_values(ranks[:, [a, b]], longest)[0][0, 1]
        found[topic] = float(largest[a, b]) if p_value * len(own) * len(others) <= _LEVEL else 0.0
    return found
