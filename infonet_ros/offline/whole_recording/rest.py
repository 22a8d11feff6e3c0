"""Find where a recorded platform rests, with all streams still at once.

Rest and motion are common to all streams of a robot, so over both any two depend: both vary, or neither does. And a
circular shift would put motion beside rest. So streams are compared while the platform moves.

A plant between two set points is still, too, and so is a car that keeps its speed. Neither rests: what their channels
share are the levels that they hold. At rest most channels have one level, such as a speed of 0.
"""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from infonet_ros.offline.trace import Overview
from infonet_ros.series import mean_of_known, runs

_BLOCK = 0.5  # seconds
_BLOCK_SAMPLES = 8  # at least
_BLOCK_UPDATES = 4
_STRETCH = 4  # blocks: shorter stops count as motion, and shorter moves as rest
_LEAST_MOTION = 5.0  # seconds: with less, as where a drone on the ground is touched, rest is most that can be compared
_STILL = 0.25  # of the usual spread of a channel within a block
_QUORUM = 0.75  # of the channels must be still together
_MOVING = 0.5  # of the channels may be still right before and right after, at most
_BY_CHANCE = 0.5  # of the rest may be found if each channel is still at other times, at most
_TURNS = 5  # shifts of the channels against each other, to measure that
_SELDOM = 0.02  # of the blocks: channels that are still, or move, in fewer are not used
_ONE_LEVEL = 0.25  # of the spread of a channel while others move: so near to its usual level at rest
_USUALLY = 0.75  # of the blocks at rest
_STEADY = 0.7  # of the channels have one level at rest, at least
_PAUSES = 0.05  # of the blocks: two channels that pause together more seldom are compared as they are
_OFTEN = 1.5  # times as often as by chance


