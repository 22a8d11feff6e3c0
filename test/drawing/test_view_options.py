import pytest

from infonet_ros.drawing.view_options import BACKSPACE, ENTER, ESCAPE, TAB, ViewOptions

NAMES = ["imu.gyro.y", "imu.gyro.z", "odom.yaw", "fix.altitude"]
NAN = float("nan")


@pytest.fixture
def matrix(make_matrix):
    pairs = {
        ("imu.gyro.y", "odom.yaw"): (0.9, 0.4, 0.05),
        ("imu.gyro.z", "odom.yaw"): (0.2, -0.6, 0.05),
        ("imu.gyro.z", "fix.altitude"): (0.5, 0.8, 0.5),  # a delay by chance
        ("imu.gyro.y", "fix.altitude"): (NAN, 0.0, NAN),
    }
    return make_matrix(NAMES, pairs)


def names(options, matrix):
    return [(pair.a, pair.b) for pair in options.pairs(matrix)]


def pressed(options, keys):
    for key in keys:
        options = options.pressed(key)
    return options


def test_the_strongest_pair_comes_first_and_unknown_ones_are_left_out(matrix):
    pairs = ViewOptions().pairs(matrix)
    assert (pairs[0].a, pairs[0].b) == ("imu.gyro.y", "odom.yaw")
    assert len(pairs) == 5
    assert [pair.mi for pair in pairs] == sorted((pair.mi for pair in pairs), reverse=True)


def test_a_p_value_of_one_in_twenty_is_significant(matrix):
    assert [pair.significant for pair in ViewOptions().pairs(matrix)] == [True, False, True, False, False]


def test_pairs_can_be_sorted_by_delay_and_by_name(matrix):
    assert names(ViewOptions(order="delay"), matrix)[:2] == [("imu.gyro.z", "odom.yaw"), ("imu.gyro.y", "odom.yaw")]
    found = names(ViewOptions(order="name"), matrix)
    assert found == sorted(found)


def test_a_pattern_keeps_the_pairs_of_the_rows_it_names(matrix):
    assert names(ViewOptions(pattern="GYRO.Y"), matrix) == [("imu.gyro.y", "odom.yaw"), ("imu.gyro.y", "imu.gyro.z")]
    assert ViewOptions(pattern="yaw altitude").rows(matrix, 10) == [2, 3]
    assert names(ViewOptions(pattern="camera"), matrix) == []


def test_rows_that_do_not_fit_are_those_that_share_least(matrix):
    assert ViewOptions().rows(matrix, 4) == [0, 1, 2, 3]
    assert ViewOptions().rows(matrix, 3) == [0, 1, 2]
    assert ViewOptions().rows(matrix, 2) == [0, 2]


def test_keys_switch_sort_and_find():
    assert pressed(ViewOptions(), [TAB]).kind == "modalities"
    assert pressed(ViewOptions(), [TAB, TAB]) == ViewOptions()
    assert [pressed(ViewOptions(), "s" * count).order for count in range(4)] == ["mi", "name", "delay", "mi"]
    assert pressed(ViewOptions(), ["/", *"odoq", BACKSPACE, "m", ENTER]) == ViewOptions(pattern="odom")
    assert pressed(ViewOptions(), ["/", *"odom", ESCAPE]) == ViewOptions()
    assert pressed(ViewOptions(pattern="odom"), [ESCAPE]) == ViewOptions()
    assert pressed(ViewOptions(), ["/", "s", "q", "\x01"]) == ViewOptions(pattern="sq", typing=True)
    assert pressed(ViewOptions(), ["x", ENTER]) == ViewOptions()


def test_the_question_mark_explains_the_keys_until_another_key():
    shown = ViewOptions().pressed("?")
    assert shown.showing_keys
    assert shown.pressed("s") == ViewOptions()
    assert pressed(ViewOptions(), ["/", "?"]).pattern == "?"
