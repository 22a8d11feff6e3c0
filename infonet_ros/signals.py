"""The signals that end a program of this package, and how they wait for what must not be interrupted.

Imports little, because a signal that comes while this is loaded ends in a traceback.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_HANGUP = () if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else (signal.SIGHUP,)
ENDING = (signal.SIGINT, signal.SIGTERM, *_HANGUP)
"""Signals that end a program: Ctrl-C, what other programs send, and a terminal that closes, which nohup ignores."""

REPEATED = signal.SIGALRM
"""Timer that repeats the first signal for a library that passes over it, see `infonet_ros.__main__`."""

INTERRUPTING = (*ENDING, REPEATED)
"""Signals that raise an exception in the main thread."""

TO_CLEAR: list[Callable[[], object]] = []
"""What has to be called before the program ends, see `interruptions.cleared_afterwards`."""


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end the context as a regular end: the program goes on behind it, and its exit status is 0."""
    inside = True

    def end(number: int, frame: object) -> None:
        if inside:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        try:
            yield
        finally:
            inside = False
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def signals_waiting() -> Iterator[None]:
    """Let signals wait for the end of the context; only for the main thread, which alone is interrupted by them."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: came.append(number)) for number in INTERRUPTING}
    try:
        yield
    finally:
        for number, handler in reversed(before.items()):  # REPEATED first: it still comes if another one raises here
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])
