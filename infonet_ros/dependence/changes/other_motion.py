"""Whether a channel moves in another way for a while: what else changes then may follow from that."""

from typing import NamedTuple

import numpy as np

from infonet_ros.dependence.changes.matrix_changes import OTHER_MOTION
from infonet_ros.dependence.changes.steps import Stretch, block_means, contrast

_MOVES = 4.0  # times the usual difference at other times: the motion of a channel changes
_NEW = 0.1  # of the other blocks reach so far: what another motion explains would happen then, too
_STILL = 1e-3  # of the standard deviation of a channel: it rests


class OtherMotion(NamedTuple):
    """Whether a channel begins to move about another level, or more or less than before by `OTHER_MOTION`."""

    level: bool
    spread: bool

    @classmethod
    def of(cls, channel: np.ndarray, edges: np.ndarray, stretch: Stretch) -> "OtherMotion":
        """Compare the motion of a channel (T,) at the ends of a stretch of blocks with its motion at other times."""
        known = np.isfinite(channel)
        if not known.any() or not np.ptp(channel[known]):
            return cls(False, False)
        values = np.where(known, channel, np.median(channel[known]))
        size, means = values.std(), block_means(values, edges)
        within = np.sqrt(np.maximum(block_means(np.square(values), edges) - np.square(means), 0.0))
        around = block_means(np.abs(values - np.median(values)), edges)
        spreads = [np.log(np.maximum(one, _STILL * size)) for one in (within, around)]
        return cls(
            _moves_otherwise(means, stretch, size),
            any(_moves_otherwise(one, stretch, np.log(OTHER_MOTION)) for one in spreads),
        )

    @property
    def other(self) -> bool:
        """Whether it moves in another way."""
        return self.level or self.spread


def _moves_otherwise(means: np.ndarray, stretch: Stretch, least: float) -> bool:
    """Return whether a series of blocks (B,) has another, unusual level in a stretch, and hardly ever outside."""
    step = contrast(means, stretch)
    if abs(step.size) <= max(least, _MOVES * step.usual):
        return False
    inside = np.zeros(len(means), dtype=bool)
    inside[slice(*stretch)] = True
    beyond = (means[~inside] - np.median(means[inside])) * np.sign(step.size) > 0.0
    return bool(beyond.mean() < _NEW)
