"""Results of the estimator. All mutual information is in nats."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.estimator.dataframes import Names, Tabular, chosen, html_table
from infonet_ros.estimator.peak import Peak


@dataclass(frozen=True, repr=False)
class Estimate(Tabular):
    """Mutual information of one pair of scalar streams.

    Attributes
    ----------
    mi : float
        Median of the estimated distribution of the MI, nats; NaN with fewer than 64 good samples, or 48 updates.
    lower, upper : float
        5 % and 95 % quantiles: a 90 % interval.
    p_value : float or None
        Probability of such a large MI under the null hypothesis of independence; NaN if it cannot be tested, see
        ``untested``; None without surrogates.
    samples : int
        Good samples used; of two held streams, those at which both are new.
    constant : bool
        One of the two streams never changes; then ``mi`` is 0.
    drifting : bool
        Both streams drift, see `stationarity.drifting`: compare their rates of change. False without surrogates.
    untested : str
        Why there is no p-value, and what to do: both streams drift, have one period that the given streams do not
        explain, or make too few moves. Empty if there is one, without surrogates, and where ``mi`` is NaN for another
        reason.
    """

    mi: float
    lower: float
    upper: float
    p_value: float | None
    samples: int
    constant: bool
    drifting: bool = False
    untested: str = ""

    def columns(self) -> dict[str, Any]:
        """Return one row with all attributes, from ``mi`` on; ``p_value`` and ``untested`` only if it was tested."""
        return _row(self)


@dataclass(frozen=True, eq=False, repr=False)
class PairwiseEstimate(Tabular):
    """Mutual information of all pairs of N scalar streams.

    Attributes
    ----------
    mi, lower, upper : (N, N) float32
        As in `Estimate`; symmetric, NaN on the diagonal.
    p_value : (N, N) float64 or None
        None without surrogates, NaN for pairs that cannot be tested, see ``untested``. It uses fewer surrogates than
        requested if there are too few different shifts outside the lags.
    lag : (N, N) int32
        Lag in samples with the largest MI (0 without lags); antisymmetric, positive if the column follows the row.
    samples : (N, N) int32
        Good samples used by each pair at its lag; of two held streams, those at which both are new; on the diagonal,
        those of the stream itself.
    constant : (N,) bool
        Streams that never change.
    drifting : (N,) bool
        Streams that trend, step or wander, see `stationarity.drifting`; none of them without surrogates.
    untested : (N, N) str
        As in `Estimate`.
    names : tuple
        Names of the streams: the columns of a DataFrame, otherwise their numbers.
    """

    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p_value: np.ndarray | None
    lag: np.ndarray
    samples: np.ndarray
    constant: np.ndarray
    drifting: np.ndarray
    untested: np.ndarray
    names: Names = ()

    def columns(self) -> dict[str, Any]:
        """Return one row for each pair: ``a``, ``b`` and the measures, from ``mi`` on.

        Examples
        --------
        >>> import pandas as pd
        >>> from infonet_ros import InfoNet
        >>> rng = np.random.default_rng(0)
        >>> samples = pd.DataFrame(rng.standard_normal((500, 3)), columns=["gyro", "odom", "current"])
        >>> samples["odom"] += samples["gyro"]
        >>> pairs = InfoNet.from_pretrained().pairwise(samples).to_dataframe()
        >>> pairs.sort_values("mi", ascending=False)[["a", "b"]].head(1).to_dict("records")
        [{'a': 'gyro', 'b': 'odom'}]
        """
        places = np.triu_indices(len(self.mi), 1)
        a, b = (chosen(self.names, ends) for ends in places)
        measures = ("mi", "lower", "upper", "p_value", "lag", "samples", "untested")
        return {"a": a, "b": b} | _measures(self, measures, places)

    def _repr_html_(self) -> str:
        return html_table("MI, nats", self.names, self.mi)


@dataclass(frozen=True, eq=False, repr=False)
class TransferEstimate(Tabular):
    """Transfer entropy between all ordered pairs of N streams, from the row to the column (Schreiber, PRL 2000).

    Attributes
    ----------
    value, lower, upper : (N, N) float32
        Median and 90 % interval, nats: the information of the row's sample about the column's sample ``lag`` samples
        later, given the column's own past. NaN on the diagonal, and with fewer than 64 known samples.
    p_value : (N, N) float64 or None
        None without surrogates, NaN for pairs that cannot be tested, see ``untested``.
    lag : (N, N) int32
        Samples by which the column follows.
    samples : (N, N) int32
        Samples used by each pair.
    constant, drifting : (N,) bool
        As in `PairwiseEstimate`.
    untested : (N, N) str
        Why a pair cannot be tested: both drift, have one period, or are held and seldom new. Empty for the others.
    names : tuple
        As in `PairwiseEstimate`.
    """

    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p_value: np.ndarray | None
    lag: np.ndarray
    samples: np.ndarray
    constant: np.ndarray
    drifting: np.ndarray
    untested: np.ndarray
    names: Names = ()

    def columns(self) -> dict[str, Any]:
        """Return one row for each ordered pair: ``source``, ``target`` and the measures, from ``value`` on."""
        places = np.nonzero(~np.eye(len(self.value), dtype=bool))
        source, target = (chosen(self.names, ends) for ends in places)
        measures = _measures(self, ("value", "lower", "upper", "p_value", "lag", "samples", "untested"), places)
        return {"source": source, "target": target} | measures

    def _repr_html_(self) -> str:
        return html_table("transfer entropy, nats", self.names, self.value)


@dataclass(frozen=True, eq=False, repr=False)
class Explanations(Tabular):
    """For each pair of N streams, the third stream with the smallest conditional MI.

    Attributes
    ----------
    pairs : PairwiseEstimate
        MI of the pairs.
    by : (N, N) int32
        The third stream; -1 if none reduces the MI.
    by_lag : (N, N) int32
        Samples by which that stream follows the row; negative where it is ahead.
    left, lower, upper : (N, N) float32
        Conditional MI given that stream, with its 90 % interval; the MI itself where ``by`` is -1. Nats.
    """

    pairs: PairwiseEstimate
    by: np.ndarray
    by_lag: np.ndarray
    left: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def columns(self) -> dict[str, Any]:
        """Return one row for each pair: ``a``, ``b``, ``mi``, ``by``, ``by_lag``, ``left``, ``lower``, ``upper``."""
        places, names = np.triu_indices(len(self.by), 1), self.pairs.names
        a, b = (chosen(names, ends) for ends in places)
        known = {"a": a, "b": b, "mi": self.pairs.mi[places], "by": chosen(names, self.by[places])}
        return known | _measures(self, ("by_lag", "left", "lower", "upper"), places)


@dataclass(frozen=True, eq=False, repr=False)
class Selection(Tabular):
    """The streams with most information about a target, in the order of selection.

    Attributes
    ----------
    channels : (K,) int64
        In the order of selection.
    adds, lower, upper : (K,) float32
        What each adds to those before it: conditional MI with the target, with its 90 % interval, nats. The sum of
        ``adds`` is the MI of all of them with the target.
    samples : int
        Samples used: those at which all streams are known.
    names : tuple
        Names of the chosen streams: columns of a DataFrame, otherwise numbers.
    """

    channels: np.ndarray
    adds: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    samples: int
    names: Names = ()

    def columns(self) -> dict[str, Any]:
        """Return one row for each stream, in the order chosen: ``channel``, ``adds``, ``lower``, ``upper``."""
        names = chosen(self.names, np.arange(len(self.names)))
        return {"channel": names, "adds": self.adds, "lower": self.lower, "upper": self.upper}


@dataclass(frozen=True, repr=False)
class SlicedEstimate(Tabular):
    """Sliced mutual information of two vector streams (Goldfeld and Greenewald, NeurIPS 2021).

    Attributes
    ----------
    mi : float
        Mean MI over random pairs of projections, nats. It is smaller than MI: compare it only with other sliced MI.
    lower, upper : float
        90 % interval of that mean, from the spread over projections and the intervals of each.
    p_value : float or None
        Of the null hypothesis that the two vectors are independent, by the test of `independence`, from 24 rows on; NaN
        if most channels of both drift; None without surrogates.
    samples : int
        Rows in which every component of both vectors is finite; of two held vectors, those at which both are new.
    projections : int
        Number of random pairs of projections.
    untested : str
        As in `Estimate`.
    """

    mi: float
    lower: float
    upper: float
    p_value: float | None
    samples: int
    projections: int
    untested: str = ""

    def columns(self) -> dict[str, Any]:
        """Return one row with all attributes, as `Estimate.columns` does."""
        return _row(self)


@dataclass(frozen=True, eq=False, repr=False)
class LaggedEstimate(Tabular):
    """Mutual information over the lag: ``mi[k]`` is that of ``x[t]`` with ``y[t + lags[k]]``.

    So with ``y[t] = x[t - d]`` it is largest at the lag d, which is positive if y follows x.

    Attributes
    ----------
    lags : (L,) int64
        The requested lags, samples.
    mi, lower, upper : (L,) float32
        As in `Estimate`; NaN where a lag leaves fewer than 64 good samples.
    samples : (L,) int64
        Good samples used at each lag.

    Examples
    --------
    >>> from infonet_ros import InfoNet
    >>> x = np.random.default_rng(0).standard_normal(1000)
    >>> InfoNet.from_pretrained().lagged(x, np.roll(x, 2) + x, lags=range(4))
    LaggedEstimate, rows: 4
    lag     mi  lower  upper  samples
      0  0.340  0.287  0.409     1000
      1  0.000  0.000  0.011      999
      2  0.345  0.286  0.413      998
      3  0.000  0.000  0.012      997
    """

    lags: np.ndarray
    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    samples: np.ndarray

    def columns(self) -> dict[str, Any]:
        """Return one row for each lag: ``lag``, ``mi``, ``lower``, ``upper``, ``samples``."""
        measures = {"mi": self.mi, "lower": self.lower, "upper": self.upper, "samples": self.samples}
        return {"lag": self.lags} | measures

    @property
    def best_lag(self) -> int | None:
        """The lag in samples with the largest MI; None if no lag has an estimate."""
        return int(self.lags[np.nanargmax(self.mi)]) if np.isfinite(self.mi).any() else None

    @property
    def delay(self) -> float:
        """The delay with the largest MI, in samples and fractions of a sample.

        It is the vertex of a parabola through ``sqrt(1 - exp(-2 MI))`` around the best lag; NaN if the best lag is the
        first or the last, since the true delay may lie beyond.
        """
        return self._peak.delay

    @property
    def delay_lower(self) -> float:
        """The smallest delay, in samples, at which the MI is not clearly lower than at its peak; NaN without a peak.

        From here to `delay_upper` the MI is above the lower end of its 90 % interval at the best lag.
        """
        return self._peak.lower

    @property
    def delay_upper(self) -> float:
        """The largest such delay; see `delay_lower`."""
        return self._peak.upper

    @cached_property
    def _peak(self) -> Peak:
        order = np.argsort(self.lags, kind="stable")
        return Peak.of(self.lags[order], self.mi[order], self.lower[order])


def _row(estimate: Estimate | SlicedEstimate) -> dict[str, list[Any]]:
    values = {field.name: getattr(estimate, field.name) for field in fields(estimate)}
    if estimate.p_value is None:
        del values["p_value"], values["untested"]
    return {name: [value] for name, value in values.items()}


def _measures(estimate: Tabular, names: Sequence[str], places: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    """Take matrices (N, N) of an estimate at some places; ``p_value`` and ``untested`` only if it was tested."""
    matrices = {name: getattr(estimate, name) for name in names}
    if "p_value" in matrices and matrices["p_value"] is None:
        del matrices["p_value"], matrices["untested"]
    return {name: matrix[places] for name, matrix in matrices.items()}
