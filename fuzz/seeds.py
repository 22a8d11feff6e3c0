"""Where fuzzing starts: small bags, made from the recordings that the repository holds, and the files in config/."""

import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from targets import GUARDIAN, TARGETS, shipped_card

from infonet_ros.intake.bags import Bag

ROOT = Path(__file__).parents[1]
PER_TOPIC = 4  # messages

TABLE = b"time,imu.x,imu.y,mode\n" + b"".join(b"%d.5,0.%d,%d,on\n" % (k, k * k % 7, -k) for k in range(9))
TRAINING = b"width: 96\nheads: 4\nshards: 3\nsteps: 900\nlearning_rate: 0.002\n"


def write_seeds(folder: Path) -> None:
    """Write the seeds of each target into a folder of its name."""
    if folder.exists():
        shutil.rmtree(folder)
    for name in TARGETS:
        (folder / name).mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        _write_ros2(Path(scratch), folder)
    shutil.copy(GUARDIAN / "metadata.yaml", folder / "metadata")
    _write_ros1(folder / "ros1" / "imu.bag")
    for path in (ROOT / "config").glob("*.yaml"):  # without the comments, in which mutations come to nothing
        text = re.sub(r"\s*#.*", "", path.read_text(encoding="utf-8"))
        (folder / "settings" / path.name).write_text(text, encoding="utf-8")
    (folder / "table" / "imu.csv").write_bytes(TABLE)
    (folder / "training" / "small.yaml").write_bytes(TRAINING)
    (folder / "card" / "shipped.json").write_bytes(shipped_card())


def _write_ros2(scratch: Path, folder: Path) -> None:
    """Write an excerpt of the Guardian, with an image and a point cloud, in both storages and compressed."""
    excerpts = {
        "plain": (StoragePlugin.MCAP, CompressionMode.NONE),
        "chunks": (StoragePlugin.MCAP, CompressionMode.STORAGE),
        "messages": (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
        "rows": (StoragePlugin.SQLITE3, CompressionMode.NONE),
    }
    for name, (plugin, compression) in excerpts.items():
        bag = scratch / name
        writer = Writer(bag, version=9, storage_plugin=plugin)
        writer.set_compression(compression, CompressionFormat.ZSTD)
        with writer:
            _copy_guardian(writer)
        (storage,) = (path for path in bag.iterdir() if path.suffix != ".yaml")
        kind = "mcap" if plugin is StoragePlugin.MCAP else "sqlite"
        shutil.copy(storage, folder / kind / f"{name}{storage.suffix}")


def _copy_guardian(writer: Writer) -> None:
    copied: Counter[str] = Counter()
    connections = {}
    with Bag([GUARDIAN]) as bag:
        store = get_typestore(Stores.LATEST)
        for connection, time, raw in bag.raw_messages(list(bag.topics), bag.start, bag.end + 1):
            topic = connection.topic
            copied[topic] += 1
            if copied[topic] > (1 if "scan" in topic else PER_TOPIC):
                continue
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, connection.type, typestore=store)
            writer.write(connections[topic], time, raw)
    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    header = types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](1, 2), "camera")
    pixels = np.arange(4, dtype=np.uint8)
    point = types["sensor_msgs/msg/PointField"]("x", 0, 7, 1)
    for message in (
        types["sensor_msgs/msg/Image"](header, 2, 2, "mono8", 0, 2, pixels),
        types["sensor_msgs/msg/PointCloud2"](header, 1, 1, [point], False, 4, 4, pixels, True),
    ):
        connection = writer.add_connection(f"/{message.height}", message.__msgtype__, typestore=store)
        for _ in range(PER_TOPIC):
            writer.write(connection, time, store.serialize_cdr(message, message.__msgtype__))


def _write_ros1(path: Path) -> None:
    store = get_typestore(Stores.ROS1_NOETIC)
    types = store.types
    with Ros1Writer(path) as writer:
        stamped, plain = "geometry_msgs/msg/Vector3Stamped", "std_msgs/msg/Float64"
        vectors = writer.add_connection("/gyro", stamped, typestore=store)
        numbers = writer.add_connection("/speed", plain, typestore=store)
        for k in range(3 * PER_TOPIC):
            time = types["builtin_interfaces/msg/Time"](1, k * 100_000_000)
            vector = types["geometry_msgs/msg/Vector3"](float(k), float(k * k % 5), 0.0)
            message = types[stamped](types["std_msgs/msg/Header"](k, time, "imu"), vector)
            writer.write(vectors, 10**9 + k * 10**8, store.serialize_ros1(message, stamped))
            writer.write(numbers, 10**9 + k * 10**8, store.serialize_ros1(types[plain](float(k)), plain))
