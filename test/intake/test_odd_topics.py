"""Topics that are of another kind than others, or defined in another way: none keeps the others from being read."""

import struct

import pytest
from mcap_files import write_mcap
from recordings import EPOCH, SECOND
from speed_bags import CDR, FLOAT, FLOAT_OF_ROS1, LEG, SPEED, read, write_sqlite

from infonet_ros.errors import RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import Span
from infonet_ros.settings import Modality, Settings

MEMBERS = "bool a\n" * 3

ODD = {
    "JSON": ("foxglove.Log", "jsonschema", '{"type": "object"}', "json"),
    "protobuf": ("foxglove.Imu", "protobuf", "\0\1", "protobuf"),
    "no schema": ("", "", "", "json"),
    "no definition": ("own_msgs/msg/Odd", "", "", "cdr"),
    "unknown definition": ("own_msgs/msg/Odd", "unknown", "", "cdr"),
    "cut definition": ("own_msgs/msg/Odd", "ros2msg", "float64 a\nother_msgs/Inn", "cdr"),
    "nested type is missing": ("own_msgs/msg/Odd", "ros2msg", "other_msgs/Inner inner\n", "cdr"),
    "service event": (
        "own_srvs/srv/Odd_Event", "ros2msg", f"SRV: own_srvs/srv/Odd\n{MEMBERS}---\n{MEMBERS}", "cdr"
    ),
    "IDL that is none": ("own_msgs/msg/Odd", "ros2idl", "module {", "cdr"),
    "array without fields": (
        "own_msgs/msg/Odd", "ros2msg", f"Empty[1000000000] a\n{'=' * 80}\nMSG: own_msgs/Empty\n", "cdr"
    ),
    "type that contains itself": ("own_msgs/msg/Odd", "ros2msg", "Odd inner\n", "cdr"),
    "optional field": ("own_msgs/msg/Odd", "ros2idl", "struct Odd { @optional double a; };", "cdr"),
}  # fmt: skip
ENCODING, NO_DEFINITION = "have the encoding 'json'", "does not carry"
REASONS = {
    "JSON": ENCODING,
    "protobuf": "have the encoding 'protobuf'",
    "no schema": ENCODING,
    "no definition": NO_DEFINITION,
    "unknown definition": NO_DEFINITION,
    "cut definition": "'other_msgs/Inn' is unknown",
    "nested type is missing": "'other_msgs/msg/Inner', which 'own_msgs/msg/Odd' contains, has no definition here",
    "service event": "the definition of own_srvs/srv/Odd_Event cannot be read",
    "IDL that is none": "the definition of own_msgs/msg/Odd cannot be read",
    "array without fields": "it has 8 bytes where 1000000000 were expected",
    "type that contains itself": "'own_msgs/msg/Odd' contains itself",
    "optional field": "optional fields cannot be read",
}


@pytest.mark.parametrize("storage", ["mcap", "mcap with a summary", "mcap without chunks", "sqlite"])
@pytest.mark.parametrize("odd", ODD)
def test_one_odd_topic_keeps_no_other_from_being_read(odd, storage, tmp_path):
    channels = {"/odd": ODD[odd], "/speed": FLOAT}
    messages = [("/odd", EPOCH + k, CDR + bytes(8)) for k in range(3)]
    messages += [("/speed", EPOCH + k, CDR + struct.pack("<d", k)) for k in range(3)]
    if storage == "sqlite":
        path = write_sqlite(tmp_path / "bag.db3", channels, messages)
    else:
        options = {"chunked": "without" not in storage, "summary": "with a" in storage}
        path = write_mcap(tmp_path / "bag.mcap", channels, messages, profile="", **options)
    with Bag([path]) as bag:
        assert [topic.count for topic in bag.topics.values()] == [3, 3]
        with pytest.raises(RecordingError, match=REASONS[odd]):
            bag.fields("/odd")
        assert [field.path for field in bag.fields("/speed")[0]] == ["data"]
        assert [s.values for s in bag.samples((SPEED,), bag.start, bag.end + 1)] == [[0.0], [1.0], [2.0]]


@pytest.mark.parametrize(("definition", "words"), [("bool data\n", "is not that of a message"), ("", "does not carry")])
def test_the_fault_of_a_definition_is_reported(definition, words, tmp_path):
    channels = {"/event": ("own_srvs/srv/Odd_Event", "ros2msg", definition, "cdr")}
    path = write_mcap(tmp_path / "bag.mcap", channels, [("/event", EPOCH, CDR + bytes(8))])
    with Bag([path]) as bag, pytest.raises(RecordingError, match=words):
        bag.definitions("/event")


