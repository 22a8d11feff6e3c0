"""When a matrix is overdue, second by second: the clocks are those of the test."""

import time

import pytest

from infonet_ros.node.diagnostics.silence import Pulse
from infonet_ros.settings import Settings

SECOND = 1_000_000_000
SETTINGS = Settings(window=20.0, hop=2.0, patience=1.0)  # 7 s without a matrix are still normal


@pytest.fixture
def pulse(monkeypatch):
    """Look once a second, and return for how long the matrix is overdue."""
    pulse, seconds = Pulse(), iter(range(1, 1000))

    def look(matrices=0, messages=0, fill=0.0, paused=False, slept=0):
        now = (next(seconds) + slept) * SECOND
        monkeypatch.setattr(time, "monotonic_ns", lambda: now)
        pulse.look(
            0 if paused else now, SETTINGS, matrices=matrices, messages=messages, sets=0, fill=fill, computing=0.0
        )
        return pulse.no_matrix

    return look


def test_a_first_window_that_fills_is_not_overdue_however_late_it_begins(pulse):
    before = [pulse() for _ in range(60)]
    assert before[27] == 0.0
    assert before[28] == 28.0  # a window and some hops
    assert before[59] == 59.0
    filling = [pulse(messages=50 * second, fill=min(1.0, second / 20)) for second in range(1, 24)]
    assert filling == [0.0] * 23
    assert pulse(matrices=1, messages=1200, fill=1.0) == 0.0


def test_a_full_window_without_a_matrix_is_overdue_after_some_hops(pulse):
    full = [pulse(messages=50 * second, fill=min(1.0, second / 20)) for second in range(1, 40)]
    assert full.index(27.0) == 27  # the window was full at 20 s


def test_windows_that_always_begin_again_are_overdue(pulse):
    looks = [pulse(messages=second, fill=(second % 5 + 1) / 20) for second in range(60)]
    assert looks[27] == 0.0
    assert looks[28] == 28.0


def test_a_window_that_stops_to_fill_is_overdue_after_some_hops(pulse):
    for second in range(1, 6):
        pulse(messages=50 * second, fill=second / 20)
    assert [pulse(messages=250, fill=0.25) > 0.0 for _ in range(8)] == [False] * 7 + [True]


def test_the_sleep_of_a_computer_is_no_silence(pulse):
    assert pulse(messages=50, fill=1.0) == pulse(messages=50, fill=1.0, slept=3600) == 0.0


def test_simulated_time_that_stands_still_is_no_silence(pulse):
    assert not any(pulse(paused=True) for _ in range(100))
