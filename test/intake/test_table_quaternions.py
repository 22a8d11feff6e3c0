"""Four columns of a table that are a quaternion give the angles that scipy computes from them."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from table_files import rows, together, written

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Modality

NAMES = {
    "TUM": ("tx,qx,qy,qz,qw", "xyzw", "q"),
    "bagpy": ("seq,orientation.x,orientation.y,orientation.z,orientation.w", "xyzw", "orientation"),
    "upper case": ("n,Quat_W,Quat_X,Quat_Y,Quat_Z", "wxyz", "Quat"),
    "SensorLog": ("n,quatX(R),quatY(R),quatZ(R),quatW(R)", "xyzw", "quat"),
    "PX4": ("n,q[0],q[1],q[2],q[3]", "wxyz", "q"),
}


@pytest.fixture
def turns(rng):
    return Rotation.from_euler("xyz", rng.uniform(-1.5, 1.5, (50, 3)))


def table(tmp_path, header, order, turns):
    parts = turns.as_quat()[:, ["xyzw".index(part) for part in order]]
    lines = [f"{k / 10},{k % 7 * 0.5}," + ",".join(f"{value:.6f}" for value in row) for k, row in enumerate(parts)]
    return written(tmp_path, f"time,{header}\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize("names", NAMES)
def test_the_angles_of_a_quaternion_stand_for_its_columns(tmp_path, turns, names):
    header, order, base = NAMES[names]
    path = table(tmp_path, header, order, turns)
    with Tables([path, written(tmp_path, "time,v\n0,1\n1,2\n", name="other.csv")]) as opened:
        topic = next(iter(opened.topics))
        paths = [field.path for field in opened.fields(topic)[0]]
        assert paths[1:] == [f"{base}|roll", f"{base}|pitch", f"{base}|yaw"]
        modality = Modality("pose", topic, tuple(paths[1:]))
        found = np.array([sample.values for sample in opened.samples([modality], opened.start, opened.end + 1)])
        assert any("of a quaternion, read as" in notice for notice in opened.notices)
    np.testing.assert_allclose(found, turns.as_euler("xyz"), atol=1e-5)


def test_single_columns_can_still_be_named_and_a_part_that_is_missing_makes_the_angle_unknown(tmp_path, turns):
    text = table(tmp_path, "n,qx,qy,qz,qw", "xyzw", turns).read_text().splitlines()
    text[2] = text[2].rpartition(",")[0] + ","
    text[3] = text[3].rpartition(",")[0] + ",nan"
    path = written(tmp_path, "\n".join(text) + "\n")
    with pytest.raises(ConfigurationError, match=r"no column 'q' .*q\|yaw"):
        rows(path, ("q|norm",))
    found = [values for _, values in rows(path, ("qx", "q|yaw", "q|yaw|rate"))]
    assert found[0][0] == pytest.approx(turns.as_quat()[0, 0], abs=1e-6)
    assert found[1][1] is None and np.isnan(found[2][1])
    assert found[3][1] == found[3][2]  # the windows differentiate it


def test_four_numbers_that_have_no_length_of_one_are_no_quaternion(tmp_path, rng):
    lines = "\n".join(f"{k},{','.join(f'{v:.3f}' for v in rng.normal(size=4))}" for k in range(20))
    found, _ = together([written(tmp_path, f"time,x,y,z,w\n{lines}\n")])
    assert list(found) == ["table.x", "table.y", "table.z", "table.w"]


@pytest.mark.parametrize("order", ["wxyz", "xyzw"])
def test_an_array_of_four_columns_is_a_quaternion(tmp_path, rng, order):
    turns = Rotation.from_euler("xyz", rng.uniform(-1, 1, (50, 3)) * [0.3, 0.3, 2.5])
    parts = turns.as_quat()[:, ["xyzw".index(part) for part in order]]
    np.savez(tmp_path / "log.npz", time=np.arange(50) * 0.1, pose=parts, n=np.arange(50) % 7)
    found = [values for _, values in rows(tmp_path / "log.npz", ("q|roll", "q|pitch", "q|yaw"), "pose")]
    np.testing.assert_allclose(found, turns.as_euler("xyz"), atol=1e-9)


def test_an_array_whose_scalar_may_be_first_or_last_stays(tmp_path, rng):
    np.savez(tmp_path / "log.npz", time=np.arange(500) * 0.1, pose=Rotation.random(500, rng=rng).as_quat())
    assert list(together([tmp_path / "log.npz"])[0]) == [f"pose.column_{k}" for k in range(1, 5)]
