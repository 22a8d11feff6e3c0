from dataclasses import fields

import numpy as np
import pytest
from matrices import matrix_of
from rclpy.serialization import deserialize_message, serialize_message

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.errors import InputError
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.outputs.messages import matrix_from_message, matrix_message, time_message, time_nanoseconds


@pytest.fixture
def matrix():
    random = np.random.default_rng(0)
    count = 5
    mi, lower, upper, p_value = random.random((4, count, count)).astype(np.float32)
    for values in (mi, lower, upper, p_value):
        np.fill_diagonal(values, np.nan)
    mi[1, 3] = mi[3, 1] = np.nan
    lag = np.float32(0.1) * np.subtract.outer(np.arange(count), np.arange(count)).astype(np.float32)
    return matrix_of(
        mi,
        names=tuple(f"imu.angular_velocity.{k}" for k in range(count)),
        lower=lower,
        upper=upper,
        p_value=p_value,
        lag=lag,
        samples=random.integers(0, 2000, (count, count)).astype(np.int32),
        valid=np.array([True, True, False, True, True]),
        start=1_432_235_498_025_043_042,
        end=1_432_235_518_025_043_042,
        sample_count=2000,
        sample_rate=np.float32(9.7),
        duration=np.float32(0.25),
    )


def over_the_wire(message):
    return deserialize_message(serialize_message(message), MutualInformationMatrix)


def test_a_matrix_comes_back_bit_for_bit(matrix):
    back = matrix_from_message(over_the_wire(matrix_message(matrix)))

    for field in fields(DependenceMatrix):
        sent, received = getattr(matrix, field.name), getattr(back, field.name)
        if isinstance(sent, np.ndarray):
            assert received.dtype == sent.dtype
            np.testing.assert_array_equal(received, sent, err_msg=field.name)
        else:
            assert received == sent, field.name


def test_a_message_comes_back_equal(matrix):
    message = matrix_message(matrix)
    again = matrix_message(matrix_from_message(message))

    assert repr(again) == repr(message)  # not as bytes: those between two fields are any


def test_pairs_are_the_upper_triangle_row_by_row(matrix):
    pairs = matrix_message(matrix).pairs

    expected = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    assert [(pair.a, pair.b) for pair in pairs] == [(matrix.names[i], matrix.names[j]) for i, j in expected]
    for pair, (i, j) in zip(pairs, expected, strict=True):
        for name in ("mi", "lower", "upper", "p_value", "lag"):
            np.testing.assert_array_equal(getattr(pair, name), getattr(matrix, name)[i, j])
        assert pair.valid == (2 not in (i, j))


def test_the_stamp_is_the_end_of_the_window(matrix):
    message = matrix_message(matrix)

    assert message.header.stamp == message.window_end
    assert time_nanoseconds(message.header.stamp) == matrix.end


@pytest.mark.parametrize("nanoseconds", [0, 1, 999_999_999, 1_432_235_498_025_043_042, -1, -1_500_000_000])
def test_stamps_are_exact(nanoseconds):
    assert time_nanoseconds(time_message(nanoseconds)) == nanoseconds


@pytest.mark.parametrize("field", ["mi", "lag", "samples", "valid"])
def test_a_message_of_the_wrong_size_is_refused(matrix, field):
    message = matrix_message(matrix)
    setattr(message, field, getattr(message, field)[:-1])

    with pytest.raises(InputError, match=rf"{field} of a MutualInformationMatrix has \d+ elements, expected 5"):
        matrix_from_message(message)


def test_no_channels_at_all_make_an_empty_message():
    nothing = matrix_of(np.empty((0, 0), np.float32))
    back = matrix_from_message(over_the_wire(matrix_message(nothing)))

    assert back.names == () and back.mi.shape == (0, 0)
