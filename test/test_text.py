import pytest

from infonet_ros.text import delay_text, did_you_mean, listed, printable, shorten


@pytest.mark.parametrize(
    ("length", "expected"),
    [(30, "imu.angular_velocity.y"), (22, "imu.angular_velocity.y"), (11, "imu.a…ity.y"), (3, "i…y"), (2, "im")],
)
def test_long_names_keep_both_ends(length, expected):
    assert shorten("imu.angular_velocity.y", length) == expected


@pytest.mark.parametrize(
    ("name", "hint"),
    [("/imu/dta", " (did you mean '/imu/data'?)"), ("/IMU/DATA", " (did you mean '/imu/data'?)"), ("/scan", "")],
)
def test_the_name_that_was_meant_is_named(name, hint):
    assert did_you_mean(name, ["/imu/data", "/odom"]) == hint


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7197.9, "7198 s"),
        (305.33, "305 s"),
        (12.34, "12.3 s"),
        (3.958, "3.96 s"),
        (0.4, "0.40 s"),
        (0.0137, "0.014 s"),
        (-0.002, "-0.0020 s"),
        (0.0, "0.00 s"),
    ],
)
def test_a_delay_is_given_with_two_significant_digits_below_a_second_and_three_above(seconds, text):
    assert delay_text(seconds) == text


def test_of_many_names_the_first_and_the_last_are_listed():
    assert listed([]) == "none"
    assert listed("ab") == "a, b"
    text = listed(f"/topic_{number}" for number in range(3000))
    assert text.startswith("/topic_0, /topic_1, ") and text.endswith(", /topic_2999") and 280 < len(text) <= 300
    shown = [name for name in text.split(", ") if name.startswith("/topic_")]
    assert f"… ({3000 - len(shown)} more)" in text


def test_names_in_a_list_are_whole_unless_two_do_not_fit():
    assert listed(["a" * 30, "b" * 60, "c" * 30, "d" * 20], 80) == f"{'a' * 30}, … (2 more), {'d' * 20}"
    assert listed(["a" * 50, "b" * 50], 80) == f"{'a' * 39}…{'b' * 40}"


def test_control_characters_are_written_out_before_the_name_is_cut():
    assert printable("größe\x1b[2J\n\x7f\x9b\udc80") == r"größe\x1b[2J\n\x7f\x9b\udc80"
    assert shorten("\x1b[2J", 30) == r"\x1b[2J"
    assert len(shorten("\x1b" * 10, 8)) == 8
