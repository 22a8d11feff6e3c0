"""Changes that a channel shows alone: single samples that stand out, and another level of what depends on nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.baselines.spikes import BEFORE, REACH, spike_heights, usual_steps
from infonet_ros.dependence.changes.relations import LEAST_SAMPLES
from infonet_ros.dependence.changes.steps import (
    OtherMotion,
    Stretch,
    block_edges,
    block_means,
    contrast,
    likeliest_rows,
    noise,
    stretch_sizes,
    stretches,
    without_stretch,
)
from infonet_ros.intake.messages.paths import is_rate, without_rate
from infonet_ros.intake.proposing.kinds import FEW_LEVELS
from infonet_ros.series import has_noise, runs
from infonet_ros.text import NANOSECONDS, listed, rounded

_PART = re.compile(r"\[[^]]*\]|\d+|(?<![A-Za-z])[A-Za-z](?![A-Za-z])")  # an element, a number, or a letter such as x
_MOST_SPIKES = 4  # of a channel: what has more is a channel with spikes
_OF_SPIKES = 2 * REACH * _MOST_SPIKES  # steps that belong to these
_OTHER_STEPS = 20  # times as many, at least: fewer show too little of what is usual
_EVERY = (1, 2, 4, 8)  # samples of a rate that are compared: a jump lasts as long as the rate is taken
_STANDS_OUT = 6.0  # times the next spike, and times all other steps, that a spike is high
_RESTLESS = 0.5  # of the samples differ from the one before: a button that is pressed is no spike
_TINY = 1e-3  # of the motion of another joint or axis
_STAYS = 0.5  # of the largest step of a jump, or the field is back where it was
_ROUNDING = 1e-9  # of the largest value: the computed rate of a value that is kept is not quite 0
_LEAST_SIGMAS = 10.0  # of another level, in standard errors with autocorrelation
_UNUSUAL = 5.0  # times the usual difference of levels at other times
_LEAST_OFFSET = 2.0  # standard deviations about either level


@dataclass(frozen=True)
class LoneChange:
    """A channel that changes while the others do not show it."""

    channel: str
    times: tuple[int, ...]
    """Of the single samples that stand out, or of the start of another level, nanoseconds of sensor time."""
    end: int | None
    """End of the other level, nanoseconds; None if it lasts until the recording ends, or for single samples."""
    value: float  # by how much, in the unit of the field; of a spike by how much at least, of the smallest
    spike: bool  # single samples stand out; of a computed rate, the field jumps

    def sentence(self, when: str, others: Sequence["LoneChange"] = ()) -> str:
        """Return what changed, with words for the times, as "at 60 s and 80 s" or "after 120 s".

        ``others`` do the same at the same times.
        """
        size = rounded(abs(self.value))
        if not self.spike:
            side = "higher" if self.value > 0.0 else "lower"
            return f"{self.channel} is {size} {side} {when}, while no other channel changes."
        single = "a single sample" if len(self.times) == 1 else "single samples"
        does = "jumps" if is_rate(self.channel) else f"stands out in {single}"
        also = [f"{without_rate(one.channel)} (by {rounded(abs(one.value))} or more)" for one in others]
        so = f"; so {'does' if len(also) == 1 else 'do'} {listed(also)}" if also else ""
        return f"{without_rate(self.channel)} {does} {when}, by {size} or more{so}."


def find_lone_changes(
    samples: np.ndarray, stamps: np.ndarray, names: Sequence[str], measured: np.ndarray, lone: np.ndarray
) -> list[LoneChange]:
    """Find spikes of ``measured`` channels (N,), and levels of ``lone`` ones (N,) that change alone.

    ``samples`` (T, N) are NaN where unknown, ``stamps`` (T,) are nanoseconds. A rate that was computed is not measured:
    its spikes are jumps of its field, as of a position after satellites were lost.

    What is tiny beside the motion of another joint, motor or axis of the same kind does not matter.
    """
    found = [*_spikes(samples, stamps, names, np.flatnonzero(measured))]
    for channel in np.flatnonzero(~measured).tolist():
        jumps = (_spikes(samples, stamps, names, np.array([channel]), every) for every in _EVERY)
        found += next((one for one in map(list, jumps) if one), [])
    for channel in np.flatnonzero(lone & measured).tolist():
        found += _other_level(samples, stamps, names, channel)
    return [one for one in found if abs(one.value) >= _TINY * _motion_beside(one.channel, samples, stamps, names)]


def _motion_beside(channel: str, samples: np.ndarray, stamps: np.ndarray, names: Sequence[str]) -> float:
    """Return the largest range of a channel that has another number, element or axis in its name; 0 without any."""
    alike = [place for place, name in enumerate(names) if name != channel and _kind(name) == _kind(channel)]
    motions = samples[:, alike]
    if is_rate(channel):
        steps = np.diff(stamps, prepend=stamps[0])[:, None] / NANOSECONDS
        motions = np.cumsum(np.nan_to_num(motions) * steps, axis=0)
    return float(max((np.nanmax(one) - np.nanmin(one) for one in motions.T if np.isfinite(one).any()), default=0.0))


def _kind(name: str) -> tuple[str, bool]:
    """Return the name of a channel without numbers, elements in brackets and axes, and whether it is a rate."""
    return _PART.sub("*", without_rate(name)), is_rate(name)


def _spikes(
    samples: np.ndarray, stamps: np.ndarray, names: Sequence[str], channels: np.ndarray, every: int = 1
) -> Iterator[LoneChange]:
    """Yield the channels with a few spikes that are much higher than all else that the channel does.

    Of so many samples only one is compared.
    """
    values = samples[::every, channels]
    no_angles = np.zeros(len(channels), dtype=bool)  # whole turns are unwrapped
    heights = spike_heights(values, no_angles, usual_steps(values, no_angles))
    if not len(heights):
        return
    for column, channel in enumerate(channels.tolist()):
        rows = [every * row for row in sorted(_standing_out(heights[:, column], values[:, column]))]
        sizes = {row: _size(samples[:, channel], stamps, row, every * REACH, is_rate(names[channel])) for row in rows}
        if there := {row: size for row, size in sizes.items() if size}:
            times = tuple(int(stamps[row]) for row in there)
            yield LoneChange(names[channel], times, None, min(there.values(), key=abs), True)


def _size(values: np.ndarray, stamps: np.ndarray, row: int, reach: int, rate: bool) -> float:
    """Return by how much a sample stands out from one before it; of a ``rate``, by how much its field jumps there.

    A field that goes back at once does not jump: 0.
    """
    around = slice(row - reach, row + reach + 1)
    above = values[around] - values[row - reach]
    if not rate:
        return float(above[reach])
    steps = above[:-1] * np.diff(stamps[around]) / NANOSECONDS
    jump = float(np.nansum(steps))
    return jump if abs(jump) > _STAYS * np.nanmax(np.abs(steps)) else 0.0


def _standing_out(heights: np.ndarray, values: np.ndarray) -> list[int]:
    """Return the rows of samples (T,) that stand out far more than any others, the highest first."""
    steps = np.abs(np.diff(values))
    steps = np.sort(steps[np.isfinite(steps)])
    rounded = _ROUNDING * np.nanmax(np.abs(values), initial=0.0)
    if len(steps) < _OTHER_STEPS * _OF_SPIKES or (steps > rounded).mean() < _RESTLESS:
        return []
    spikes = runs(heights > 0.0)
    tops = [begin + int(heights[begin:end].argmax()) for begin, end in spikes.tolist()]
    tops.sort(key=lambda row: -heights[row])
    for count in range(1, min(_MOST_SPIKES, len(tops)) + 1):
        following = heights[tops[count]] if count < len(tops) else 0.0
        if heights[tops[count - 1]] > _STANDS_OUT * max(steps[-1 - _OF_SPIKES], following):
            return [BEFORE + row for row in tops[:count]]
    return []


def _other_level(samples: np.ndarray, stamps: np.ndarray, names: Sequence[str], channel: int) -> Iterator[LoneChange]:
    """Yield the stretch in which a channel with noise has another level, if that is sure and no other one moves."""
    rows = np.flatnonzero(np.isfinite(samples[:, channel]))
    values = samples[rows, channel]
    if len(rows) < LEAST_SAMPLES or not has_noise(values) or len(np.unique(values)) <= FEW_LEVELS:
        return  # a state, such as that of a switch, has other values at some times
    edges = block_edges(len(values))
    means = block_means(values, edges)[None]
    sizes, places = stretch_sizes(means), stretches(means.shape[1])
    rough = Stretch(*places[np.abs(sizes[0]).argmax()].tolist())
    rest = noise(without_stretch(means, sizes))[0]
    step = contrast(means[0], rough)
    sure = np.abs(sizes[0]).max() > _LEAST_SIGMAS * rest and abs(step.size) > _UNUSUAL * step.usual
    if not sure:
        return
    lasts = rough.end == means.shape[1]
    inside = np.zeros(len(values), dtype=bool)
    inside[edges[rough.begin] : edges[rough.end]] = True
    levels = values[inside].mean(), values[~inside].mean()
    begin, end = likeliest_rows(np.square(values - levels[1]) - np.square(values - levels[0]), lasts)
    spread = max(values[inside].std(), values[~inside].std())
    if abs(levels[0] - levels[1]) < _LEAST_OFFSET * spread or _others_move(samples[rows], channel, edges, rough):
        return
    until = None if lasts else int(stamps[rows[end - 1]])
    yield LoneChange(names[channel], (int(stamps[rows[begin]]),), until, float(levels[0] - levels[1]), False)


def _others_move(samples: np.ndarray, channel: int, edges: np.ndarray, stretch: Stretch) -> bool:
    others = np.delete(samples, channel, axis=1).T
    return any(OtherMotion.of(other, edges, stretch).other for other in others)
