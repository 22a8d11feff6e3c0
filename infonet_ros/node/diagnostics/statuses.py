"""The state of the node for /diagnostics, once a second: the estimator, each topic, each watched pair."""

import math
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.dependence.watches import State, WatchedPair
from infonet_ros.errors import InfonetError
from infonet_ros.node.diagnostics.clock_advice import FITTING, StampFit
from infonet_ros.node.inputs.synchronization import Synchronizer
from infonet_ros.node.inputs.topic_status import UNSET, TopicStatus
from infonet_ros.text import NANOSECONDS, counted, in_seconds, listed

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR

Problem = tuple[bytes, str]

WITHOUT_P_VALUE = "without a p-value"  # key of what `untested` says; of matrices of another kind, see `key_of_untested`
_UNTESTED = 5  # pairs that are named
_NAMED = 3  # channels

SLOW_MATCH = 0.05
"""Seconds that message_filters may take to match one message; with long queues its combinations explode."""

DROPPED = "dropped for lack of memory"
"""Key and words of the samples that a full buffer dropped."""

_CLOCKS = "if this continues, look for a second publisher of this topic or a clock that is wrong"

_JUMPS = f"all windows start again; {_CLOCKS}"

_WATCH_LEVELS = {State.KEPT: OK, State.UNKNOWN: WARN, State.BROKEN: WARN, State.ALERT: ERROR}


def logged(node: Node, error: Exception, before: str, what: str = "") -> str:
    """Log an error with its cause, unless it is the problem ``before``; return it as a problem, after ``what``.

    What fails because ROS has ended is no error: a thread may still read or compute at that moment.
    """
    known = isinstance(error, InfonetError)
    problem = what + (str(error) if known else f"{type(error).__name__}: {error}")
    if problem != before and node.context.ok():  # once, not at each message
        node.get_logger().error(problem if known else "".join(traceback.format_exception(error)).rstrip())
    return problem


class Growth:
    """The growth of counts since the last call, so that an old problem does not warn forever."""

    def __init__(self) -> None:
        self._before: dict[str, int] = {}

    def __call__(self, name: str, count: int) -> int:
        """Return the growth of the count of this name."""
        grown = count - self._before.get(name, 0)
        self._before[name] = count
        return grown


class Diagnostics:
    """Publishes the result of ``report`` once a second, in every lifecycle state of the node."""

    def __init__(self, node: Node, report: Callable[[], Sequence[DiagnosticStatus]]) -> None:
        self._node = node
        self._report = report
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # By a steady clock: simulated time may stand still, and the diagnostics say so.
        node.create_timer(1.0, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _publish(self) -> None:
        array = DiagnosticArray(status=self._report())
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)


def status(name: str, problems: Sequence[Problem], fine: str, values: Mapping[str, Any]) -> DiagnosticStatus:
    """Make a status with the level of its worst problem; ``fine`` is the message if there is none."""
    worst = sorted(problems, key=lambda problem: problem[0], reverse=True)
    return DiagnosticStatus(
        level=worst[0][0] if worst else OK,
        name=name,
        message="; ".join(text for _, text in worst) or fine,
        values=[KeyValue(key=key, value=_text(value)) for key, value in values.items()],
    )


def report_on_topic(
    name: str,
    topic: TopicStatus,
    counts: Mapping[str, int],
    now: int,
    patience: float,
    growth: Growth,
    fit: StampFit = FITTING,
) -> DiagnosticStatus:
    """Report on one topic at the time ``now``, nanoseconds, with counts of its buffers, such as "late".

    After so many seconds of ``patience`` without a message it counts as silent. ``growth`` gives the counts since the
    last report, and ``fit`` is that of its stamps.
    """
    rate = topic.measure_rate()
    silence = math.nan if topic.last_arrival is None else max(0.0, (now - topic.last_arrival) / NANOSECONDS)
    received = growth(f"{name} received", topic.received)
    aside = growth(f"{name} aside", counts.get("set aside", 0))
    problems = [
        *_silent(silence, rate, patience),
        *_unread(name, topic, growth),
        *_aside(aside, received, fit),
        *(_ahead(topic.age, patience, fit.advice) if aside <= 0 else ()),
        *_not_stamped(name, topic, counts, received, growth),
        *_lost(name, topic, counts, growth, _remedy_for_late(topic.age, patience, fit.leader)),
        *_valueless(topic),
    ]
    values = {
        "rate [Hz]": rate,
        "received": topic.received,
        "age on arrival [s]": topic.age,
        "silence [s]": silence,
        "gaps": topic.gaps,
        "out of order": topic.out_of_order,
        "repeated stamps": topic.repeated,
        "stamps never set": topic.unset,
        "lost by the middleware": topic.lost,
        "unreadable": topic.unreadable,
        "values not known": topic.unknown,
        **counts,
    }
    fine = "no rate yet, because there are fewer than three stamps" if math.isnan(rate) else f"{rate:.1f} Hz"
    return status(name, problems, fine, values)


