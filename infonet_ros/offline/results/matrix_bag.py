"""Matrices as a ROS 2 bag (mcap), written without ROS: Foxglove, PlotJuggler and `ros2 bag play` open it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from infonet_ros.dependence.matrix import DependenceMatrix, message_fields, pair_fields
from infonet_ros.errors import OutputError
from infonet_ros.text import LAST_SECOND, NANOSECONDS

MATRIX_TYPE = "infonet_ros/msg/MutualInformationMatrix"
PAIR_TYPE = "infonet_ros/msg/MutualInformationPair"

_STANDARD = {
    "builtin_interfaces/msg/Time": "int32 sec\nuint32 nanosec",
    "std_msgs/msg/Header": "builtin_interfaces/Time stamp\nstring frame_id",
}
_PACKAGE = Path(__file__).parents[2]


class StampError(OutputError):
    """Times that a ROS stamp cannot hold."""


def message_definition(name: str) -> str:
    """Return the text of a message definition of this package: of the installed one, or of the source checkout."""
    places = (_PACKAGE / "definitions", _PACKAGE.parent / "msg")
    for place in places:
        path = place / f"{name}.msg"
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise OutputError(f"{name}.msg is missing from this installation ({places[0]}): install infonet_ros again.")


def matrix_typestore() -> Typestore:
    """Return the types of this package, and those of ROS 2 in them; to load all of ROS 2 takes a tenth of a second."""
    store = get_typestore(Stores.EMPTY)
    own = {name: message_definition(name.rpartition("/")[2]) for name in (PAIR_TYPE, MATRIX_TYPE)}
    for name, definition in (_STANDARD | own).items():
        store.register(get_types_from_msg(definition, name))
    return store


def write_matrix_bag(path: Path, topics: Mapping[str, Sequence[DependenceMatrix]]) -> None:
    """Write a new bag folder: matrices in the order of time, by topic, each stamped with the end of its window.

    Raises StampError before anything is written.
    """
    times = [time for matrices in topics.values() for matrix in matrices for time in (matrix.start, matrix.end)]
    first, last = (time // NANOSECONDS for time in (min(times, default=0), max(times, default=0)))
    if first < 0 or last > LAST_SECOND:
        raise StampError(
            f"a bag of the matrices cannot be written: they reach from {first} s to {last} s, expected 0 to "
            f"{LAST_SECOND} s as in ROS stamps; choose other kinds of output with --format."
        )
    store = matrix_typestore()
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        queue = []
        for topic, matrices in topics.items():
            connection = writer.add_connection(topic, MATRIX_TYPE, typestore=store, offered_qos_profiles=[_RELIABLE])
            queue += [(matrix.end, connection, matrix) for matrix in matrices]
        for end, connection, matrix in sorted(queue, key=lambda entry: entry[0]):
            writer.write(connection, end, store.serialize_cdr(_message(store, matrix), MATRIX_TYPE))


_UNLIMITED = QosTime(2147483647, 4294967295)
_RELIABLE = Qos(
    history=QosHistory.KEEP_LAST,
    depth=10,
    reliability=QosReliability.RELIABLE,
    durability=QosDurability.VOLATILE,
    deadline=_UNLIMITED,
    lifespan=_UNLIMITED,
    liveliness=QosLiveliness.AUTOMATIC,
    liveliness_lease_duration=_UNLIMITED,
    avoid_ros_namespace_conventions=False,
)


def _message(store: Typestore, matrix: DependenceMatrix) -> Any:
    types = store.types
    start, end = (_time(types, time) for time in (matrix.start, matrix.end))
    header = types["std_msgs/msg/Header"](stamp=end, frame_id="")
    of_pairs = pair_fields(matrix)
    rows = zip(*of_pairs.values(), strict=True)
    pairs = [types[PAIR_TYPE](**dict(zip(of_pairs, row, strict=True))) for row in rows]
    return types[MATRIX_TYPE](header=header, window_start=start, window_end=end, pairs=pairs, **message_fields(matrix))


def _time(types: Mapping[str, Any], nanoseconds: int) -> Any:
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    return types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=rest)
