"""The clock on which the delay of a pair is found: that of its own two channels, however slow others are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from infonet_ros.caching import cached_property
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.measures.delay_spread import DelaySpread
from infonet_ros.estimator.results import LaggedEstimate
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.delays import LagSearch, Pair, Spreads
from infonet_ros.offline.whole_recording.moves import Moves


@dataclass(frozen=True, eq=False)
class PairClock:
    """The moves of all channels that have so many samples (``steps``) in a period of the common clock.

    Pairs have the numbers of the channels in the recording, and lags are samples of this clock, up to ``longest``.
    """

    steps: int
    rate: float  # Hz
    longest: int
    channels: np.ndarray  # (M,) int64: their numbers in the recording
    moves: Moves

    @cached_property
    def search(self) -> LagSearch:
        """The contingency of all pairs at every lag."""
        return LagSearch.of(self.moves.ranks, self.longest)

    def own(self, pair: Pair) -> Pair:
        """Return the numbers of a pair among the channels of this clock."""
        first, second = self.channels.searchsorted(pair)
        return int(first), int(second)

    def spread(self, pair: Pair, lag: int) -> DelaySpread:
        """Return the peak of a pair near a lag."""
        return Spreads(self.moves, self.longest).of(self.own(pair), lag)

    def lagged(self, net: InfoNet, pair: Pair, lags: Sequence[int], seed: int) -> LaggedEstimate:
        """Estimate a pair at some lags."""
        x, y = self.moves.samples[:, self.own(pair)].T
        return net.lagged(x, y, lags, seed=seed)


class PairClocks(NamedTuple):
    """The clocks of all pairs of a recording, by their steps; ``steps`` (N,) are those of the channels."""

    clocks: dict[int, PairClock]
    steps: np.ndarray

    @classmethod
    def of(cls, overview: Overview, moves: Moves, longest: int) -> "PairClocks":
        """Find the clocks of a recording whose samples have the given moves, for delays up to ``longest`` samples."""
        clocks = {}
        for count in {1, *overview.steps.tolist()}:
            own = np.flatnonzero(overview.steps >= count)
            finer = moves if count == 1 else Moves.of(overview.at_steps(count)[:, own], count * longest)
            clocks[count] = PairClock(count, count * overview.window.rate, count * longest, own, finer)
        return cls(clocks, overview.steps)

    @property
    def common(self) -> PairClock:
        """The clock that all channels have."""
        return self.clocks[1]

    def clock(self, pair: Pair) -> PairClock:
        """Return the clock of a pair: that of the slower of its two channels."""
        return self.clocks[int(self.steps[[*pair]].min())]
