"""What a message costs the node, beside a process that takes the same bytes and does nothing with them.

Both listen to the same topics at the same time, each in a process of its own; processor time is that of the whole
process, middleware and all, from the first message to the last. A window ends every half second. The node shares them
with 63 others, which are not there, so that it does little but take messages in. Needs ROS 2.

    python -m benchmarks.intake [--long] [--minutes 10]
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.live.load import BOUND, IMAGE_SHAPE, node_parameters, publisher
from benchmarks.live.node_process import as_arguments, interrupt, node_process, processor_seconds
from benchmarks.tables import markdown_table

if TYPE_CHECKING:
    from benchmarks.live.listener import Listener

SHORT, LONG = 10.0, 60.0  # s, of each load
NODES = 64
REST = 1.0  # s for what is still on its way when the publisher ends
# For both: else glibc returns the bytes of each image to the kernel or keeps them, by chance, and that may cost twice.
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 28)}


@dataclass(frozen=True)
class Sensors:
    """Topics that one process publishes, and what the node reads of each; the goal is a multiple of the bare floor."""

    what: str
    kind: str
    type: str
    topics: int
    rate: float
    depth: int
    channels: tuple[str, ...]
    goal: float

    @property
    def title(self) -> str:
        """What is published, in words."""
        return f"{self.what} at {self.rate:g} Hz"

    @property
    def names(self) -> list[str]:
        """Names of the topics."""
        return [f"/{self.kind}_{index}" for index in range(self.topics)]

    def node_arguments(self, weights: Path) -> list[str]:
        """Return the node's command line; it leaves most windows to the nodes that it shares them with."""
        values = node_parameters(self.names, self.channels, weights)
        values |= {"window": 10.0, "hop": 0.5, "rate": 100.0, "shares": NODES}
        return as_arguments(values)


IMU = Sensors(
    what="8 Imu topics",
    kind="imu",
    type="sensor_msgs/msg/Imu",
    topics=8,
    rate=200.0,
    depth=1000,
    channels=tuple(f"{what}.{axis}" for what in ("angular_velocity", "linear_acceleration") for axis in "xyz"),
    goal=3.0,
)
IMAGE = Sensors(
    what=f"an Image of {IMAGE_SHAPE[0] * IMAGE_SHAPE[1] * IMAGE_SHAPE[2] / 1e6:.1f} MB",
    kind="image",
    type="sensor_msgs/msg/Image",
    topics=1,
    rate=30.0,
    depth=5,
    channels=("pixels[200:280, 280:360]|mean",),
    goal=1.2,
)
FAST = replace(IMU, rate=500.0)


def measure(options: Options) -> dict[str, Any]:
    """Return the processor seconds and the messages of both processes, for each load, or only for the fast one."""
    seconds = 60.0 * options.minutes if options.minutes else LONG if options.long else SHORT
    loads = (FAST,) if options.minutes else (IMU, IMAGE, FAST)
    os.environ.update(KEEPS_MEMORY)
    return {"seconds": seconds, "loads": {load.title: _measure(load, seconds, options.weights) for load in loads}}


def _measure(load: Sensors, seconds: float, weights: Path) -> dict[str, Any]:
    from benchmarks.live.listener import listening

    count = round(seconds * load.rate)
    command = publisher(load.names, load.rate, count, "--kind", load.kind, "--listeners", "2")  # the bare process, too
    with listening() as listener, node_process(load.node_arguments(weights)) as node, _bare_polling(load) as bare:
        listener.wait_until(lambda: listener.statuses, "the node's diagnostics")
        with subprocess.Popen(command) as published:
            listener.wait_until(lambda: _received(listener, load), "the first message")
            before, began = [processor_seconds(p.pid) for p in (node, bare)], _received(listener, load)
            while published.poll() is None:
                listener.listen_for(0.5)
        listener.listen_for(REST + 1.0)
        after = [processor_seconds(p.pid) for p in (node, bare)]
        received = _received(listener, load)
        bare.send_signal(signal.SIGINT)
        taken = int(bare.communicate(timeout=BOUND)[0])
        interrupt(node)
    return {
        "goal": load.goal,
        "sent": count * load.topics,
        "received": received,
        "received by the bare process": taken,
        "messages of the time": received - began,
        "node": after[0] - before[0],
        "bare": after[1] - before[1],
    }


@contextmanager
def _bare_polling(load: Sensors) -> Iterator["subprocess.Popen[str]"]:
    """Run the process that only takes the bytes; it prints how many messages it took when it is interrupted."""
    command = [sys.executable, "-m", "benchmarks.live.bare_polling", *load.names]
    command += ["--type", load.type, "--depth", str(load.depth)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _received(listener: "Listener", load: Sensors) -> int:
    statuses = [listener.statuses.get(f"infonet: {topic}", {}) for topic in load.names]
    return sum(int(status.get("received", 0)) for status in statuses)


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    rows = []
    for title, found in results["loads"].items():
        node, bare = (1e6 * found[name] / found["messages of the time"] for name in ("node", "bare"))
        sent, lost = str(found["sent"]), str(found["sent"] - found["received"])
        lost_bare = str(found["sent"] - found["received by the bare process"])
        rows.append([title, sent, lost, lost_bare, f"{node:.0f} µs", f"{bare:.0f} µs", f"{node / bare:.2f}"])
    header = ["topics", "messages sent", "lost by the node", "by the bare process", "the node, a message"]
    header += ["the bare process", "times"]
    return f"{results['seconds']:g} s of each.\n\n{markdown_table(header, rows)}"


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the bare process."""
    claims = []
    for title, found in results["loads"].items():
        times, lost, goal = found["node"] / found["bare"], found["sent"] - found["received"], found["goal"]
        text = f"processor time of the node's intake beside that of bare polling, {title}"
        claims.append(Claim.at_most(text, times, goal, 2, " times"))
        text = f"messages lost in the same run, {title} for {results['seconds']:g} s"
        claims.append(Claim(text, "0", f"{lost} of {found['sent']}", lost == 0))
    return claims


BENCHMARK = Benchmark("intake", "What a message costs the node", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK, minutes=f"only {FAST.title}, for so long: whether anything is lost")
