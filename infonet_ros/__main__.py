"""The program `infonet`, also as `python -m infonet_ros`.

Ctrl-C and SIGTERM end it at any moment, also where the shell that started it in its background ignores Ctrl-C. Until
the command line is loaded they end the process at once; from then on by an exception, so that every context is left
and no temporary folder stays behind. While a library is loaded, it ends at once if nothing is to be cleared.
"""

import atexit
import signal
import sys
from types import FrameType
from typing import Any

from infonet_ros.signals import ENDING, INTERRUPTING, REPEATED, TO_CLEAR

_AGAIN = 0.02  # seconds
_PATIENCE = 1.0  # seconds
_IMPORT = "<frozen importlib._bootstrap>"  # in which all imports are


def main() -> None:
    """Run the command line."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    from infonet_ros.cli import main

    came: list[int] = []

    def leave(number: int, frame: FrameType | None) -> None:
        """Raise the exception: for the first signal, and every second for a library that passes over it."""
        if came and number != REPEATED:  # contexts are being left, and nobody gains if that is interrupted
            return
        if not came:
            came.append(number)
            atexit.register(_leave_in_peace)  # the last to be registered is the first to be called
            sys.unraisablehook = leave_again
        if _loads(frame):  # a library of C++, in which the exception may abort the process
            if not TO_CLEAR:
                signal.signal(came[0], signal.SIG_DFL)
                signal.raise_signal(came[0])
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
            return
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
        sys.exit(128 + came[0])

    def leave_again(unraisable: Any) -> None:
        """Raise the exception once more where it met a destructor, which Python lets no exception leave."""
        if isinstance(unraisable.exc_value, SystemExit):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)

    for number in INTERRUPTING:
        signal.signal(number, leave)
    try:
        main()
    except BaseException:
        if not came:
            raise
    finally:
        _leave_in_peace()
    if came:
        sys.exit(128 + came[0])  # whatever the libraries that it passed made of the exception


def _loads(frame: FrameType | None) -> bool:
    """Tell whether a module is being imported."""
    while frame is not None and frame.f_code.co_filename != _IMPORT:
        frame = frame.f_back
    return frame is not None


def _leave_in_peace() -> None:
    """Let nothing interrupt the end of the process, which removes what interrupted contexts have left."""
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    for number in INTERRUPTING:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
