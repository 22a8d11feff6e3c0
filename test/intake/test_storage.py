"""The intact part of a bag is read, whatever is damaged beside it."""

import sqlite3
import struct
from contextlib import suppress

import numpy as np
import pytest
from mcap_files import write_mcap
from recordings import EPOCH, SECOND, leg_and_speed, write_ros1, write_ros2
from rosbags.rosbag2 import CompressionMode, StoragePlugin
from speed_bags import CDR, FLOAT, LEG, SPEED, read, write_sqlite

from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.packed import zstd

WHOLE = {
    "mcap": lambda folder, store: write_ros2(folder / "bag", store, leg_and_speed(store, 120.0)) / "bag.mcap",
    "mcap, chunks compressed": lambda folder, store: (
        write_ros2(folder / "bag", store, leg_and_speed(store, 120.0), compression=CompressionMode.STORAGE) / "bag.mcap"
    ),
    "sqlite3": lambda folder, store: (
        write_ros2(folder / "bag", store, leg_and_speed(store, 120.0), StoragePlugin.SQLITE3) / "bag.db3"
    ),
}


def whole_bag(kind, folder, store, ros1_store):
    if kind == "ros1":
        return write_ros1(folder / "drive.bag.active", ros1_store, leg_and_speed(ros1_store, 120.0, ros1=True))
    return WHOLE[kind](folder, store)


@pytest.mark.parametrize("kind", [*WHOLE, "ros1"])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.9])
def test_what_a_killed_recorder_left_is_read(kind, share, tmp_path, store, ros1_store):
    path = whole_bag(kind, tmp_path, store, ros1_store)
    expected, _ = read(path, LEG, SPEED)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    found, notices = read(path, LEG, SPEED)
    assert 0.25 * share * len(expected) < len(found) <= len(expected)
    assert found == expected[: len(found)]
    assert any("is cut" in notice and path.name in notice for notice in notices)


def test_a_ros1_bag_whose_last_chunk_has_no_size_yet_is_read(tmp_path, ros1_store):
    path = write_ros1(tmp_path / "drive.bag", ros1_store, leg_and_speed(ros1_store, 5.0, ros1=True))
    expected, _ = read(path, LEG, SPEED)
    data = bytearray(path.read_bytes())
    index = data.index(b"index_pos=") + len(b"index_pos=")
    end = int.from_bytes(data[index : index + 8], "little")
    data[index : index + 8] = bytes(8)  # it is written when the recorder ends
    sizes = data.index(b"size=", data.index(b"compression=none")) + len(b"size=")
    data[sizes : sizes + 8] = bytes(8)  # of the chunk, unpacked and as it is
    path.write_bytes(data[:end])
    found, notices = read(path, LEG, SPEED)
    assert found == expected
    assert "is cut" in notices[0]


def test_what_sqlite_keeps_beside_its_file_is_read(tmp_path, monkeypatch):
    path = write_sqlite(tmp_path / "bag.db3", {"/speed": FLOAT}, [("/speed", EPOCH, CDR + struct.pack("<d", 1.0))])
    recorder = sqlite3.connect(path, isolation_level=None)
    recorder.execute("PRAGMA journal_mode=WAL")
    recorder.execute("PRAGMA wal_autocheckpoint=0")
    row = EPOCH + 1, CDR + struct.pack("<d", 2.0)
    recorder.execute("INSERT INTO messages(topic_id, timestamp, data) VALUES(1, ?, ?)", row)
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in tmp_path.glob("bag.db3*"):
        (killed / file.name).write_bytes(file.read_bytes())
    recorder.close()
    assert [value for *_, value in read(killed / "bag.db3", SPEED)[0]] == [1.0, 2.0]
    (killed / "bag.db3-shm").unlink(missing_ok=True)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # SQLite may write nothing beside it
    assert [value for *_, value in read(killed / "bag.db3", SPEED)[0]] == [1.0, 2.0]
    assert {file.name for file in killed.iterdir()} == {"bag.db3", "bag.db3-wal"}


