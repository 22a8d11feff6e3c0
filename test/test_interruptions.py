"""Folders of results, temporary ones, the terminal: an exception at every single step, as a signal raises it."""

import os
import pty
import shutil
import sys
import termios
from contextlib import suppress

import pytest

from infonet_ros import interruptions
from infonet_ros.drawing.keys import Keys
from infonet_ros.interruptions import temporary_folder
from infonet_ros.offline.results.outputs import OutputFolder
from infonet_ros.signals import TO_CLEAR

OLD = {"table": "old", "bag/inside": "old", "other": "theirs"}
NEW = {"table": "new", "bag/inside": "new", "page": "new"}


def contents(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def fill(folder, texts):
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def write_results(path):
    with OutputFolder(path) as folder:
        for name in ("table", "page"):
            folder.write(name, lambda place: place.write_text("new"))
        folder.write("bag", lambda place: fill(place, {"inside": "new"}))


class Process:
    """A process that an exception interrupts at one step, and that then ends."""

    def __init__(self):
        self._at_exit = []

    def register(self, function):
        self._at_exit.append(function)

    def unregister(self, function):
        self._at_exit = [other for other in self._at_exit if other != function]

    def run(self, work, step):
        """Return whether the work was interrupted: it is not if it has fewer steps."""
        left = step

        def trace(frame, event, argument):
            nonlocal left
            frame.f_trace_opcodes = ours = "infonet_ros" in frame.f_code.co_filename
            left -= 1
            if left == 0:
                raise SystemExit(130)
            return trace if ours else None  # steps are instructions of this package, and calls of all functions

        before = sys.gettrace()
        with suppress(BaseException):  # of which a library may make another one
            sys.settrace(trace)
            try:
                work()
            finally:
                sys.settrace(before)
        while self._at_exit:
            self._at_exit.pop()()
        return left <= 0


def interrupted_everywhere(process, work):
    """Interrupt the work at its first step, its second, and so on, until it has no more."""
    step = 1
    while process.run(work, step):
        yield step
        step += 1


@pytest.fixture
def process(monkeypatch):
    process = Process()
    monkeypatch.setattr(interruptions, "atexit", process)
    return process


def test_results_are_the_old_or_the_new_ones_whatever_interrupts(process, tmp_path):
    folder = tmp_path / "out"
    fill(folder, OLD)
    outcomes = set()
    for step in interrupted_everywhere(process, lambda: write_results(folder)):
        assert contents(folder) in (OLD, OLD | NEW), step
        assert {path.name for path in folder.iterdir()} <= {"table", "bag", "other", "page"}, step
        outcomes.add(len(contents(folder)))
        shutil.rmtree(folder)
        fill(folder, OLD)
    assert outcomes == {len(OLD), len(OLD | NEW)}


def test_new_folders_are_whole_or_not_there(process, tmp_path):
    for step in interrupted_everywhere(process, lambda: write_results(tmp_path / "deep" / "out")):
        if list(tmp_path.iterdir()):
            assert contents(tmp_path / "deep" / "out") == NEW, step
            shutil.rmtree(tmp_path / "deep")


def test_no_temporary_folder_stays(process, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def use():
        with temporary_folder() as folder:
            (folder / "unpacked").write_text("bag")

    for step in interrupted_everywhere(process, use):
        assert list(tmp_path.iterdir()) == [], step


def test_an_error_leaves_nothing_behind_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = list(TO_CLEAR)
    with pytest.raises(ValueError, match="no bag"), temporary_folder() as folder:
        (folder / "unpacked").write_text("bag")
        raise ValueError("no bag")
    assert list(tmp_path.iterdir()) == [] and before == TO_CLEAR


def test_the_terminal_takes_whole_lines_again(process, monkeypatch):
    other_side, side = pty.openpty()
    with os.fdopen(side) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(terminal)

        def use():
            with Keys() as keys:
                keys.pressed()

        for step in interrupted_everywhere(process, use):
            assert termios.tcgetattr(terminal) == before, step
    os.close(other_side)
