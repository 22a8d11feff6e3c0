"""The matrix of dependence of one window: what the node publishes and the analysis writes, also without ROS."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from infonet_ros.estimator.dataframes import Tabular, html_table

PAIRWISE = "pairwise"
SLICED = "sliced"
CONDITIONAL = "conditional"
TRANSFER = "transfer"

CLEAR_GAIN = 0.05
"""Nats by which the MI must grow from no delay to the best one, for the delay to be clear."""

SQUARES = ("mi", "lower", "upper", "p_value", "lag")
"""Fields of a message that are (N, N) float32."""


@dataclass(frozen=True, eq=False, repr=False)
class DependenceMatrix(Tabular):
    """Mutual information of all pairs of N rows in one window: what the node publishes and the analysis writes.

    Attributes
    ----------
    names : tuple of str
        N channels, or modalities (``method`` "sliced").
    mi, lower, upper : (N, N) float32
        Nats, symmetric, NaN where not known and on the diagonal. Transfer entropy goes from the row to the column, and
        is not symmetric.
    p_value : (N, N) float64
        NaN where not known, not asked for, and on the diagonal.
    lag : (N, N) float32
        Seconds; positive where the column follows the row. Antisymmetric, but for transfer entropy.
    samples : (N, N) int32
        Good samples used by each pair.
    valid : (N,) bool
        False for a row that is constant, has too few good samples, or is given.
    start, end : int
        Stamps of the first and last sample, nanoseconds of sensor time.
    sample_count : int
        T, aligned samples in the window.
    sample_rate : float
        Hz; NaN when the samples are not regular.
    method : str
        "pairwise", "sliced", "conditional" or "transfer".
    estimator, version : str
        Name of the estimator and version of its weights.
    duration : float
        Computing time, seconds.
    drifting : (N,) bool or None
        Rows that trend, step or wander within the window. None where it is not known: in a message.
    untested : (N, N) str or None
        Why a pair has no p-value, see `Estimate`; empty for the others. None where it is not known: in a message.
    given : tuple of str
        Channels, or ``time``, given for all pairs (``method`` "conditional").
    delay_clear : (N, N) bool or None
        Pairs whose ``lag`` is clearly a delay. None where it is not known: in windows and messages.

    Examples
    --------
    >>> from infonet_ros import InfoNet, Settings
    >>> from infonet_ros.dependence.window_matrices import channel_matrix
    >>> from infonet_ros.intake.windows.window import Window
    >>> gyro, noise = np.random.default_rng(0).standard_normal((2, 500))
    >>> samples = np.stack([gyro, gyro + 0.5 * noise], axis=1)
    >>> window = Window(("imu.z", "odom.z"), samples, start=0, end=4_990_000_000, rate=100.0)
    >>> matrix = channel_matrix(InfoNet.from_pretrained(), window, Settings(surrogates=19))
    >>> round(float(matrix.mi[0, 1]), 1), bool(matrix.significant()[0, 1])
    (0.9, True)
    """

    names: tuple[str, ...]
    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p_value: np.ndarray
    lag: np.ndarray
    samples: np.ndarray
    valid: np.ndarray
    start: int
    end: int
    sample_count: int
    sample_rate: float
    method: str
    estimator: str
    version: str
    duration: float
    drifting: np.ndarray | None = None
    untested: np.ndarray | None = None
    given: tuple[str, ...] = ()
    delay_clear: np.ndarray | None = None

    @property
    def directed(self) -> bool:
        """Whether a pair and its mirror image differ."""
        return self.method == TRANSFER

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of all pairs, once each; of a directed matrix, of all ordered pairs."""
        everywhere = np.ones(self.mi.shape, dtype=bool)
        wanted = everywhere ^ np.eye(len(everywhere), dtype=bool) if self.directed else np.triu(everywhere, 1)
        row, column = np.nonzero(wanted)
        return row, column

    @property
    def known(self) -> np.ndarray:
        """(N, N) bool: pairs with an estimate, of rows that are valid."""
        return np.isfinite(self.mi) & self.valid[:, None] & self.valid[None, :]

    @property
    def both_drift(self) -> np.ndarray:
        """(N, N) bool: pairs of which both rows drift; see `drifting`."""
        drifting = np.zeros(len(self.names), dtype=bool) if self.drifting is None else self.drifting
        return drifting[:, None] & drifting & ~np.eye(len(self.names), dtype=bool)

    @property
    def reasons(self) -> np.ndarray:
        """(N, N) str: why a pair has no p-value, see `untested`; empty for the others, and where it is not known."""
        return np.full(self.mi.shape, "") if self.untested is None else self.untested

    @property
    def p_adjusted(self) -> np.ndarray:
        """(N, N) float64: p-values corrected for the number of pairs, NaN where there is none.

        Of the pairs with an adjusted p-value of at most 0.01, not more than 1 % are there by chance, on average
        (Benjamini and Hochberg, J. R. Stat. Soc. B 1995).
        """
        row, column = self.pairs
        tested = np.isfinite(self.p_value[row, column])
        row, column = row[tested], column[tested]
        adjusted = np.full(self.p_value.shape, np.nan)
        adjusted[row, column] = benjamini_hochberg(self.p_value[row, column])
        if not self.directed:
            adjusted[column, row] = adjusted[row, column]
        return adjusted

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row for each of `pairs`, row by row: (0, 1), (0, 2), ... (N-2, N-1) unless it is directed.

        Returns
        -------
        dict of str to (P,) array
            ``a``, ``b`` (names, objects), ``mi``, ``lower``, ``upper``, ``p_value``, ``lag``, ``samples`` and ``valid``
            (both rows are).
        """
        row, column = self.pairs
        names = np.array(self.names, dtype=object)
        measures = ("mi", "lower", "upper", "p_value", "lag", "samples")
        return {
            "a": names[row],
            "b": names[column],
            **{name: getattr(self, name)[row, column] for name in measures},
            "valid": self.valid[row] & self.valid[column],
        }

    def _repr_html_(self) -> str:
        """Show the MI as a table in a notebook, in nats."""
        return html_table("MI, nats", self.names, self.mi)

    def significant(self, level: float = 0.05, *, adjusted: bool = False) -> np.ndarray:
        """(N, N) bool: pairs whose p-value is at most ``level``, such as 1/20 by 19 surrogates for 0.05.

        For each pair alone, or ``adjusted`` for the number of pairs.
        """
        p_value = self.p_adjusted if adjusted else self.p_value
        # Both in float32, like the p-values of a message: rounding must not decide whether 1/20 is at most 0.05.
        return p_value.astype(np.float32) <= np.float32(level)

    def told_lag(self, level: float = 0.05, *, adjusted: bool = False) -> np.ndarray:
        """(N, N) float32: ``lag`` of the pairs whose delay may be shown, NaN for the others.

        These pairs are significant if there are p-values, and their delay is clear. In a window, the MI without delay
        is not kept. It may be 0, so the MI at the delay must be at least `CLEAR_GAIN`, and surely so.
        """
        told = self.lower >= CLEAR_GAIN if self.delay_clear is None else self.delay_clear
        if np.isfinite(self.p_value).any():
            told = told & self.significant(level, adjusted=adjusted)
        return np.where(told & self.known, self.lag, np.float32(np.nan))


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Correct p-values (K,) for their number.

    `scipy.stats.false_discovery_control` does this, but its import takes half a second.
    """
    falling = np.argsort(-p_values, kind="stable")
    larger = p_values[falling] * len(p_values) / np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[falling] = np.minimum(np.minimum.accumulate(larger), 1.0)
    return adjusted


@dataclass(frozen=True)
class LaggedPair:
    """Numbers of two channels, and the samples by which ``b`` follows ``a``."""

    a: int
    b: int
    lag: int


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
