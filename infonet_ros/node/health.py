"""Diagnostics of an active node: estimator, topics, watched pairs, and the reason if there is no matrix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import ROSClock
from rclpy.lifecycle import LifecycleNode

from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.node.baseline_watch import BaselineWatch
from infonet_ros.node.diagnostics.clock_advice import StampFit, clock_advice
from infonet_ros.node.diagnostics.silence import Pulse
from infonet_ros.node.diagnostics.statuses import (
    DROPPED,
    ERROR,
    WARN,
    WITHOUT_P_VALUE,
    Growth,
    Problem,
    key_of_untested,
    report_on_topic,
    report_on_watch,
    status,
    too_few_samples,
    unknown_channels,
    unmatched,
    untested,
)
from infonet_ros.node.inputs.subscriptions import Subscriptions
from infonet_ros.node.inputs.synchronization import Synchronizer
from infonet_ros.node.inputs.topic_input import TopicInput
from infonet_ros.node.outputs.publishers import CHANNELS_TOPIC
from infonet_ros.settings import Settings
from infonet_ros.text import counted

if TYPE_CHECKING:
    from infonet_ros.estimator.infonet import InfoNet
    from infonet_ros.node.estimation import Estimation

_SLOW = "lengthen the hop, or use fewer lags or surrogates"
_CROWDED = (
    "they came faster than in real time, as after a pause of the topics or the network, or from a fast player; "
    "only the newest is computed"
)


class Health:
    """Collects the diagnostics of a configured node once a second.

    Without a synchronizer, the windows resample the topics.
    """

    def __init__(
        self,
        node: LifecycleNode,
        net: "InfoNet",
        topics: Subscriptions,
        synchronizer: Synchronizer | None,
        windows: WindowStream,
        estimation: "Estimation",
        baseline: BaselineWatch | None,
    ) -> None:
        self._node = node
        self._net = net
        self._topics = topics
        self._synchronizer = synchronizer
        self._windows = windows
        self._estimation = estimation
        self._baseline = baseline
        self._growth = Growth()  # topics and buffers are counted again; the worker's count continues
        self._skipped()
        self._advice: dict[str, str] = {}  # of each topic's clock in the last report
        self._advised: dict[str, str] = {}  # what was logged of it
        self.clear()

    def clear(self) -> None:
        """Forget all counts: nothing is overdue yet."""
        self._pulse, self._silence = Pulse(), ""

    def look(self, settings: Settings, problem: str) -> list[DiagnosticStatus]:
        """Return the statuses of an active node; inform the watches and the log if there is no matrix.

        ``problem`` is the last error outside of the worker; empty if there is none.
        """
        self._look_for_silence(settings)
        found = [self._estimator(settings, problem), *self._of_topics(settings)]
        for name, pair in list(self._estimation.watched.items()):
            found.append(report_on_watch(status_name(self._node, f"watch {name}"), pair))
        if self._baseline is not None:
            if self._pulse.no_message:
                self._baseline.judge_silence(self._pulse.no_message)
            found += self._baseline.statuses(status_name(self._node, "")).values()
        return found

    def _estimator(self, settings: Settings, problem: str) -> DiagnosticStatus:
        windows, matrix, worker = self._windows, self._estimation.matrix, self._estimation.worker
        problems = [*self._estimator_problems(settings, problem), *self._window_problems(settings)]
        values = {
            "state": "active",
            "device": self._net.device,
            "weights": self._net.version,
            "channels": len(settings.channel_names),
            "window fill": windows.fill,
            "clock rate [Hz]": windows.rate,
            WITHOUT_P_VALUE: "" if matrix is None else untested(matrix),
            **{key_of_untested(method): untested(one) for method, one in dict(self._estimation.others).items()},
            "samples a window": 0 if matrix is None else matrix.sample_count,
            "computing time [s]": float("nan") if matrix is None else matrix.duration,
            "latency [s]": self._estimation.latency,
            "windows": worker.done,
            "windows skipped": worker.skipped,
            "windows failed": worker.failed,
            "modality matrices left out": worker.left_out,
            "backward jumps of time": windows.backward_jumps,
            "forward jumps of time": windows.forward_jumps,
        }
        if self._synchronizer is not None:
            values["matched sets"] = self._synchronizer.sets
        fine = "computing" if matrix is not None else f"the first window is {windows.fill:.0%} full"
        return status(status_name(self._node, "estimator"), problems, fine, values)

    def _estimator_problems(self, settings: Settings, problem: str) -> list[Problem]:
        """Report errors, a second node of this name, and windows that were skipped since the last look."""
        wrong = (problem, self._no_clock(), self._estimation.problem, self._silence)
        problems: list[Problem] = [(ERROR, text) for text in wrong if text]
        publishers = self._node.count_publishers(self._node.resolve_topic_name(CHANNELS_TOPIC))
        if settings.shares == 1 and publishers > 1:
            problems.append((WARN, "another node publishes on ~/channels: give each its own name or namespace"))
        crowded, slow = self._skipped()
        if crowded:
            problems.append((WARN, f"{counted(crowded, 'window')} skipped: {_CROWDED}"))
        if slow:
            problems.append((WARN, f"{counted(slow, 'window')} skipped: {_SLOW}"))
        return problems

    def _skipped(self) -> tuple[int, int]:
        """Count the windows skipped since the last call: because several came at once, and because one took long."""
        crowded = self._growth("crowded", self._estimation.crowded)
        return crowded, self._growth("skipped", self._estimation.worker.skipped) - crowded

    def _no_clock(self) -> str:
        """Return that simulated time has not begun, and what to do; empty if it has."""
        if self._node.get_clock().now().nanoseconds:
            return ""
        return (
            "use_sim_time is true, but no message on /clock has arrived: start the simulator, or "
            "'ros2 bag play --clock', or set use_sim_time to false"
        )

    def _window_problems(self, settings: Settings) -> list[Problem]:
        """Report what was missing in the last window, and messages that did not match."""
        problems: list[Problem] = []
        matrix, least = self._estimation.matrix, self._net.MIN_SAMPLES
        if matrix is not None and matrix.sample_count < least:
            problems.append((WARN, too_few_samples(matrix, least, settings.rate)))
        elif matrix is not None:
            problems += unknown_channels(matrix, least)
        if self._synchronizer is not None and not self._pulse.no_set:
            problems += unmatched(self._synchronizer, self._growth)
        return problems

    def _of_topics(self, settings: Settings) -> list[DiagnosticStatus]:
        now = self._node.get_clock().now().nanoseconds
        if self._growth("jumps", sum(self._judge.jumps.values())):
            self._node.get_logger().warning("sensor time jumped: all windows start again")
        statuses = []
        for topic in self._topics.topics:
            name, counts = status_name(self._node, topic.topic), self._counts(topic.modality_names)
            fit = self._stamp_fit(topic, settings.patience)
            found = report_on_topic(name, topic.status, counts, now, settings.patience, self._growth, fit)
            advice = fit.advice if fit.advice in found.message else ""
            # Only if it lasts: at the start of a player, messages can arrive before those on /clock.
            if advice and advice == self._advice.get(name) and advice != self._advised.get(name):
                self._advised[name] = advice
                self._node.get_logger().warning(f"topic {topic.topic}: {found.message}")
            self._advice[name] = advice
            statuses.append(found)
        return statuses

    @property
    def _judge(self) -> Synchronizer | WindowStream:
        """What judges the stamps."""
        return self._synchronizer or self._windows

    def _stamp_fit(self, topic: TopicInput, patience: float) -> StampFit:
        clock, offset = self._node.get_clock(), self._judge.offset(topic.modality_names[0])
        simulated = isinstance(clock, ROSClock) and clock.ros_time_is_active
        ahead = (other.topic for other in self._topics.topics if other.status.age < -patience)
        return StampFit(offset, clock_advice(topic.status, simulated, patience, offset), next(ahead, ""))

    def _counts(self, modalities: Sequence[str]) -> dict[str, int]:
        """Return the counts of the buffers of these modalities."""
        if self._synchronizer is not None:
            return {
                "entered synchronization": sum(self._synchronizer.entered[name] for name in modalities),
                "jumps of time": self._synchronizer.jumps[modalities[0]],
                "set aside": self._synchronizer.outliers(modalities[0]),
            }
        buffers = [self._windows.buffers[name] for name in modalities]
        return {
            "duplicates": sum(buffer.duplicates for buffer in buffers),
            "jumps of time": self._windows.jumps[modalities[0]],
            "set aside": self._windows.outliers(modalities[0]),
            "late": sum(self._windows.late[name] for name in modalities),
            DROPPED: sum(buffer.overflowed for buffer in buffers),
        }

    def _look_for_silence(self, settings: Settings) -> None:
        """Check if matrices are still published; if not, set the watched pairs to unknown, and log the reason."""
        windows, estimation, matched = self._windows, self._estimation, self._synchronizer
        computing = 0.0 if estimation.matrix is None else estimation.matrix.duration
        self._pulse.look(
            self._node.get_clock().now().nanoseconds,
            settings,
            matrices=estimation.worker.done,
            messages=sum(matched.entered.values()) if matched else windows.taken,
            sets=matched.sets if matched else 0,
            fill=windows.fill,
            computing=computing,
        )
        if self._pulse.no_matrix:
            estimation.judge_silence(self._pulse.no_matrix)
        before, self._silence = self._silence, self._reason_of_silence()
        if self._silence and not before:
            self._node.get_logger().error(self._silence)

    def _reason_of_silence(self) -> str:
        """Return that there is no matrix, and why; empty while matrices are published."""
        pulse = self._pulse
        heard = [self._growth(f"{topic.topic} heard", topic.status.received) for topic in self._topics.topics]
        if pulse.no_message and any(heard):
            cause = "because every stamp contradicts those before; see the topics"
        elif pulse.no_message:
            cause = "because no topic has new messages"
        elif self._synchronizer is not None and pulse.no_set and all(heard):
            return self._synchronizer.no_match
        elif not self._estimation.worker.idle:
            cause = f"because a window is still being computed: {_SLOW}"
        elif self._windows.fill < 1.0:
            cause = f"because the first window is {self._windows.fill:.0%} full; see the topics"
        elif self._synchronizer is None and not np.isfinite(self._windows.rate):
            cause = "because no channel has enough samples to tell its rate"
        elif not any(heard):
            cause = "because no topic has new messages"  # not overdue by themselves yet
        else:
            cause = "see the topics"
        return f"no matrix for {pulse.no_matrix:.1f} s, {cause}" if pulse.no_matrix else ""


def status_name(node: LifecycleNode, what: str) -> str:
    """Name a status: with the node's namespace, since robots may share a network."""
    return f"{node.get_fully_qualified_name().lstrip('/')}: {what}"
