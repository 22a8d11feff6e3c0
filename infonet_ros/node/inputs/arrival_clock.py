"""Arrival times of messages by the node's clock, also for messages that are read later."""

import time
from collections import deque

import numpy as np
from rclpy.clock import JumpHandle, JumpThreshold, ROSClock
from rclpy.duration import Duration
from rclpy.node import Node

_REMEMBERED = 2000  # steps of simulated time: two seconds of a simulator with 1000 steps per second


class ArrivalClock:
    """Converts system time into the time of the node's clock.

    Both are the same, except with simulated time: then the result is the last ``/clock`` at or before the message.
    """

    def __init__(self, node: Node) -> None:
        clock = node.get_clock()
        assert isinstance(clock, ROSClock)
        self._clock = clock
        self._steps: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)  # system's time, simulated time
        self._jump_handle: JumpHandle | None = None

    def open(self) -> None:
        """Start to record the steps of simulated time; rclpy reports each step as a jump."""
        threshold = JumpThreshold(min_forward=Duration(nanoseconds=1), min_backward=Duration(nanoseconds=-1))
        self._jump_handle = self._clock.create_jump_callback(threshold, post_callback=self._note)

    def close(self) -> None:
        """Stop to record simulated time."""
        if self._jump_handle is not None:
            self._jump_handle.unregister()
        self._jump_handle = None
        self._steps.clear()

    def times(self, received: np.ndarray) -> np.ndarray:
        """Return the node's time (M,) at which messages arrived, given the system's time (M,); nanoseconds.

        If the middleware does not state when it received a message (0), the result is the present time.
        """
        now = self._clock.now().nanoseconds
        if not self._clock.ros_time_is_active:
            return np.where(received > 0, received, now)
        if not self._steps:
            return np.full(len(received), now)
        system, simulated = np.array(self._steps, dtype=np.int64).T
        step = np.searchsorted(system, received, side="right") - 1
        return np.where(received > 0, simulated[np.maximum(step, 0)], now)

    def _note(self, jump: object) -> None:
        self._steps.append((time.time_ns(), self._clock.now().nanoseconds))
