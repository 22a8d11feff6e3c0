"""Single keys from the terminal, without Enter and without waiting."""

import os
import select
import sys
import termios
import tty
from types import TracebackType

from infonet_ros.drawing.view_options import ESCAPE


class Keys:
    """Context that reads keys one by one; none if standard input is no terminal.

    Attributes
    ----------
    available : bool
        Whether there is a terminal to press keys in.
    """

    def __init__(self) -> None:
        self.available = sys.stdin is not None and sys.stdin.isatty()
        self._before: list | None = None

    def __enter__(self) -> "Keys":
        if self.available:
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def pressed(self) -> list[str]:
        """Return the keys pressed since the last call."""
        if not self.available or not select.select([sys.stdin], [], [], 0)[0]:
            return []
        text = os.read(sys.stdin.fileno(), 1024).decode(errors="ignore")
        if text.startswith(ESCAPE) and len(text) > 1:
            return []  # an arrow or a function key: a sequence that begins with the code of Esc
        return list(text)
