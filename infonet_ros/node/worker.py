"""One worker thread. It takes the newest job; a job that a newer one replaces is counted, never queued.

::

    def compute(job):
        publish(first(job))         # the urgent part
        for part in parts(job):     # the rest: at each yield, a newer job goes first
            yield
            ...

    worker = Worker(compute, report)
    worker.start()
    worker.offer(job)           # from any thread; returns at once
    worker.stop(timeout=1.0)    # True when the thread has ended
"""

import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Job = TypeVar("Job")

_FINISHED = object()


class Worker(Generic[Job]):
    """Runs ``compute(job)``, a generator, on its own thread; an exception goes to ``report`` and the thread continues.

    The steps of a job up to its first ``yield`` are urgent. The rest runs step by step, so a newer job waits for one
    step at most. Only one rest runs at a time; meanwhile the rests of newer jobs are left out.
    """

    def __init__(self, compute: Callable[[Job], Iterator[None]], report: Callable[[Exception], None]) -> None:
        self._compute = compute
        self._report = report
        self._wake = threading.Condition()
        self._next: Job | None = None
        self._rest: Iterator[None] | None = None
        self._ending = False
        # A daemon: a computation that takes long must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="estimator", daemon=True)
        self._at_work = False
        # Jobs so far that a newer one replaced, whose urgent part was computed, that raised, whose rest was left out.
        self.skipped = self.done = self.failed = self.left_out = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is being computed and nothing waits."""
        with self._wake:
            return self._next is None and self._rest is None and not self._at_work

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer(self, job: Job) -> Job | None:
        """Add a job; return the one that still waited, and that it replaces."""
        with self._wake:
            replaced, self._next = self._next, job
            self.skipped += replaced is not None
            self._wake.notify()
        return replaced

    def forget(self) -> None:
        """Drop the waiting job without counting it."""
        with self._wake:
            self._next = None

    def stop(self, timeout: float) -> bool:
        """End the thread after its present step; return whether it ended within ``timeout`` seconds."""
        with self._wake:
            self._next, self._ending = None, True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._ending or self._next is not None or self._rest is not None)
                if self._ending:
                    return
                job, self._next = self._next, None
                self._at_work = True
            try:
                if job is not None:
                    self._begin(job)
                self._go_on()
            except Exception as error:
                self.failed += 1
                self._report(error)
            finally:
                self._at_work = False

    def _begin(self, job: Job) -> None:
        steps = self._compute(job)
        finished = next(steps, _FINISHED) is _FINISHED
        self.done += 1
        if finished:
            return
        if self._rest is None:
            self._rest = steps
        else:
            self.left_out += 1

    def _go_on(self) -> None:
        """Run one step of the present rest; an exception ends it."""
        rest, self._rest = self._rest, None
        if rest is not None and next(rest, _FINISHED) is not _FINISHED:
            self._rest = rest
