"""The best lag of each pair, and its p-value from surrogates at the same lags."""

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.estimator.measures.plan import Requests
from infonet_ros.estimator.measures.untestable import reasons
from infonet_ros.estimator.results import PairwiseEstimate
from infonet_ros.estimator.samples.channels import Channels, constant_channels
from infonet_ros.estimator.samples.surrogates import p_value


class BestOverLags:
    """The largest median of each pair over its lags, in the data and in each surrogate.

    A maximum of many lags is large by chance, so surrogates are estimated at the same lags.

    Parameters
    ----------
    requests : Requests
        At least one for each pair of N channels, see `Requests.all_pairs`.
    quantiles : (M, 3) float32
        Of the requests, for the data; NaN with too few samples.
    samples : (M,) int64
        Samples used by each request.
    surrogates : (M,) int64
        Number of surrogates of each request.

    Attributes
    ----------
    requests : (P,) int64
        The request of each pair with the largest median.
    """

    def __init__(self, requests: Requests, quantiles: np.ndarray, samples: np.ndarray, surrogates: np.ndarray) -> None:
        low, high = np.minimum(requests.left, requests.right), np.maximum(requests.left, requests.right)
        pair = low * (1 + high.max(initial=0)) + high
        # Pair by pair, the largest median first; of equal ones the first request. NaN comes last.
        self._order = np.lexsort((-quantiles[:, 1], pair))
        self._starts = np.flatnonzero(np.diff(pair[self._order], prepend=-1))
        self.requests = best = self._order[self._starts]
        self._pairs = requests.left[best], requests.right[best]
        self._quantiles, self._samples = quantiles[best], samples[best]
        self._lag = np.where(np.isnan(self._quantiles[:, 1]), 0, requests.lag[best])
        self._surrogates = np.minimum.reduceat(surrogates[self._order], self._starts) if len(best) else surrogates
        self._exceeding = np.zeros(len(best), dtype=np.int64)
        self._taken = 0

    @cached_property
    def _pair(self) -> np.ndarray:
        """The number of the pair of each request, (M,)."""
        found = np.empty_like(self._order)
        found[self._order] = np.repeat(np.arange(len(self._starts)), np.diff(self._starts, append=len(found)))
        return found

    def take(self, quantiles: np.ndarray) -> None:
        """Add quantiles (S, M, 3) of further surrogates.

        A pair with few samples at one of its lags has only as many surrogates as there are shifts.
        """
        if len(self._starts):
            largest = np.fmax.reduceat(quantiles[:, self._order, 1], self._starts, axis=1)
            number = self._taken + np.arange(len(quantiles))[:, None]
            self._exceeding += ((largest >= self._quantiles[:, 1]) & (number < self._surrogates)).sum(axis=0)
        self._taken += len(quantiles)

    def same_pairs(self, numbers: np.ndarray) -> np.ndarray:
        """Return the requests at all lags of the pairs of some requests."""
        return np.flatnonzero(np.isin(self._pair, self._pair[numbers]))

    def judge(self, numbers: np.ndarray, evidence: np.ndarray) -> None:
        """Compare other evidence than the medians, of requests ``numbers`` (G,): that of the data first, (1 + S, G).

        NaN where a request has fewer surrogates.
        """
        largest = np.full((len(self._starts), len(evidence)), -np.inf)
        np.fmax.at(largest, self._pair[numbers], evidence.T)
        observed, by_chance = largest[:, :1], largest[:, 1:]
        counted = np.arange(len(evidence) - 1) < self._surrogates[:, None]
        exceeding = ((by_chance >= observed) & counted).sum(axis=1)
        self._exceeding = np.where(np.isfinite(largest[:, 0]), exceeding, self._exceeding)

    def estimate(self, channels: Channels) -> PairwiseEstimate:
        """Return the estimate, in the channel order of the caller, with a p-value of each pair."""
        size, good = len(channels), np.isfinite(channels.values).sum(axis=1)
        quantiles = np.full((size, size, 3), np.nan, dtype=np.float32)
        p, lag = np.full((size, size), np.nan), np.zeros((size, size), dtype=np.int32)
        samples = np.zeros((size, size), dtype=np.int32)
        samples[channels.order, channels.order] = good
        left, right = (channels.order[side] for side in self._pairs)
        found = p_value(self._quantiles[:, 1], self._exceeding, self._surrogates)
        for row, column, sign in ((left, right, 1), (right, left, -1)):
            quantiles[row, column], p[row, column] = self._quantiles, found
            lag[row, column], samples[row, column] = sign * self._lag, self._samples
        lower, mi, upper = np.moveaxis(quantiles, -1, 0)
        still = np.empty(size, dtype=bool)
        still[channels.order] = constant_channels(channels.values)
        drifts = np.zeros(size, dtype=bool)
        return PairwiseEstimate(mi, lower, upper, p, lag, samples, still, drifts, reasons(drifts))
