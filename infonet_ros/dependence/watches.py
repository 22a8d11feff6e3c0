"""Watched pairs, which must stay dependent or independent; breaking the rule for long enough raises an alert.

So a planner detects a slipping wheel (odometry and gyroscope become independent) or a blind sensor.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.settings import Watch
from infonet_ros.text import NANOSECONDS


class State(Enum):
    """State of a watched pair."""

    UNKNOWN = "unknown"
    KEPT = "kept"
    BROKEN = "broken"  # the rule is broken, but not yet for long enough
    ALERT = "alert"


@dataclass(frozen=True)
class WatchedPair:
    """A watched pair after one matrix; ``since`` is the stamp of the first window against the rule, nanoseconds."""

    watch: Watch
    state: State = State.UNKNOWN
    mi: float = math.nan
    stamp: int = 0
    since: int | None = None

    def __str__(self) -> str:
        a, b = self.watch.pair
        value = "is not known" if math.isnan(self.mi) else f"is {self.mi:.3f} nats"
        rule = ">=" if self.watch.expect == "dependent" else "<="
        lasting = 0 if self.since is None else self.stamp - self.since
        since = f" for {lasting / NANOSECONDS:.1f} s" if lasting else ""
        expected = f"expected {rule} {self.watch.threshold:g} nats"
        beside = f" given {', '.join(self.watch.given)}" if self.watch.given else ""
        return f"{a} and {b} must stay {self.watch.expect}: MI{beside} {value}{since}, {expected}"


def judged(last: WatchedPair, matrix: DependenceMatrix) -> WatchedPair:
    """Judge a watched pair by a new matrix; one without the pair, or with other given channels, changes nothing.

    A pair that must stay dependent also breaks the rule if its MI is not known, as with a dead sensor. Durations are in
    the sensors' time; if this jumps back, they start again.
    """
    if not set(last.watch.pair) <= set(matrix.names) or matrix.given != last.watch.given:
        return last
    a, b = (matrix.names.index(name) for name in last.watch.pair)
    return _judged(last, float(matrix.mi[a, b]), matrix.end)


def judged_in_silence(last: WatchedPair, now: int) -> WatchedPair:
    """Judge a watched pair if no window has come up to ``now``, nanoseconds: its MI is no longer known.

    If that lasts, it is an alert for a pair that must stay dependent, as with a dead sensor.
    """
    found = _judged(last, math.nan, now)
    return replace(found, state=State.UNKNOWN) if found.state is State.BROKEN else found


def forgotten(last: WatchedPair) -> WatchedPair:
    """Return a watched pair without its MI and state, for a node that is deactivated; the stamp stays."""
    return WatchedPair(last.watch, stamp=last.stamp)


def _judged(last: WatchedPair, mi: float, now: int) -> WatchedPair:
    watch = last.watch
    if watch.expect == "dependent":
        broken = not mi >= watch.threshold
    elif math.isnan(mi):
        return WatchedPair(watch, State.UNKNOWN, mi, now)
    else:
        broken = mi > watch.threshold
    if not broken:
        return WatchedPair(watch, State.KEPT, mi, now)
    since = now if last.since is None or last.since > now else last.since
    lasting = now - since >= watch.duration * NANOSECONDS
    return WatchedPair(watch, State.ALERT if lasting else State.BROKEN, mi, now, since)
