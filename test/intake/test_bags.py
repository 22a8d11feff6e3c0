import shutil
from functools import partial

import numpy as np
import pytest
from recordings import CUSTOM, EPOCH, HUSKY, SECOND, fill, leg_and_speed, stamp, write_ros1, write_ros2
from rosbags.rosbag2 import CompressionMode, StoragePlugin, Writer
from table_files import written

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.packed import ZSTD, zstd
from infonet_ros.intake.recording import chosen_span
from infonet_ros.settings import Modality

LEG = Modality("leg", "/leg", ("force", "torque[0]"))
SPEED = Modality("speed", "/speed", ("data",))


def samples_of(path, modalities=(LEG, SPEED)):
    with Bag([path]) as bag:
        return list(bag.samples(modalities, bag.start, bag.end + 1))


def zstandard(path):
    packed = path.with_name(path.name + ".zst")
    packed.write_bytes(zstd.compress(path.read_bytes()))
    return packed


@pytest.fixture(scope="module")
def expected(store):
    """What every kind of bag must give, computed from the messages."""
    return [
        ("leg", [m.force, float(m.torque[0])]) if topic == "/leg" else ("speed", [m.data])
        for topic, _, _, m in leg_and_speed(store, seconds=3.0)
    ]


def good(folder, store, plugin=StoragePlugin.MCAP, compression=None):
    return write_ros2(folder / "bag", store, leg_and_speed(store, 3.0), plugin, compression)


