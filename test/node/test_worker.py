import threading

import pytest

from infonet_ros.node.worker import Worker

BOUND = 120.0  # seconds, on a busy machine


class Recorder:
    """A computation that can be held up, and what came of it."""

    def __init__(self):
        self.done, self.errors = [], []
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.at_rest, self.rest_goes_on = threading.Event(), threading.Event()
        self.finished = threading.Condition()
        self.worker = Worker(self.compute, self.report)
        self.worker.start()

    def compute(self, job):
        self.entered.set()
        assert self.go_on.wait(BOUND)
        if job == "bad":
            raise ValueError("bad job")
        self._note(self.done, job)
        for part in range(2 if str(job).startswith("long") else 0):
            yield
            self.at_rest.set()
            assert self.rest_goes_on.wait(BOUND)
            self._note(self.done, f"{job} {part}")

    def report(self, error):
        self._note(self.errors, error)

    def _note(self, where, what):
        with self.finished:
            where.append(what)
            self.finished.notify()

    def until(self, condition):
        with self.finished:
            assert self.finished.wait_for(condition, BOUND)


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.go_on.set()
    recorder.rest_goes_on.set()
    assert recorder.worker.stop(BOUND)


def test_the_newest_job_wins_and_the_others_are_counted(recorder):
    recorder.worker.offer(0)
    assert recorder.entered.wait(BOUND)
    assert not recorder.worker.idle
    assert [recorder.worker.offer(job) for job in (1, 2, 3)] == [None, 1, 2]
    recorder.go_on.set()
    recorder.until(lambda: len(recorder.done) == 2)
    assert recorder.done == [0, 3]
    assert recorder.worker.skipped == 2


def test_an_exception_is_reported_and_the_next_job_is_done(recorder):
    recorder.go_on.set()
    recorder.worker.offer("bad")
    recorder.until(lambda: recorder.errors)
    recorder.worker.offer("good")
    recorder.until(lambda: recorder.done)
    assert str(recorder.errors[0]) == "bad job"
    assert recorder.worker.failed == 1


def test_a_job_that_is_forgotten_is_not_done(recorder):
    recorder.worker.offer(0)
    assert recorder.entered.wait(BOUND)
    recorder.worker.offer(1)
    recorder.worker.forget()
    recorder.go_on.set()
    assert recorder.worker.stop(BOUND)
    assert recorder.worker.idle
    assert recorder.done == [0]
    assert recorder.worker.skipped == 0


def test_stop_says_whether_the_thread_is_still_at_work(recorder):
    recorder.worker.offer(0)
    assert recorder.entered.wait(BOUND)
    assert not recorder.worker.stop(0.0)
    recorder.go_on.set()
    assert recorder.worker.stop(BOUND)


def test_a_newer_job_goes_before_the_rest_of_an_older_one_whose_rest_is_finished_first(recorder):
    recorder.go_on.set()
    recorder.worker.offer("long a")
    assert recorder.at_rest.wait(BOUND)
    recorder.worker.offer("long b")
    recorder.rest_goes_on.set()
    recorder.until(lambda: len(recorder.done) == 4)
    assert recorder.done == ["long a", "long a 0", "long b", "long a 1"]
    recorder.worker.offer("long c")
    recorder.until(lambda: len(recorder.done) == 7)
    assert recorder.done[4:] == ["long c", "long c 0", "long c 1"]
    assert (recorder.worker.done, recorder.worker.left_out, recorder.worker.skipped) == (3, 1, 0)
