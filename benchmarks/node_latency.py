"""How fast and how steady the node is: real processes, real middleware, no message lost.

    python benchmarks/node_latency.py                  # 8 topics of 4 channels at 100 Hz, 10 minutes
    python benchmarks/node_latency.py --minutes 1      # shorter

The node runs in a process of its own, two others publish, this one listens. Latency is from the stamp of the last
sample of a window, which is set when it is published, to the arrival of the matrix here: more than the node itself
adds.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import QuaternionStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time

from infonet_ros.msg import MutualInformationMatrix

CHANNELS = ("x", "y", "z", "w")
PUBLISHERS = 2  # processes
SETTLED = 60.0  # seconds after which memory must no longer grow
PAGE = os.sysconf("SC_PAGE_SIZE")
BOUND = 60.0  # seconds for a process to start


def main() -> None:
    """Run the benchmark, and print a table."""
    options = _options()
    if options.publish:
        publish(options.publish, options.rate, round(options.minutes * 60 * options.rate))
        return
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    listener = Listener()
    topics = [f"/stream_{index}" for index in range(options.topics)]
    with _process("-m", "infonet_ros.node", *_parameters(topics, options)) as node:
        listener.wait_until(lambda: listener.statuses, "the node's diagnostics")
        shares = [topics[index::PUBLISHERS] for index in range(PUBLISHERS)]
        arguments = ("--minutes", str(options.minutes), "--rate", str(options.rate))
        publishers = [_start(__file__, *arguments, "--publish", *share) for share in shares]
        try:
            while any(publisher.poll() is None for publisher in publishers):
                rclpy.spin_once(listener, timeout_sec=0.1)
                listener.note_memory(node.pid)
        finally:
            for publisher in publishers:
                publisher.terminate()
                publisher.wait(BOUND)
        listener.listen_for(2.5)
        listener.report(topics, options)
        stopping = time.monotonic()
        node.send_signal(signal.SIGINT)
        node.wait(BOUND)
        print(f"| end after Ctrl-C | {time.monotonic() - stopping:.2f} s, exit code {node.returncode} |")
    listener.destroy_node()
    rclpy.shutdown()


class Listener(Node):
    """Takes the matrices and the diagnostics, and reads the node's memory."""

    def __init__(self) -> None:
        super().__init__("listener")
        self.statuses: dict[str, dict[str, str]] = {}
        self.latencies: list[float] = []
        self.durations: list[float] = []
        self.inner: list[float] = []
        self.memory: list[tuple[float, int]] = []
        self.create_subscription(MutualInformationMatrix, "/infonet/channels", self._take_matrix, 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._take_diagnostics, 10)

    def wait_until(self, condition, what: str) -> None:
        """Listen until the condition holds."""
        deadline = time.monotonic() + BOUND
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit(f"{what} did not come within {BOUND:g} s.")
            rclpy.spin_once(self, timeout_sec=0.1)

    def listen_for(self, seconds: float) -> None:
        """Listen to what is still on its way."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            rclpy.spin_once(self, timeout_sec=0.1)

    def note_memory(self, pid: int) -> None:
        """Read the node's resident memory, once a second, from the first matrix on."""
        now = time.monotonic()
        if self.latencies and (not self.memory or now - self.memory[-1][0] >= 1.0):
            pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
            self.memory.append((now, pages * PAGE))

    def report(self, topics: list[str], options: argparse.Namespace) -> None:
        """Print what was measured."""
        sent = round(options.minutes * 60 * options.rate) * len(topics)
        received = sum(int(self.statuses[f"infonet: {topic}"]["received"]) for topic in topics)
        own = self.statuses["infonet: estimator"]
        print(
            f"\n{len(topics)} topics, {len(topics) * len(CHANNELS)} channels, {options.rate:g} Hz, windows of "
            f"{options.window:g} s every {options.hop:g} s, {options.minutes:g} minutes, {os.cpu_count()} cores, "
            f"load {os.getloadavg()[0]:.1f}\n"
        )
        print("| measured | value |\n|---|---|")
        print(f"| messages sent, of which not received by the node | {sent}, {sent - received} |")
        print(f"| matrices, windows skipped | {len(self.latencies)}, {own['windows skipped']} |")
        print(f"| late samples | {sum(int(self.statuses[f'infonet: {topic}']['late']) for topic in topics)} |")
        print(f"| sample to matrix, outside | {_quantiles(self.latencies)} |")
        print(f"| last arrival to published, in the node | {_quantiles(self.inner)} |")
        print(f"| computing time | {_quantiles(self.durations)} |")
        times, sizes = np.array(self.memory).T
        settled = sizes[times - times[0] >= min(SETTLED, 0.5 * (times[-1] - times[0]))] / 2**20
        growth = settled[-1] - settled[0]
        print(f"| memory once settled, growth until the end | {settled[0]:.1f} MiB, {growth:+.1f} MiB |")

    def _take_matrix(self, matrix: MutualInformationMatrix) -> None:
        end = Time.from_msg(matrix.window_end).nanoseconds
        self.latencies.append((time.time_ns() - end) / 1e9)
        self.durations.append(matrix.duration)

    def _take_diagnostics(self, array: DiagnosticArray) -> None:
        for status in array.status:
            self.statuses[status.name] = {item.key: item.value for item in status.values}
        latency = float(self.statuses.get("infonet: estimator", {}).get("latency [s]", "nan"))
        if np.isfinite(latency):
            self.inner.append(latency)


