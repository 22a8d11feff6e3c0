"""The decoder, compared with rosbags and rclpy: it reads the same values, and refuses the same bytes."""

import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_messages import definitions, harmed, paths_of, serialized, value_of
from recordings import HUSKY
from rosbags.highlevel import AnyReader
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags_reading import assert_same, by_rosbags, expected_row, header_stamp

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.channels import bind_channel
from infonet_ros.intake.messages.decoder import NO_STAMP, Decoder
from infonet_ros.intake.messages.definition_texts import types_from_idl, types_from_msg
from infonet_ros.intake.messages.numeric_fields import numeric_fields
from infonet_ros.intake.messages.types import definitions_schema, installed_definitions

CDR = b"\0\1\0\0"
STORE = get_typestore(Stores.LATEST)
T = STORE.types
GUARDIAN = Path(__file__).parents[1] / "data" / "guardian"
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

FORMS = st.sampled_from(["little", "big", "ros1"])


@QUICK
@given(definitions(), st.integers(0, 2**32), FORMS)
def test_what_is_read_from_bytes_is_what_rosbags_reads(made, seed, form):
    store, name, raws, paths, _ = serialized(made, seed, form)
    expected = by_rosbags(raws, name, store, paths, form == "ros1")
    decoder = Decoder(name, store.fielddefs, paths, "/topic", ros1=form == "ros1")
    assert_same(decoder.read(raws), expected)
    assert_same(decoder.read(raws[:1]), expected[:1])  # from the layouts that it knows now
    assert_same(decoder.read([*raws[5:], *raws[:5]]), [*expected[5:], *expected[:5]])


@QUICK
@given(definitions(), st.integers(0, 2**32), FORMS)
def test_a_message_that_rosbags_refuses_is_unreadable_and_changes_no_other(made, seed, form):
    store, name, raws, paths, rng = serialized(made, seed, form)
    raws = [harmed(raw, rng) if rng.random() < 0.6 else raw for raw in raws]
    decoder = Decoder(name, store.fielddefs, paths, "/topic", ros1=form == "ros1")
    assert_same(decoder.read(raws), by_rosbags(raws, name, store, paths, form == "ros1"))


@pytest.mark.parametrize("recording", [HUSKY, GUARDIAN], ids=lambda path: path.name)
def test_recordings_are_read_as_rosbags_reads_them(recording):
    with AnyReader([recording]) as reader:
        raws = {}
        for connection, _, raw in reader.messages():
            raws.setdefault((connection.topic, connection.msgtype), []).append(raw)
        schema = definitions_schema(reader.typestore.fielddefs)
        for (topic, type_name), all_of_topic in raws.items():
            some = all_of_topic[:400]
            fields = [
                f for raw in some[:25] for f in numeric_fields(type_name, schema, reader.deserialize(raw, type_name))[0]
            ]
            paths = list(dict.fromkeys(field.path for field in fields))
            decoder = Decoder(type_name, reader.typestore.fielddefs, paths, topic)
            assert_same(decoder.read(some), by_rosbags(some, type_name, reader.typestore, paths))


IMU = "sensor_msgs/msg/Imu"
JOINTS = "sensor_msgs/msg/JointState"


def header(sec=7, nanosec=5, frame="base"):
    return T["std_msgs/msg/Header"](T["builtin_interfaces/msg/Time"](sec, nanosec), frame)


def joints(names, positions, frame="arm"):
    return STORE.serialize_cdr(
        T[JOINTS](header(frame=frame), names, np.array(positions, float), np.zeros(0), np.zeros(0)), JOINTS
    )


def test_stamps_and_frames_are_those_of_the_header():
    raws = [joints(["a"], [1.0], frame) for frame in ("arm", "leg", "arm")]
    raws[2] = STORE.serialize_cdr(T[JOINTS](header(0, 0, ""), [], *[np.zeros(0)] * 3), JOINTS)
    readings = Decoder(JOINTS, STORE.fielddefs, (), "/joints").read(raws)
    assert readings.stamps.tolist() == [7_000_000_005, 7_000_000_005, NO_STAMP]
    assert readings.frame_ids.tolist() == ["arm", "leg", ""]


def test_the_frame_of_a_twist_is_its_own():
    kind = "nav_msgs/msg/Odometry"
    fields = STORE.fielddefs[kind][1]
    rng = np.random.default_rng(0)
    values = {name: value_of(node, STORE, rng) for name, node in fields}
    message = T[kind](**values | {"header": header(), "child_frame_id": "wheels"})
    readings = Decoder(kind, STORE.fielddefs, (), "/odom").read([STORE.serialize_cdr(message, kind)])
    assert readings.frame_ids.tolist() == ["wheels"]


