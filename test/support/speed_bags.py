"""Bags with the speed of a robot and the force on its leg, and what is read of them."""

import sqlite3

from infonet_ros.intake.bags import Bag
from infonet_ros.settings import Modality

SPEED = Modality("speed", "/speed", ("data",))

LEG = Modality("leg", "/leg", ("force",))

FLOAT = ("std_msgs/msg/Float64", "ros2msg", "float64 data\n", "cdr")

FLOAT_OF_ROS1 = ("std_msgs/Float64", "ros1msg", "float64 data\n", "ros1")

CDR = b"\0\1\0\0"


def read(path, *modalities):
    """Values and times of everything, and the notices."""
    with Bag([path]) as bag:
        samples = list(bag.samples(modalities, bag.start, bag.end + 1))
        return [(s.modality, s.received, *s.values) for s in samples], list(bag.notices)


def write_sqlite(path, channels, messages):
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE topics(id, name, type, serialization_format, offered_qos_profiles, type_description_hash);"
            "CREATE TABLE message_definitions(id, topic_type, encoding, encoded_message_definition);"
            "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id, timestamp, data);"
        )
        numbers = {}
        for number, (topic, (kind, language, definition, encoding)) in enumerate(channels.items(), 1):
            numbers[topic] = number
            database.execute("INSERT INTO topics VALUES(?, ?, ?, ?, '', '')", (number, topic, kind, encoding))
            database.execute("INSERT INTO message_definitions VALUES(?, ?, ?, ?)", (number, kind, language, definition))
        database.executemany(
            "INSERT INTO messages(topic_id, timestamp, data) VALUES(?, ?, ?)",
            [(numbers[topic], time, data) for topic, time, data in messages],
        )
    database.close()
    return path
