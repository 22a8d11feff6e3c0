"""What `infonet bag` says of a real drive, without an option given."""

import re

import pytest
from recordings import HUSKY

from infonet_ros.offline.findings import findings
from infonet_ros.offline.findings_record import findings_record
from infonet_ros.offline.job import analyse_bag


@pytest.fixture(scope="module")
def husky(tmp_path_factory):
    return analyse_bag(HUSKY, tmp_path_factory.mktemp("husky"), formats=[], cores=2).analysis


def test_the_first_five_lines_of_the_husky(husky):
    """Its odometry tells the turn of the gyroscope's y axis 0.40 s late; covariances and positions tell nothing."""
    first = [str(one) for one in findings(husky)[:5]]
    (turn,) = [line for line in first if "twist.angular.z and imu_data.angular_velocity.y share" in line]
    assert 0.7 < float(re.search(r"share (\d\.\d+) nats", turn)[1]) < 1.1
    assert abs(float(re.search(r"twist.angular.z follows by (\d\.\d+) s", turn)[1]) - 0.4) < 0.06
    assert "no shift of stamps suits all channels" in turn  # the pose is not late, its speeds are filtered
    assert not re.search(r"covariance|latitude(?!\|rate)|position\.[xyz](?!\|rate)|seq|stamp\b", " ".join(first))


def test_scripts_get_the_same(husky):
    record = findings_record(husky)
    assert [one["sentence"] for one in record["findings"]] == [str(one) for one in findings(husky)]
    assert all(set(one["channels"]) <= set(record["channels"]) for one in record["findings"])
    gyro, odometry = "imu_data.angular_velocity.y", "husky_velocity_controller_odom.twist.twist.angular.z"
    (pair,) = [one for one in record["pairs"] if {one["a"], one["b"]} == {gyro, odometry}]
    assert pair["mi"] == pytest.approx(0.92, abs=0.1)  # by nearest neighbours
    assert abs(pair["lag"]) == pytest.approx(0.4, abs=0.05)
    assert pair["p_adjusted"] < 0.001
    assert pair["delay_clear"]


def test_the_gyroscope_explains_what_other_streams_know_of_the_turn(husky):
    names, gyro = husky.names, "imu_data.angular_velocity.y"
    turns = ("imu_data.orientation|yaw|rate", "husky_velocity_controller_odom.pose.pose.orientation|yaw|rate")
    a, b = sorted(names.index(name) for name in turns)
    one = husky.explanations[a, b]
    assert names[one.third] == gyro and one.left < 0.15 < 0.8 < husky.whole.matrix.mi[a, b]
