"""Arrival times of messages by the node's clock, also of those that are read later."""

import time
from collections import deque

import numpy as np
from rclpy.clock import JumpHandle, JumpThreshold, ROSClock
from rclpy.duration import Duration
from rclpy.node import Node

_REMEMBERED = 2000  # steps of simulated time: two seconds of a simulator that publishes a thousand a second


class ArrivalClock:
    """Translates the system's time into that of the node's clock.

    They are the same, except with simulated time: then it is that of the last ``/clock`` at or before the message.

    Parameters
    ----------
    node : Node
    """

    def __init__(self, node: Node) -> None:
        clock = node.get_clock()
        assert isinstance(clock, ROSClock)
        self._clock = clock
        self._steps: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)  # system's time, simulated time
        self._told: JumpHandle | None = None

    def open(self) -> None:
        """Follow simulated time: each of its steps is a jump, however short."""
        threshold = JumpThreshold(min_forward=Duration(nanoseconds=1), min_backward=Duration(nanoseconds=-1))
        self._told = self._clock.create_jump_callback(threshold, post_callback=self._note)

    def close(self) -> None:
        """Follow it no more."""
        if self._told is not None:
            self._told.unregister()
        self._told = None
        self._steps.clear()

    def times(self, received: np.ndarray) -> np.ndarray:
        """Return the node's time (M,) at which messages came, given the system's time (M,); nanoseconds.

        Where the middleware does not tell when it received a message (0), it is now.
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
