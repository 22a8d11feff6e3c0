"""What the estimator returns. All mutual information in nats."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """Mutual information of one pair of scalar streams.

    Attributes
    ----------
    mi : float
        Median of the estimated distribution of the MI, nats; NaN with fewer than 64 good samples.
    lower, upper : float
        5 % and 95 % quantiles: a 90 % interval.
    p_value : float or None
        Probability of so large an MI under independence; None when no surrogates were asked for.
    samples : int
        Good samples used.
    constant : bool
        One of the two streams never changes; then ``mi`` is 0.
    """

    mi: float
    lower: float
    upper: float
    p_value: float | None
    samples: int
    constant: bool


@dataclass(frozen=True, eq=False)
class PairwiseEstimate:
    """Mutual information of all pairs of N scalar streams.

    Attributes
    ----------
    mi, lower, upper : (N, N) float32
        As in `Estimate`; symmetric, NaN on the diagonal.
    p_value : (N, N) float64 or None
        None when no surrogates were asked for. From fewer than were asked for where few different shifts are clear of
        the lags.
    lag : (N, N) int32
        Lag in samples at which the MI was largest (0 when no lags were asked for); antisymmetric,
        positive where the column follows the row.
    samples : (N, N) int32
        Good samples used by each pair at its lag; on the diagonal, those of the stream itself.
    constant : (N,) bool
        Streams that never change.
    """

    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p_value: np.ndarray | None
    lag: np.ndarray
    samples: np.ndarray
    constant: np.ndarray


@dataclass(frozen=True)
class SlicedEstimate:
    """Sliced mutual information of two vector streams (Goldfeld and Greenewald, NeurIPS 2021).

    Attributes
    ----------
    mi : float
        Mean MI over random pairs of projections, nats. A lower scale than MI: compare it with other sliced MI only.
    lower, upper : float
        90 % interval of that mean, from the spread over projections and the intervals of each.
    p_value : float or None
        Of the hypothesis that the two vectors are independent; None when no surrogates were asked for.
    samples : int
        Rows in which every component of both vectors is finite.
    projections : int
        Number of random pairs of projections.
    """

    mi: float
    lower: float
    upper: float
    p_value: float | None
    samples: int
    projections: int


@dataclass(frozen=True, eq=False)
class LaggedEstimate:
    """Mutual information of ``x[t]`` with ``y[t + lag]`` for several lags.

    Attributes
    ----------
    lags : (L,) int64
        Lags in samples, as asked for.
    mi, lower, upper : (L,) float32
        As in `Estimate`.
    samples : (L,) int64
        Good samples used at each lag.
    """

    lags: np.ndarray
    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    samples: np.ndarray

    @property
    def best_lag(self) -> int:
        """The lag in samples at which the MI is largest; ValueError when no lag has an estimate."""
        return int(self.lags[np.nanargmax(self.mi)])
