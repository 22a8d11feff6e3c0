"""The robot of the hour of faults: publishes what a `FaultyRobot` sends, and acts on the node as an episode says."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock

from benchmarks.live.diagnosis import Diagnosis
from benchmarks.live.faults import Episode, FaultyRobot
from benchmarks.live.invariants import MatrixInspector
from infonet_ros import InfoNet
from infonet_ros.intake.messages.types import message_class
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.outputs.messages import time_message

SURROGATES = 20  # of the slow estimator
TICK, LONGEST_TICK = 0.02, 0.1  # seconds of sensor time between two looks at what is due
BOUND = 120.0  # seconds of wall time for whatever must come
QUEUE = 200  # messages


class Robot(Node):
    """One process on the other side of the middleware.

    Parameters
    ----------
    source : FaultyRobot
    types : mapping
        Message type of each topic.
    rate : float
        Seconds of sensor time per second.
    inspectors : mapping
        What checks the matrices of ``channels`` and of ``modalities``.

    Attributes
    ----------
    elapsed : float
        Seconds of sensor time since the start.
    matrices : int
        Received so far.
    """

    def __init__(
        self, source: FaultyRobot, types: Mapping[str, str], rate: float, inspectors: Mapping[str, MatrixInspector]
    ) -> None:
        super().__init__("robot")
        self._source, self._types, self._rate, self._inspectors = source, types, rate, inspectors
        self.diagnosis = Diagnosis()
        self.elapsed, self._wall, self.matrices = 0.0, time.monotonic(), 0
        self._all_known_from: int | None = None  # first stamp of the last matrix in which every row is known
        self._busy: list[subprocess.Popen[bytes]] = []
        self._own_executor = SingleThreadedExecutor()
        self._own_executor.add_node(self)
        self._clock_publisher = self.create_publisher(Clock, "/clock", 10)
        self._topics: dict[str, Publisher[Any]] = {}
        for topic in types:
            self._arrive(topic)
        self._change_state = self.create_client(ChangeState, "/infonet/change_state")
        self._set_parameters = self.create_client(SetParameters, "/infonet/set_parameters")
        for topic in inspectors:
            self.create_subscription(MutualInformationMatrix, f"/infonet/{topic}", self._taker(topic), 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self.diagnosis.take, 10)

    def close(self) -> None:
        """Destroy the node and its entities."""
        self._release_cores()
        self._own_executor.shutdown()
        self.destroy_node()

    def wait_for_node(self) -> None:
        """Wait until the node under test is active and listens to every topic, without playing anything."""
        deadline = time.monotonic() + BOUND
        while not all(publisher.get_subscription_count() for publisher in self._topics.values()):
            if time.monotonic() > deadline:
                raise SystemExit(f"the node did not subscribe to every topic within {BOUND:g} s.")
            self._own_executor.spin_once(timeout_sec=0.1)
        self._wall = time.monotonic()

    def play(self, seconds: float, reports: int = 0) -> None:
        """Play for so many seconds of sensor time, and on until so many /diagnostics came; on a busy machine slower."""
        end, arrays, latest = self.elapsed + seconds, self.diagnosis.arrays + reports, time.monotonic() + BOUND
        while self.elapsed < end or (self.diagnosis.arrays < arrays and time.monotonic() < latest):
            self._own_executor.spin_once(timeout_sec=TICK / self._rate)
            now = time.monotonic()
            self.elapsed += min(self._rate * (now - self._wall), LONGEST_TICK)
            self._wall = now
            self._clock_publisher.publish(Clock(clock=time_message(self._source.time(self.elapsed))))
            for topic, raw in self._source.messages_until(self.elapsed):
                if topic in self._topics:
                    self._topics[topic].publish(raw)

    def recover(self) -> bool:
        """Play until every row of a matrix is known again and /diagnostics came; return whether this was in time."""
        since, arrays = self._source.time(self.elapsed), self.diagnosis.arrays
        deadline = time.monotonic() + BOUND
        while self._all_known_from is None or self._all_known_from < since or self.diagnosis.arrays == arrays:
            if time.monotonic() > deadline:
                return False
            self.play(0.5)
        return True

    def begin(self, episode: Episode) -> None:
        """Begin an episode: the source changes the messages, the robot does the rest."""
        self._all_known_from = None
        if episode.step < 0.0:
            for inspector in self._inspectors.values():
                inspector.expect_reset()
        self.diagnosis.begin()
        self._source.begin(episode)
        if "departure" in episode.faults:
            self.destroy_publisher(self._topics.pop(episode.topic))
        if "slow estimator" in episode.faults:
            self._set(surrogates=SURROGATES)
            endless = (sys.executable, "-c", "while True: pass")
            self._busy = [subprocess.Popen(endless) for _ in range(os.cpu_count() or 1)]
        if "reconfiguration" in episode.faults:
            self._change([Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP])
        elif "deactivation" in episode.faults:
            self._change([Transition.TRANSITION_DEACTIVATE])

    def end(self, episode: Episode) -> None:
        """End an episode."""
        self._source.end()
        if "departure" in episode.faults:
            self._arrive(episode.topic)
        if "slow estimator" in episode.faults:
            self._release_cores()
            self._set(surrogates=0)
        if "reconfiguration" in episode.faults:
            self._change([Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE])
        elif "deactivation" in episode.faults:
            self._change([Transition.TRANSITION_ACTIVATE])

    def _arrive(self, topic: str) -> None:
        publisher = self.create_publisher(message_class(self._types[topic]), topic, QoSProfile(depth=QUEUE))
        self._topics[topic] = publisher

    def _release_cores(self) -> None:
        for process in self._busy:
            process.kill()
            process.wait()
        self._busy = []

    def _set(self, **values: Any) -> None:
        parameters = [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]
        self._set_parameters.call_async(SetParameters.Request(parameters=parameters))

    def _change(self, transitions: Sequence[int]) -> None:
        """Ask for transitions, each after the answer to the one before."""
        answer = self._change_state.call_async(ChangeState.Request(transition=Transition(id=transitions[0])))
        if len(transitions) > 1:
            answer.add_done_callback(lambda _: self._change(transitions[1:]))

    def _taker(self, topic: str) -> Callable[[MutualInformationMatrix], None]:
        def take(message: MutualInformationMatrix) -> None:
            matrix = self._inspectors[topic].inspect(message)
            self.matrices += 1
            if topic != "channels" or matrix is None:
                return
            self.diagnosis.invalid_rows |= not matrix.valid.all()
            if np.all(np.diag(matrix.samples) >= InfoNet.MIN_SAMPLES):
                self._all_known_from = matrix.start

        return take