def test_a_damaged_chunk_is_left_out_and_counted(tmp_path, store):
    folder = write_ros2(
        tmp_path / "bag", store, leg_and_speed(store, 400.0), compression=CompressionMode.STORAGE
    )  # several chunks
    path = folder / "bag.mcap"
    expected, _ = read(path, LEG, SPEED)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    path.write_bytes(data)
    found, (notice,) = read(path, LEG, SPEED)
    assert set(found) < set(expected)
    assert f"{len(expected) - len(found)} messages left out" in notice


def test_a_message_whose_record_is_damaged_in_a_whole_chunk_is_counted(tmp_path, store):
    path = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 40.0)) / "bag.mcap"
    expected, _ = read(path, LEG, SPEED)
    data = bytearray(path.read_bytes())
    place = data.index(struct.pack("<Q", expected[len(expected) // 2][1]))  # the time of recording in its record
    data[place : place + 8] = b"\xff" * 8
    path.write_bytes(data)
    found, notices = read(path, LEG, SPEED)
    assert len(found) == len(expected) - 1
    assert "1 message of bag.mcap left out: they are damaged." in notices


@pytest.mark.parametrize("packed", [True, False])
def test_what_lies_behind_a_hole_is_read_without_a_summary(packed, tmp_path, store):
    mode = CompressionMode.STORAGE if packed else None
    path = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 900.0), compression=mode) / "bag.mcap"
    expected, _ = read(path, LEG, SPEED)
    data = bytearray(path.read_bytes()[:-2000])  # without the end of the summary
    begin = data.index(b"\x06", len(data) // 2) - len(data) // 8
    data[begin : begin + len(data) // 4] = bytes(len(data) // 4)
    path.write_bytes(data)
    found, notices = read(path, LEG, SPEED)
    assert set(found) < set(expected)
    assert found[-1] == expected[-1]
    assert any("bag.mcap is damaged in" in notice and "the messages there are left out" in notice for notice in notices)


def test_messages_without_chunks_behind_a_hole_are_read(tmp_path):
    messages = [("/speed", EPOCH + k, CDR + struct.pack("<d", k)) for k in range(3000)]
    path = write_mcap(tmp_path / "bag.mcap", {"/speed": FLOAT}, messages, chunked=False)
    data = bytearray(path.read_bytes())
    half = len(data) // 2
    data[half : half + 1000] = np.random.default_rng(1).bytes(1000)
    path.write_bytes(data)
    found, (notice,) = read(path, SPEED)
    values = [value for *_, value in found]
    assert len(values) > 2970 and values[-1] == 2999 and values == sorted(values)
    assert "bag.mcap is damaged in 1 place" in notice


@pytest.mark.parametrize("chunked", [True, False])
def test_a_recording_behind_the_end_of_another_is_named(chunked, tmp_path):
    options = {"chunked": chunked, "summary": chunked}
    for name, topic in (("bag", "/speed"), ("other", "/other")):
        messages = [(topic, EPOCH + k, CDR + struct.pack("<d", k)) for k in range(3)]
        write_mcap(tmp_path / f"{name}.mcap", {topic: FLOAT}, messages, **options)
    path, other = tmp_path / "bag.mcap", tmp_path / "other.mcap"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + other.read_bytes())
    found, (notice,) = read(path, SPEED)
    assert [value for *_, value in found] == [0.0, 1.0, 2.0]
    assert f"another recording behind its end: split it at byte {size}" in notice


def test_a_summary_that_describes_no_channels_is_not_used(tmp_path):
    channels = {"/speed": FLOAT}
    messages = [("/speed", EPOCH + k * SECOND, CDR + struct.pack("<d", k)) for k in range(5)]
    path = write_mcap(tmp_path / "bag.mcap", channels, messages, summary=True)
    data = path.read_bytes()
    index = data.rindex(b"\x08" + struct.pack("<Q", 64))
    begin = struct.unpack("<Q", data[-28:-20])[0]
    path.write_bytes(data[:begin] + data[index:])
    assert [value for *_, value in read(path, SPEED)[0]] == [0, 1, 2, 3, 4]


def test_a_converted_bag_beside_its_source_is_read_once(tmp_path, store):
    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 5.0), StoragePlugin.SQLITE3)
    expected, _ = read(folder, LEG, SPEED)
    converted = write_ros2(tmp_path / "converted", store, leg_and_speed(store, 5.0))
    (converted / "converted.mcap").rename(folder / "converted.mcap")
    found, notices = read(folder, LEG, SPEED)
    assert found == expected
    assert any("converted.mcap is left out: it holds the same topics" in notice for notice in notices)


