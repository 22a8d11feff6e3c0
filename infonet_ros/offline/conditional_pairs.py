"""Pairs of a whole recording, given other channels.

Conditional ranks replace the channels where many lags or shifts are compared. They show the average dependence that is
left, so the final numbers come from the network of conditional MI.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.dependence.window_matrices import channel_matrix, given_streams
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.intake.windows.window import Window
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.offline.delays import Delays, Pair
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings


@dataclass(frozen=True, eq=False)
class ConditionalPairs:
    """The samples of a recording, and the channels ``settings.given`` among them.

    Attributes
    ----------
    net : InfoNet
    window : Window
    settings : Settings
    """

    net: InfoNet
    window: Window
    settings: Settings

    def ranks(self) -> Window:
        """Return the window with conditional ranks in place of the samples, and 0 in place of the given channels."""
        given, names = self.settings.given, self.window.names
        ranks = self.net.conditional_ranks(self.window.samples, self._streams, seed=self.settings.seed)
        ranks[:, [name in given for name in names]] = 0.0
        return replace(self.window, samples=ranks)

    def undelayed(self) -> DependenceMatrix:
        """Estimate each pair without delay."""
        return channel_matrix(self.net, self.window, self.settings.with_values(max_lag=0.0, surrogates=0))

    def delayed(self, delays: Delays, undelayed: DependenceMatrix, later: np.ndarray, workers: Workers) -> Delays:
        """Estimate the pairs that depend more at their delay, ``later`` (N, N), there; and the others without delay.

        If the network of conditional MI finds less at the delay than without, the pair has no delay.
        """
        names = ("mi", "lower", "upper", "samples")
        squares: dict[str, Any] = {name: getattr(undelayed, name).copy() for name in names}
        lag, lower, upper = (np.zeros_like(delays.matrix.lag), *(np.full_like(delays.lower, np.nan) for _ in range(2)))
        pairs = [(int(a), int(b)) for a, b in zip(*np.nonzero(np.triu(later)), strict=True) if delays.matrix.lag[a, b]]
        estimates = workers.map(lambda pair: self._at(pair, float(delays.matrix.lag[pair])), pairs)
        for (a, b), found in zip(pairs, estimates, strict=True):
            if not found.mi[0] > undelayed.mi[a, b]:
                continue
            for one, other in ((a, b), (b, a)):
                for name in names:
                    squares[name][one, other] = getattr(found, name)[0]
                for square, known in ((lag, delays.matrix.lag), (lower, delays.lower), (upper, delays.upper)):
                    square[one, other] = known[one, other]
        matrix = replace(undelayed, lag=lag, p_value=delays.matrix.p_value, drifting=delays.matrix.drifting, **squares)
        return replace(delays, matrix=matrix, lower=lower, upper=upper)

    @property
    def _streams(self) -> np.ndarray:
        return given_streams(self.window, self.settings.given)

    def _at(self, pair: Pair, seconds: float) -> LaggedEstimate:
        """Estimate a pair at a delay, with the given streams at the times of both, if the network accepts so many."""
        x, y = self.window.samples[:, pair].T
        lag, given = round(seconds * self.window.rate), self._streams
        if 2 * given.shape[1] <= MOST_GIVEN:
            later = np.full_like(given, np.nan)
            later[: len(given) - abs(lag)] = given[abs(lag) :]
            given = np.concatenate([given, later], axis=1)
        return self.net.lagged(x, y, [lag], given=given, seed=self.settings.seed)
