"""Listens to one node: its matrices, its diagnostics, and for how long it has been silent."""

import math
import re
import time
from collections import deque

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.subscription import Subscription
from rclpy.validate_full_topic_name import validate_full_topic_name

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing import palette
from infonet_ros.drawing.screen import Report, Snapshot, remedy
from infonet_ros.drawing.view_options import CHANNELS
from infonet_ros.errors import ConfigurationError
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.diagnostics.statuses import WITHOUT_P_VALUE, key_of_untested
from infonet_ros.node.outputs.messages import matrix_from_message

_MATRIX_TYPE = "infonet_ros/msg/MutualInformationMatrix"
_STALE = 5.0  # seconds after which a report is too old; a node sends one per second


class MatrixListener:
    """Subscribes, by a node of the caller, to the matrices and diagnostics of the node with the full name ``target``.

    The first slash is optional. Raises ConfigurationError if ``target`` is not a node name.
    """

    def __init__(self, node: Node, target: str) -> None:
        self.target = f"/{target.strip('/')}"
        try:
            validate_full_topic_name(self.target)
        except InvalidTopicNameException as error:
            raise ConfigurationError(
                f"{target!r} is not a node name: expected letters, digits and underscores, after a namespace if it "
                "has one, such as /robot1/infonet; `ros2 node list` shows the running nodes."
            ) from error
        self.matrix: DependenceMatrix | None = None
        self.received = 0
        self._node = node
        self._kind = ""
        self._subscription: Subscription[MutualInformationMatrix] | None = None
        # Nodes that take turns publish on the same topics, but each reports from its own namespace, share_0, share_1,
        # ...
        namespace, _, name = self.target.rpartition("/")
        self._own_status = re.compile(rf"{re.escape(namespace)}/(?:(share_\d+)/)?{name}: (.*)", re.DOTALL)
        self._reports: dict[str, tuple[float, list[Report]]] = {}  # when they came, by the share
        self._scale = palette.Scale()
        self._end = 1.0
        self._arrivals: deque[float] = deque(maxlen=10)
        self._begun = time.monotonic()
        node.create_subscription(DiagnosticArray, "/diagnostics", self._take_diagnostics, 10)

    def listen(self, kind: str) -> None:
        """Subscribe to the matrices of channels or of modalities, beginning with the node's last one."""
        if kind == self._kind:
            return
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._kind, self.matrix = kind, None
        self._scale = palette.Scale()
        self._arrivals.clear()
        self._begun = time.monotonic()
        qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        topic = f"{self.target}/{kind}"
        self._subscription = self._node.create_subscription(MutualInformationMatrix, topic, self._take_matrix, qos)

    def snapshot(self) -> Snapshot:
        """Return all that is known now."""
        now = time.monotonic()
        arrivals = self._arrivals
        rate = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) if len(arrivals) > 1 else math.nan
        silence = now - (arrivals[-1] if arrivals else self._begun)
        reports = self._current_reports(now)
        others = () if reports or self.matrix is not None else self.others()
        return Snapshot(self.target, self.matrix, self._end, reports, rate, silence, others, self._untested(reports))

    def reason(self) -> str:
        """Return why no matrix comes: what the node reports, or what to do if the node sends nothing."""
        found = self.snapshot()
        if found.reports:
            worst = max(found.reports, key=lambda report: report.level)
            return f"{self.target} runs, and reports for its {worst.name} '{worst.message}'"
        return remedy(found.others)

    def others(self) -> list[str]:
        """Return the full names of the nodes that publish matrices."""
        topics = (name for name, kinds in self._node.get_topic_names_and_types() if _MATRIX_TYPE in kinds)
        published = (name for name in topics if self._node.count_publishers(name))
        return sorted({name.rpartition("/")[0] for name in published})

    def _current_reports(self, now: float) -> list[Report]:
        """Return the newest reports; a node that has stopped to report gets a report that says so."""
        found: list[Report] = []
        for share, (arrival, reports) in sorted(self._reports.items()):
            if now - arrival > _STALE:
                reports = [Report(3, share or "node", f"no diagnostics for {now - arrival:.0f} s")]
            found += reports
        return found

    def _untested(self, reports: list[Report]) -> str:
        """Return why pairs of the last matrix have no p-value, as the node reports it; empty if all have one."""
        if self.matrix is None:
            return ""
        key = WITHOUT_P_VALUE if self._kind == CHANNELS else key_of_untested(self.matrix.method)
        return "; ".join(filter(None, (report.values.get(key) for report in reports)))

    def _take_matrix(self, message: MutualInformationMatrix) -> None:
        self.matrix = matrix_from_message(message)
        self._end = self._scale.end(self.matrix.mi)
        self._arrivals.append(time.monotonic())
        self.received += 1

    def _take_diagnostics(self, array: DiagnosticArray) -> None:
        found: dict[str, list[Report]] = {}
        for status in array.status:
            if match := self._own_status.fullmatch(f"/{status.name}"):
                share, what = match.groups(default="")
                values = {item.key: item.value for item in status.values}
                report = Report(status.level[0], f"{share} {what}".strip(), status.message, values)
                found.setdefault(share, []).append(report)
        # A node sends all its reports in one message, so a report that is missing now no longer applies.
        self._reports |= {share: (time.monotonic(), reports) for share, reports in found.items()}
