"""The load on the node: topics, windows, and the processes that publish."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.live.node_process import as_arguments

CHANNELS = ("x", "y", "z", "w")
PUBLISHERS = 2  # processes
BOUND = 60.0  # seconds for a process to start
IMAGE_SHAPE = (480, 640, 3)
"""Rows, columns and colours of a published image: 0.9 MB."""


@dataclass(frozen=True)
class Load:
    """What is published, and the windows that the node makes of it."""

    minutes: float
    topics: int = 8
    rate: float = 100.0  # Hz, of each topic
    window: float = 10.0  # s
    hop: float = 0.5  # s

    def __str__(self) -> str:
        return (
            f"{self.topics} topics of {len(CHANNELS)} channels at {self.rate:g} Hz, windows of {self.window:g} s every "
            f"{self.hop:g} s, {self.minutes:g} minutes"
        )

    @property
    def topic_names(self) -> list[str]:
        """Names of the topics."""
        return [f"/stream_{index}" for index in range(self.topics)]

    @property
    def messages(self) -> int:
        """Number of messages on each topic."""
        return round(self.minutes * 60 * self.rate)

    def parameters(self, weights: Path) -> dict[str, Any]:
        """Return the node's parameters."""
        channels = [f"quaternion.{channel}" for channel in CHANNELS]
        values = node_parameters(self.topic_names, channels, weights)
        return values | {"rate": self.rate, "window": self.window, "hop": self.hop}

    def node_arguments(self, weights: Path) -> list[str]:
        """Return the node's command line."""
        return as_arguments(self.parameters(weights))

    @contextmanager
    def publishing(self) -> Iterator[list[subprocess.Popen]]:
        """Publish from processes of their own, as soon as the node listens."""
        shares = [self.topic_names[index::PUBLISHERS] for index in range(PUBLISHERS)]
        processes = [subprocess.Popen(publisher(share, self.rate, self.messages)) for share in shares]
        try:
            yield processes
        finally:
            for process in processes:
                process.terminate()
                process.wait(BOUND)


def publisher(topics: Sequence[str], rate: float, count: int, *options: str) -> list[str]:
    """Return the command that publishes ``count`` messages on each topic at ``rate``, Hz."""
    command = [sys.executable, "-m", "benchmarks.live.publisher", *topics]
    return [*command, "--rate", str(rate), "--count", str(count), *options]


def node_parameters(topics: Sequence[str], channels: Sequence[str], weights: Path) -> dict[str, Any]:
    """Return the parameters of a node that reads the same channels of each topic, on the CPU."""
    names = [topic.strip("/") for topic in topics]
    values: dict[str, Any] = {"modalities": names, "weights": str(weights), "device": "cpu"}
    for name in names:
        values |= {f"{name}.topic": f"/{name}", f"{name}.channels": list(channels)}
    return values