def _silent(silence: float, rate: float, patience: float) -> Iterator[Problem]:
    """Report a topic without messages for too long; NaN is no silence."""
    if silence > max(patience, 3.0 / rate if rate > 0 else 0.0):
        known = not math.isnan(rate)  # else it may send once, or seldom
        yield ERROR if known else WARN, f"silent for {silence:.1f} s" + ("" if known else ", and its rate is not known")


def _unread(name: str, topic: TopicStatus, growth: Growth) -> Iterator[Problem]:
    """Report why no message can arrive, that none has arrived yet, and those since the last report without a value."""
    if topic.problem:
        yield ERROR, topic.problem
    elif not topic.received:
        yield WARN, "no message yet"
    if unreadable := growth(f"{name} unreadable", topic.unreadable):
        yield ERROR, f"{counted(unreadable, 'message')} cannot be read, the last because {topic.reading_problem}"


def _aside(count: int, received: int, fit: StampFit) -> Iterator[Problem]:
    """Report the messages since the last report that are not used, because their stamps contradict those before."""
    if count > 0:
        side = "ahead of" if fit.offset > 0 else "behind"
        where = f"{in_seconds(round(abs(fit.offset), 1))} {side} the other messages"
        every = count >= received > 1  # one alone can be the outlier of a slow topic
        advice = fit.advice if every and fit.advice else _CLOCKS
        yield ERROR if every else WARN, f"{counted(count, 'message')} set aside, the last stamped {where}: {advice}"


def _ahead(age: float, patience: float, advice: str) -> Iterator[Problem]:
    """Report stamps in the future; NaN is none."""
    if age < -patience:
        yield WARN, f"stamps are {in_seconds(round(-age, 1))} ahead of this node's clock: {advice}"


def _not_stamped(
    name: str, topic: TopicStatus, counts: Mapping[str, int], received: int, growth: Growth
) -> Iterator[Problem]:
    """Report messages since the last report with a stamp that was never set, or that an earlier message has."""
    if unset := growth(f"{name} unset", topic.unset):
        yield WARN, f"{counted(unset, 'message')} with {UNSET}"
    repeated = growth(f"{name} repeated", counts.get("duplicates", 0))
    if repeated > received / 2:
        reason = "an earlier message has the same stamp: its driver must stamp each message"
        if math.isnan(topic.age):  # messages without a stamp have the time of their arrival
            reason = "an earlier message arrived at the same time of /clock: publish /clock more often"
        text = f"{counted(repeated, 'sample')} not used, because {reason}"
        yield ERROR if repeated >= received else WARN, text


def _remedy_for_late(age: float, patience: float, leader: str) -> str:
    """Return what to do if messages are too late for their window."""
    if age > patience:
        return "raise patience, or synchronise the clocks"
    return f"the stamps of {leader} are ahead" if leader else "raise patience"


def _lost(
    name: str, topic: TopicStatus, counts: Mapping[str, int], growth: Growth, remedy_for_late: str
) -> Iterator[Problem]:
    """Report what was lost since the last report, and what to do."""
    for noun, what, count, remedy in (
        ("message", "lost by the middleware", topic.lost, "this machine or its network is too slow"),
        ("jump", "of time", counts.get("jumps of time", 0), _JUMPS),
        ("message", "too late for the window", counts.get("late", 0), remedy_for_late),
        ("sample", DROPPED, counts.get(DROPPED, 0), "raise buffer_memory"),
    ):
        if (recent := growth(f"{name} {what}", count)) > 0:
            yield WARN, f"{counted(recent, noun)} {what}: {remedy}"