SQLITE = StoragePlugin.SQLITE3
KINDS = {
    "mcap folder": good,
    "mcap file": lambda folder, store: good(folder, store) / "bag.mcap",
    "mcap.zst file": lambda folder, store: zstandard(good(folder, store) / "bag.mcap"),
    "mcap, chunks compressed": partial(good, compression=CompressionMode.STORAGE),
    "sqlite3 folder": partial(good, plugin=SQLITE),
    "sqlite3 file": lambda folder, store: good(folder, store, SQLITE) / "bag.db3",
    "sqlite3, messages compressed": partial(good, plugin=SQLITE, compression=CompressionMode.MESSAGE),
    "sqlite3, file compressed": partial(good, plugin=SQLITE, compression=CompressionMode.FILE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_ros2_bag_gives_the_same_samples(kind, tmp_path, store, expected):
    samples = samples_of(KINDS[kind](tmp_path, store))
    assert [(s.modality, s.values) for s in samples] == expected


def test_a_ros1_bag_gives_the_same_samples(tmp_path, ros1_store, expected):
    path = write_ros1(tmp_path / "old.bag", ros1_store, leg_and_speed(ros1_store, 3.0, ros1=True))
    assert [(s.modality, s.values) for s in samples_of(path)] == expected


def test_a_folder_without_metadata_is_read_file_by_file(tmp_path, store, expected):
    folder = good(tmp_path, store)
    (folder / "metadata.yaml").unlink()
    assert [(s.modality, s.values) for s in samples_of(folder)] == expected


def test_stamps_come_from_the_header_or_else_from_the_recorder(tmp_path, store):
    messages = [(t, k, time + 7 * SECOND, m) for t, k, time, m in leg_and_speed(store, 1.0)]
    with Bag([write_ros2(tmp_path / "bag", store, messages)]) as bag:
        first = {s.modality: s for s in reversed(list(bag.samples((LEG, SPEED), bag.start, bag.end + 1)))}
        assert (first["leg"].stamp, first["leg"].received) == (EPOCH, EPOCH + 7 * SECOND)
        assert first["speed"].stamp == first["speed"].received == EPOCH + 7 * SECOND + 1
        assert bag.unstamped == {"/speed"}


def test_only_the_span_that_was_asked_for_is_read(small_bag):
    with Bag([small_bag]) as bag:
        samples = list(bag.samples((SPEED,), EPOCH + 10 * SECOND, EPOCH + 12 * SECOND))
    assert len(samples) == 40
    assert min(s.received for s in samples) >= EPOCH + 10 * SECOND


def test_any_finite_number_of_seconds_may_be_asked_for(small_bag):
    with Bag([small_bag]) as bag:
        assert chosen_span(bag, 0.0, 1e300) == chosen_span(bag, 0.0, None)
        with pytest.raises(RecordingError, match="choose an earlier start"):
            chosen_span(bag, 1e300, None)


def test_the_husky_recording_has_the_topics_that_its_source_says():
    with Bag([HUSKY]) as bag:
        counts = {topic.name: topic.count for topic in bag.topics.values()}
        assert counts == {"/imu/data": 11865, "/husky_velocity_controller/odom": 3952, "/fix": 989}
        assert (bag.end - bag.start) / SECOND == pytest.approx(395.3, abs=0.1)


def joint_state(store, time, names, values):
    zeros = np.zeros(0)
    header = store.types["std_msgs/msg/Header"](stamp=stamp(store, time), frame_id="")
    kind = "sensor_msgs/msg/JointState"
    return (
        "/joints",
        kind,
        time,
        store.types[kind](
            header=header, name=names, position=np.array(values, dtype=float), velocity=zeros, effort=zeros
        ),
    )


def test_joints_of_two_publishers_are_all_found_and_distinguished(tmp_path, store):
    messages = []
    for k in range(20):
        messages.append(joint_state(store, EPOCH + 2 * k * SECOND, ["left", "right"], [k, 10.0 * k]))
        messages.append(joint_state(store, EPOCH + (2 * k + 1) * SECOND, ["tilt"], [-k]))
    with Bag([write_ros2(tmp_path / "bag", store, messages)]) as bag:
        fields, left_out = bag.fields("/joints")
        paths = tuple(field.path for field in fields)
        assert paths == ("position[left]", "position[right]", "position[tilt]")
        assert left_out == []
        values = [s.values for s in bag.samples((Modality("j", "/joints", paths),), bag.start, bag.end + 1)]
    assert values[2:4] == [[1.0, 10.0, None], [None, None, -1.0]]


# ---- what cannot be read is one sentence ----------------------------------------------------------------------------


def cut(path, keep):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    return path


def without_its_file(folder):
    (folder / "bag.mcap").unlink()
    return folder


def folder_of(folder, **files):
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


BROKEN = {
    "absent": (lambda folder, store: folder / "absent.mcap", "is not there"),
    "empty file": (lambda folder, store: written(folder, "", "empty.mcap"), "is empty"),
    "foreign mcap": (lambda folder, store: written(folder, "a,b\n1,2\n" * 100, "foreign.mcap"), "not a readable bag"),
    "foreign bag": (lambda folder, store: written(folder, bytes(range(256)) * 8, "foreign.bag"), "not a readable bag"),
    "foreign db3": (lambda folder, store: written(folder, bytes(range(256)) * 8, "foreign.db3"), "not a readable bag"),
    "another suffix": (lambda folder, store: written(folder, "hello", "notes.txt"), "is not a bag"),
    "folder without a bag": (lambda folder, store: folder_of(folder / "nothing"), "is not a bag"),
    "metadata alone": (
        lambda folder, store: folder_of(folder / "bad", metadata="rosbag2_bagfile_information: ["), "is not a bag",
    ),
    "storage file missing": (lambda folder, store: without_its_file(good(folder, store)), "bag.mcap is missing"),
    "mcap cut in its head": (lambda folder, store: cut(good(folder, store) / "bag.mcap", 0.001), "not a readable bag"),
    "db3 cut in its head": (
        lambda folder, store: cut(good(folder, store, SQLITE) / "bag.db3", 0.05), "not a readable bag",
    ),
    "no message": (lambda folder, store: write_ros2(folder / "silent", store, []), "no messages"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_bag_ends_in_one_sentence(what, tmp_path, store):
    make, words = BROKEN[what]
    path = make(tmp_path, store)
    with pytest.raises(RecordingError, match=words) as error:
        samples_of(path)
    assert "\n" not in str(error.value)
    assert path.name in str(error.value)


def test_a_ros1_bag_that_is_cut_in_its_head_ends_in_one_sentence(tmp_path, ros1_store):
    path = write_ros1(tmp_path / "old.bag", ros1_store, leg_and_speed(ros1_store, 3.0, ros1=True))
    with pytest.raises(RecordingError, match=r"old\.bag is not a readable bag"):
        samples_of(cut(path, 0.001))


def test_a_damaged_message_is_left_out_and_counted(tmp_path, store, expected):
    folder = good(tmp_path, store)
    raw = bytearray((folder / "bag.mcap").read_bytes())
    position = raw.index(b"left\x00")
    raw[position - 4 : position] = (0x7FFFFFFF).to_bytes(4, "little")  # a string of two gigabytes
    (folder / "bag.mcap").write_bytes(raw)
    with Bag([folder]) as bag:
        samples = list(bag.samples((LEG, SPEED), bag.start, bag.end + 1))
        (notice,) = bag.notices
        fields = {field.path for field in bag.fields("/leg")[0]}
    assert [(s.modality, s.values) for s in samples] == expected[1:]
    assert notice.startswith("1 message of /leg left out, because")
    assert "force" in fields


def test_a_topic_of_nothing_but_damaged_messages_says_so(tmp_path, store):
    folder = tmp_path / "bag"
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        fill(
            writer,
            leg_and_speed(store, 1.0),
            lambda kind, m: bytes(9) if kind == CUSTOM else store.serialize_cdr(m, kind),
            store,
        )
    with Bag([folder]) as bag:
        with pytest.raises(RecordingError, match="messages cannot be read"):
            bag.fields("/leg")
        assert len(list(bag.samples((LEG, SPEED), bag.start, bag.end + 1))) == 20
        assert bag.notices[0].startswith("20 messages of /leg left out")


def test_messages_of_another_type_on_the_same_topic_are_left_out(tmp_path, store):
    folder = tmp_path / "bag"
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for kind, value, count in (("std_msgs/msg/Float64", 2.5, 3), ("std_msgs/msg/Int32", 7, 1)):
            connection = writer.add_connection("/speed", kind, typestore=store)
            for at in range(count):
                writer.write(connection, EPOCH + at, store.serialize_cdr(store.types[kind](value), kind))
    with Bag([folder]) as bag:
        assert [s.values for s in bag.samples((SPEED,), bag.start, bag.end + 1)] == [[2.5]] * 3
        assert "of type std_msgs/msg/Int32" in bag.notices[0]


def test_a_type_without_definition_is_named(tmp_path, store):
    import sqlite3

    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 1.0), StoragePlugin.SQLITE3)
    with sqlite3.connect(folder / "bag.db3") as database:  # ROS 2 before Iron records this
        database.execute("DELETE FROM message_definitions")
    assert len(samples_of(folder, (SPEED,))) == 20  # a standard type is known all the same
    with pytest.raises(RecordingError, match=rf"/leg has messages of type {CUSTOM}, whose definition"):
        samples_of(folder, (LEG,))


def test_a_modality_of_another_type_is_refused(small_bag):
    with pytest.raises(RecordingError, match="expects sensor_msgs/msg/Imu"):
        samples_of(small_bag, (Modality("leg", "/leg", ("force",), "sensor_msgs/msg/Imu"),))


def test_a_field_that_is_not_there_is_named_with_those_that_are(small_bag):
    with pytest.raises(ConfigurationError, match=r"no field 'weight'.*force"):
        samples_of(small_bag, (Modality("leg", "/leg", ("weight",)),))


def test_ros1_and_ros2_bags_are_not_mixed(tmp_path, small_bag, ros1_store):
    old = write_ros1(tmp_path / "old.bag", ros1_store, leg_and_speed(ros1_store, 1.0, ros1=True))
    with pytest.raises(RecordingError, match="given together"), Bag([small_bag, old]):
        pass


def test_parts_of_one_recording_are_read_in_the_order_of_time(tmp_path, store):
    messages = list(leg_and_speed(store, 4.0))
    second = write_ros2(tmp_path / "b", store, messages[80:])
    first = write_ros2(tmp_path / "a", store, messages[:80])
    with Bag([second, first]) as bag:
        received = [s.received for s in bag.samples((LEG, SPEED), bag.start, bag.end + 1)]
    assert received == [time for _, _, time, _ in messages]


def test_nothing_is_left_behind_of_an_unpacked_bag(tmp_path, store, monkeypatch):
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    bag = zstandard(write_ros2(tmp_path / "bag", store, leg_and_speed(store, 1.0)) / "bag.mcap")
    assert samples_of(bag)
    assert list(aside.iterdir()) == []
    shutil.rmtree(aside)


def test_a_full_disk_is_distinguished_from_a_damaged_bag(tmp_path, store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    bag = written(tmp_path, ZSTD + b" anything", "bag.mcap.zst")
    with pytest.raises(RecordingError, match=r"be decompressed in .* \(No space left on device\): make room there"):
        samples_of(bag)
