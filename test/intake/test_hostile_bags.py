"""Malicious bags: their text is never executed, never leaves the output folder, and sends no terminal commands."""

from pathlib import Path

import numpy as np
import pytest
from recordings import EPOCH, fill
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from infonet_ros.errors import RecordingError
from infonet_ros.intake.bags import Bag

HASH = "RIHS01_" + "0" * 64
ESCAPE = "\x1b]0;title\x07"


def bag_of(path, kind, definition):
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/a", kind, msgdef=definition, rihs01=HASH)
        writer.write(connection, EPOCH, b"\0\1\0\0" + bytes(16))
    return path


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("x\");open('{trap}','w');(\"/msg/T", "Inner a\nfloat64 b\n"),
        ("x/msg/T", "float64 a\nx\");open('{trap}','w');(\"/Inner b\n"),
        ("x/msg/T", "float64 a;open('{trap}','w')\n"),
        ("x/msg/T", "int32 A=open('{trap}','w')\nfloat64 b\n"),
        ("x/msg/T", "float64[open('{trap}','w')] a\n"),
    ],
)
def test_a_message_definition_runs_nothing(tmp_path, kind, definition):
    trap = tmp_path / "trap"
    bag = bag_of(tmp_path / "bag", kind.format(trap=trap), definition.format(trap=trap))

    with pytest.raises(RecordingError), Bag([bag]) as opened:
        opened.fields("/a")
    assert not trap.exists()


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """Two topics that depend on each other, with names that lead out of the folder or to the terminal."""
    store = get_typestore(Stores.ROS2_JAZZY)
    path = tmp_path_factory.mktemp("evil") / "bag"
    speed = store.types["std_msgs/msg/Float64"]
    joints = store.types["sensor_msgs/msg/JointState"]
    noise = np.random.default_rng(0).normal(size=1200)

    def messages():
        for k, value in enumerate(noise):
            now = EPOCH + k * 50_000_000
            stamp = store.types["builtin_interfaces/msg/Time"](*divmod(now, 1_000_000_000))
            header = store.types["std_msgs/msg/Header"](stamp, "")
            yield f"/../../{ESCAPE}", "std_msgs/msg/Float64", now, speed(float(value))
            names = ["../../out", f"{ESCAPE}joint", "</script><script>alert(1)</script>", "$(touch trap)"]
            positions = np.array([value, value, value + 0.5 * noise[-k], k % 7.0])
            empty = np.array([])
            yield "/joints", "sensor_msgs/msg/JointState", now, joints(header, names, positions, empty, empty)

    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        fill(writer, messages(), lambda kind, message: store.serialize_cdr(message, kind), store)
    return path


def test_names_lead_nowhere(evil, tmp_path, monkeypatch, infonet):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    done = infonet("bag", evil, "--topics", "/joints", "--window", "20", "--out", "out")
    assert done.returncode == 0
    folders = {path.parent for path in tmp_path.rglob("*") if path.is_file()}
    assert folders == {work / "out", work / "out" / "matrices"}
    report = (work / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in report
    assert "\x1b" not in done.stdout + done.stderr


def test_an_error_writes_control_characters_out(evil, infonet):
    done = infonet("bag", evil, "--topics", "/nothing")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\\x1b]0;title\\x07" in done.stderr
    assert not Path("bag_infonet").exists()
