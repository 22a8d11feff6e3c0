"""How the program ends by a signal, in whatever library it is."""

import signal
import subprocess
import sys

import pytest

BOUND = 120  # seconds

PROGRAM = """
import atexit, os, signal, sys, threading, time
from infonet_ros import __main__ as program, cli
from infonet_ros.interruptions import cleared_afterwards

class Destructor:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})

def wrapped():
    try:
        os.kill(os.getpid(), signal.{name})
    except BaseException as error:
        raise RuntimeError("in the middle of a library") from error

def swallowed():
    Destructor()
    time.sleep({bound})

def passed_over():
    try:
        os.kill(os.getpid(), signal.{name})
    except BaseException:
        time.sleep({bound})

def again():
    try:
        os.kill(os.getpid(), signal.{name})
    finally:
        os.kill(os.getpid(), signal.{name})
        print("cleared")

def at_the_end():
    for number in (signal.{name}, signal.SIGALRM):
        atexit.register(os.kill, os.getpid(), number)
    atexit.register(print, "cleared")
    os.kill(os.getpid(), signal.{name})

def with_much_to_unload():
    sys.unloaded = Unloaded()
    threading.Thread(target=os.write, args=(1, b"a thread has ended\\n")).start()
    atexit.register(print, "cleared")
    os.kill(os.getpid(), signal.{name})

class Unloaded:
    def __del__(self):
        os.write(1, b"unloaded")

def loading():
    import loaded
    time.sleep({bound})

def loading_with_something_to_clear():
    with cleared_afterwards(lambda: print("cleared")):
        loading()

program._PATIENCE = {patience}
cli.main = {moment}
program.main()
"""


def ended(moment, name, **options):
    patience = 0.1 if moment == "passed_over" else BOUND  # of the others, none is to be interrupted a second time
    program = PROGRAM.format(moment=moment, name=name, bound=BOUND, patience=patience)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=False, **options)


SIGNALS = pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])


@pytest.mark.parametrize("moment", ["wrapped", "swallowed", "passed_over"])
@SIGNALS
def test_what_a_library_makes_of_a_signal_is_not_shown(moment, name, code):
    process = ended(moment, name)
    assert (process.returncode, process.stderr) == (code, "")


@pytest.mark.parametrize("moment", ["again", "at_the_end"])
@SIGNALS
def test_a_second_signal_does_not_interrupt_what_is_cleared(moment, name, code):
    process = ended(moment, name)
    assert (process.returncode, process.stdout, process.stderr) == (code, "cleared\n", "")


def test_a_terminal_that_closes_ends_it_unless_nohup_ignores_that():
    process = ended("again", "SIGHUP")
    assert (process.returncode, process.stdout, process.stderr) == (129, "cleared\n", "")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = ended("again", "SIGHUP")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (process.returncode, process.stdout, process.stderr) == (0, "cleared\n", "")


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGWINCH", 0)])
def test_nothing_is_unloaded_at_the_end(name, code):
    """Nor if no signal ends the program: that of a window's new size does not."""
    process = ended("with_much_to_unload", name)
    assert (process.returncode, process.stderr) == (code, "")
    assert process.stdout == "a thread has ended\ncleared\n"


def test_a_profiler_writes_its_results():
    command = [sys.executable, "-m", "cProfile", "-m", "infonet_ros", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=True)
    assert "function calls" in done.stdout


@pytest.fixture
def library(tmp_path):
    """A folder with a library that receives a signal while it is loaded."""

    def library(name):
        text = f"import os, signal\nos.kill(os.getpid(), signal.{name})\nprint('loaded')"
        (tmp_path / "loaded.py").write_text(text)
        return tmp_path

    return library


@SIGNALS
def test_the_program_ends_at_once_while_it_loads_a_library(name, code, library):
    process = ended("loading", name, cwd=library(name))
    assert (process.returncode, process.stdout, process.stderr) == (128 - code, "", "")


@SIGNALS
def test_a_library_is_loaded_before_anything_is_cleared(name, code, library):
    process = ended("loading_with_something_to_clear", name, cwd=library(name))
    assert (process.returncode, process.stderr) == (code, "")
    assert process.stdout.startswith("loaded\ncleared\n")


def test_other_errors_are_shown():
    program = "from infonet_ros import __main__ as program, cli\ndef main(): 1 / 0\ncli.main = main\nprogram.main()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=BOUND, check=False)

    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr
