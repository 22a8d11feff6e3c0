"""Convert matrices to messages, and messages to matrices.

Arrays are copied as bytes: assigning an ndarray to a message field checks each number in Python, which takes some
hundred times longer. Each pair must be one object; 2016 pairs (64 channels) take under 10 ms.
"""

from array import array
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time

from infonet_ros.dependence.matrix import SQUARES, DependenceMatrix, message_fields, pair_fields
from infonet_ros.errors import InputError
from infonet_ros.msg import MutualInformationMatrix, MutualInformationPair
from infonet_ros.text import NANOSECONDS


def time_message(nanoseconds: int) -> Time:
    """Make a stamp of nanoseconds; sensor time before 1970 (a simulator's negative time) is kept exactly."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    return Time(sec=seconds, nanosec=rest)


def time_nanoseconds(stamp: Time) -> int:
    """Nanoseconds of a stamp."""
    return stamp.sec * NANOSECONDS + stamp.nanosec


def matrix_message(matrix: DependenceMatrix) -> MutualInformationMatrix:
    """Make the message of a matrix; its stamp is the end of the window."""
    message = MutualInformationMatrix(
        window_start=time_message(matrix.start),
        window_end=time_message(matrix.end),
        pairs=pair_messages(matrix),
        **{name: _as_field(value) for name, value in message_fields(matrix).items()},
    )
    message.header.stamp = message.window_end
    return message


def pair_messages(matrix: DependenceMatrix) -> list[MutualInformationPair]:
    """Make the messages of the pairs, in the order of `DependenceMatrix.columns`."""
    return [  # with words instead of a dictionary, which takes half as long again
        MutualInformationPair(a=a, b=b, mi=mi, lower=lower, upper=upper, p_value=p_value, lag=lag, valid=valid)
        for a, b, mi, lower, upper, p_value, lag, valid in zip(*pair_fields(matrix).values(), strict=True)
    ]


def matrix_from_message(message: MutualInformationMatrix) -> DependenceMatrix:
    """Make the matrix of a message; its arrays are copies.

    Raises InputError if an array of the message does not have N x N elements (N for ``valid``).
    """
    return DependenceMatrix(
        names=tuple(message.names),
        **{name: _as_array(message, name, np.float32, 2) for name in SQUARES},
        samples=_as_array(message, "samples", np.int32, 2),
        valid=_as_array(message, "valid", bool, 1),
        start=time_nanoseconds(message.window_start),
        end=time_nanoseconds(message.window_end),
        sample_count=message.sample_count,
        sample_rate=message.sample_rate,
        method=message.method,
        given=tuple(message.given),
        estimator=message.estimator,
        version=message.estimator_version,
        duration=message.duration,
    )


def _as_field(value: Any) -> Any:
    """Return a value as a field of a message takes it; see the top of this file."""
    if not isinstance(value, np.ndarray):
        return value
    return value.tolist() if value.dtype == np.bool_ else array(value.dtype.char, value.tobytes())


def _as_array(message: MutualInformationMatrix, field: str, dtype: type, dimensions: int) -> np.ndarray:
    values: np.ndarray = np.array(getattr(message, field), dtype=dtype)
    count = len(message.names)
    if values.size != count**dimensions:
        raise InputError(
            f"{field} of a MutualInformationMatrix has {values.size} elements, expected "
            f"{' x '.join([str(count)] * dimensions)} for its {count} names: correct its publisher."
        )
    return values.reshape([count] * dimensions)