def test_names_are_looked_up_message_by_message():
    raws = [joints(["a", "b"], [1, 2]), joints(["b", "a"], [3, 4]), joints(["c", "b"], [5, 6]), joints(["a", "b"], [7])]
    readings = Decoder(JOINTS, STORE.fielddefs, ("position[a]", "position[b]"), "/joints").read(raws)
    np.testing.assert_array_equal(readings.values, [[1, 2], [4, 3], [np.nan, 6], [7, np.nan]])
    assert readings.present.tolist() == [[True, True], [True, True], [False, True], [True, True]]


def test_a_message_that_cannot_be_read_is_counted_and_nothing_else():
    good = joints(["a"], [1.0])
    bad = bytes(good[:-4]) + b"\xff\xff\xff\x7f"
    readings = Decoder(JOINTS, STORE.fielddefs, ("position[a]",), "/joints").read([good, bad, b"", good])
    assert readings.readable.tolist() == [True, False, False, True]
    assert readings.stamps[1] == NO_STAMP
    assert readings.values[:, 0].tolist()[::3] == [1.0, 1.0]
    assert readings.problem


@pytest.mark.parametrize("begin", [b"\0\3", b"\0\x0b"], ids=["PL_CDR", "XCDR2 for types that are mutable"])
def test_another_encoding_than_cdr_is_named(begin, request):
    raw = begin + b"\0\0" + bytes(8)
    readings = Decoder("std_msgs/msg/Float64", STORE.fielddefs, ("data",), "/speed").read([raw])
    assert readings.problem == f"it is written in {request.node.callspec.id}, not in CDR"


@pytest.mark.parametrize(("order", "begin"), [(">", b"\0\6\0\0"), ("<", b"\0\7\0\0")])
def test_plain_xcdr2_is_read(order, begin):
    """Numbers of eight bytes stand at multiples of four; an array of texts or messages stands behind its size."""
    made = custom("uint8 a\nfloat64 b\nstring[] names\nfloat64[] d\nPair[2] p\nuint8 z", Pair="uint8 x\nfloat64 y")
    names = struct.pack(f"{order}II2sxxI3sx", 2, 2, b"k\0", 3, b"ab\0")
    body = struct.pack(f"{order}BxxxdI", 1, 2.5, len(names)) + names + struct.pack(f"{order}I2d", 2, 3.5, 4.5)
    raw = begin + body + struct.pack(f"{order}IBxxxdBxxxdB", 24, 5, 6.5, 7, 8.5, 9)
    decoder = Decoder("p/msg/Custom", made, ("a", "b", "d[1]", "z"), "/topic")
    cdr = CDR + struct.pack("<B7xdIIB7xdB7xdB", 1, 0.5, 0, 0, 5, 6.5, 7, 8.5, 9)
    readings = decoder.read([raw, raw, cdr, raw[:-1], raw + bytes(4)])
    assert readings.values[:2].tolist() == [[1.0, 2.5, 4.5, 9.0]] * 2
    assert readings.values[2, 1] == 0.5 and readings.readable.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize(("order", "begin"), [(">", b"\0\x08\0\0"), ("<", b"\0\x09\0\0")])
def test_xcdr2_of_appendable_types_is_read(order, begin):
    """Each message stands behind its size in bytes, also in an array; a size that does not fit is refused."""
    made = custom("uint8 a\nfloat64 b\nPair p\nPair[] q\nstring s\nuint8 z", Pair="uint8 x\nfloat64 y")
    pair = struct.pack(f"{order}IBxxxd", 12, 5, 6.5)
    body = struct.pack(f"{order}Bxxxd", 1, 2.5) + pair + struct.pack(f"{order}II", 4 + 2 * len(pair), 2) + pair
    body += struct.pack(f"{order}IBxxxdI2sB", 12, 7, 8.5, 2, b"k\0", 9)
    raw = begin + struct.pack(f"{order}I", len(body)) + body
    decoder = Decoder("p/msg/Custom", made, ("a", "b", "p.y", "q[1].y", "z"), "/topic")
    longer = begin + struct.pack(f"{order}I", len(body) + 1) + body + b"\0"
    appended = raw.replace(pair, struct.pack(f"{order}I", 13) + pair[4:], 1)
    readings = decoder.read([raw, raw + b"\0", longer, appended, raw[:-1]])
    assert readings.values[:2].tolist() == [[1.0, 2.5, 6.5, 8.5, 9.0]] * 2
    assert readings.readable.tolist() == [True, True, False, False, False]


