"""Pairs of a whole recording, given other channels.

Conditional ranks replace the channels where many lags or shifts are compared. They show the average dependence that is
left, so the final numbers come from the network of conditional MI.

A command moves the wheels some time later, or slowly. So each channel gets the given ones as it follows them.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.dependence.given_streams import drivers_of, given_streams
from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.dependence.window_matrices import conditional_matrix
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.estimator.samples.responses import Drivers, Place
from infonet_ros.intake.windows.window import Window
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.offline.whole_recording.delays import Delays, Pair, PairEstimates
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import TIME, Settings
from infonet_ros.text import are, delay_text, listed


@dataclass(frozen=True, eq=False)
class ConditionalPairs:
    """The samples of a recording, and the channels ``settings.given`` among them."""

    net: InfoNet
    window: Window
    settings: Settings
    delays: np.ndarray  # (N, N) int64: samples by which the column follows the row, where that is clear; else 0

    def notices(self) -> tuple[str, ...]:
        """Return what is given, and from what time where that is not the time of the channel."""
        given, names = self.settings.given, self.window.names
        what = f"{listed(given)} {are(len(given))} given: all numbers are conditional MI."
        late = [self._at_other_times(number) for number in range(len(given))]
        slow = [
            f"{name} is taken as {listed(channels)} slowly {'follows' if len(channels) == 1 else 'follow'} it."
            for number, name in enumerate(given)
            if (channels := [names[channel] for channel in self._others if self._slow(number, channel)])
        ]
        return (what, *filter(None, late), *slow)

    def _at_other_times(self, number: int) -> str:
        names, given, rate = self.window.names, self.settings.given[number], self.window.rate
        when = [
            f"{names[channel]} ({delay_text(abs(k) / rate)} {'before' if k > 0 else 'after'} it)"
            for channel, k in enumerate(self._drivers.delays[number])
            if k and not self._slow(number, channel)
        ]
        return f"{given} is taken at the time at which it shows most about {listed(when)}." if when else ""

    def _slow(self, number: int, channel: int) -> bool:
        return self._place(number, channel, 0).listener >= 0

    def ranks(self) -> Window:
        """Return the window with conditional ranks in place of the samples, and 0 in place of the given channels."""
        samples = self.window.samples
        ranks = np.zeros(samples.shape)
        groups: dict[frozenset[Place], list[int]] = defaultdict(list)
        for channel in self._others:
            groups[frozenset(self._places(channel, 0))].append(channel)
        for places, chosen in groups.items():
            streams = self._drivers.at(places).T
            ranks[:, chosen] = self.net.conditional_ranks(samples[:, chosen], streams, seed=self.settings.seed)
        return replace(self.window, samples=ranks)

    def undelayed(self, workers: Workers) -> DependenceMatrix:
        """Estimate each pair without delay."""
        settings, at_once = self.settings.with_values(surrogates=0), given_streams(self.window, self.settings.given)
        matrix = conditional_matrix(self.net, self.window, settings, settings.given, (0,), streams=at_once)
        usual = {Place(number, -1, 0) for number in range(len(self.settings.given))}
        asked = [int(channel) for channel in np.flatnonzero(matrix.valid)]
        late = {channel for channel in asked if self._places(channel, 0) != usual}
        pairs = [pair for pair in combinations(asked, 2) if late & set(pair)]
        estimates = PairEstimates.copied(matrix)
        for pair, found in zip(pairs, workers.map(lambda pair: self._at(pair, 0), pairs), strict=True):
            estimates.put(pair, found)
        return estimates.into(matrix)

    def delayed(self, delays: Delays, undelayed: DependenceMatrix, later: np.ndarray, workers: Workers) -> Delays:
        """Estimate the pairs that depend more at their delay, ``later`` (N, N), there; and the others without delay.

        If the network of conditional MI finds less at the delay than without, the pair has no delay.
        """
        before, rate = delays.matrix, self.window.rate
        pairs = [(a, b) for a, b in np.argwhere(np.triu(later) & (before.lag != 0.0)).tolist()]
        estimates, delayed = PairEstimates.copied(undelayed), np.zeros_like(later)
        found = workers.map(lambda pair: self._at(pair, round(float(before.lag[pair]) * rate)), pairs)
        for pair, one in zip(pairs, found, strict=True):
            if one.mi[0] > undelayed.mi[pair]:
                estimates.put(pair, one)
                delayed[pair] = delayed[pair[::-1]] = True
        lag = np.where(delayed, before.lag, np.float32(0.0))
        tests = {"p_value": before.p_value, "drifting": before.drifting, "untested": before.untested}
        matrix = estimates.into(undelayed, lag=lag, **tests)
        return replace(delays, matrix=matrix).without(~delayed)

    @cached_property
    def _others(self) -> list[int]:
        """Return the channels that are not given."""
        return np.flatnonzero(~np.isin(self.window.names, self.settings.given)).tolist()

    @cached_property
    def _drivers(self) -> Drivers:
        """Return the given streams, and by how many samples each channel follows them."""
        return drivers_of(self.window, self.settings.given, self.delays)

    def _at(self, pair: Pair, lag: int) -> LaggedEstimate:
        """Estimate a pair at a lag, with the given streams as they were for either, if the network accepts so many."""
        x, y = self.window.samples[:, pair].T
        first, second = self._places(pair[0], max(0, -lag)), self._places(pair[1], max(0, lag))
        places = first | second if len(first | second) <= MOST_GIVEN else first
        return self.net.lagged(x, y, [lag], given=self._drivers.at(places).T, seed=self.settings.seed)

    def _places(self, channel: int, later: int) -> set[Place]:
        """Return the places of the given streams for a channel that is so many samples later."""
        return {self._place(number, channel, later) for number in range(len(self.settings.given))}

    def _place(self, number: int, channel: int, later: int) -> Place:
        if self.settings.given[number] == TIME:
            return Place(number, -1, 0)
        return self._drivers.place(number, channel, later)
