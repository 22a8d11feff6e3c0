"""Logs of ArduPilot and of motion capture, which are text: the numbers are those of the arrays that they came from."""

import gzip

import numpy as np
import pytest
from logged_arrays import TIME, A, B, assert_channel, read
from table_files import written

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables.tables import Tables


def dataflash(cut=0):
    """A DataFlash log of ArduPilot as text, with two sensors of one kind and a parameter."""
    lines = ["FMT, 128, 89, FMT, BBnNZ, Type,Length,Name,Format,Columns", "FMT, 64, 32, PARM, QNf, TimeUS,Name,Value"]
    lines += ["FMT, 130, 45, IMU, QBff, TimeUS,I,GyrX,AccX", "FMT, 131, 21, ATT, Qc, TimeUS,Roll"]
    lines += ["PARM, 1000, SCHED_RATE, 400"]
    for t, a, b in zip(TIME.tolist(), A.tolist(), B.tolist(), strict=True):
        now = round(1e6 * t) + 5_000_000
        lines += [f"IMU, {now}, 0, {a}, {b}", f"IMU, {now}, 1, {-a}, {b}", f"ATT, {now}, {b}"]
    return "\n".join(lines)[: -cut or None]


def test_a_log_of_ardupilot_has_a_topic_for_each_kind_of_message(tmp_path):
    found, _ = read(written(tmp_path, dataflash(), "flight.log"))
    assert sorted(found) == ["ATT.Roll", "IMU_0.AccX", "IMU_0.GyrX", "IMU_0.I", "IMU_1.AccX", "IMU_1.GyrX", "IMU_1.I"]
    assert_channel(found, "IMU_1.GyrX", -A)
    assert_channel(found, "ATT.Roll", B)


def test_a_log_of_ardupilot_that_was_cut_is_read_as_far_as_it_is_whole(tmp_path):
    found, said = read(written(tmp_path, dataflash(cut=len(f", {B[-1]}")), "flight.log"))
    assert_channel(found, "ATT.Roll", B[:-1], TIME[:-1])
    assert any("1 line left out" in sentence for sentence in said)


def test_fields_that_a_log_of_ardupilot_defines_again_are_read_by_the_later_names(tmp_path):
    rows = [f"ATT, {round(1e6 * t)}, {a}" for t, a in zip(TIME.tolist(), A.tolist(), strict=True)]
    later = [f"{row}, {b}" for row, b in zip(rows[20:], B[20:].tolist(), strict=True)]
    lines = ["FMT, 131, 21, ATT, Qc, TimeUS,Roll", *rows[:20], "FMT, 131, 25, ATT, Qcc, TimeUS,Roll,Pitch", *later]
    found, _ = read(written(tmp_path, "\n".join(lines), "flight.log"))
    assert_channel(found, "table.Roll", A)
    assert_channel(found, "table.Pitch", B[20:], TIME[20:])


def skeleton(frames):
    """Motion capture of a hip and a knee as BVH."""
    joints = """HIERARCHY
ROOT Hips
{
\tOFFSET 0.0 0.0 0.0
\tCHANNELS 2 Xposition Zrotation
\tJOINT Left Knee
\t{
\t\tOFFSET 0.0 -7.0 0.0
\t\tCHANNELS 1 Xrotation
\t\tEnd Site
\t\t{
\t\t\tOFFSET 0.0 -6.0 0.0
\t\t}
\t}
}
MOTION
Frames: 50
Frame Time: 0.02
"""
    return joints + "\n".join(" ".join(map(repr, frame)) for frame in np.transpose(frames).tolist())


def test_motion_capture_is_one_topic_with_a_field_for_each_joint(tmp_path):
    found, said = read(written(tmp_path, gzip.compress(skeleton([A, 2.0 * A, B]).encode()), "walk.bvh.gz"))
    assert sorted(found) == ["walk.Hips.Xposition", "walk.Hips.Zrotation", "walk.Left_Knee.Xrotation"]
    assert_channel(found, "walk.Hips.Zrotation", 2.0 * A)
    assert_channel(found, "walk.Left_Knee.Xrotation", B)
    assert any("the times are computed from the frame time of the file: 50 Hz" in sentence for sentence in said)
    assert not any("time is column" in sentence for sentence in said)


def test_motion_capture_that_was_cut_is_read_as_far_as_it_is_whole(tmp_path):
    path = tmp_path / "walk.bvh"
    text = skeleton([A, 2.0 * A, B])
    path.write_text(text.rpartition(" ")[0])
    found, said = read(path)
    assert_channel(found, "walk.Hips.Xposition", A[:-1], TIME[:-1])
    assert any("1 frame of 50 left out: not 3 numbers each" in sentence for sentence in said)
    for end in (30, text.index("MOTION") + 20, len(text.partition("0.02\n")[0]) + 5):
        path.write_text(text[:end])
        with pytest.raises(RecordingError, match=r"not a readable BVH file|has no frames"), Tables([path]):
            pass
