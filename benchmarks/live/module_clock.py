"""Processor time by module of the package, whatever its functions are called."""

import sys
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

import infonet_ros

_PACKAGE = Path(infonet_ros.__file__).resolve().parent


class ModuleClock:
    """Processor time that this thread spends in each module of `infonet_ros`, and in what that calls outside of it.

    Attributes
    ----------
    seconds : dict of str to float
        By the module's name within the package, such as ``estimator.samples.ranks``.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._modules: dict[str, str | None] = {}
        self._stack: list[str] = []
        self._since = 0.0

    def __enter__(self) -> "ModuleClock":
        self._stack = ["outside"]
        self._since = time.thread_time()
        sys.setprofile(self._note)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        """Take one event of the interpreter; generators come and go like functions."""
        if event not in ("call", "return"):
            return
        file = frame.f_code.co_filename
        module = self._modules[file] if file in self._modules else self._modules.setdefault(file, _module_of(file))
        if module is None:
            return
        now = time.thread_time()
        self.seconds[self._stack[-1]] += now - self._since
        self._since = now
        if event == "call":
            self._stack.append(module)
        elif len(self._stack) > 1:
            self._stack.pop()


def _module_of(file: str) -> str | None:
    path = Path(file).resolve()
    if not path.is_relative_to(_PACKAGE):
        return None
    return ".".join(path.relative_to(_PACKAGE).with_suffix("").parts)