@pytest.mark.parametrize(("lost", "are"), [(["b.mcap"], "b.mcap is"), (["b.mcap", "c.mcap"], "b.mcap, c.mcap are")])
def test_files_that_are_missing_in_a_folder_are_named(tmp_path, store, lost, are):
    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 1.0))
    text = (folder / "metadata.yaml").read_text()
    (folder / "metadata.yaml").write_text(text.replace("- bag.mcap", "\n  - ".join(["- bag.mcap", *lost]), 1))
    found, (notice,) = read(folder, SPEED)
    assert len(found) == 20
    assert notice.startswith(f"{are} missing in bag")


def test_the_database_of_another_program_is_refused_with_a_way_to_its_numbers(tmp_path):
    with sqlite3.connect(tmp_path / "home.db") as database:
        database.execute("CREATE TABLE states(id, state)")
    database.close()
    with pytest.raises(RecordingError, match=r"of another program \(tables: states\): .*SELECT \* FROM states"):
        read(tmp_path / "home.db", SPEED)


def test_a_file_that_was_unpacked_is_not_missing_and_one_more_is_named(tmp_path, store):
    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 1.0), compression=CompressionMode.FILE)
    (packed,) = folder.glob("*.zst*")
    plain = folder / packed.stem
    plain.write_bytes(zstd.decompress(packed.read_bytes()))
    packed.unlink()
    found, notices = read(folder, SPEED)
    assert len(found) == 20
    assert not notices
    write_mcap(folder / "more.mcap", {"/speed": FLOAT}, [("/speed", EPOCH + 10 * SECOND, CDR + bytes(8))])
    found, (notice,) = read(folder, SPEED)
    assert len(found) == 21
    assert notice.startswith("more.mcap is read too")


def test_the_ros1_bag_that_a_bag_was_converted_from_is_left_out(tmp_path, store, ros1_store):
    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 1.0))
    write_ros1(folder / "old.bag", ros1_store, leg_and_speed(ros1_store, 1.0, ros1=True))
    found, (notice,) = read(folder, SPEED)
    assert len(found) == 20
    assert notice.startswith("old.bag is left out: it is a ROS 1 bag")


@pytest.mark.parametrize(("plugin", "name"), [(StoragePlugin.MCAP, "bag.db3"), (StoragePlugin.SQLITE3, "bag.mcap")])
def test_a_file_of_one_kind_that_is_called_as_of_another_is_read(plugin, name, tmp_path, store):
    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 1.0), plugin=plugin)
    (path,) = (file for file in folder.iterdir() if file.suffix != ".yaml")
    expected = read(path, LEG, SPEED)
    assert read(path.rename(tmp_path / name), LEG, SPEED) == expected


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(4080), b"\x89MCAP0\r\n" + bytes(100)])
@pytest.mark.parametrize("suffix", ["mcap", "db3"])
def test_a_file_of_a_folder_that_cannot_be_read_is_named(suffix, content, tmp_path):
    write_mcap(tmp_path / "bag_0.mcap", {"/speed": FLOAT}, [("/speed", EPOCH, CDR + bytes(8))])
    (tmp_path / f"bag_1.{suffix}").write_bytes(content)
    found, (notice,) = read(tmp_path, SPEED)
    assert len(found) == 1
    assert notice.startswith("left out: ")
    assert f"bag_1.{suffix}" in notice


