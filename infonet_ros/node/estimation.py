"""Estimate windows and publish their matrices, on the worker's thread, while the node is active.

Planners wait for the matrix of channels, so it comes first. Conditional watched pairs, transfer entropy and modalities
follow step by step in the remaining time. So a busy node publishes fewer of those, but the matrices of channels are not
later.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import torch
from rclpy.lifecycle import LifecycleNode

from infonet_ros.dependence.matrix import SLICED, TRANSFER, DependenceMatrix
from infonet_ros.dependence.watches import WatchedPair, forgotten, judged, judged_in_silence
from infonet_ros.dependence.window_matrices import (
    channel_matrix,
    modality_matrix_in_steps,
    transfer_matrix_in_steps,
    watched_matrices,
)
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.windows.window import Cut
from infonet_ros.node.diagnostics.alerts import Alerts
from infonet_ros.node.diagnostics.statuses import logged, report_on_watch
from infonet_ros.node.outputs.publishers import Outputs, anybody_wants, publish_to_all
from infonet_ros.node.worker import Worker
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS


@dataclass(frozen=True, eq=False)
class _Job:
    """A window to compute, with its settings and the arrival of its last sample (monotonic seconds)."""

    cut: Cut
    settings: Settings
    arrival: float
    activation: int


class Estimation:
    """Estimates windows on a worker thread, publishes the matrices, and judges the watched pairs.

    ``sensor_frames`` returns the tf frame of each modality's sensor, if its messages have one.
    """

    def __init__(self, node: LifecycleNode, sensor_frames: Callable[[], Mapping[str, str]]) -> None:
        self._node = node
        self._sensor_frames = sensor_frames
        self._net: InfoNet | None = None
        self._outputs: Outputs | None = None
        self._alerts: Alerts | None = None
        # Held while something is published, so that nothing is deactivated or cleaned up during that time.
        self._publishing = threading.Lock()
        self._activation = 0
        self.watched: dict[str, WatchedPair] = {}  # what is known about each watched pair, by its name
        self.matrix: DependenceMatrix | None = None  # the last one of channels
        self.others: dict[str, DependenceMatrix] = {}  # the last ones of other kinds, by their method
        self.latency = float("nan")  # seconds from the arrival of the last sample to its publication
        self.problem = ""  # why the last window gave none
        self.crowded = 0  # windows that a newer one replaced in less than half of their distance by sensor time
        self.worker: Worker[_Job] = Worker(self._compute, self._report)
        self.worker.start()

    def configure(self, net: InfoNet, alerts: Alerts) -> None:
        """Set the estimator and the topic of alerts, and create the publishers."""
        self._net = net
        self._outputs = Outputs(self._node, self._sensor_frames)
        self._alerts = alerts

    def activate(self, settings: Settings) -> None:
        """Start without a matrix and with nothing known of the watched pairs."""
        self.watched = {w.name: WatchedPair(replace(w, given=settings.given_for(w))) for w in settings.watches}
        self.matrix, self.others, self.latency, self.problem = None, {}, float("nan"), ""

    def deactivate(self) -> None:
        """End the alerts and stop publishing; a matrix that is being computed is dropped."""
        with self._publishing:
            self._activation += 1
            self._judge(forgotten)  # otherwise an alert would stay latched without being judged
        self.worker.forget()

    def cleanup(self) -> None:
        """Destroy the publishers."""
        self.deactivate()
        if self._outputs is not None:
            self._outputs.close()
            self._outputs = None
        self._alerts = None

    def offer(self, cut: Cut, settings: Settings) -> None:
        """Give a window to the worker; it replaces one that still waits."""
        job = _Job(cut, settings, time.monotonic(), self._activation)
        replaced = self.worker.offer(job)
        if replaced is not None:
            self.crowded += job.arrival - replaced.arrival < 0.5 * (cut.end - replaced.cut.end) / NANOSECONDS

    def judge_silence(self, length: float) -> None:
        """Judge the watched pairs if there was no matrix for so many seconds, as when all sensors are dead."""
        matrix = self.matrix
        if matrix is None or not self._publishing.acquire(blocking=False):  # the executor must not wait
            return
        try:
            now = matrix.end + round(length * NANOSECONDS)
            self._judge(lambda last: judged_in_silence(last, now))
        finally:
            self._publishing.release()

    def _compute(self, job: _Job) -> Iterator[None]:
        settings, outputs, net = job.settings, self._outputs, self._net
        if outputs is None or net is None:
            return
        torch.set_num_threads(settings.threads)  # of this thread: torch has a number for each thread
        window = job.cut.align()
        matrix = channel_matrix(net, window, settings)
        with self._publishing:
            if job.activation != self._activation:
                return
            publish_to_all(outputs.channels, matrix)
            self.latency = time.monotonic() - job.arrival
            self._judge(lambda last: judged(last, matrix))
            watched = {watch.pair[0] for watch in settings.watches}
            sliced = anybody_wants(outputs.modalities) or any(m.name in watched for m in settings.modalities)
            transfer = settings.transfer and anybody_wants(outputs.transfer)
        self.matrix, self.problem = matrix, ""
        yield  # the rest is not urgent
        rest: list[Iterator[DependenceMatrix | None]] = [watched_matrices(net, window, settings)]
        if transfer:
            rest.append(transfer_matrix_in_steps(net, window, settings))
        if sliced and len(settings.modalities) > 1:
            rest.append(modality_matrix_in_steps(net, window, settings))
        for found in chain.from_iterable(rest):
            if found is not None:
                self._take(found, job, outputs)
            yield
            if job.activation != self._activation:
                return

    def _take(self, matrix: DependenceMatrix, job: _Job, outputs: Outputs) -> None:
        """Publish a matrix of another kind if it has a subscriber, and judge the watched pairs by it."""
        publishers = {SLICED: outputs.modalities, TRANSFER: outputs.transfer}.get(matrix.method, [])
        with self._publishing:
            if job.activation == self._activation:
                publish_to_all(publishers, matrix)
                self.others[matrix.method] = matrix
                if matrix.method != TRANSFER:
                    self._judge(lambda last: judged(last, matrix))

    def _judge(self, judge: Callable[[WatchedPair], WatchedPair]) -> None:
        """Judge the watched pairs again."""
        self.watched = {name: judge(last) for name, last in self.watched.items()}
        if self._alerts is not None:
            self._alerts.update({f"watch {name}": report_on_watch(name, f) for name, f in self.watched.items()})

    def _report(self, error: Exception) -> None:
        self.problem = logged(self._node, error, self.problem, "a window gave no matrix: ")
