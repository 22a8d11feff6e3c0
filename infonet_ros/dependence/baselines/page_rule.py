"""Page's rule (Biometrika 1954): evidence is summed sample by sample, and restarts at zero.

The log ratio f of a sample measures how well a pair fits the baseline. Without a fault the mean of exp(-f) is 1, and so
is that of 0.02 + 0.98 exp(-f), the e-value of the sample. The sum of the logarithms of independent e-values rises by h
at most once in exp(h) times. Autocorrelated samples make it rise more often: the highest rises of a sound pair show
how much more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from infonet_ros.series import memory

_DOUBT = 0.02  # share of the e-value that is 1 for every sample: no sample is evidence for a pair beyond -log of it
_FLATTER = 3.0  # times: the steepness of some tens of rises is not known better
_STARTS = 16
_SPANS, _A_SPAN = 40, 10  # equal times, of so many samples at least, that are looked at if few rises are known

_HIGHEST = 20  # values from which the tail is estimated: lower ones are not typical of it
_LEAST = 10  # of those
_HIGHER = 2.0  # times the highest value of the good recordings
_CARE = 1.645  # standard errors by which the tail is assumed to be heavier than estimated: enough in 95 % of all cases


class Tail(NamedTuple):
    """Of ``above`` values beyond ``height``, those by x higher are exp(``steepness`` x) times as rare, or rarer."""

    above: int
    height: float
    steepness: float

    @classmethod
    def of(cls, heights: np.ndarray) -> "Tail | None":
        """Learn it from values (K,); None where too few are known.

        Hill's estimate (1975) has a relative standard error of one by the root of their number.
        """
        heights = np.sort(heights)[::-1]
        count = min(_HIGHEST, len(heights) // 2)
        if count < _LEAST:
            return None
        height = float(heights[count])
        steepness = (count - 1) / max(1e-9, float((heights[:count] - height).sum()))
        return cls(count, height, steepness * (1.0 - _CARE / float(np.sqrt(count))))


@dataclass(frozen=True)
class Extremes:
    """The highest values of a measure in the good recordings, such as the lengths of pauses."""

    highest: float  # of all
    least: float  # no lower one is an alarm; inf if none can be
    height: float = 0.0  # height, spacing: one that is higher comes once in so many seconds
    spacing: float = 1.0
    tail: float = np.inf  # beyond, those by x higher are exp(tail x) times as rare, or rarer

    @classmethod
    def of(cls, heights: np.ndarray, least: float, seconds: float) -> "Extremes":
        """Learn them from the heights (K,) in some time; an alarm is ``least`` high, and twice as high as all."""
        highest = float(heights.max(initial=0.0))
        least = max(_HIGHER * highest, least)
        tail = Tail.of(heights[heights > 0.0])
        return cls(highest, least, tail.height, seconds / tail.above, tail.steepness) if tail else cls(highest, least)

    @classmethod
    def from_words(cls, words: Mapping[str, Any]) -> "Extremes":
        """Read the result of `dataclasses.asdict`."""
        return cls(**{name: float(value) for name, value in words.items()})

    def threshold(self, interval: float) -> float:
        """Return the height that good streams pass once in ``interval`` seconds, or less often."""
        return max(self.least, self.height + max(0.0, float(np.log(interval / self.spacing))) / self.tail)


def log_e_values(ratios: np.ndarray) -> np.ndarray:
    """Return the evidence of each log ratio (...) against the pair, nats: 0 where it is unknown."""
    known = np.isfinite(ratios)
    values = np.logaddexp(np.log(_DOUBT), np.log1p(-_DOUBT) - np.where(known, ratios, 0.0))
    return np.where(known, values, 0.0)


def mean_wait(evidence: np.ndarray, height: float) -> float:
    """Return the mean number of samples until the sum reaches a height, from starts all over them; inf if never.

    Evidence (T,) is that of each sample, nats, as is the height. The height divided by the mean evidence would be too
    short a wait: evidence that grows fast at times and slowly at others, as in bursts, lets some starts wait long.
    """
    starts = np.linspace(0, len(evidence), _STARTS, endpoint=False).astype(int)
    reached = np.stack([_sums(np.roll(evidence, -start)) >= height for start in starts])
    return float(reached.argmax(axis=1).mean()) if reached.any(axis=1).all() else np.inf


class PageSums:
    """Page's sums of several views: ``values`` (V,), each held below its ``most`` (V,)."""

    def __init__(self, most: np.ndarray) -> None:
        self._most = most
        self.values = np.zeros(len(most))
        self._since = np.zeros(len(most), dtype=np.int64)

    def add(self, evidence: np.ndarray, stamps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add the evidence (V, T) of new samples; return the largest sums (V,) among them, since when they grew."""
        values = np.concatenate([self.values[None], np.empty(evidence.T.shape)])
        for before, new, after in zip(values, evidence.T, values[1:], strict=False):
            np.minimum(np.maximum(before + new, 0.0), self._most, out=after)
        starts = np.maximum.accumulate(np.where(values[:-1] == 0.0, np.arange(len(stamps))[:, None], -1), axis=0)
        since = np.concatenate([self._since[None], np.where(starts < 0, self._since, stamps[starts])])
        self.values, self._since = values[-1], since[-1]
        highest = values.argmax(axis=0), np.arange(values.shape[1])
        return values[highest], since[highest]


@dataclass(frozen=True)
class Rises:
    """How high the evidence of a sound pair rises from nothing."""

    height: float  # height, spacing: evidence, nats, that is reached once in so many seconds
    spacing: float
    tail: float
    """Beyond that height, rises x nats higher are exp(tail x) times as rare, or rarer; 1 for independent samples, and 1
    / m for samples that are worth one in m."""
    steepness: float
    """The same by the highest rises alone. The memory is longer if a pair fits now well, now very well."""

    @classmethod
    def of(cls, ratios: Sequence[np.ndarray], seconds: float) -> "Rises | None":
        """Learn it from the log ratios (T,) of a sound pair in some time; None where too few rises are known.

        Slow changes, such as a robot that moves and rests, affect only the highest rises. In a short recording some of
        the slow episodes that let evidence rise may be missing among these; the memory of the evidence shows them, too.
        It also counts long rests, which let nothing rise, so the rises that were seen set a limit to it.
        """
        tail = Tail.of(heights_of_rises(ratios)) or Tail.of(_heights_of_spans(ratios))
        if tail is None:
            return None
        steepness = min(1.0, tail.steepness)
        flatter = max(1.0 / _memory(ratios), steepness / _FLATTER)
        return cls(tail.height, seconds / tail.above, min(steepness, flatter), steepness)

    def or_higher(self, other: "Rises") -> "Rises":
        """Return rises that are as high as either of two at every interval."""
        return Rises(
            height=max(self.height, other.height),
            spacing=min(self.spacing, other.spacing),
            tail=min(self.tail, other.tail),
            steepness=min(self.steepness, other.steepness),
        )

    def threshold(self, interval: float) -> float:
        """Return the evidence, nats, that is reached once in ``interval`` seconds."""
        return max(1.0, self.height + max(0.0, float(np.log(interval / self.spacing))) / self.tail)

    def interval(self, heights: np.ndarray) -> np.ndarray:
        """Return the longest false-alarm intervals (K,), seconds, whose thresholds some heights (K,) reach; or 0."""
        reached = self.spacing * np.exp(np.minimum((heights - self.height) * self.tail, 100.0))
        return np.where(heights >= max(1.0, self.height), reached, 0.0)


def _memory(pieces: Sequence[np.ndarray]) -> float:
    """Return how many samples of log ratios (T,) are worth one; only evidence above its median lets the sum rise."""
    evidence = np.concatenate([log_e_values(ratios) for ratios in pieces])
    above = np.maximum(evidence, np.median(evidence))
    return float(memory(above - above.mean())) if np.ptp(above) else 1.0


def heights_of_rises(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Return how high the evidence of log ratios (T,) rises, each time that it rises from nothing: (K,) nats."""
    heights: list[float] = []
    for sums in map(_sums, map(log_e_values, pieces)):
        starts = np.flatnonzero((sums[1:] > 0.0) & (sums[:-1] == 0.0))
        if len(starts):
            heights.extend(np.maximum.reduceat(sums, starts + 1))
    return np.array(heights)


def _heights_of_spans(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Return how high the evidence of log ratios (T,) is in each of some equal times: (K,) nats; none of few samples.

    Two channels that determine each other fit so well that their evidence rises a few times an hour, or never. Then it
    is 0 at most times. It is high at many if it rises seldom because it does not come down.
    """
    sums = np.concatenate([_sums(log_e_values(ratios))[1:] for ratios in pieces])
    spans = np.array_split(sums, _SPANS) if len(sums) >= _SPANS * _A_SPAN else []
    return np.array([span.max() for span in spans])


def _sums(evidence: np.ndarray) -> np.ndarray:
    """Return Page's sums (T + 1,) of evidence (T,), from 0 on."""
    total = np.r_[0.0, np.cumsum(evidence)]
    return np.asarray(total - np.minimum.accumulate(total))
