"""Run a reader in a separate process, because damaged bytes make some libraries crash.

SciPy's reader of MATLAB files and Arrow's reader of Feather 1 can crash. Here this is an error, and the program
continues.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

_READER = """
import pickle, sys
read, path = pickle.load(sys.stdin.buffer)
try:
    result = read(path)
except Exception as error:
    result = error
pickle.dump(result, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
"""


class ReaderCrashedError(Exception):
    """The process that read a file ended before it had read it."""


def read_apart(read: Callable[[Path], Result], path: Path) -> Result:
    """Call a reader, a function of a module, in another process, and return its result.

    Raises ReaderCrashedError if the process crashed. Raises what the function raises.
    """
    done = subprocess.run(
        [sys.executable, "-c", _READER],
        input=pickle.dumps((read, path)),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if done.returncode:
        raise ReaderCrashedError("the library that reads it crashes on it")
    result = pickle.loads(done.stdout)  # noqa: S301 (from a process of our own)
    if isinstance(result, Exception):
        raise result
    return result  # type: ignore[no-any-return]
