"""What must hold whatever happens to a node: of every matrix, and of its process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.live.node_process import resident_memory
from infonet_ros import InfoNet
from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.errors import InputError
from infonet_ros.estimator.samples.updates import LEAST_UPDATES
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.outputs.messages import matrix_from_message, pair_messages, time_nanoseconds
from infonet_ros.text import NANOSECONDS


class Tally:
    """How often each invariant was checked and violated, with the first violation of each in words."""

    def __init__(self) -> None:
        self.checked: dict[str, int] = {}
        self.violated: dict[str, int] = {}
        self.examples: dict[str, str] = {}

    def check(self, invariant: str, holds: bool, otherwise: str) -> None:
        """Count one check."""
        self.checked[invariant] = self.checked.get(invariant, 0) + 1
        self.violated[invariant] = self.violated.get(invariant, 0) + (not holds)
        if not holds:
            self.examples.setdefault(invariant, otherwise)


class MatrixInspector:
    """Checks the matrices of one topic.

    Parameters
    ----------
    tally : Tally
    names : sequence of str
        Rows that each matrix must have.
    window : float
        Seconds.
    """

    def __init__(self, tally: Tally, names: Sequence[str], window: float) -> None:
        self._tally = tally
        self._names = tuple(names)
        self._window = window
        self._last_end: int | None = None
        self._may_step_back = False

    def expect_reset(self) -> None:
        """Say that time may go back, once, because the clock was set back; a busy node may tell it an episode later."""
        self._may_step_back = True

    def inspect(self, message: MutualInformationMatrix) -> DependenceMatrix | None:
        """Check a message; return its matrix, None when it is so broken that there is none."""
        try:
            matrix = matrix_from_message(message)
        except InputError as error:
            self._tally.check("names and sizes constant", False, str(error))
            return None
        where = f"in the window up to {matrix.end / NANOSECONDS:.3f} s"
        self._tally.check("names and sizes constant", matrix.names == self._names, f"names {matrix.names} {where}")
        for invariant, holds in _invariants(matrix):
            self._tally.check(invariant, holds, where)
        pairs = str(message.pairs) == str(pair_messages(matrix))  # as text, in which NaN equals NaN
        self._tally.check("pairs repeat the matrices", pairs, where)
        self._check_time(matrix, where)
        stamped = time_nanoseconds(message.header.stamp) == matrix.end
        self._tally.check("window of the right length, its end is the stamp", stamped and self._regular(matrix), where)
        return matrix

    def _check_time(self, matrix: DependenceMatrix, where: str) -> None:
        goes_on = self._last_end is None or matrix.end > self._last_end
        self._tally.check("time goes on, but for a clock that was set back", goes_on or self._may_step_back, where)
        if not goes_on:
            self._may_step_back = False
        self._last_end = matrix.end

    def _regular(self, matrix: DependenceMatrix) -> bool:
        period = (matrix.end - matrix.start) / (matrix.sample_count - 1)
        rated = np.isclose(period, NANOSECONDS / matrix.sample_rate, rtol=1e-6)  # the rate has 32 bits
        return bool(rated) and matrix.sample_count == round(self._window * NANOSECONDS / period)


def _invariants(matrix: DependenceMatrix) -> Iterator[tuple[str, bool]]:
    off_diagonal = ~np.eye(len(matrix.names), dtype=bool)
    known, values = np.isfinite(matrix.mi), (matrix.lower, matrix.mi, matrix.upper)
    both_valid = matrix.valid & matrix.valid[:, None]
    must = (matrix.samples >= InfoNet.MIN_SAMPLES) & off_diagonal
    may = must | ((matrix.samples >= LEAST_UPDATES) & off_diagonal & both_valid)  # two held streams
    yield (
        "finite, or NaN with a reason",
        all(np.array_equal(np.isfinite(v), known) for v in values) and not np.any(must & ~known | known & ~may),
    )
    yield (
        "valid where enough samples vary",
        not np.any(matrix.valid & (np.diag(matrix.samples) < InfoNet.MIN_SAMPLES))
        and not np.any(matrix.mi[known & ~both_valid] != 0.0),
    )
    yield "samples of a pair no more than of its rows", _counts_fit(matrix)
    symmetric = (*values, matrix.p_value, matrix.samples)
    yield (
        "symmetric, lag antisymmetric",
        all(np.array_equal(v, v.T, equal_nan=True) for v in symmetric)
        and np.array_equal(matrix.lag, -matrix.lag.T, equal_nan=True),
    )
    low, middle, high = (v[known] for v in values)
    yield "0 <= lower <= mi <= upper", bool(np.all((low >= 0.0) & (low <= middle) & (middle <= high)))
    p = matrix.p_value[np.isfinite(matrix.p_value)]
    yield "p-value in (0, 1]", bool(np.all((p > 0.0) & (p <= 1.0)))


def _counts_fit(matrix: DependenceMatrix) -> bool:
    own = np.diag(matrix.samples)
    most = np.minimum(own[:, None], own)
    return bool(np.all((matrix.samples >= 0) & (matrix.samples <= most)) and np.all(own <= matrix.sample_count))


@dataclass(frozen=True)
class ProcessState:
    """What a process uses: bytes in memory, threads, open files."""

    memory: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> "ProcessState":
        """Read it from the system."""
        process = Path(f"/proc/{pid}")
        return cls(
            memory=resident_memory(pid),
            threads=len(list((process / "task").iterdir())),
            files=len(list((process / "fd").iterdir())),
        )
