"""Single keys from the terminal, without Enter and without waiting."""

import os
import select
import sys
import termios
import tty
from contextlib import ExitStack
from functools import partial
from types import TracebackType

from infonet_ros.drawing.view_options import ESCAPE
from infonet_ros.interruptions import cleared_afterwards


class Keys:
    """Context that reads keys one by one; none are ``available`` if standard input is not a terminal."""

    def __init__(self) -> None:
        self.available = sys.stdin is not None and sys.stdin.isatty()
        self._stack = ExitStack()

    def __enter__(self) -> "Keys":
        if self.available:
            restore = partial(termios.tcsetattr, sys.stdin, termios.TCSADRAIN, termios.tcgetattr(sys.stdin))
            self._stack.enter_context(cleared_afterwards(restore))
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def pressed(self) -> list[str]:
        """Return the keys pressed since the last call."""
        if not self.available or not select.select([sys.stdin], [], [], 0)[0]:
            return []
        text = os.read(sys.stdin.fileno(), 1024).decode(errors="ignore")
        if text.startswith(ESCAPE) and len(text) > 1:
            return []  # an arrow or a function key sends several characters, of which the first is Esc
        return list(text)
