"""Pairs of a whole recording, given other channels.

Conditional ranks replace the channels where many lags or shifts are compared. They show the average dependence that is
left, so the final numbers come from the network of conditional MI.

A command moves the wheels some time later. So each channel gets the given ones at its own delay after them.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
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
from infonet_ros.series import lagged_pair
from infonet_ros.settings import TIME, Settings
from infonet_ros.text import delay_text, listed

_ESTIMATED = ("mi", "lower", "upper", "samples")
Place = tuple[int, int]  # of a given stream: its number, and by how many samples it is taken later


@dataclass(frozen=True, eq=False)
class ConditionalPairs:
    """The samples of a recording, and the channels ``settings.given`` among them.

    Attributes
    ----------
    net : InfoNet
    window : Window
    settings : Settings
    delays : (N, N) int64
        Samples by which the column follows the row, where that is clear; else 0.
    """

    net: InfoNet
    window: Window
    settings: Settings
    delays: np.ndarray

    def notices(self) -> tuple[str, ...]:
        """Return what is given, and from what time where that is not the time of the channel."""
        names, given = self.window.names, self.settings.given
        what = f"{listed(given)} {'are' if len(given) > 1 else 'is'} given: all numbers are conditional MI."
        rows = [[(name, behind) for name, behind in zip(names, row, strict=True) if behind] for row in self._behind]
        return (what, *(self._at_other_times(name, row) for name, row in zip(given, rows, strict=True) if row))

    def _at_other_times(self, given: str, late: list[tuple[str, int]]) -> str:
        rate = self.window.rate
        when = [f"{name} ({delay_text(abs(k) / rate)} {'before' if k > 0 else 'after'} it)" for name, k in late]
        return f"{given} is taken at the time at which it shows most about {listed(when)}."

    def ranks(self) -> Window:
        """Return the window with conditional ranks in place of the samples, and 0 in place of the given channels."""
        samples, others = self.window.samples, np.flatnonzero(~np.isin(self.window.names, self.settings.given))
        ranks = np.zeros(samples.shape)
        alike, groups = np.unique(self._behind[:, others], axis=1, return_inverse=True)
        for number in range(alike.shape[1]):
            chosen = others[groups.ravel() == number]
            streams = self._streams_at(self._places(int(chosen[0]), 0))
            ranks[:, chosen] = self.net.conditional_ranks(samples[:, chosen], streams, seed=self.settings.seed)
        return replace(self.window, samples=ranks)

    def undelayed(self, workers: Workers) -> DependenceMatrix:
        """Estimate each pair without delay."""
        matrix = channel_matrix(self.net, self.window, self.settings.with_values(max_lag=0.0, surrogates=0))
        late = self._behind.any(axis=0) & matrix.valid
        pairs = [(int(a), int(b)) for a, b in combinations(np.flatnonzero(matrix.valid), 2) if late[a] or late[b]]
        for (a, b), found in zip(pairs, workers.map(lambda pair: self._at(pair, 0), pairs), strict=True):
            for name in _ESTIMATED:
                square = getattr(matrix, name)
                square[a, b] = square[b, a] = getattr(found, name)[0]
        return matrix

    def delayed(self, delays: Delays, undelayed: DependenceMatrix, later: np.ndarray, workers: Workers) -> Delays:
        """Estimate the pairs that depend more at their delay, ``later`` (N, N), there; and the others without delay.

        If the network of conditional MI finds less at the delay than without, the pair has no delay.
        """
        squares: dict[str, Any] = {name: getattr(undelayed, name).copy() for name in _ESTIMATED}
        lag, lower, upper = (np.zeros_like(delays.matrix.lag), *(np.full_like(delays.lower, np.nan) for _ in range(2)))
        pairs = [(int(a), int(b)) for a, b in zip(*np.nonzero(np.triu(later)), strict=True) if delays.matrix.lag[a, b]]
        rate = self.window.rate
        estimates = workers.map(lambda pair: self._at(pair, round(float(delays.matrix.lag[pair]) * rate)), pairs)
        for (a, b), found in zip(pairs, estimates, strict=True):
            if not found.mi[0] > undelayed.mi[a, b]:
                continue
            for one, other in ((a, b), (b, a)):
                for name in _ESTIMATED:
                    squares[name][one, other] = getattr(found, name)[0]
                for square, known in ((lag, delays.matrix.lag), (lower, delays.lower), (upper, delays.upper)):
                    square[one, other] = known[one, other]
        matrix = replace(undelayed, lag=lag, p_value=delays.matrix.p_value, drifting=delays.matrix.drifting, **squares)
        return replace(delays, matrix=matrix, lower=lower, upper=upper)

    @cached_property
    def _behind(self) -> np.ndarray:
        """Samples by which each channel follows each given stream, (D, N) int64."""
        names = self.window.names
        at_once = np.zeros(len(names), dtype=np.int64)
        return np.stack([at_once if name == TIME else self.delays[names.index(name)] for name in self.settings.given])

    @cached_property
    def _streams(self) -> np.ndarray:
        return given_streams(self.window, self.settings.given)

    def _at(self, pair: Pair, lag: int) -> LaggedEstimate:
        """Estimate a pair at a lag, with the given streams as they were for either, if the network accepts so many."""
        x, y = self.window.samples[:, pair].T
        first, second = self._places(pair[0], max(0, -lag)), self._places(pair[1], max(0, lag))
        places = first | second if len(first | second) <= MOST_GIVEN else first
        return self.net.lagged(x, y, [lag], given=self._streams_at(places), seed=self.settings.seed)

    def _places(self, channel: int, later: int) -> set[Place]:
        """Return the places of the given streams for a channel that is so many samples later."""
        behind = enumerate(self._behind[:, channel])
        return {(k, 0 if self.settings.given[k] == TIME else later - int(delay)) for k, delay in behind}

    def _streams_at(self, places: set[Place]) -> np.ndarray:
        """Return given streams at some places, (T, P); NaN where that is outside."""
        found = np.full((len(self._streams), len(places)), np.nan)
        for column, (number, offset) in enumerate(sorted(places)):
            stream = self._streams[:, number]
            begin, (_, moved) = max(0, -offset), lagged_pair(stream, stream, offset)
            found[begin : begin + len(moved), column] = moved
        return found
