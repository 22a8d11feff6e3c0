"""The lifecycle node. Rule: one thread reads messages, the worker's thread computes and publishes.

    bytes -> TopicInput -> (Synchronizer) -> WindowStream -> Worker -> matrices -> Outputs, watches

All steps before the worker run on the reader's thread. The executor's thread does the rest: transitions, parameters,
diagnostics. It holds the reader's lock while it needs what was read.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import qos_policy_name_from_kind

from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.errors import ConfigurationError, InfonetError
from infonet_ros.intake.windows.window_stream import MATCHED, WindowStream
from infonet_ros.node.baseline_watch import BaselineWatch
from infonet_ros.node.diagnostics.alerts import Alerts
from infonet_ros.node.diagnostics.statuses import ERROR, WARN, Diagnostics, logged, status
from infonet_ros.node.health import Health, status_name
from infonet_ros.node.inputs.polling import Polled, happened
from infonet_ros.node.inputs.subscriptions import Subscriptions
from infonet_ros.node.inputs.synchronization import Synchronizer
from infonet_ros.node.inputs.topic_input import ReceivedBatch
from infonet_ros.node.parameters import (
    changed_settings,
    declare_members,
    declare_parameters,
    keep_without_value,
    read_settings,
    refusal,
    values_as_meant,
)
from infonet_ros.settings import Settings
from infonet_ros.text import counted

if TYPE_CHECKING:
    from infonet_ros.estimator.infonet import InfoNet
    from infonet_ros.node.estimation import Estimation

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE

_WARM_UP_SAMPLES = 1024


class InfonetNode(LifecycleNode):
    """Measures the dependence between all streams of a robot, window by window.

    ``load`` makes the estimator from ``device`` and ``weights``, by default `InfoNet.from_pretrained`. The arguments
    are those of `rclpy.node.Node`, such as ``parameter_overrides`` and ``context``. Raises ConfigurationError if a
    parameter given at the start is of the wrong type or out of range.
    """

    def __init__(self, load: "Callable[[str, str], InfoNet] | None" = None, **arguments: Any) -> None:
        try:
            super().__init__("infonet", automatically_declare_parameters_from_overrides=True, **arguments)
        except ValueError as error:  # in rclpy an empty list has no type
            raise ConfigurationError(
                "a parameter is an empty list ([]), which ROS 2 cannot read: leave the parameter out instead."
            ) from error
        self._load = load or _load_pretrained
        self.state = "unconfigured"  # later "inactive", "active" or "finalized"
        self.problem = ""  # the last error
        self.net: InfoNet | None = None  # kept until other weights are requested
        self._net_origin: tuple[str, str] | None = None
        self.estimation: Estimation | None = None  # kept as long as the node exists
        # None while the node is unconfigured:
        self.settings: Settings | None = None
        self.windows: WindowStream | None = None
        self.synchronizer: Synchronizer | None = None  # also None if the windows resample the topics
        self.topics: Subscriptions | None = None
        self._alerts: Alerts | None = None
        self._baseline: BaselineWatch | None = None
        self._health: Health | None = None
        declare_parameters(self)
        self._listed = {group: self.get_parameter(group).value or [] for group in ("modalities", "watches")}
        self.add_pre_set_parameters_callback(partial(values_as_meant, self))
        self.add_on_set_parameters_callback(self._judge_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)
        Diagnostics(self, self._statuses)

    def create_lifecycle_publisher(self, msg_type: Any, topic: str, *arguments: Any, **options: Any) -> Any:
        """Create a publisher that logs subscribers with incompatible quality of service.

        The executor does not wait for this event, since every wait would take longer; the diagnostics check it.
        """

        def warn(event: Any) -> None:
            if not event.total_count_change:
                return
            policy = qos_policy_name_from_kind(event.last_policy_kind)
            self.get_logger().warning(f"a subscriber of {topic} requests incompatible quality of service ({policy})")

        events = PublisherEventCallbacks(incompatible_qos=warn, use_default_callbacks=False)
        options |= {"event_callbacks": events, "callback_group": Polled()}
        return super().create_lifecycle_publisher(msg_type, topic, *arguments, **options)

    def start(self) -> None:
        """Configure and activate if the parameter ``autostart`` is true; a failure is logged and reported."""
        if self.get_parameter("autostart").value and self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def end(self, timeout: float) -> bool:
        """Destroy the node; return whether the worker's thread ended within ``timeout`` seconds, too."""
        ended = self.estimation is None or self.estimation.worker.stop(timeout)
        self.destroy_node()
        return ended

    def destroy_node(self) -> None:
        """Stop to read and to compute, and destroy the node; `end` also waits for what is being computed."""
        if self.topics is not None:
            self.topics.close()
        if self.estimation is not None:
            self.estimation.worker.stop(timeout=0.0)
        # rclpy leaves it to the collection of the node, which a worker that still computes refers to.
        self._state_machine.destroy_when_not_in_use()
        super().destroy_node()

    def report(self, error: Exception) -> None:
        """Log an exception with its cause, and keep it for the diagnostics."""
        self.problem = logged(self, error, self.problem)

    # Transitions: an exception is logged and reported, and the transition is undone.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the parameters, load and warm up the estimator, create the publishers."""
        return self._transition("inactive", self._configure, undo=self._release)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and begin with empty buffers."""
        super().on_activate(state)
        return self._transition("active", self._activate, undo=lambda: self.on_deactivate(state))

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop to subscribe and to publish."""
        result = self._transition("inactive", self._deactivate)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything except the estimator, which may be needed again."""
        return self._transition("unconfigured", self._release)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        return self._transition("finalized", self._release)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Return to unconfigured, so that the node can be configured again."""
        self._release()
        self.state = "unconfigured"
        return SUCCESS

    def _transition(
        self, state: str, action: Callable[[], None], undo: Callable[[], Any] | None = None
    ) -> TransitionCallbackReturn:
        try:
            action()
        except InfonetError as error:
            self.report(error)
            if undo is not None:
                undo()
            return FAILURE
        except Exception as error:
            self.report(error)
            return TransitionCallbackReturn.ERROR
        self.state = state
        return SUCCESS

    def _configure(self) -> None:
        self.problem = ""
        settings = read_settings(self)
        self.windows = WindowStream(settings)
        if settings.synchronization != "resample":
            self.synchronizer = Synchronizer(settings, self._take_set)
        self.topics = Subscriptions(self, settings, self._take, self.report)
        net = self._estimator(settings)
        if self.estimation is None:
            from infonet_ros.node.estimation import Estimation  # here: it takes torch seconds to load

            self.estimation = Estimation(self, self._sensor_frames)
        baseline = Baseline.load(Path(settings.baseline)) if settings.baseline else None
        self._alerts = Alerts(self, len(settings.watches) + (len(baseline.subjects) if baseline else 0))
        self._baseline = BaselineWatch(self, settings, baseline, self._alerts) if baseline else None
        self.estimation.configure(net, self._alerts)
        self._health = Health(self, net, self.topics, self.synchronizer, self.windows, self.estimation, self._baseline)
        self.settings = settings
        channels = counted(len(settings.channel_names), "channel")
        self.get_logger().info(f"{channels}, weights {net.version} on {net.device}")

    def _activate(self) -> None:
        assert self.settings and self.windows and self.estimation and self.topics and self._health
        self.problem = ""
        self.windows.clear()
        if self._baseline is not None:
            self._baseline.clear()
        self.estimation.activate(self.settings)
        self._health.clear()
        self.topics.open()

    def _deactivate(self) -> None:
        if self.topics is not None:
            self.topics.close()
        if self._baseline is not None:
            self._baseline.clear()
        if self.estimation is not None:
            self.estimation.deactivate()

    def _release(self) -> None:
        self._deactivate()
        if self.estimation is not None:
            self.estimation.cleanup()
        for part in (self._baseline, self._alerts):
            if part is not None:
                part.close()
        self._baseline = self._alerts = None
        self.settings = self.windows = self.synchronizer = self.topics = self._health = None

    def _estimator(self, settings: Settings) -> "InfoNet":
        """Load the estimator, unless the present one fits, and run it once, because the first run takes longer."""
        origin = (settings.device, settings.weights)
        if self.net is None or self._net_origin != origin:
            self.net = None
            net = self._load(*origin)
            columns = max(2, len(settings.channel_names))
            net.pairwise(np.random.default_rng(0).standard_normal((_WARM_UP_SAMPLES, columns)))
            self.net, self._net_origin = net, origin
        return self.net

    # Data: on the reader's thread.

    def _take(self, batches: Sequence[ReceivedBatch]) -> tuple[int, int]:
        """Take messages; return the stamp that the next result waits for, and the newest one."""
        assert self.windows and self.estimation and self.settings
        if self.synchronizer is not None:
            self._match(batches, self.synchronizer)
        else:
            for batch in batches:
                batch.status.note_stamps(self.windows.extend(batch.stamps, batch.columns, batch.arrivals).tolist())
                if self._baseline is not None:
                    self._baseline.extend(batch.stamps, batch.columns, batch.arrivals)
        newest = self.windows.newest or 0
        if self._baseline is not None:
            self._baseline.judge(newest)
        for cut in self.windows.ready():
            self.estimation.offer(cut, self.settings)
        due = self.windows.next_end
        return (due if self._baseline is None else min(due, self._baseline.due)), newest

    def _match(self, batches: Sequence[ReceivedBatch], synchronizer: Synchronizer) -> None:
        """Give the messages of all topics to the synchronizer in the order of arrival, because its queues are short."""
        readings = [reading for batch in batches for reading in batch.readings()]
        for _, name, stamp, arrival, values, topic in sorted(readings, key=itemgetter(0)):
            try:
                taken = synchronizer.push(name, stamp, values, arrival)
            except Exception as error:
                self.report(error)
            else:
                topic.note_stamps(taken)

    def _take_set(self, stamp: int, values: Sequence[float | None]) -> None:
        if self.windows is not None:
            self.windows.push(MATCHED, stamp, values)

    def _sensor_frames(self) -> dict[str, str]:
        return {} if self.topics is None else self.topics.sensor_frames()

    # Parameters that are set while the node runs.

    def _judge_parameters(self, parameters: "list[Parameter[Any]]") -> SetParametersResult:
        try:
            changed_settings(self, self.settings, parameters)
        except ConfigurationError as error:
            return refusal(error)
        return refusal(None)

    def _apply_parameters(self, parameters: "list[Parameter[Any]]") -> None:
        keep_without_value(self, parameters)
        for parameter in parameters:
            if parameter.name in self._listed:
                declare_members(self, parameter.name, self._listed[parameter.name], parameter.value)
                self._listed[parameter.name] = parameter.value or []
        settings = changed_settings(self, self.settings, parameters)
        if settings is not None and self.windows is not None and self.topics is not None:
            with self.topics.reader.lock:
                self.settings = settings
                self.windows.change(settings)

    # Diagnostics.

    def _statuses(self) -> list[DiagnosticStatus]:
        for publisher in self.publishers:
            for callback, event in happened(publisher):
                callback(event)
        if self.state == "active" and self._health and self.topics and self.settings:
            with self.topics.reader.lock:
                try:
                    self.topics.read()  # what waits is no silence, however fast simulated time runs
                except Exception as error:
                    self.report(error)
                return self._health.look(self.settings, self.problem)
        problem = (ERROR, self.problem) if self.problem else (WARN, f"the node is {self.state}")
        return [status(status_name(self, "estimator"), [problem], "", {"state": self.state})]


def _load_pretrained(device: str, weights: str) -> "InfoNet":
    from infonet_ros.estimator.infonet import InfoNet  # here: it takes torch seconds to load

    return InfoNet.from_pretrained(device, weights)
