import pytest

from infonet_ros.drawing.selection import BACKSPACE, ENTER, ESCAPE, TAB, Selection

NAMES = ["imu.gyro.y", "imu.gyro.z", "odom.yaw", "fix.altitude"]
NAN = float("nan")


@pytest.fixture
def matrix(make_matrix):
    pairs = {
        ("imu.gyro.y", "odom.yaw"): (0.9, 0.4, 0.05),
        ("imu.gyro.z", "odom.yaw"): (0.2, -0.6, 0.5),
        ("imu.gyro.y", "fix.altitude"): (NAN, 0.0, NAN),
    }
    return make_matrix(NAMES, pairs)


def names(selection, matrix):
    return [(pair.a, pair.b) for pair in selection.pairs(matrix)]


def pressed(selection, keys):
    for key in keys:
        selection = selection.pressed(key)
    return selection


def test_the_strongest_pair_comes_first_and_unknown_ones_are_left_out(matrix):
    pairs = Selection().pairs(matrix)
    assert (pairs[0].a, pairs[0].b) == ("imu.gyro.y", "odom.yaw")
    assert len(pairs) == 5
    assert [pair.mi for pair in pairs] == sorted((pair.mi for pair in pairs), reverse=True)


def test_a_p_value_of_one_in_twenty_is_significant(matrix):
    assert [pair.significant for pair in Selection().pairs(matrix)] == [True, False, False, False, False]


def test_pairs_can_be_sorted_by_delay_and_by_name(matrix):
    assert names(Selection(order="delay"), matrix)[:2] == [("imu.gyro.z", "odom.yaw"), ("imu.gyro.y", "odom.yaw")]
    found = names(Selection(order="name"), matrix)
    assert found == sorted(found)


def test_a_pattern_keeps_the_pairs_of_the_rows_it_names(matrix):
    assert names(Selection(pattern="GYRO.Y"), matrix) == [("imu.gyro.y", "odom.yaw"), ("imu.gyro.y", "imu.gyro.z")]
    assert Selection(pattern="yaw altitude").rows(matrix, 10) == [2, 3]
    assert names(Selection(pattern="camera"), matrix) == []


def test_rows_that_do_not_fit_are_those_that_share_least(matrix):
    assert Selection().rows(matrix, 4) == [0, 1, 2, 3]
    assert Selection().rows(matrix, 3) == [0, 1, 2]
    assert Selection().rows(matrix, 2) == [0, 2]


def test_keys_switch_sort_and_find():
    assert pressed(Selection(), [TAB]).kind == "modalities"
    assert pressed(Selection(), [TAB, TAB]) == Selection()
    assert [pressed(Selection(), "s" * count).order for count in range(4)] == ["mi", "name", "delay", "mi"]
    assert pressed(Selection(), ["/", *"odoq", BACKSPACE, "m", ENTER]) == Selection(pattern="odom")
    assert pressed(Selection(), ["/", *"odom", ESCAPE]) == Selection()
    assert pressed(Selection(pattern="odom"), [ESCAPE]) == Selection()
    assert pressed(Selection(), ["/", "s", "q", "\x01"]) == Selection(pattern="sq", typing=True)
    assert pressed(Selection(), ["x", ENTER]) == Selection()


def test_the_question_mark_explains_the_keys_until_another_key():
    explaining = Selection().pressed("?")
    assert explaining.explaining
    assert explaining.pressed("s") == Selection()
    assert pressed(Selection(), ["/", "?"]).pattern == "?"
