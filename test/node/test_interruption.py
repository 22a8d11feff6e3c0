"""How long a process may take to end after a signal."""

import subprocess
import sys

import pytest

BOUND = 120.0  # seconds

PROGRAM = """
import os, signal, threading
from infonet_ros.node import __main__ as program

interruption = program.Interruption()
interruption.grace = 1.0
{before}
os.kill(os.getpid(), signal.SIGTERM)
{after}
os._exit(5)
"""

FEW = "program._MOST_POLLS = 2"
POLLED = """
polls, taken = threading.Semaphore(0), threading.Semaphore(0)
program.time.sleep = lambda seconds: (polls.release(), taken.acquire())
"""


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("", "while True: pass", 0),  # computes
        (FEW, "threading.Event().wait()", 0),  # hangs
        (POLLED, "for _ in range(100): polls.acquire(), taken.release()", 5),  # gets little of a busy machine
    ],
)
def test_it_may_end_by_itself_unless_it_computes_or_hangs(before, after, code):
    program = PROGRAM.format(before=before, after=after)
    ended = subprocess.run([sys.executable, "-c", program], timeout=BOUND, check=False)
    assert ended.returncode == code
