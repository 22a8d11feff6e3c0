"""The input of the network of conditional mutual information: all views of pairs, with given streams."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import torch

from infonet_ros.caching import cached_property
from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.conditional_network import CIRCUMSTANCES, WHOLE, Views
from infonet_ros.estimator.network.machine import ONE_THREAD
from infonet_ros.estimator.network.observation import TYPICAL
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.short_network import MOST_SHORT
from infonet_ros.estimator.samples.conditioning import (
    DETERMINED,
    MOST_MODES,
    WIDTHS,
    Given,
    conditional_ranks,
    fitted_again,
)
from infonet_ros.estimator.samples.ranks import normal_scores, rank
from infonet_ros.limits import MOST_GIVEN


@dataclass(frozen=True, eq=False)
class Side:
    """Streams on one side of the pairs, over the R samples that count."""

    ranks: np.ndarray  # (N, R) int64: as they are
    given: Given

    @cached_property
    def conditional(self) -> list[np.ndarray]:
        """Conditional ranks (N, R), narrow and wide."""
        return [ranks for ranks, _ in self._conditioned]

    @cached_property
    def unexplained(self) -> np.ndarray:
        """Share of the variance that remains after the narrow and the wide fit, (2, N)."""
        return np.stack([share for _, share in self._conditioned])

    @property
    def determined(self) -> np.ndarray:
        """Which streams are functions of the given streams, (N,) bool."""
        return self.unexplained[0] < DETERMINED

    def shifted(self, shifts: Sequence[int], width: int) -> np.ndarray:
        """Return surrogates: conditional ranks that are shifted by some numbers of samples, and fitted again.

        They are (S * N, R), all streams for one shift after the other.
        """
        turned = [self.conditional[width][:0], *(np.roll(self.conditional[width], shift, axis=1) for shift in shifts)]
        with ONE_THREAD:
            return fitted_again(np.concatenate(turned), self.given, width)

    @cached_property
    def _conditioned(self) -> list[tuple[np.ndarray, np.ndarray]]:
        scores = normal_scores(self.ranks)
        with ONE_THREAD:
            return [conditional_ranks(scores, self.given, width) for width in range(len(WIDTHS))]


@dataclass(frozen=True, eq=False)
class ShiftedSide(Side):
    """A surrogate: conditional ranks that are shifted in time, and fitted again."""

    data: Side
    shift: int  # samples

    @cached_property
    def _conditioned(self) -> list[tuple[np.ndarray, np.ndarray]]:
        fitted = [self.data.shifted([self.shift], width) for width in range(len(WIDTHS))]
        return list(zip(fitted, self.data.unexplained, strict=True))


@dataclass(frozen=True, eq=False)
class ConditionedPairs:
    """Pairs of streams of two sides, over the same samples and with the same given streams."""

    left: Side
    right: Side
    rows: np.ndarray  # rows, columns: (M,) int64; stream of either side of each pair
    columns: np.ndarray
    _plain: list[torch.Tensor] = field(default_factory=list)  # features (M, F) of the pairs as they are

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def slices(self) -> list[np.ndarray]:
        """See `Given.slices`."""
        return self.left.given.slices

    def surrogate(self, shift: int) -> "ConditionedPairs":
        """Return the pairs with the conditional ranks of the right sides shifted by so many samples.

        The pairs as they are stay: under the null hypothesis the two streams still share what the given streams cause.
        """
        return replace(self, right=ShiftedSide(self.right.ranks, self.right.given, self.right, shift))

    def prepared(self) -> "ConditionedPairs":
        """Return itself after its conditional ranks are computed, in the thread of the caller."""
        _ = self.left.conditional, self.right.conditional
        return self

    @cached_property
    def _slices_by_length(self) -> dict[int, list[int]]:
        """The numbers of the slices of each length."""
        found: dict[int, list[int]] = defaultdict(list)
        for number, rows in enumerate(self.slices):
            found[len(rows)].append(number)
        return found

    @property
    def determined(self) -> np.ndarray:
        """Which pairs have a stream that is a function of the given streams, (M,) bool."""
        return self.left.determined[self.rows] | self.right.determined[self.columns]

    def circumstances(self) -> torch.Tensor:
        """Return the numbers that are in no view, (M, CIRCUMSTANCES) float32.

        They are the numbers of samples, streams and modes, and how much of each stream the given streams explain.
        """
        given = self.left.given
        common = [np.log(given.count) - TYPICAL, len(given.streams) / MOST_GIVEN, float(len(given.streams) > 0)]
        common.append(np.log(len(given.by_mode)) / np.log(MOST_MODES))
        left, right = (np.log(side.unexplained + 1e-4) for side in (self.left, self.right))
        a, b = left[:, self.rows], right[:, self.columns]
        numbers = np.concatenate([np.tile(common, (len(self), 1)), (a + b).T, np.abs(a - b).T], axis=1)
        assert numbers.shape[1] == CIRCUMSTANCES
        return torch.from_numpy(numbers.astype(np.float32))

    def share(self) -> torch.Tensor:
        """Return the share of the samples in each view, (V,) float32."""
        sizes = [self.left.given.count] * WHOLE + [len(part) for part in self.slices]
        return torch.tensor(sizes) / self.left.given.count

    def whole(self, runner: Runner, first: int) -> PairBlock:
        """Return the block of the views of all samples that are not known; see `_block`."""
        views = range(len(self._plain), WHOLE)
        alike = self.right is self.left
        left = np.concatenate([self.left.ranks, *self.left.conditional][views.start :])
        right = left if alike else np.concatenate([self.right.ranks, *self.right.conditional][views.start :])
        return self._block(runner, left, right, views, first)

    def sliced(self, runner: Runner, first: int, short: bool) -> Iterator[PairBlock]:
        """Yield the blocks of the slices for the faster network, or of the others, by their length; see `_block`."""
        left, right = self.left.conditional[0], self.right.conditional[0]
        for length, numbers in self._slices_by_length.items():
            if short == (runner.short is not None and length <= MOST_SHORT):
                one = rank(np.concatenate([left[:, self.slices[number]] for number in numbers]))
                alike = right is left
                other = one if alike else rank(np.concatenate([right[:, self.slices[number]] for number in numbers]))
                yield self._block(runner, one, other, [WHOLE + number for number in numbers], first)

    def known_in_surrogates(self, plain: torch.Tensor) -> torch.Tensor:
        """Keep the features (M, F) of the pairs as they are; for surrogates, return those of the data."""
        if not self._plain:
            self._plain.append(plain.clone())  # or it would hold all views in memory
        return self._plain[0]

    def _block(
        self,
        runner: Runner,
        left: np.ndarray,
        right: np.ndarray,
        views: Sequence[int],
        first: int,
    ) -> PairBlock:
        """Return the block of V views of the same length, each a copy of the pairs, numbered from ``first``.

        ``left`` and ``right`` are the ranks (V * N, R) of all views, one object if they are alike.
        """
        one = RankedChannels.from_ranks(left, runner.device)
        other = one if right is left else RankedChannels.from_ranks(right, runner.device)
        view = np.arange(len(views))[:, None]
        return PairBlock(
            one,
            other,
            (view * (len(left) // len(views)) + self.rows).ravel(),
            (view * (len(right) // len(views)) + self.columns).ravel(),
            np.zeros(len(views) * len(self), dtype=np.int64),
            np.repeat(views, len(self)),
            np.tile(np.arange(first, first + len(self)), len(views)),
        )


def views_of(sets: Sequence[ConditionedPairs], runner: Runner) -> Views:
    """Return all views of the pairs of some sets, one set after the other; many sets have few pairs."""
    firsts = np.cumsum([0, *map(len, sets)]).tolist()
    features = torch.zeros(firsts[-1], max(WHOLE + len(one.slices) for one in sets), runner.network.features_out)
    share = torch.zeros(features.shape[:2])
    for block, numbers in _described(sets, firsts, runner):
        features[block.numbers, block.copies] = torch.from_numpy(numbers)
    for one, first in zip(sets, firsts, strict=False):
        rows = slice(first, first + len(one))
        features[rows, 0] = one.known_in_surrogates(features[rows, 0])
        share[rows, : WHOLE + len(one.slices)] = one.share()
    return Views(features, share, torch.cat([one.circumstances() for one in sets]))


def _described(
    sets: Sequence[ConditionedPairs], firsts: Sequence[int], runner: Runner
) -> Iterator[tuple[PairBlock, np.ndarray]]:
    """Yield blocks, each a copy of pairs for each view, with their features; short slices by the faster network."""
    placed = [(one, first) for one, first in zip(sets, firsts, strict=False)]
    large = (chain([one.whole(runner, at)], one.sliced(runner, at, short=False)) for one, at in placed)
    yield from runner.features(chain.from_iterable(large))
    if runner.short is not None:
        yield from runner.short_features(chain.from_iterable(one.sliced(runner, at, short=True) for one, at in placed))