def test_a_nested_type_of_ros_needs_no_definition(tmp_path):
    channels = {"/v": ("own_msgs/msg/Odd", "ros2msg", "geometry_msgs/Vector3 v\n", "cdr")}
    path = write_mcap(tmp_path / "bag.mcap", channels, [("/v", EPOCH, CDR + struct.pack("<3d", 1, 2, 3))])
    assert read(path, Modality("v", "/v", ("v.y",)))[0] == [("v", EPOCH, 2.0)]


@pytest.mark.parametrize("storage", ["mcap", "sqlite"])
def test_messages_of_a_type_that_was_changed_are_left_out_and_counted(storage, tmp_path):
    """Parts of one recording: between them somebody changed the type, and comments, and all comes in a folder."""
    write = write_sqlite if storage == "sqlite" else write_mcap
    suffix = "db3" if storage == "sqlite" else "mcap"
    definitions = ["float64 force # N\n", "float64 force\r\n", "float32 force\nfloat32 torque\n"]
    for part, definition in enumerate(definitions):
        channels = {"/leg": ("own_msgs/msg/Leg", "ros2msg", definition, "cdr")}
        data = struct.pack("<ff", 7, 7) if "torque" in definition else struct.pack("<d", part)
        write(
            tmp_path / f"bag_{part}.{suffix}",
            channels,
            [("/leg", EPOCH + part * SECOND + k, CDR + data) for k in (0, 1)],
        )
    found, (notice,) = read(tmp_path, LEG)
    assert [value for *_, value in found] == [0.0, 0.0, 1.0, 1.0]
    assert notice.startswith("2 messages of /leg left out") and "define own_msgs/msg/Leg in another way" in notice


def test_messages_of_one_type_in_two_encodings_are_not_mixed(tmp_path):
    for part, (kind, data) in enumerate([(FLOAT, CDR + struct.pack("<d", 1)), (FLOAT_OF_ROS1, struct.pack("<d", 2))]):
        messages = [("/speed", EPOCH + part * SECOND + k, data) for k in range(3 - part)]
        write_mcap(tmp_path / f"bag_{part}.mcap", {"/speed": kind}, messages)
    found, (notice,) = read(tmp_path, SPEED)
    assert [value for *_, value in found] == [1.0, 1.0, 1.0]
    assert notice.startswith("2 messages of /speed left out")


@pytest.mark.parametrize(
    "definition",
    ["float64 data\r\n", "uint8 kLowest=1 # word\nfloat64 data\n", "string UNIT=m/s # no comment\nfloat64 data"],
)
def test_definitions_of_any_hand_are_read(definition, tmp_path):
    channels = {"/speed": ("own_msgs/msg/Speed", "ros2msg", definition, "cdr")}
    path = write_mcap(tmp_path / "bag.mcap", channels, [("/speed", EPOCH, CDR + struct.pack("<d", 3))])
    assert read(path, SPEED)[0] == [("speed", EPOCH, 3.0)]


@pytest.mark.parametrize("definition", ["float64 data\n", ""])
def test_names_of_types_as_dds_has_them_are_those_of_ros(definition, tmp_path):
    channels = {"/speed": ("std_msgs::msg::dds_::Float64_", "ros2msg" if definition else "", definition, "cdr")}
    path = write_mcap(tmp_path / "bag.mcap", channels, [("/speed", EPOCH, CDR + struct.pack("<d", 3))])
    assert read(path, SPEED)[0] == [("speed", EPOCH, 3.0)]


def test_ros1_messages_in_mcap_are_read(tmp_path):
    messages = [("/speed", EPOCH + k, struct.pack("<d", k)) for k in range(3)]
    path = write_mcap(tmp_path / "bag.mcap", {"/speed": FLOAT_OF_ROS1}, messages, profile="ros1")
    assert read(path, SPEED) == ([("speed", EPOCH + k, float(k)) for k in range(3)], [])


def test_of_odd_topics_alone_the_reason_is_reported(tmp_path):
    messages = [("/odd", EPOCH + k * SECOND, b"{}") for k in range(300)]
    path = write_mcap(tmp_path / "bag.mcap", {"/odd": ODD["JSON"]}, messages, profile="")
    with (
        Bag([path]) as bag,
        pytest.raises(RecordingError, match=r"no numbers can be read from .*'json'.*mcap cat --json"),
    ):
        propose(bag, Settings(), Span(bag.start, bag.end + 1))


@pytest.mark.parametrize(("topic", "words"), [("/leg", ["of several recorders"]), ("/speed", [])])
def test_bags_of_several_recorders_are_named(tmp_path, topic, words):
    paths = []
    for name in ("/speed", topic):
        messages = [(name, EPOCH + k * SECOND, CDR + struct.pack("<d", k)) for k in range(9 - len(paths))]
        paths.append(write_mcap(tmp_path / f"{len(paths)}.mcap", {name: FLOAT}, messages))
    with Bag(paths) as bag:
        assert [word for notice in bag.notices for word in words if word in notice] == words
        assert bool(bag.notices) == bool(words)
