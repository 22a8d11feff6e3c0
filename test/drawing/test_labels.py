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
    assert short_names(paths) == ("transforms[base.link…x", "transforms[arm]…translation.x")
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


def test_names_are_cut_by_the_words_that_they_share():
    odom = ["odom.twist.twist.angular.z", "odom.twist.twist.linear.x"]
    assert [*fitted_names(odom, 18).values()] == ["odom…angular.z", "odom…linear.x"]
    wheels = [f"suspension_{side}_wheel_force.{axis}_in_newton" for side in ("left", "right") for axis in "xz"]
    assert [*fitted_names(wheels, 20).values()] == [
        f"…{side}…{axis}…newton" for side in ("left", "right") for axis in "xz"
    ]
    assert [*fitted_names(wheels, 40).values()] == wheels
    assert fitted_names(["ranges[0]", "ranges[1]", "x" * 20], 8) == {
        "ranges[0]": "…[0]",
        "ranges[1]": "…[1]",
        "x" * 20: "xxx…xxxx",
    }


def test_names_that_are_still_alike_keep_what_differs():
    names = [f"arm_{side}_force.y_in_metre" for side in ("left", "right")] + [
        f"arm_{side}_x.z" for side in ("left", "right")
    ]
    assert len({*fitted_names(names, 14).values()}) == 4
    paths = [f"raw_measurement_of_the_{end}_wrench.force.x_component" for end in ("front", "rear")]
    assert short_names(paths) == ("front_wrench x_component", "rear_wrench x_component")