def test_a_text_that_is_no_utf8_hides_no_number():
    made = custom("string place\nfloat64 b")
    raw = b"\0\1\0\0" + struct.pack("<I4sd", 4, b"Br\xfc\0", 2.5)
    assert Decoder("p/msg/Custom", made, ("b",), "/topic").read([raw]).values.tolist() == [[2.5]]


def test_an_empty_text_without_its_end_is_empty():
    """As some programs write it, and rclpy reads it; any other text without its end has a wrong length."""
    made = custom("string place\nfloat64 b")
    messages = [b"\0\1\0\0" + struct.pack("<I4sd", size, b"abcd"[:size], 2.5) for size in (0, 4)]
    read = Decoder("p/msg/Custom", made, ("b",), "/topic").read(messages)
    assert read.readable.tolist() == [True, False]


def test_a_type_of_thousands_of_fields_takes_no_longer_than_its_fields():
    made = custom("\n".join(f"float64 f{k}" for k in range(20_000)))
    decoder = Decoder("p/msg/Custom", made, [f"f{k}" for k in range(0, 20_000, 10)], "/topic")
    message = b"\0\1\0\0" + np.arange(20_000.0).tobytes()
    assert decoder.read([message]).values[0].tolist() == list(range(0, 20_000, 10))
    located = decoder.locate(message)
    assert [getattr(located, f"f{k}").place for k in range(20_000)] == list(range(4, 160_004, 8))


def image(rows, columns, encoding="mono8"):
    pixels = (np.arange(rows * columns) % 251).astype(np.uint8)
    message = T["sensor_msgs/msg/Image"](header(), rows, columns, encoding, 0, columns, pixels)
    return bytes(STORE.serialize_cdr(message, message.__msgtype__))


def test_pixels_are_viewed_and_not_copied():
    data = image(5000, 4000)
    decoder = Decoder("sensor_msgs/msg/Image", STORE.fielddefs, ("pixels[0:10, 0:10]|mean",), "/image")
    expected = by_rosbags([data], "sensor_msgs/msg/Image", STORE, ("pixels[0:10, 0:10]|mean",))
    tracemalloc.start()
    try:
        readings = decoder.read([data, data])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert_same(readings, expected * 2)
    assert peak < 1_000_000 < len(data)


def test_an_image_without_plain_pixels_is_unreadable_and_says_why():
    decoder = Decoder("sensor_msgs/msg/Image", STORE.fielddefs, ("pixels|mean",), "/image")
    readings = decoder.read([image(2, 2), image(2, 2, "yuv42")])
    assert readings.readable.tolist() == [True, False]
    assert "yuv42" in readings.problem
    assert not readings.problem.endswith(".")  # notes go on


def points(count, big):
    fields = [T["sensor_msgs/msg/PointField"](name, 4 * at, 7, 1) for at, name in enumerate("xyz")]
    values = np.random.default_rng(count).normal(size=(count, 3)).astype(">f4" if big else "<f4")
    data = np.frombuffer(values.tobytes(), np.uint8)
    message = T["sensor_msgs/msg/PointCloud2"](header(), 1, count, fields, big, 12, 12 * count, data, True)
    return bytes(STORE.serialize_cdr(message, message.__msgtype__))


def test_clouds_of_any_size_give_their_points():
    raws = [points(count, big) for count in (0, 1, 30, 30, 5000) for big in (False, True)]
    paths = ("points.x|mean", "points.z[::2]|min", "width")
    decoder = Decoder("sensor_msgs/msg/PointCloud2", STORE.fielddefs, paths, "/points")
    assert_same(decoder.read(raws), by_rosbags(raws, "sensor_msgs/msg/PointCloud2", STORE, paths))


def custom(text, name="p/msg/Custom", **others):
    made = get_types_from_msg(text, name)
    for other, definition in others.items():
        made |= get_types_from_msg(definition, f"p/msg/{other}")
    return made


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (custom("Missing a\nfloat64 b"), "'p/msg/Missing'.* has no definition"),
        (custom("Custom[] a\nfloat64 b"), "contains itself"),
        (custom("Nothing[] a\nfloat64 b", Nothing=""), "array of messages without fields"),
        (
            {
                f"p/msg/{'Custom' if n == 0 else f'T{n}'}": ([], [("a", (Nodetype.NAME, f"p/msg/T{n + 1}"))])
                for n in range(5000)
            },
            "deep",
        ),
    ],
    ids=["missing", "itself", "nothing", "deep"],
)
def test_a_definition_that_no_message_can_have_is_refused(made, problem):
    with pytest.raises(ConfigurationError, match=problem):
        Decoder("p/msg/Custom", made, ("b",), "/topic", ros1=True)


