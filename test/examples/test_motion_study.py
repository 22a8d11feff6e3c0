import sys
from pathlib import Path

import numpy as np
import pytest

from infonet_ros import InfoNet

FOLDER = Path(__file__).parents[2] / "examples" / "motion_study"
sys.path.insert(0, str(FOLDER))

bvh = pytest.importorskip("bvh")
motion_study = pytest.importorskip("motion_study")

ARM = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT Shoulder
  {
    OFFSET 0 2 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    JOINT Hand
    {
      OFFSET 1 0 0
      CHANNELS 3 Zrotation Yrotation Xrotation
      End Site
      {
        OFFSET 1 0 0
      }
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.01
5 5 5 90 0 0  0 0 0  0 0 0
6 5 5 90 0 0  90 0 0  45 0 0
7 5 5 90 0 0  90 90 0  0 0 0
"""


def test_forward_kinematics_by_hand(tmp_path):
    """Seen from the hips: the first frame stretches the arm along x, the second turns it to y, the third to -z."""
    (tmp_path / "arm.bvh").write_text(ARM)
    motion = bvh.read_bvh(tmp_path / "arm.bvh")
    assert motion.joints == ("Hips", "Shoulder", "Hand")
    assert motion.parents == (-1, 0, 1)
    assert motion.rate == pytest.approx(100.0)
    np.testing.assert_allclose(motion.positions[:, 1], [[0, 2, 0]] * 3)
    np.testing.assert_allclose(motion.positions[:, 2], [[1, 2, 0], [0, 3, 0], [0, 2, -1]], atol=1e-12)


def test_joints_that_stand_still_or_move_as_one_are_left_out():
    walk = np.random.default_rng(0).normal(size=(50, 3))
    positions = np.stack([np.zeros((50, 3)), np.ones((50, 3)), walk, walk, 2 * walk], axis=1)
    motion = bvh.Motion(tuple("abcde"), (-1, 0, 0, 2, 0), positions, 60.0)
    assert motion_study.moving_joints(motion) == [2, 4]


def test_the_limbs_are_found(tmp_path):
    """Each limb lies in one part, and the two legs in different ones."""
    motions = [bvh.read_bvh(FOLDER / clip) for clip in motion_study.CLIPS]
    found = motion_study.study(motions, InfoNet.from_pretrained(device="cpu"))
    part = dict(zip(found.joints, found.parts, strict=True))
    for limb in (("LeftKnee", "LeftAnkle"), ("RightKnee", "RightAnkle"), ("LeftWrist", "LFingers"), ("Chest2", "Neck")):
        assert len({part[joint] for joint in limb}) == 1, limb
    assert part["LeftAnkle"] != part["RightAnkle"]
    assert part["LeftAnkle"] != part["LeftWrist"]
    motion_study.draw(found, motions[0], tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 20_000
