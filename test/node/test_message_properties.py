"""Any matrix comes back from its message as it was, bit for bit, also over the wire."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rclpy.serialization import deserialize_message, serialize_message

from infonet_ros.dependence.matrix import SQUARES, DependenceMatrix
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.outputs.messages import matrix_from_message, matrix_message, time_message, time_nanoseconds

TIMES = st.integers(-(2**31) * 10**9, (2**31 - 1) * 10**9 + 999_999_999)  # what a stamp can hold
NAMES = st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=20)
floats = st.floats(width=32)


@st.composite
def matrices(draw):
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    shape = (len(names), len(names))
    return DependenceMatrix(
        names=tuple(names),
        **{field: draw(arrays(np.float32, shape, elements=floats)) for field in SQUARES},
        samples=draw(arrays(np.int32, shape, elements=st.integers(0, 2**31 - 1))),
        valid=draw(arrays(np.bool_, len(names))),
        start=draw(TIMES),
        end=draw(TIMES),
        sample_count=draw(st.integers(0, 2**32 - 1)),
        sample_rate=draw(floats),
        method=draw(st.sampled_from(("pairwise", "sliced"))),
        estimator="infonet",
        version=draw(NAMES),
        duration=draw(floats),
    )


@given(matrices())
def test_a_matrix_comes_back_from_the_wire(matrix):
    sent = matrix_message(matrix)
    received = deserialize_message(serialize_message(sent), MutualInformationMatrix)
    back = matrix_from_message(received)
    for field, value in vars(matrix).items():
        np.testing.assert_array_equal(getattr(back, field), value, err_msg=field)
    assert len(received.pairs) == len(matrix.names) * (len(matrix.names) - 1) // 2
    assert repr(matrix_message(back)) == repr(sent)  # not as bytes: those between two fields are any


@given(TIMES)
def test_stamps_are_exact(nanoseconds):
    stamp = time_message(nanoseconds)
    assert 0 <= stamp.nanosec < 10**9
    assert time_nanoseconds(stamp) == nanoseconds