def test_a_packed_file_that_is_damaged_is_read_up_to_there(tmp_path, store):
    mode = CompressionMode.FILE
    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 120.0), compression=mode)
    (path,) = folder.glob("*.mcap.zst*")
    expected, _ = read(path, LEG, SPEED)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 4 // 5] + bytes(len(data) // 5))
    found, notices = read(path, LEG, SPEED)
    assert found == expected[: len(found)]
    assert len(found) > len(expected) // 2
    assert any("is cut" in notice for notice in notices)


def test_messages_that_are_packed_one_by_one_are_read(tmp_path, store):
    path = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 2.0), compression=CompressionMode.MESSAGE)
    plain = write_ros2(tmp_path / "plain", store, leg_and_speed(store, 2.0))
    assert read(path, LEG, SPEED) == read(plain, LEG, SPEED)


@pytest.mark.parametrize("zeros", [8, 60, 300])
def test_a_ros1_bag_whose_index_was_never_written_to_disk_is_read_without_it(zeros, tmp_path, ros1_store):
    path = write_ros1(tmp_path / "whole.bag", ros1_store, leg_and_speed(ros1_store, 4.0, ros1=True))
    expected, _ = read(path, LEG, SPEED)
    path.write_bytes(path.read_bytes()[:-zeros] + bytes(zeros))
    assert read(path, LEG, SPEED)[0] == expected


def test_what_lies_behind_damaged_pages_is_read(tmp_path):
    messages = [("/speed", EPOCH + k, CDR + struct.pack("<d", k)) for k in range(3000)]
    path = write_sqlite(tmp_path / "bag.db3", {"/speed": FLOAT}, messages)
    data = bytearray(path.read_bytes())
    place = len(data) // 2 // 4096 * 4096
    data[place : place + 8192] = bytes(8192)
    path.write_bytes(data)
    found, (notice,) = read(path, SPEED)
    assert 2700 < len(found) < 3000
    assert all(time - EPOCH == value for _, time, value in found)
    assert found[0][2] == 0.0 and found[-1][2] == 2999.0
    assert notice == f"bag.db3 is damaged: {3000 - len(found)} messages within it cannot be read."


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE messages SET data = 'text'", "are damaged"),
        ("UPDATE messages SET timestamp = 'noon'", "a time of recording"),
        ("UPDATE messages SET topic_id = 7", "described nowhere"),
    ],
)
def test_rows_that_are_no_messages_are_counted(damage, words, tmp_path):
    messages = [("/speed", EPOCH + k, CDR + struct.pack("<d", k)) for k in range(3)]
    path = write_sqlite(tmp_path / "bag.db3", {"/speed": FLOAT}, messages)
    with sqlite3.connect(path) as database:
        database.execute(f"{damage} WHERE id = 2")
    found, (notice,) = read(path, SPEED)
    assert [value for *_, value in found] == [0.0, 2.0]
    assert notice.startswith("1 message of bag.db3 left out") and words in notice


def test_messages_whose_topic_is_lost_are_counted(tmp_path):
    """The first chunk alone describes the channels, as some recorders write it."""
    first = write_mcap(tmp_path / "a.mcap", {"/speed": FLOAT}, [("/speed", EPOCH, CDR + bytes(8))], chunked=False)
    other = write_mcap(tmp_path / "b.mcap", {"/other": FLOAT}, [("/other", EPOCH, CDR + bytes(8))], chunked=False)
    data, record = first.read_bytes(), struct.pack("<BQHIQQ", 5, 34, 9, 0, EPOCH + 1, 0) + CDR + bytes(8)
    first.write_bytes(data.replace(b"\x0f" + struct.pack("<QI", 4, 0), record + b"\x0f" + struct.pack("<QI", 4, 0)))
    found, (notice,) = read(first, SPEED)
    assert len(found) == 1
    assert notice == "1 message of a.mcap left out, whose topic is described nowhere."
    other.write_bytes(
        other.read_bytes().replace(b"\x04" + struct.pack("<QHH", 25, 1, 1), b"\x84" + struct.pack("<QHH", 25, 1, 1))
    )
    with pytest.raises(RecordingError, match="no message in it has a topic that is described"):
        read(other)


