"""The program `infonet`, also as `python -m infonet_ros`.

Ctrl-C, SIGTERM and SIGHUP end it at any moment, also if the shell that started it in the background ignores Ctrl-C.
Until the command line is loaded, they end the process at once. After that they raise an exception, so that every
context is left and no temporary folder stays behind. While a library is being loaded, they end the process at once if
nothing is to be cleared.
"""

import atexit
import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from infonet_ros.signals import ENDING, INTERRUPTING, REPEATED, TO_CLEAR

_AGAIN = 0.02  # seconds
_PATIENCE = 1.0  # seconds
_IMPORT = "<frozen importlib._bootstrap>"  # the code of every import


def main() -> None:
    """Run the command line."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    from infonet_ros.errors import MissingDependencyError, missing_packages_named

    try:
        with missing_packages_named("infonet"):
            from infonet_ros.cli import main as run_command_line
    except MissingDependencyError as error:
        sys.exit(f"infonet: {error}")

    interruption = _Interruption()
    for number in INTERRUPTING:
        signal.signal(number, interruption.handle)
    status: str | int | None = 0
    try:
        run_command_line()
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        if interruption.status is None:
            raise
    finally:
        _ignore_signals()
    if interruption.status is not None:
        status = interruption.status  # also if a library caught the exception, or raised another one
    if not isinstance(status, int) or _is_profiled():
        sys.exit(status)
    _end(status)


class _Interruption:
    """The first signal that came: it ends the program by an exception, with ``status`` (None until one comes)."""

    def __init__(self) -> None:
        self.status: int | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Raise the exception, at the first signal and again every second: a library may catch the first exception."""
        if self.status is None:
            self.status = 128 + number
            atexit.register(_ignore_signals)  # the last to be registered is the first to be called
            sys.unraisablehook = self._raise_again
        elif number != REPEATED:  # contexts are being left, which must not be interrupted
            return
        if _is_importing(frame):  # of a C++ library, in which the exception may abort the process
            if not TO_CLEAR:
                signal.signal(self.status - 128, signal.SIG_DFL)
                signal.raise_signal(self.status - 128)
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
            return
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
        sys.exit(self.status)

    def _raise_again(self, unraisable: Any) -> None:
        """Repeat the signal if the exception came in a destructor, which Python lets no exception leave."""
        if isinstance(unraisable.exc_value, SystemExit):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)


def _end(status: int) -> NoReturn:
    """End the process as Python does, but without unloading its libraries.

    To unload torch takes a fifth of a second, and several on a busy machine.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # it is closed, or nobody reads it
            stream.flush()
    os._exit(status)


def _is_profiled() -> bool:
    """Return whether a profiler runs, which writes its results after the end; cProfile is a tool since Python 3.12."""
    tools = getattr(sys, "monitoring", None)
    return sys.getprofile() is not None or bool(tools and tools.get_tool(tools.PROFILER_ID))


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether a module is being imported."""
    while frame is not None and frame.f_code.co_filename != _IMPORT:
        frame = frame.f_back
    return frame is not None


def _ignore_signals() -> None:
    """Let no signal interrupt the end of the process, which removes what interrupted contexts left behind."""
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    for number in INTERRUPTING:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
