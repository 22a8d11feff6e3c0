"""The program `infonet`, also as `python -m infonet_ros`.

Ctrl-C and SIGTERM end it at any moment, also where the shell that started it in its background ignores Ctrl-C. Until
the command line is loaded they end the process at once; from then on by an exception, so that every context is left
and no temporary folder stays behind.
"""

import signal
import sys
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = 0.02  # seconds


def main() -> None:
    """Run the command line."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    from infonet_ros.cli import main

    came: list[int] = []

    def leave(number: int, frame: FrameType | None) -> None:
        came.append(number)
        sys.unraisablehook = leave_again
        sys.exit(128 + number)

    def leave_again(unraisable: Any) -> None:
        """Raise the exception once more where it met a destructor, which Python lets no exception leave."""
        if isinstance(unraisable.exc_value, SystemExit):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)

    for number in (*_SIGNALS, signal.SIGALRM):
        signal.signal(number, leave)
    try:
        main()
    except BaseException:
        if not came:
            raise
    if came:
        sys.exit(128 + came[0])  # whatever the libraries that it passed made of the exception


if __name__ == "__main__":
    main()