def resting(samples: np.ndarray, rate: float) -> np.ndarray:
    """Return at which samples (T, N) at a rate, Hz, the platform rests, (T,) bool.

    It rests if three of four channels are still for two seconds or more, and half of them moved right before or move
    right after. This must happen more often than by chance, and most channels must have one level then. Two machines
    that rest independently are no such platform, nor is a process that holds its set points.
    """
    block = max(_BLOCK_SAMPLES, round(_BLOCK * rate), _BLOCK_UPDATES * _usual_hold(samples))
    blocks = samples[: len(samples) // block * block].reshape(-1, block, samples.shape[1])
    still, asked = _still(blocks)
    together = _together(still)
    rests = ndimage.binary_dilation(_at_last(still))  # a block that is partly still belongs to neither
    often = ndimage.binary_dilation(together).mean() if len(together) else 0.0
    moves = (~rests).sum() * block > _LEAST_MOTION * rate and rests.mean() < 1.0 - _SELDOM
    platform = often > _SELDOM and moves and _stands(blocks[..., asked], together)
    if not (platform and _BY_CHANCE * together.mean() > _by_chance(still)):
        return np.zeros(len(samples), dtype=bool)
    return np.pad(np.repeat(rests, block), (0, len(samples) % block), mode="edge")


def without_rest(overview: Overview, rests: np.ndarray, hole: int) -> Overview:
    """Leave out the samples at which the platform ``rests`` (T,): of each stretch ``hole`` unknown samples stay."""
    rows = np.arange(len(rests))
    since = rows - np.maximum.accumulate(np.where(rests, -1, rows))
    kept = since <= hole
    return overview.without(rests[:, None]).taking(kept)


def pauses(samples: np.ndarray, block: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield groups of channels of samples (T, N) that pause together more often than by chance.

    Of each group, the numbers of its channels, (K,) int64, and when three of four are still, (T,) bool.
    """
    still = _still_blocks(samples[: len(samples) // block * block].reshape(-1, block, samples.shape[1]))[0] == 1.0
    both, share = still.T.astype(float) @ still / max(1, len(still)), still.mean(axis=0)
    together = both > np.maximum(_PAUSES, _OFTEN * np.outer(share, share))
    _, groups = connected_components(together, directed=False)
    for group in range(groups.max(initial=-1) + 1):
        members = np.flatnonzero(groups == group)
        if len(members) > 1:
            paused = np.repeat(still[:, members].mean(axis=1) >= _QUORUM, block)
            yield members, np.pad(paused, (0, len(samples) - len(paused)))


def _usual_hold(samples: np.ndarray) -> int:
    """Return for how many samples (T, N) a channel usually keeps a value: to wait for the next is no rest."""
    updates = (np.flatnonzero(np.diff(channel[np.isfinite(channel)])) for channel in samples.T)
    holds = [np.median(np.diff(places)) for places in updates if len(places) > 1]
    return int(np.median(holds)) if holds else 1


def _still(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say which channels are still in each of the blocks (B, n, N), as 1, 0, or NaN where unknown: (B, M) float64.

    Asked are those, (N,) bool, that are still in some blocks and move in some; none where these are fewer than half of
    all.
    """
    still, usual = _still_blocks(blocks)
    often = mean_of_known(still)
    asked = (often > _SELDOM) & (often < 1.0 - _SELDOM)
    asked &= 2 * asked.sum() >= max(4, (usual > 0.0).sum())
    return still[:, asked], asked


def _still_blocks(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say which channels are still in each of the blocks (B, n, N), as 1, 0, or NaN where unknown: (B, N) float64.

    And their usual spread in a block, (N,) float64.
    """
    known = np.isfinite(blocks)
    count = np.maximum(known.sum(axis=1), 1)
    values = np.where(known, blocks, 0.0)
    mean = values.sum(axis=1) / count
    spread = np.sqrt((np.square(values - mean[:, None]) * known).sum(axis=1) / count)
    spread[~known.any(axis=1)] = np.nan
    usual = np.sqrt(mean_of_known(np.square(spread)))
    return np.where(np.isnan(spread), np.nan, spread < _STILL * usual), usual


def _together(still: np.ndarray) -> np.ndarray:
    """Say in which blocks channels (B, M), 1 where still, rest together, (B,) bool; never in all of them."""
    share = mean_of_known(still.T)
    together = _stretches(share >= _QUORUM)
    for begin, end in runs(together):
        around = (share[max(0, begin - _STRETCH) : begin], share[end : end + _STRETCH])
        if any(len(side) and side.min() >= _MOVING for side in around):
            together[begin:end] = False
    return together & ~together.all()


def _at_last(still: np.ndarray) -> np.ndarray:
    """Say in which blocks channels (B, M) of a platform rest, (B,) bool, also where they come to rest one by one.

    Between two stretches of rest it rests on if half of the channels are still in each block, as a phone in a hand is.
    """
    share = mean_of_known(still.T)
    rests = _stretches(share >= _QUORUM)
    for begin, end in runs(~rests):
        if begin > 0 and end < len(rests) and share[begin:end].min() >= _MOVING:
            rests[begin:end] = True
    return rests


def _stretches(still: np.ndarray) -> np.ndarray:
    """Return blocks (B,) in which all is ``still``; first short moves become still, then short stops do not."""
    found = still.copy()
    for value in (False, True):
        for begin, end in runs(found == value):
            if end - begin < _STRETCH:
                found[begin:end] = not value
    return found


def _stands(blocks: np.ndarray, together: np.ndarray) -> bool:
    """Return whether most channels of blocks (B, n, M) have one level where they are still ``together`` (B,).

    What has another level each time it is still tells something then: a speed that is kept, the pose of an arm.
    """
    known = np.isfinite(blocks)
    levels = mean_of_known(np.moveaxis(blocks, 1, 0))[together]
    levels = np.where(known.any(axis=1)[together], levels, np.nan)
    there = np.isfinite(levels).any(axis=0)
    away = np.abs(levels[:, there] - np.nanmedian(levels[:, there], axis=0))
    moving = blocks[~together][..., there].reshape(-1, there.sum())
    spread = np.sqrt(mean_of_known(np.square(moving - mean_of_known(moving))))
    steady = np.nanquantile(away, _USUALLY, axis=0) < _ONE_LEVEL * spread
    return bool(steady.sum() >= _STEADY * levels.shape[1])


def _by_chance(still: np.ndarray) -> float:
    """Return in which share of the blocks channels would rest together if each were still at other times."""
    rng = np.random.default_rng(0)
    shifts = rng.integers(len(still), size=(_TURNS, still.shape[1]))
    turned = (np.column_stack([np.roll(*one) for one in zip(still.T, own, strict=True)]) for own in shifts)
    return float(np.mean([_together(one).mean() for one in turned])) if still.size else 1.0
