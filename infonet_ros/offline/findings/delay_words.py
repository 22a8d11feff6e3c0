"""The delay of a pair in words, and what to add to the stamps of a topic."""

from dataclasses import dataclass

import numpy as np

from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.pair_order import topic_of
from infonet_ros.offline.whole_recording.delays import ONE_MOTION
from infonet_ros.offline.whole_recording.whole_recording import DELAYS_APART
from infonet_ros.text import delay_digits, delay_text

_LATEST_STAMPS = 1.0  # seconds: a longer delay, as of a temperature after its load, is real, and not one of the stamps

_VAGUE = 0.25  # of a delay: if it may be shorter by more than that, stamps that are moved by it may become worse
_LEAST = 0.5  # of the time between two samples: a shorter delay may be that of how a rate is taken

_CHANGES = {1: "rate of change", 2: "acceleration"}


@dataclass(frozen=True)
class Delay:
    """The delay of a pair in words, whether it is clear, and what to add to the stamps of a topic, if that helps."""

    clear: bool
    early: str = ""  # early, late: names of the channel that leads and of the one that follows
    late: str = ""
    seconds: float = 0.0  # seconds, lower, upper: the delay with its interval
    lower: float = 0.0
    upper: float = 0.0
    smoothed: bool = False
    """Fast motions of ``late`` are smaller than those of ``early``, as behind a filter or an actuator."""
    topic: str = ""  # the topic whose stamps should be earlier by the delay; empty if that would not help
    contradicted: bool = False  # other channels of the two topics show that the stamps are not late
    changes: int = 0
    """1 if ``late`` moves as the rate of change of ``early``, 2 if as the rate of that: then there is no delay."""

    @classmethod
    def of(cls, analysis: Analysis, a: int, b: int) -> "Delay":
        """Judge the delay at which channels ``a`` and ``b`` depend most over the whole recording."""
        names, whole = analysis.names, analysis.whole
        lag = float(whole.matrix.lag[a, b])
        unknown = cls(False, seconds=abs(lag))
        if analysis.significance.doubt(a, b):
            return unknown
        for rate, level in ((a, b), (b, a)):
            if times := int(whole.changes[rate, level]):
                return cls(False, names[level], names[rate], changes=times)
        early, late = (a, b) if lag > 0 else (b, a)
        if not whole.clear_delays[a, b] or analysis.commands[late] > analysis.commands[early]:
            return unknown
        lower, upper = whole.delay_lower[early, late], whole.delay_upper[early, late]
        topic, contradicted = _late_stamps(analysis, early, late)
        smoothed = bool(whole.smoothed[early, late])
        return cls(True, names[early], names[late], abs(lag), float(lower), float(upper), smoothed, topic, contradicted)

    @property
    def words(self) -> str:
        """What follows what, and by how much."""
        if self.changes:
            return f"{self.late} moves as the {_CHANGES[self.changes]} of {self.early}"
        if not self.clear:
            return "not clear" if self.seconds else "none"
        digits = delay_digits(self.seconds)
        interval = f"({self.lower:.{digits}f} to {self.upper:.{digits}f} s)"
        words = f"{self.late} follows by {delay_text(self.seconds)} {interval}" + ", as behind a filter" * self.smoothed
        if self.contradicted:
            return f"{words}; no shift of stamps suits all channels of the two topics"
        stamps = f"; to align them, add {delay_text(-self.seconds)} to the stamps of {self.topic}"
        return words + stamps * bool(self.topic)

    @property
    def error(self) -> float:
        """The half width of the interval, seconds."""
        return (self.upper - self.lower) / 2.0

    @property
    def about_stamps(self) -> bool:
        """Whether the words tell that stamps are late, or that they are not."""
        return bool(self.topic) or self.contradicted

    @property
    def kin(self) -> bool:
        """Whether there is none because one of the two is the rate of change of the other."""
        return self.changes > 0

    @property
    def stamps(self) -> dict[str, str | float] | None:
        """What to add to the stamps of which topic; None if that does not help."""
        return {"topic": self.topic, "add": -self.seconds} if self.topic else None


def _late_stamps(analysis: Analysis, early: int, late: int) -> tuple[str, bool]:
    """Return the topic whose stamps are late, empty if none is, and whether other channels contradict that."""
    whole, topic, other = analysis.whole, topic_of(analysis, late), topic_of(analysis, early)
    lag = whole.matrix.lag[early, late]
    loose = whole.matrix.mi[early, late] < ONE_MOTION  # it may be a filter, as a speed after its acceleration
    if topic == other or lag > _LATEST_STAMPS or loose or analysis.commands[early]:
        return "", False
    contradicted = _contradicted(analysis, early, late)
    least = max((1.0 - _VAGUE) * lag, _LEAST * whole.period(early, late))
    vague = whole.delay_lower[early, late] < least
    return ("" if contradicted or vague or whole.physical[early, late] else topic), contradicted


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