def test_a_message_without_fields_has_one_byte_in_cdr():
    made = custom("Nothing a\nfloat64 b\nNothing[] c\nuint8 d", Nothing="")
    raw = CDR + bytes(8) + struct.pack("<dI3BB", 1.5, 3, 0, 0, 0, 7)
    readings = Decoder("p/msg/Custom", made, ("b", "d"), "/topic").read([raw, raw[:20] + b"\xff" * 4 + raw[24:]])
    assert readings.values[0].tolist() == [1.5, 7.0] and readings.unreadable == 1


def test_enumerations_and_includes_of_idl_are_read():
    text = (
        '// made by hand\n#include "std_msgs/msg/Header.idl"\n'
        "module p { module msg { enum Mode { IDLE, RUN };"
        " struct Custom { Mode mode; double b; sequence<Mode> all; }; }; };"
    )
    raw = CDR + struct.pack("<IxxxxdI2I", 1, 2.5, 2, 0, 1)
    decoder = Decoder("p/msg/Custom", types_from_idl(text), ("mode", "b", "all[1]"), "/topic")
    assert decoder.read([raw]).values.tolist() == [[1.0, 2.5, 1.0]]


def test_inherited_fields_and_several_dimensions_of_idl_are_read():
    text = (
        "module p { module msg { struct Base { long n; }; struct Middle : Base { double b; };"
        " struct Custom : p::msg::Middle { double grid[2][3]; }; }; };"
    )
    raw = CDR + struct.pack("<Ixxxx7d", 7, 0.5, *range(6))
    decoder = Decoder("p/msg/Custom", types_from_idl(text), ("n", "b", "grid[0]", "grid[4]"), "/topic")
    assert decoder.read([raw]).values.tolist() == [[7.0, 0.5, 0.0, 4.0]]


def test_comments_and_texts_of_idl_define_nothing():
    text = (
        "// no longer @optional: struct Custom : Base {\n/* sequence<sequence<long>> a; enum double {\n */"
        'module p { module msg { struct Custom { @verbatim(language="comment", text="\\"@optional\\" // until 2.0")\n'
        "double b; // sequence<sequence<long>>;\n}; }; };"
    )
    decoder = Decoder("p/msg/Custom", types_from_idl(text), ("b",), "/topic")
    assert decoder.read([CDR + struct.pack("<d", 2.5)]).values.tolist() == [[2.5]]


@pytest.mark.parametrize("text", ["struct A { sequence<sequence<double> > x; };", "struct A : A { long x; };"])
def test_idl_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match=r"sequence of sequences|inherits from A"):
        types_from_idl(text)