def publish(topics: list[str], rate: float, count: int) -> None:
    """Publish dependent noise on each topic, ``count`` messages at ``rate``, once the node listens."""
    rclpy.init()
    node = rclpy.create_node("publisher_" + topics[0].strip("/"))
    publishers = [node.create_publisher(QuaternionStamped, topic, QoSProfile(depth=100)) for topic in topics]
    deadline = time.monotonic() + BOUND
    while not all(publisher.get_subscription_count() for publisher in publishers):
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody subscribed to {', '.join(topics)} within {BOUND:g} s.")
        rclpy.spin_once(node, timeout_sec=0.1)
    rng = np.random.default_rng(0)
    message = QuaternionStamped()
    due = time.monotonic()
    for _ in range(count):
        due += 1.0 / rate
        time.sleep(max(0.0, due - time.monotonic()))
        common = rng.normal()
        for publisher in publishers:
            message.header.stamp = node.get_clock().now().to_msg()
            for name, value in zip(CHANNELS, common + rng.normal(size=len(CHANNELS)), strict=True):
                setattr(message.quaternion, name, float(value))
            publisher.publish(message)
    for publisher in publishers:
        publisher.wait_for_all_acked()
    rclpy.shutdown()


def _parameters(topics: list[str], options: argparse.Namespace) -> list[str]:
    values = {"modalities": [topic.strip("/") for topic in topics], "rate": options.rate}
    values |= {"window": options.window, "hop": options.hop}
    for topic in topics:
        values[f"{topic.strip('/')}.topic"] = topic
        values[f"{topic.strip('/')}.channels"] = [f"quaternion.{name}" for name in CHANNELS]
    return ["--ros-args"] + [part for name, value in values.items() for part in ("-p", f"{name}:={value}")]


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen]:
    process = _start(*arguments)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(BOUND)


def _start(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, *arguments])


def _quantiles(seconds: list[float]) -> str:
    median, most, worst = (1000 * np.quantile(seconds, share) for share in (0.5, 0.99, 1.0))
    return f"median {median:.0f} ms, 99 % {most:.0f} ms, worst {worst:.0f} ms (n = {len(seconds)})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--topics", type=int, default=8)
    parser.add_argument("--rate", type=float, default=100.0, help="Hz, of each topic")
    parser.add_argument("--window", type=float, default=10.0, help="s")
    parser.add_argument("--hop", type=float, default=0.5, help="s")
    parser.add_argument("--publish", nargs="+", default=[], help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
