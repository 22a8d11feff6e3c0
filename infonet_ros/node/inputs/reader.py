"""A thread that reads the topics again and again.

A timer of the executor would do the same, but rclpy builds its wait set twice for each call, which costs more than the
messages of a camera. What the executor does is rare then: transitions, parameters, diagnostics.
"""

import threading
from collections.abc import Callable

from infonet_ros.node.inputs.polling import USUAL_PERIOD


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