@pytest.mark.parametrize(
    "made",
    [
        custom("Pair[1000000000] a\nfloat64 b", Pair="uint8 x\nfloat64 y"),
        custom("Text[1000000000] a\nfloat64 b", Text="string x"),
        custom("Pair[] a\nfloat64 b", Pair="uint8 x\nfloat64 y"),
        custom("Text[] a\nfloat64 b", Text="string x"),
        custom("float64[] a\nfloat64 b"),
        custom("string[] a\nfloat64 b"),
        custom("D1[] a\nfloat64 b", **{f"D{n}": f"D{n + 1} a\nD{n + 1} b" for n in range(1, 50)}, D50="uint8 a"),
    ],
)
def test_more_elements_than_bytes_are_refused_at_once(made):
    decoder = Decoder("p/msg/Custom", made, ("b",), "/topic")
    tracemalloc.start()
    try:
        readings = decoder.read([b"\0\1\0\0" + b"\xff\xff\xff\x7f" + bytes(2000)] * 3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert readings.unreadable == 3
    assert peak < 1_000_000


def test_elements_of_equal_layout_are_not_read_one_by_one():
    made = custom("Pair[] a\nfloat64 b", Pair="uint8 x\nfloat64 y\nuint8 z")
    store = get_typestore(Stores.EMPTY)
    store.register(made)
    pairs = [store.types["p/msg/Pair"](1, float(k), 2) for k in range(1000)]
    raw = store.serialize_cdr(store.types["p/msg/Custom"](pairs, 3.5), "p/msg/Custom")
    paths = ("a[0].y", "a[999].y", "a[-2].z", "a[1000].x", "b")
    decoder = Decoder("p/msg/Custom", made, paths, "/topic")
    assert_same(decoder.read([raw]), by_rosbags([raw], "p/msg/Custom", store, paths))
    assert len(decoder.locate(bytes(raw)).a) == 1000


INSTALLED = [
    IMU,
    JOINTS,
    "nav_msgs/msg/Odometry",
    "sensor_msgs/msg/BatteryState",
    "diagnostic_msgs/msg/DiagnosticArray",
    "sensor_msgs/msg/CameraInfo",
    "sensor_msgs/msg/MultiEchoLaserScan",
    "std_msgs/msg/Float64MultiArray",
]


@pytest.mark.parametrize("name", INSTALLED)
def test_what_is_read_from_bytes_is_what_rclpy_reads(name):
    rclpy_messages = pytest.importorskip("rclpy.serialization", reason="needs ROS 2")
    from infonet_ros.intake.messages.types import message_class

    found = installed_definitions(name)
    store = get_typestore(Stores.EMPTY)
    store.register(found)
    rng = np.random.default_rng(1)
    node = (Nodetype.NAME, name)
    raws = [bytes(store.serialize_cdr(value_of(node, store, rng), name)) for _ in range(20)]
    schema = definitions_schema(found)
    paths = [path.removeprefix(".") for path in paths_of(node, store, "")]
    paths = [path for path in paths if "level" not in path]  # rclpy gives a byte as bytes
    channels = [bind_channel(path, name, schema, "/topic") for path in paths]
    messages = [rclpy_messages.deserialize_message(raw, message_class(name)) for raw in raws]
    # It leaves room behind a message that is never sent.
    again = [
        bytes(rclpy_messages.serialize_message(message))[: len(raw)]
        for message, raw in zip(messages, raws, strict=True)
    ]
    expected = [(header_stamp(message), *expected_row(message, channels)) for message in messages]
    assert_same(Decoder(name, found, paths, "/topic").read(again), expected)


def test_definitions_of_installed_packages_that_are_not_there(tmp_path, monkeypatch):
    folder = tmp_path / "share" / "p" / "msg"
    folder.mkdir(parents=True)
    (folder / "Speed.msg").write_text("float64 value\nUnit unit\n")
    (folder / "Unit.idl").write_text("module p { module msg { struct Unit { uint8 code; }; }; };")
    (folder / "Broken.msg").write_text("float64\n")
    monkeypatch.setenv("AMENT_PREFIX_PATH", os.pathsep.join([str(tmp_path / "nowhere"), str(tmp_path)]))
    assert set(installed_definitions("p/Speed")) == {"p/msg/Speed", "p/msg/Unit"}
    for name in ("p/msg/Missing", "../../etc/msg/Passwd", "nothing"):
        with pytest.raises(ConfigurationError, match="not known here"):
            installed_definitions(name)
    with pytest.raises(ConfigurationError, match=r"Broken\.msg is no definition"):
        installed_definitions("p/msg/Broken")


# Written by rclpy with Fast DDS: before=7, name="héllo", flag=9, many=["a", "", "xyz日"], short_name="ab", value=1.5.
WIDE = """
    00 01 00 00 07 55 00 00 05 00 00 00 68 00 00 00 e9 00 00 00 6c 00 00 00 6c 00 00 00 6f 00 00 00 09 72 55 7a
    03 00 00 00 01 00 00 00 61 00 00 00 00 00 00 00 04 00 00 00 78 00 00 00 79 00 00 00 7a 00 00 00 e5 65 00 00
    02 00 00 00 61 00 00 00 62 00 00 00 00 00 00 00 00 00 f8 3f
"""


@pytest.mark.parametrize("language", ["msg", "idl"])
def test_wide_strings_are_read_over(language):
    name = "p/msg/Wide"
    if language == "msg":
        fields = "uint8 before\nwstring name\nuint8 flag\nwstring[] many\nwstring<=5 short_name\nfloat64 value"
        made = types_from_msg(fields, name)
    else:
        fields = "uint8 before; wstring name; uint8 flag; sequence<wstring> many; wstring<5> short_name; double value;"
        made = types_from_idl(f"module p {{ module msg {{ struct Wide {{ {fields} }}; }}; }};")
    decoder = Decoder(name, made, ("before", "flag", "value"), "/wide")
    raw = bytes.fromhex(WIDE)
    assert decoder.read([raw]).values.tolist() == [[7.0, 9.0, 1.5]]
    located = decoder.locate(raw)
    assert (located.name, located.many, located.short_name) == ("héllo", ["a", "", "xyz日"], "ab")
    lying = raw[:8] + b"\xff" * 4 + raw[12:]
    assert decoder.read([raw, lying, raw[:40]]).unreadable == 2
