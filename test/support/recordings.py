"""Small recordings of every kind."""

from pathlib import Path

import numpy as np
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, StoragePlugin, Writer

HUSKY = Path(__file__).parents[2] / "share" / "husky"
SECOND = 1_000_000_000
EPOCH = 1_700_000_000 * SECOND

CUSTOM = "robot_msgs/msg/Leg"
CUSTOM_DEFINITION = "std_msgs/Header header\nfloat64 force\nfloat32[3] torque\nstring label\n"


def stamp(store, nanoseconds):
    seconds, rest = divmod(nanoseconds, SECOND)
    return store.types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=rest)


def header(store, nanoseconds, **more):
    return store.types["std_msgs/msg/Header"](stamp=stamp(store, nanoseconds), frame_id="", **more)


def leg_and_speed(store, seconds=60.0, delay=0.4, seed=0, ros1=False):
    """Messages of two topics of which the second, without a header, repeats the first ``delay`` seconds later."""
    rng = np.random.default_rng(seed)
    times = np.arange(0.0, seconds, 0.05)
    noise = np.convolve(rng.normal(size=len(times) + 200), np.ones(4), mode="same")
    shift = round(delay / 0.05)
    for k, time in enumerate(times):
        now = EPOCH + round(time * SECOND)
        more = {"seq": k} if ros1 else {}
        torque = np.array([rng.normal(), 0.0, 1.0], dtype=np.float32)
        leg = store.types[CUSTOM](
            header=header(store, now, **more), force=float(noise[k + 100]), torque=torque, label="left"
        )
        yield "/leg", CUSTOM, now, leg
        speed = noise[k + 100 - shift] + 0.3 * rng.normal()
        yield "/speed", "std_msgs/msg/Float64", now + 1, store.types["std_msgs/msg/Float64"](data=float(speed))


def write_ros2(path, store, messages, plugin=StoragePlugin.MCAP, compression=None):
    writer = Writer(path, version=9, storage_plugin=plugin)
    if compression is not None:
        writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        fill(writer, messages, lambda t, m: store.serialize_cdr(m, t), store)
    return path


def fill(writer, messages, serialise, store):
    connections = {}
    for topic, kind, time, message in messages:
        if topic not in connections:
            connections[topic] = writer.add_connection(topic, kind, typestore=store)
        writer.write(connections[topic], time, serialise(kind, message))


def write_ros1(path, store, messages):
    with Ros1Writer(path) as writer:
        fill(writer, messages, lambda t, m: store.serialize_ros1(m, t), store)
    return path


def slow_noise(store, seconds=40.0, coupled=False, seed=0):
    """Messages of /gyro and /laser, three AR(1) streams each that remember half a second of their past.

    They have nothing in common, unless ``coupled``: then the first of the laser follows the first of the gyro.
    """
    rng = np.random.default_rng(seed)
    count = round(seconds / 0.05)
    streams = rng.normal(size=(count, 6))
    for k in range(1, count):
        streams[k] += 0.9 * streams[k - 1]
    if coupled:
        streams[:, 3] = streams[:, 0] + rng.normal(size=count)
    kind = "geometry_msgs/msg/Vector3Stamped"
    for k, row in enumerate(streams):
        now = EPOCH + k * SECOND // 20
        for topic, (x, y, z) in (("/gyro", row[:3]), ("/laser", row[3:])):
            vector = store.types["geometry_msgs/msg/Vector3"](x=float(x), y=float(y), z=float(z))
            yield topic, kind, now, store.types[kind](header=header(store, now), vector=vector)
