"""The real node in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

BOUND = 60.0  # seconds in which the process must have ended
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@contextmanager
def node_process(
    arguments: Sequence[str], log: IO[str] | None = None, **environment: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the node with these arguments, and end it with the context; what it prints goes to ``log``, if given."""
    command = [sys.executable, "-m", "infonet_ros.node", *arguments]
    process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(BOUND)


def as_arguments(parameters: Mapping[str, Any]) -> list[str]:
    """Return the command line that sets parameters of the node."""
    return ["--ros-args", *(part for name, value in parameters.items() for part in ("-p", f"{name}:={value}"))]


def interrupt(process: "subprocess.Popen[bytes]") -> tuple[float, int]:
    """Press Ctrl-C; return how many seconds the end took, and the exit code."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    code = process.wait(BOUND)
    return time.monotonic() - began, code


def processor_seconds(pid: int) -> float:
    """Processor time of all threads of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_memory(pid: int) -> int:
    """Bytes of memory that a process uses now."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
