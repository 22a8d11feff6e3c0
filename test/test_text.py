import pytest

from infonet_ros.text import printable, shorten


@pytest.mark.parametrize(
    ("length", "expected"),
    [(30, "imu.angular_velocity.y"), (22, "imu.angular_velocity.y"), (11, "imu.a…ity.y"), (3, "i…y"), (2, "im")],
)
def test_long_names_keep_both_ends(length, expected):
    assert shorten("imu.angular_velocity.y", length) == expected


def test_control_characters_are_written_out_before_the_name_is_cut():
    assert printable("größe\x1b[2J\n\x7f\x9b\udc80") == r"größe\x1b[2J\n\x7f\x9b\udc80"
    assert shorten("\x1b[2J", 30) == r"\x1b[2J"
    assert len(shorten("\x1b" * 10, 8)) == 8
