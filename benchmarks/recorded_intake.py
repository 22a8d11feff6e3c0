"""What a recorded message costs, from the file to the buffers of the windows, beside raw reading.

A bag of Imu topics is generated; then its messages are read raw, and read into buffers, each in this process. The
memory of a second, longer bag tells whether it grows with the recording. A third bag has thousands of topics of one
message: it is opened, and its fields are found.

    python -m benchmarks.recorded_intake [--long]
"""

import resource
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.tables import markdown_table
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Modality, Settings

SHORT, LONG = 60.0, 1800.0  # s of recording
TOPICS, RATE = 8, 100.0
GOAL = 6.0  # µs a message
MANY_TOPICS, GOAL_OF_MANY = 3000, 5.0  # with one message each; s
GROWTH = 16.0  # MiB of memory more for a recording of twice the length
KIND = "sensor_msgs/msg/Imu"
EPOCH = 1_700_000_000_000_000_000
MODALITIES = tuple(
    Modality(f"imu{index}", f"/imu_{index}", ("angular_velocity.z", "linear_acceleration.x")) for index in range(TOPICS)
)

NAMES_OF_TOPICS = tuple(modality.topic for modality in MODALITIES)


def measure(options: Options) -> dict[str, Any]:
    """Return processor seconds for the same messages, raw and read into buffers, and the memory that was needed."""
    seconds = LONG if options.long else SHORT
    with tempfile.TemporaryDirectory(prefix="infonet-") as folder:
        half, whole = _write(Path(folder) / "half", seconds / 2), _write(Path(folder) / "whole", seconds)
        _timed(_read_into_buffers, half)
        before = _peak_memory()
        buffers = _timed(_read_into_buffers, whole)
        after = _peak_memory()
        raw = _timed(_read_raw, whole)
        many = _seconds_of_many(_write(Path(folder) / "many", 1.0 / RATE, [f"/t{k}" for k in range(MANY_TOPICS)]))
    messages = round(seconds * RATE) * TOPICS
    more = {"MiB more for twice the length": after - before, "seconds of many topics": many}
    return {"messages": messages, "raw": raw, "intake": buffers} | more


def _write(path: Path, seconds: float, topics: Sequence[str] = NAMES_OF_TOPICS) -> Path:
    """Write Imu messages of noise, one after the other."""
    store = get_typestore(Stores.LATEST)
    make = store.types
    rng = np.random.default_rng(0)
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = [writer.add_connection(topic, KIND, typestore=store) for topic in topics]
        for tick in range(round(seconds * RATE)):
            now = EPOCH + round(tick * 1e9 / RATE)
            header = make["std_msgs/msg/Header"](make["builtin_interfaces/msg/Time"](*divmod(now, 10**9)), "imu_link")
            vector = make["geometry_msgs/msg/Vector3"](*rng.normal(size=3))
            turn, unknown = make["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0), np.zeros(9)
            raw = store.serialize_cdr(make[KIND](header, turn, unknown, vector, unknown, vector, unknown), KIND)
            for index, connection in enumerate(connections):
                writer.write(connection, now + index, raw)
    return path


def _seconds_of_many(path: Path) -> float:
    """Return the processor seconds to open a bag and to find the fields of all topics."""
    began = time.process_time()
    with Bag([path]) as bag:
        for topic in bag.topics:
            bag.fields(topic)
    return time.process_time() - began


def _timed(read: Callable[[Bag], None], path: Path) -> float:
    with Bag([path]) as bag:
        began = time.process_time()
        read(bag)
        return time.process_time() - began


def _read_raw(bag: Bag) -> None:
    deque(bag.raw_messages(NAMES_OF_TOPICS, bag.start, bag.end + 1), maxlen=0)


def _read_into_buffers(bag: Bag) -> None:
    stream = WindowStream(Settings(modalities=MODALITIES, window=20.0, hop=1.0, rate=RATE))
    for piece in bag.pieces(MODALITIES, bag.start, bag.end + 1):
        for batch in piece.batches:
            stream.extend(*batch)
        stream.ready()


def _peak_memory() -> float:
    """Peak memory of this process, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2 ** (20 if sys.platform == "darwin" else 10)


def _microseconds(results: dict[str, Any], what: str) -> float:
    return 1e6 * float(results[what]) / float(results["messages"])


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    rows = [[name, f"{_microseconds(results, what):.1f} µs"] for what, name in NAMES.items()]
    more = f"{results['MiB more for twice the length']:.0f} MiB more of memory for twice the length."
    title = f"{results['messages']} Imu messages of {TOPICS} topics, two channels each. {more}"
    many = f"{results['seconds of many topics']:.1f} s to open {MANY_TOPICS} topics of one message and find the fields."
    return f"{title} {many}\n\n{markdown_table(['', 'processor time of a message'], rows)}"


NAMES = {"raw": "raw", "intake": "into buffers, windows cut"}


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    cost, more = _microseconds(results, "intake"), results["MiB more for twice the length"]
    text = f"processor time of a recorded message, from the file to the buffers, {TOPICS} Imu topics at {RATE:g} Hz"
    many = f"processor time to open a bag and find its fields, {MANY_TOPICS} topics of one message"
    seconds = results["seconds of many topics"]
    return [
        Claim.at_most(text, cost, GOAL, 1, " µs"),
        Claim.at_most(many, seconds, GOAL_OF_MANY, 2, " s"),
        Claim.at_most("memory for a recording of twice the length", more, GROWTH, 0, " MiB more"),
    ]


BENCHMARK = Benchmark("recorded_intake", "What a recorded message costs", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
