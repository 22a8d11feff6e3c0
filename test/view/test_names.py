import pytest

from infonet_ros.view.names import shorten


@pytest.mark.parametrize(
    ("length", "expected"),
    [(30, "imu.angular_velocity.y"), (22, "imu.angular_velocity.y"), (11, "imu.a…ity.y"), (3, "i…y"), (2, "im")],
)
def test_long_names_keep_both_ends(length, expected):
    assert shorten("imu.angular_velocity.y", length) == expected