def test_the_reason_why_nothing_of_a_killed_recording_can_be_read_is_reported(tmp_path):
    path = write_mcap(tmp_path / "bag.mcap", {"/speed": FLOAT}, [("/speed", EPOCH, CDR + bytes(8))])
    data = path.read_bytes()
    place = data.index(b"\x06", 20)
    packing = place + 9 + 28  # length of the name of the packing
    path.write_bytes(data[:packing] + struct.pack("<I", 4) + b"rice" + data[packing + 4 :])
    with pytest.raises(RecordingError, match="compressed by 'rice'"):
        read(path)


@pytest.mark.parametrize("time", [-1, -(2**62), 2**62, 2**63 - 1])
def test_messages_without_a_time_of_recording_are_left_out(time, tmp_path):
    messages = [("/speed", at, CDR + struct.pack("<d", k)) for k, at in enumerate((EPOCH, time, EPOCH + SECOND))]
    found, (notice,) = read(write_sqlite(tmp_path / "bag.db3", {"/speed": FLOAT}, messages), SPEED)
    assert [value for *_, value in found] == [0.0, 2.0]
    assert notice.startswith("1 message of bag.db3 left out")
    if time > 0:
        for summary in (True, False):
            path = write_mcap(tmp_path / "bag.mcap", {"/speed": FLOAT}, messages, summary=summary)
            found, (notice,) = read(path, SPEED)
            assert [value for *_, value in found] == [0.0, 2.0]


def test_messages_that_were_all_recorded_at_one_moment_are_refused(tmp_path):
    path = write_mcap(tmp_path / "bag.mcap", {"/speed": FLOAT}, [("/speed", EPOCH, CDR + bytes(8))] * 3)
    with pytest.raises(
        RecordingError, match=r"all 3 messages of bag\.mcap were recorded at the same moment, 2023-11-14"
    ):
        read(path, SPEED)


def test_chunks_that_overlap_are_read_in_the_order_of_time(tmp_path, store):
    rng = np.random.default_rng(0)
    times = EPOCH + rng.permutation(3000)
    messages = [("/speed", int(time), CDR + struct.pack("<d", time - EPOCH)) for time in times]
    path = write_mcap(tmp_path / "bag.mcap", {"/speed": FLOAT}, messages, chunked=False)
    assert [value for *_, value in read(path, SPEED)[0]] == list(range(3000))


def test_a_damaged_message_is_counted_once_however_often_the_bag_is_read(tmp_path):
    messages = [("/speed", EPOCH + k, CDR + bytes(8 if k != 5 else 3)) for k in range(20)]
    with Bag([write_mcap(tmp_path / "bag.mcap", {"/speed": FLOAT}, messages)]) as bag:
        for _ in range(3):
            assert len(list(bag.samples((SPEED,), bag.start, bag.end + 1))) == 19
        assert bag.notices[0].startswith("1 message of /speed left out")


def test_thousands_of_topics_are_read_in_one_go(tmp_path):
    channels = {f"/t{k}": FLOAT for k in range(2000)}
    messages = [(topic, EPOCH + k, CDR + struct.pack("<d", k)) for k, topic in enumerate(channels)]
    with Bag([write_mcap(tmp_path / "bag.mcap", channels, messages)]) as bag:
        assert all(len(bag.fields(topic)[0]) == 1 for topic in channels)


@pytest.mark.parametrize("kind", [*WHOLE, "ros1"])
def test_damage_anywhere_is_a_sentence_or_a_note(kind, tmp_path, store, ros1_store):
    path = whole_bag(kind, tmp_path, store, ros1_store)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole)
        edge = int(rng.choice([200, 2000, len(data)]))  # the most important bytes are at the beginning and at the end
        at = int(rng.integers(-edge, edge)) % len(data)
        data[at : at + int(rng.integers(1, 16))] = rng.bytes(int(rng.integers(0, 16)))
        path.write_bytes(data)
        with suppress(RecordingError, ConfigurationError), Bag([path]) as bag:
            there = [modality for modality in (LEG, SPEED) if modality.topic in bag.topics]
            for _ in bag.samples(there, bag.start, bag.end + 1):
                pass
            assert all(notice.endswith(".") for notice in bag.notices)
