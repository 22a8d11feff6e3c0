"""Estimate windows and publish their matrices, on the worker's thread, while the node is active.

The matrix of channels is what planners wait for. Watched pairs beside channels of their own, transfer entropy and
modalities come after it, step by step in the time that is left, so a busy node gives fewer of those and no later ones
of channels.
"""

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import torch
from rclpy.lifecycle import LifecycleNode

from infonet_ros.dependence.matrix import SLICED, TRANSFER, DependenceMatrix
from infonet_ros.dependence.watches import Finding, forgotten, judged, judged_in_silence
from infonet_ros.dependence.window_matrices import (
    channel_matrix,
    modality_matrix_in_steps,
    transfer_matrix_in_steps,
    watched_matrices,
)
from infonet_ros.errors import InfonetError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.windows.window_stream import Cut
from infonet_ros.node.alerts import Alerts
from infonet_ros.node.diagnostics import watch_status
from infonet_ros.node.outputs import Outputs, anybody_wants, publish_to_all
from infonet_ros.node.worker import Worker
from infonet_ros.settings import Settings
from infonet_ros.text import NANOSECONDS


@dataclass(frozen=True, eq=False)
class _Job:
    """A window to compute, with the settings of its time and when its last sample came (monotonic seconds)."""

    cut: Cut
    settings: Settings
    arrival: float
    activation: int


class Estimation:
    """The estimator with its worker, what it publishes, and the watched pairs.

    Parameters
    ----------
    node : LifecycleNode
    sensor_frames : callable
        Returns the tf frame of each modality's sensor, as far as messages told it.

    Attributes
    ----------
    findings : dict of str to Finding
        What is known about each watched pair, by its name.
    matrix : DependenceMatrix or None
        The last matrix of channels.
    latency : float
        From the arrival of the last sample to the published matrix of channels, seconds.
    problem : str
        Why the last window gave no matrix; empty when it did.
    """

    def __init__(self, node: LifecycleNode, sensor_frames: Callable[[], Mapping[str, str]]) -> None:
        self._node = node
        self._sensor_frames = sensor_frames
        self._net: InfoNet | None = None
        self._outputs: Outputs | None = None
        self._alerts: Alerts | None = None
        # Held while something is published: what is deactivated or cleaned up is then no longer in use.
        self._publishing = threading.Lock()
        self._activation = 0
        self.findings: dict[str, Finding] = {}
        self.matrix: DependenceMatrix | None = None
        self.latency = float("nan")
        self.problem = ""
        self.worker: Worker[_Job] = Worker(self._compute, self._report)
        self.worker.start()

    def configure(self, net: InfoNet, alerts: Alerts) -> None:
        """Take the estimator and where alerts go, and create the publishers."""
        self._net = net
        self._outputs = Outputs(self._node, self._sensor_frames)
        self._alerts = alerts

    def activate(self, settings: Settings) -> None:
        """Begin again: no matrix yet, nothing known about the watched pairs."""
        self.findings = {w.name: Finding(replace(w, given=settings.given_for(w))) for w in settings.watches}
        self.matrix, self.latency, self.problem = None, float("nan"), ""

    def deactivate(self) -> None:
        """End the alerts and publish nothing any more; what is being computed is dropped when it is done."""
        with self._publishing:
            self._activation += 1
            self._judge(forgotten)  # or an alert would stay latched that nobody judges any more
        self.worker.forget()

    def cleanup(self) -> None:
        """Destroy the publishers."""
        self.deactivate()
        if self._outputs is not None:
            self._outputs.close()
            self._outputs = None
        self._alerts = None

    def offer(self, cut: Cut, settings: Settings) -> None:
        """Hand a window to the worker; one that still waits is overtaken."""
        self.worker.offer(_Job(cut, settings, time.monotonic(), self._activation))

    def judge_silence(self, length: float) -> None:
        """Judge the watched pairs when no matrix has come for so many seconds, as when all sensors have died."""
        matrix = self.matrix
        if matrix is None or not self._publishing.acquire(blocking=False):  # the executor waits for nobody
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
        torch.set_num_threads(settings.threads)  # of this thread: torch counts them for each by itself
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
        yield  # what follows may wait
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
        """Publish a matrix that is not the one of channels, if anybody listens to its kind, and judge by it."""
        publishers = {SLICED: outputs.modalities, TRANSFER: outputs.transfer}.get(matrix.method, [])
        with self._publishing:
            if job.activation == self._activation:
                publish_to_all(publishers, matrix)
                if matrix.method != TRANSFER:
                    self._judge(lambda last: judged(last, matrix))

    def _judge(self, judge: Callable[[Finding], Finding]) -> None:
        """Judge the watched pairs again."""
        self.findings = {name: judge(last) for name, last in self.findings.items()}
        if self._alerts is not None:
            self._alerts.update({f"watch {name}": watch_status(name, f) for name, f in self.findings.items()})

    def _report(self, error: Exception) -> None:
        if not self._node.context.ok():
            return  # ROS has ended under a window that was being computed: nothing more can be published
        known = isinstance(error, InfonetError)
        problem = f"a window gave no matrix: {error if known else f'{type(error).__name__}: {error}'}"
        if problem != self.problem:  # once, not at each hop for weeks
            self._node.get_logger().error(problem if known else "".join(traceback.format_exception(error)).rstrip())
        self.problem = problem
