"""Copy a bag, and invert the sign of its gyroscope from a chosen time on, as if it were mounted upside down.

python flip_gyroscope.py BAG BROKEN [--topic /imu/data] [--after 270]
"""

import argparse
from pathlib import Path

from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore


def main() -> None:
    """Copy the bag that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bag", type=Path)
    parser.add_argument("broken", type=Path)
    parser.add_argument("--topic", default="/imu/data")
    parser.add_argument("--after", type=float, default=270.0, help="seconds after the start of the bag")
    given = parser.parse_args()
    store = get_typestore(Stores.ROS2_HUMBLE)
    with Reader(given.bag) as reader, Writer(given.broken, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        copies = {one.id: writer.add_connection(one.topic, one.msgtype, typestore=store) for one in reader.connections}
        moment = reader.start_time + round(given.after * 1e9)
        for connection, time, data in reader.messages():
            if connection.topic == given.topic and time >= moment:
                imu = store.deserialize_cdr(data, connection.msgtype)
                rate = imu.angular_velocity
                rate.x, rate.y, rate.z = -rate.x, -rate.y, -rate.z
                data = store.serialize_cdr(imu, connection.msgtype)
            writer.write(copies[connection.id], time, data)


if __name__ == "__main__":
    main()
