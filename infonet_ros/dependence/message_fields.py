"""The fields of a matrix as a message, for the node and for bags that are written without ROS."""

from typing import Any

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix

SQUARES = ("mi", "lower", "upper", "p_value", "lag")
"""Fields of (N, N) float32."""


def message_fields(matrix: DependenceMatrix) -> dict[str, Any]:
    """Return the fields of a MutualInformationMatrix, but for its stamps and its pairs.

    Arrays of numbers are arrays of NumPy, row by row and in the types of the message.
    """
    return {
        "sample_count": matrix.sample_count,
        "sample_rate": float(matrix.sample_rate),
        "names": list(matrix.names),
        "valid": matrix.valid.astype(np.bool_),
        **{name: getattr(matrix, name).astype(np.float32).ravel() for name in SQUARES},
        "samples": matrix.samples.astype(np.uint32).ravel(),
        "method": matrix.method,
        "given": list(matrix.given),
        "estimator": matrix.estimator,
        "estimator_version": matrix.version,
        "duration": float(matrix.duration),
    }


def pair_fields(matrix: DependenceMatrix) -> dict[str, list[Any]]:
    """Return the fields of all MutualInformationPair messages, each as a list in the order of `columns`."""
    columns = matrix.columns()
    del columns["samples"]  # only the matrix has them
    return {name: values.tolist() for name, values in columns.items()}