def _valueless(topic: TopicStatus) -> Iterator[Problem]:
    """Report channels without a value, the first ones of many."""
    if sentences := list(topic.unknown_channels()):
        more = [f"{counted(len(sentences) - _NAMED, 'more channel')}"] if len(sentences) > _NAMED else []
        yield WARN, "; ".join(sentences[:_NAMED] + more)


def too_few_samples(matrix: DependenceMatrix, least: int, rate: float) -> str:
    """Say that a window is too short, or its clock too slow; ``rate`` is the parameter, 0 for the slowest channel."""
    text = f"{counted(matrix.sample_count, 'sample')} a window, {least} are needed: lengthen the window"
    if rate or not math.isfinite(matrix.sample_rate):
        return text
    return f"{text}, or set rate, because the clock has that of the slowest channel, {matrix.sample_rate:g} Hz"


def unknown_channels(matrix: DependenceMatrix, least: int) -> list[Problem]:
    """Name the channels with too few samples in a window; a constant one, such as a wheel at rest, has enough."""
    counts = matrix.samples.diagonal()
    unknown = [f"{name} ({count})" for name, count in zip(matrix.names, counts, strict=True) if count < least]
    remedy = (
        "look for gaps, bursts and unknown values of its topic; a longer window has more samples, and a longer max_gap "
        "bridges gaps"
    )
    text = f"too few good samples of {listed(unknown)}, where {least} are needed: {remedy}"
    return [(WARN, text)] if unknown else []


def untested(matrix: DependenceMatrix) -> str:
    """Return why pairs of a window have no p-value, and which; empty if all have one, or none was requested."""
    sentences = []
    row, column = np.triu_indices(len(matrix.names), 1)  # a reason is one of both directions
    reasons = matrix.reasons[row, column]
    for why in dict.fromkeys(filter(None, reasons.tolist())):
        pairs = np.flatnonzero(reasons == why)
        names = [f"{matrix.names[row[pair]]} and {matrix.names[column[pair]]}" for pair in pairs[:_UNTESTED]]
        more = [f"{counted(len(pairs) - _UNTESTED, 'more pair')}"] if len(pairs) > _UNTESTED else []
        sentences.append(f"{why} ({', '.join(names + more)})")
    return "; ".join(sentences)


def key_of_untested(method: str) -> str:
    """Return the key of `untested` for the matrices of a method that are not those of the channels."""
    return f"{WITHOUT_P_VALUE}, {method}"


def unmatched(synchronizer: Synchronizer, growth: Growth) -> list[Problem]:
    """Report if messages of all topics arrive but none match, or if matching takes long."""
    problems: list[Problem] = []
    entered = [growth(f"entered {name}", count) for name, count in synchronizer.entered.items()]
    if not growth("sets", synchronizer.sets) and all(entered):
        problems.append((WARN, synchronizer.no_match))
    if (slowest := synchronizer.take_slowest()) > SLOW_MATCH:
        problems.append((WARN, f"a message took {slowest:.2f} s to match: lower slop or queue_size"))
    return problems


def report_on_watch(name: str, pair: WatchedPair) -> DiagnosticStatus:
    """Report on a watched pair, for /diagnostics and ~/alerts."""
    watch = pair.watch
    values = {
        "a": watch.pair[0],
        "b": watch.pair[1],
        "expect": watch.expect,
        "state": pair.state.value,
        "mi [nats]": pair.mi,
        "threshold [nats]": watch.threshold,
        "stamp [s]": seconds(pair.stamp),
    }
    if pair.state is State.KEPT:
        return status(name, (), f"{watch.pair[0]} and {watch.pair[1]} are {watch.expect}", values)
    return status(name, [(_WATCH_LEVELS[pair.state], str(pair))], "", values)


def seconds(stamp: int) -> str:
    """Format a stamp in seconds, to the millisecond: with six digits, two hours of the same day would look equal."""
    return f"{stamp / NANOSECONDS:.3f}"


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
