"""The delay of a pair in words, and what to add to the stamps of a topic."""

import re
from dataclasses import dataclass

import numpy as np

from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.pair_order import topic_of
from infonet_ros.offline.whole_recording.whole_recording import DELAYS_APART
from infonet_ros.text import delay_digits, delay_text

_ONE_MOTION = 0.83  # nats, a correlation of 0.9: what shares less may be a filter, as a speed after its acceleration
_LATEST_STAMPS = 1.0  # seconds: a longer delay, as of a temperature after its load, is real, and not one of the stamps

_COMMAND = re.compile(
    r"(?<![a-z])(cmd|command(s|ed)?|set_?points?|sp|targets?|desired|goals?|ref(erence)?|joy)(?![a-z])", re.IGNORECASE
)
"""Names of what a machine is told: what follows that is not late by its stamps."""

_CHANGES = {1: "rate of change", 2: "acceleration"}


@dataclass(frozen=True)
class Delay:
    """Words about the delay of a pair, whether it is clear, and what to add to the stamps of a topic, if that helps.

    ``kin`` tells that there is none because one of the two is the rate of change of the other.
    """

    words: str
    clear: bool
    stamps: dict[str, str | float] | None = None
    kin: bool = False

    @classmethod
    def of(cls, analysis: Analysis, a: int, b: int) -> "Delay":
        """Judge the delay at which channels ``a`` and ``b`` depend most over the whole recording."""
        names, whole = analysis.names, analysis.whole
        lag = float(whole.matrix.lag[a, b])
        if analysis.significance.doubt(a, b):
            return cls("not clear" if lag else "none", False)
        for rate, level in ((a, b), (b, a)):
            if times := whole.changes[rate, level]:
                words = f"{names[rate]} moves as the {_CHANGES[times]} of {names[level]}"
                return cls(words, False, kin=True)
        if not whole.clear_delays[a, b]:
            return cls("not clear" if lag else "none", False)
        early, late = (a, b) if lag > 0 else (b, a)
        lower, upper = whole.delay_lower[early, late], whole.delay_upper[early, late]
        digits = delay_digits(lag)
        words = f"{names[late]} follows by {delay_text(abs(lag))} ({lower:.{digits}f} to {upper:.{digits}f} s)"
        topic, other = topic_of(analysis, late), topic_of(analysis, early)
        if topic == other or abs(lag) > _LATEST_STAMPS or whole.matrix.mi[a, b] < _ONE_MOTION:
            return cls(words, True)
        if _contradicted(analysis, a, b):
            return cls(f"{words}; no shift of stamps suits all channels of the two topics", True)
        if whole.physical[a, b] or _COMMAND.search(f"{other} {names[early]}"):
            return cls(words, True)
        stamps = f"to align them, add {delay_text(-abs(lag))} to the stamps of {topic}"
        return cls(f"{words}; {stamps}", True, {"topic": topic, "add": -abs(lag)})


def _contradicted(analysis: Analysis, a: int, b: int) -> bool:
    """Return whether other channels of the two topics show that the stamps are not late.

    They have another clear delay, or surely share more without any.
    """
    whole = analysis.whole
    topics = analysis.settings.channel_topics
    rows, columns = ([k for k, topic in enumerate(topics) if topic == topics[one]] for one in (a, b))
    both = np.ix_(rows, columns)
    told = (analysis.significance.significant & ~whole.weaker_form)[both]
    lag, error, clear = whole.matrix.lag, whole.delay_error, whole.clear_delays[both]
    apart = clear & (np.abs(lag[both] - lag[a, b]) > DELAYS_APART * (error[both] + error[a, b]))
    more = whole.matrix.lower[both] > whole.matrix.mi[a, b]
    return bool((told & (apart | ~clear & whole.at_once[both] & more)).any())
