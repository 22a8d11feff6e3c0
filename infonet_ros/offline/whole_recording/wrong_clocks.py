"""Clocks that are behind, and clocks that drift apart.

Stamps lie behind the times of recording because the clock of another computer is behind, or because the messages took
long. So both are tried: a topic that shares more information with the others after its stamps were set ahead has a
clock that is behind. If two clocks drift apart, the delay between their topics grows steadily over the recording.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from infonet_ros.estimator.measures.contingency import (
    DEGREES,
    FINER,
    contingency_of,
    features_of,
    lagged_contingency,
    lagged_products,
    shift_p_values,
)
from infonet_ros.estimator.measures.delay_spread import PARTS, T_90
from infonet_ros.estimator.peak import around_peak, parabolas
from infonet_ros.intake.recording import Recording, Span
from infonet_ros.offline.progress import silent
from infonet_ros.offline.recorded_windows import RecordedWindows
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS

_MOST_PAIRS = 3  # of the same two topics, the strongest
_LEAST_SHARE = 0.75  # of the parts must have a delay inside the search
_SURE = 6.0  # standard errors of the drift; over the recording it must also be twice the scatter of the delays
_LEAST_DRIFT = 2.0
_BETWEEN = 0.1  # of a sample: rough streams draw a delay between two lags so far towards one of them

_SAMPLES = 20_000
_MORE = 1.5  # times as much must be shared
_LEVEL = 0.01  # for all pairs together


@dataclass(frozen=True)
class ClockDrift:
    """Two topics whose clocks drift apart: the stamps of one run ahead of those of the other.

    Attributes
    ----------
    fast, slow : int
        Numbers of the channels that show it.
    rate : float
        Seconds a second by which the stamps of ``fast`` run ahead.
    error : float
        On either side of the rate: its 90 % interval.
    seconds : float
        Their lead after the whole recording.
    """

    fast: int
    slow: int
    rate: float
    error: float
    seconds: float


def clock_drifts(
    pairs: Sequence[tuple[int, int]],
    topics: Sequence[str],
    ranks: np.ndarray,
    stamps: np.ndarray,
    rate: float,
    longest: int,
) -> list[ClockDrift]:
    """Find which topics drift apart: one drift for each two of them, the surest first.

    ``pairs`` are channels that depend on each other, strongest first, and ``topics`` those of each channel. Their ranks
    (T, N), as for `lagged_contingency`, have stamps (T,) in nanoseconds, at a rate in Hz. A delay may be ``longest``
    samples.
    """
    by_topics: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for a, b in pairs:
        if topics[a] != topics[b]:
            by_topics.setdefault((topics[a], topics[b]), []).append((a, b))
    found = []
    for own in by_topics.values():
        drifts = [_drift(pair, ranks, stamps, rate, longest) for pair in own[:_MOST_PAIRS]]
        found += sorted((one for one in drifts if one is not None), key=_surest)[:1]
    return sorted(found, key=_surest)


def apart(drifts: Sequence[ClockDrift], topics: Sequence[str]) -> np.ndarray:
    """Return which pairs of channels (N, N) are of two topics that drift apart, so that their delay changes."""
    own = np.array(topics)
    found = np.zeros((len(own), len(own)), dtype=bool)
    for one in drifts:
        found |= np.outer(own == own[one.fast], own == own[one.slow])
    return found | found.T


def _delay(curve: np.ndarray, top: int) -> float:
    """Return the vertex of the parabola about the maximum of a curve (L,); that itself if there is no such parabola."""
    near = around_peak(curve, top)
    return float(np.nan_to_num(parabolas(near, curve[None, near])[0][0], nan=top))


def _surest(drift: ClockDrift) -> float:
    return drift.error / drift.rate


def _drift(
    pair: tuple[int, int], ranks: np.ndarray, stamps: np.ndarray, rate: float, longest: int
) -> ClockDrift | None:
    """Fit a line to the delays of the parts of a recording; None if its slope is not significant."""
    curves = np.sqrt(contingency_of(lagged_products(features_of(ranks[:, pair], DEGREES), longest, PARTS)))
    size = -(-len(ranks) // PARTS)
    times = np.array([stamps[begin : begin + size].mean() for begin in range(0, len(stamps), size)])
    tops = curves.argmax(axis=1)
    inside = (tops > 0) & (tops < curves.shape[1] - 1)
    if inside.sum() < _LEAST_SHARE * PARTS:
        return None
    delays = np.array([_delay(*one) for one in zip(curves[inside], tops[inside], strict=True)])
    delays = (delays / FINER - longest) / rate
    seconds = (times[inside] - times[inside].mean()) / NANOSECONDS
    slope = float(seconds @ delays / (seconds @ seconds))
    rest = delays - delays.mean() - slope * seconds
    scatter = float(np.sqrt(rest @ rest / (len(rest) - 2)))
    error = scatter / float(np.sqrt(seconds @ seconds))
    over_all = abs(slope) * float(stamps[-1] - stamps[0]) / NANOSECONDS
    if abs(slope) <= _SURE * error or over_all <= _LEAST_DRIFT * scatter:
        return None
    slow, fast = pair if slope > 0.0 else pair[::-1]
    drawn = _BETWEEN / rate / float(np.ptp(seconds))
    return ClockDrift(fast, slow, abs(slope), float(np.hypot(T_90 * error, drawn)), over_all)


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
    window = recorded.trace.overview(_SAMPLES).window
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
