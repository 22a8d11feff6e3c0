import pytest

from infonet_ros.drawing.labels import fitted_names, short_names

ODOM = "husky_velocity_controller_odom"


def test_the_end_of_topic_and_path_stays():
    names = [f"{ODOM}.twist.twist.angular.z", f"{ODOM}.pose.pose.position.x|rate", "imu_data.orientation|yaw|rate"]
    assert short_names(names) == ("odom angular.z", "odom position.x|rate", "imu_data orientation|yaw|rate")


def test_one_topic_is_not_named():
    assert short_names(["imu.angular_velocity.x", "imu.angular_velocity.y"]) == (
        "angular_velocity.x",
        "angular_velocity.y",
    )


def test_equal_labels_get_what_distinguishes_them():
    paths = [f"tf.transforms[{key}].transform.translation.x" for key in ("base.link", "arm")]
    assert short_names(paths) == ("transforms[bas…]…translation.x", "transforms[arm]…translation.x")
    topics = ["front_left_wheel_odometry.data", "rear_right_wheel_odometry.data", "odometry.data"]
    assert len({*short_names(topics)}) == 3


@pytest.mark.parametrize("count", [2, 40])
def test_names_are_unique_and_short_whatever_they_are(count):
    names = [f"{'very_long_' * 9}topic_{k // 7}.{'deep.' * 9}value[{k}]" for k in range(count)]
    labels = short_names(names)
    assert len({*labels}) == count
    assert max(map(len, labels)) <= 30


def test_control_characters_are_written_out():
    assert short_names(["a.da\x1bta", "b.data"]) == (r"a da\x1bta", "b data")


def test_names_that_would_look_alike_are_cut_in_front_of_the_difference():
    names = ["ft_suspension_left_wheel_2", "imu", "ft_suspension_right_wheel_2"]
    assert fitted_names(names, 16) == dict(zip(names, ["…left_wheel_2", "imu", "…right_wheel_2"], strict=True))
    assert [*fitted_names(names, 31)] == names
    odom = ["odom.twist.twist.angular.z", "odom.twist.twist.linear.x"]
    assert [*fitted_names(odom, 20).values()] == ["odom.twis….angular.z", "odom.twis…t.linear.x"]
