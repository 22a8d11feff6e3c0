"""The program `infonet`, also as `python -m infonet_ros`.

Signals end it at any moment in their own way: until the command line is loaded, Ctrl-C ends the process without a
word; from then on by an exception, so that every context is left and no temporary folder stays behind.
"""

import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as a shell starts what runs in its background
    if not ignored:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from infonet_ros.cli import main

    if not ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _leave)
    main()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
