"""Takes messages as bytes from their queues, in batches.

rclpy builds a new wait set in Python for each message: ten times the work of taking the bytes. So the executor does not
wait for these subscriptions, nor for their events, for which Fast DDS would also wake it at each message. A thread
empties their queues again and again; a timer would cost two wait sets a time.

    subscription = node.create_subscription(..., raw=True, callback_group=Polled(), event_callbacks=...)
    for message in waiting(subscription):
        message.data, message.received      # bytes; nanoseconds of the system's clock
    for callback, event in happened(subscription):
        callback(event)
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.publisher import Publisher
from rclpy.qos import HistoryPolicy
from rclpy.subscription import Subscription

LONGEST_PERIOD, USUAL_PERIOD, SHORTEST_PERIOD = 0.25, 0.05, 0.001
"""Seconds between two reads of the queues: while nothing is due, while something is, and where queues are short."""

_KEEP_ALL = 5000  # messages that Fast DDS keeps for a subscriber that wants all
_REMEMBERED = 2.0  # s, to measure the speed of sensor time
_FULL = 0.5  # share of a queue that may fill up between two reads


class Message(NamedTuple):
    """A serialised message, and when the middleware received it: nanoseconds of the system clock, 0 if unknown."""

    data: bytes
    received: int


class Polled(MutuallyExclusiveCallbackGroup):
    """Callback group for subscriptions that no executor waits for."""

    def can_execute(self, entity: Any) -> bool:
        """Return False: the executor leaves them out."""
        return False


def waiting(subscription: "Subscription[Any]") -> Iterator[Message]:
    """Take the messages in the queue of a subscription that was created with ``raw=True``.

    At most as many as the queue holds: a topic that is faster than this would never let it end.
    """
    with subscription.handle:
        for _ in range(max(1, queue_size(subscription))):
            taken = subscription.handle.take_message(subscription.msg_type, True)
            if taken is None:
                return
            data, info = taken
            yield Message(data, info["received_timestamp"])


def happened(entity: "Subscription[Any] | Publisher[Any]") -> Iterator[tuple[Callable[[Any], None], Any]]:
    """Yield the events that no executor waits for, each with its callback; an event may be empty."""
    for handler in entity.event_handlers:
        if not isinstance(handler.callback_group, Polled):
            continue
        handler.add_to_wait_set(_READY)
        if handler.is_ready(_READY):
            with suppress(RuntimeError):  # the middleware has no event
                yield handler.callback, handler.take_data()


class _Ready:
    """Stands in for a wait set: reports every event as ready, because the middleware is asked anyway."""

    def add_event(self, event: Any) -> int:
        return 0

    def is_ready(self, kind: str, index: int) -> bool:
        return True


_READY: Any = _Ready()


def queue_size(subscription: "Subscription[Any]") -> int:
    """Return how many messages the queue holds before it drops any."""
    quality = subscription.qos_profile
    return quality.depth if quality.history == HistoryPolicy.KEEP_LAST else _KEEP_ALL


def fitting_period(sizes: Sequence[float], rates: Sequence[float]) -> float:
    """Return the seconds between two reads, so that no queue of these sizes overflows at these rates (Hz).

    A full queue loses messages, so its measured rate is too low. The period then shrinks at each new measurement until
    no queue is full.
    """
    spans = [_FULL * size / rate for size, rate in zip(sizes, rates, strict=True) if rate > 0.0]
    return max(SHORTEST_PERIOD, min(spans, default=LONGEST_PERIOD))


class Pace:
    """When to read next: when something is due, if sensor time goes on as fast as in the last two seconds.

    A read of many messages takes little longer than one of a few, because the processor's caches are cold each time.
    """

    def __init__(self) -> None:
        self._reads: deque[tuple[int, float]] = deque()  # newest stamp, and the time by a steady clock
        self._due = 0.0

    def note(self, due: int, newest: int, now: float) -> None:
        """Take the stamp that the next result waits for, and the newest that was read, by a steady clock's ``now``."""
        while self._reads and now - self._reads[0][1] > _REMEMBERED:
            self._reads.popleft()
        self._reads.append((newest, now))
        (first, begin), *_ = self._reads
        speed = (newest - first) / (now - begin) if now > begin else 0.0
        # A slow topic may have been read long after its last message, or soon after it: then it tells the time best.
        ahead = max(stamp + speed * (now - read) for stamp, read in self._reads)
        self._due = now + (due - ahead) / speed if speed > 0.0 else now

    def pause(self, now: float) -> float:
        """Return the seconds to the next read: a little more than to the moment when the result is due."""
        return min(LONGEST_PERIOD, max(USUAL_PERIOD, self._due - now + 0.5 * USUAL_PERIOD))


class Reader:
    """Calls ``read`` again and again on its own thread; what it raises goes to ``report``.

    ``read`` returns the seconds to the next call. The thread holds ``lock`` meanwhile; others hold it while they look
    at what was read, or change it.
    """

    def __init__(self, read: Callable[[], float], report: Callable[[Exception], None]) -> None:
        self.lock = threading.RLock()
        self._read = read
        self._report = report
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; do not hold the lock."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _run(self) -> None:
        pause = USUAL_PERIOD
        while not self._ending.wait(pause):
            with self.lock:
                try:
                    pause = self._read()
                except Exception as error:
                    self._report(error)
