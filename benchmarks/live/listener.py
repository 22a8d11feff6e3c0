"""Takes what the node publishes, and reads the node's memory. Needs ROS 2."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time

from benchmarks.live.load import BOUND, Load
from benchmarks.live.node_process import resident_memory
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.session import ros_session

SETTLED = 60.0  # seconds after which memory must no longer grow


class Listener(Node):
    """Takes the matrices and the diagnostics, and reads the node's memory."""

    def __init__(self) -> None:
        super().__init__("listener")
        self.statuses: dict[str, dict[str, str]] = {}
        self.latencies: list[float] = []
        self.durations: list[float] = []
        self.inner: list[float] = []
        self.memory: list[tuple[float, int]] = []
        self.create_subscription(MutualInformationMatrix, "/infonet/channels", self._take_matrix, 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._take_diagnostics, 10)

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Listen until the condition holds."""
        deadline = time.monotonic() + BOUND
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit(f"{what} did not come within {BOUND:g} s.")
            rclpy.spin_once(self, timeout_sec=0.1)

    def listen_for(self, seconds: float) -> None:
        """Listen to what is still on its way."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            rclpy.spin_once(self, timeout_sec=0.1)

    def configure(self, node: str, **parameters: str) -> None:
        """Set parameters that a running node reads when it is configured, and forget what it reported before."""
        for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP):
            self._ask(ChangeState, f"/{node}/change_state", ChangeState.Request(transition=Transition(id=transition)))
        messages = [Parameter(name, value=value).to_parameter_msg() for name, value in parameters.items()]
        self._ask(SetParameters, f"/{node}/set_parameters", SetParameters.Request(parameters=messages))
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            self._ask(ChangeState, f"/{node}/change_state", ChangeState.Request(transition=Transition(id=transition)))
        self.statuses.clear()

    def _ask(self, service: Any, name: str, request: Any) -> None:
        """Wait for the answer of a service."""
        client = self.create_client(service, name)
        client.wait_for_service(BOUND)
        answer = client.call_async(request)
        rclpy.spin_until_future_complete(self, answer, timeout_sec=BOUND)
        if not answer.done():
            raise SystemExit(f"{name} did not answer within {BOUND:g} s.")
        self.destroy_client(client)

    def note_memory(self, pid: int) -> None:
        """Read the node's resident memory, once a second, from the first matrix on."""
        now = time.monotonic()
        if self.latencies and (not self.memory or now - self.memory[-1][0] >= 1.0):
            self.memory.append((now, resident_memory(pid)))

    def counts(self, load: Load) -> dict[str, Any]:
        """Return what was measured."""
        topics = [self.statuses[f"infonet: {topic}"] for topic in load.topic_names]
        times, sizes = np.array(self.memory).T
        settled = sizes[times - times[0] >= min(SETTLED, 0.5 * (times[-1] - times[0]))] / 2**20
        return {
            "sent": load.messages * len(topics),
            "received": sum(int(topic["received"]) for topic in topics),
            "late": sum(int(topic["late"]) for topic in topics),
            "matrices": len(self.latencies),
            "skipped": int(self.statuses["infonet: estimator"]["windows skipped"]),
            "sample to matrix": _quantiles(self.latencies),
            "arrival to published": _quantiles(self.inner),
            "computing": _quantiles(self.durations),
            "memory [MiB]": float(settled[0]),
            "memory growth [MiB]": float(settled[-1] - settled[0]),
        }

    def _take_matrix(self, matrix: MutualInformationMatrix) -> None:
        end = Time.from_msg(matrix.window_end).nanoseconds
        self.latencies.append((time.time_ns() - end) / 1e9)
        self.durations.append(matrix.duration)

    def _take_diagnostics(self, array: DiagnosticArray) -> None:
        for status in array.status:
            self.statuses[status.name] = {item.key: item.value for item in status.values}
        latency = float(self.statuses.get("infonet: estimator", {}).get("latency [s]", "nan"))
        if np.isfinite(latency):
            self.inner.append(latency)


@contextmanager
def listening() -> Iterator[Listener]:
    """Start ROS 2 with a listener, and end both with the context."""
    with ros_session([]):
        listener = Listener()
        try:
            yield listener
        finally:
            listener.destroy_node()


def _quantiles(seconds: list[float]) -> dict[str, float]:
    values = {
        name: float(np.quantile(seconds, share)) for name, share in (("median", 0.5), ("99 %", 0.99), ("worst", 1))
    }
    return {**values, "count": len(seconds)}
