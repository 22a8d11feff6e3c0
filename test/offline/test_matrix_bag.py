import numpy as np
import pytest
from matrices import matrix_of
from rosbags.highlevel import AnyReader

from infonet_ros.offline.results.matrix_bag import MATRIX_TYPE, StampError, matrix_typestore, write_matrix_bag

FIELDS = ("mi", "lower", "upper", "p_value", "lag", "samples")


@pytest.fixture(scope="module")
def matrix_bag(small_analysis, tmp_path_factory):
    path = tmp_path_factory.mktemp("bags") / "matrices"
    write_matrix_bag(path, {"/infonet/channels": small_analysis.matrices})
    return path


def test_the_bag_holds_the_matrices(matrix_bag, small_analysis):
    with AnyReader([matrix_bag]) as reader:
        assert {c.topic: c.msgtype for c in reader.connections} == {"/infonet/channels": MATRIX_TYPE}
        entries = [(time, reader.deserialize(raw, c.msgtype)) for c, time, raw in reader.messages()]
    assert len(entries) == len(small_analysis.matrices)
    for (time, message), matrix in zip(entries, small_analysis.matrices, strict=True):
        stamp = message.header.stamp
        assert time == stamp.sec * 10**9 + stamp.nanosec == matrix.end
        assert message.window_start.sec * 10**9 + message.window_start.nanosec == matrix.start
        assert message.names == list(matrix.names)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(message, name).reshape(3, 3), getattr(matrix, name))
        assert [(p.a, p.b) for p in message.pairs] == [
            ("leg.force", "leg.torque[0]"),
            ("leg.force", "speed.data"),
            ("leg.torque[0]", "speed.data"),
        ]
        assert message.pairs[1].mi == pytest.approx(float(matrix.mi[0, 2]))


@pytest.mark.parametrize("end", [-1, 2**31 * 10**9])
def test_times_that_no_ros_stamp_holds_are_refused_before_anything_is_written(tmp_path, end):
    matrix = matrix_of(np.zeros((2, 2)), end=end)
    with pytest.raises(StampError, match=rf"from {min(0, end) // 10**9} s to .* --format"):
        write_matrix_bag(tmp_path / "matrices", {"/infonet/channels": [matrix]})
    assert list(tmp_path.iterdir()) == []


def test_ros_itself_reads_the_messages(matrix_bag, small_analysis):
    serialization = pytest.importorskip("rclpy.serialization", reason="ROS 2 is not installed")
    msg = pytest.importorskip("infonet_ros.msg", reason="the messages are not built")
    from infonet_ros.node.outputs.messages import matrix_from_message

    with AnyReader([matrix_bag]) as reader:
        raws = [raw for _, _, raw in reader.messages()]
    for raw, matrix in zip(raws, small_analysis.matrices, strict=True):
        message = serialization.deserialize_message(raw, msg.MutualInformationMatrix)
        read = matrix_from_message(message)
        assert (read.names, read.start, read.end) == (matrix.names, matrix.start, matrix.end)
        np.testing.assert_array_equal(read.mi, matrix.mi)
        assert message.pairs[1].b == "speed.data"


def test_the_type_has_the_hash_that_ros_gives_it(tmp_path):
    """Players and subscribers compare it; rosidl writes it beside the generated code."""
    prefix = pytest.importorskip("ament_index_python", reason="ROS 2 is not installed")
    import json
    from pathlib import Path

    try:
        share = prefix.get_package_share_directory("infonet_ros")
    except (LookupError, OSError):  # not built, or no workspace is sourced
        pytest.skip("the messages are not built")
    described = json.loads((Path(share) / "msg" / "MutualInformationMatrix.json").read_text())
    (digest,) = (entry["hash_string"] for entry in described["type_hashes"] if entry["type_name"] == MATRIX_TYPE)
    assert matrix_typestore().hash_rihs01(MATRIX_TYPE) == digest
