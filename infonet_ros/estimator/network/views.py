"""The input of the network of conditional mutual information: all views of pairs, with given streams."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np
import torch

from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.conditional_network import CIRCUMSTANCES, WHOLE, Views
from infonet_ros.estimator.network.machine import ONE_THREAD
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.short_network import MOST_SHORT
from infonet_ros.estimator.samples.conditioning import DETERMINED, MOST_MODES, WIDTHS, Given, conditional_ranks
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

    @cached_property
    def _conditioned(self) -> list[tuple[np.ndarray, np.ndarray]]:
        scores = normal_scores(self.ranks)
        with ONE_THREAD:
            return [conditional_ranks(scores, self.given, width) for width in range(len(WIDTHS))]


@dataclass(frozen=True, eq=False)
class ConditionedPairs:
    """Pairs of streams of two sides, over the same samples and with the same given streams."""

    left: Side
    right: Side
    rows: np.ndarray  # rows, columns: (M,) int64; stream of either side of each pair
    columns: np.ndarray
    _plain: list[torch.Tensor] = field(default_factory=list, init=False)  # features (M, F) of the pairs as they are

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def slices(self) -> list[np.ndarray]:
        """See `Given.slices`."""
        return self.left.given.slices()

    def views(self, runner: Runner, shift: int = 0) -> Views:
        """Return all views of the pairs; for surrogates, the conditional ranks of the right side are shifted.

        The views without conditioning are not shifted in a surrogate: under the null hypothesis the two streams still
        share what the given streams cause.
        """
        features = torch.zeros(len(self), WHOLE + len(self.slices), runner.network.features_out)
        start = dict.fromkeys(range(features.shape[1]), 0)
        for block, numbers in self._described(runner, shift):
            span = slice(start[block.tag], start[block.tag] + len(block))
            features[span, block.tag] = torch.from_numpy(numbers)
            start[block.tag] = span.stop
        if self._plain:  # in surrogates they are the same
            features[:, 0] = self._plain[0]
        else:
            self._plain.append(features[:, 0].clone())  # or it would hold all views in memory
        sizes = [self.left.given.count] * WHOLE + [len(part) for part in self.slices]
        share = torch.tensor(sizes) / self.left.given.count
        return Views(features, share.expand(len(self), -1), self.circumstances())

    def circumstances(self) -> torch.Tensor:
        """Return the numbers that are in no view, (M, CIRCUMSTANCES) float32.

        They are the numbers of samples, streams and modes, and how much of each stream the given streams explain.
        """
        given = self.left.given
        common = [np.log(given.count) - 7.0, len(given.streams) / MOST_GIVEN, float(len(given.streams) > 0)]
        common.append(np.log(len(given.by_mode)) / np.log(MOST_MODES))
        left, right = (np.log(side.unexplained + 1e-4) for side in (self.left, self.right))
        a, b = left[:, self.rows], right[:, self.columns]
        numbers = np.concatenate([np.tile(common, (len(self), 1)), (a + b).T, np.abs(a - b).T], axis=1)
        assert numbers.shape[1] == CIRCUMSTANCES
        return torch.from_numpy(numbers.astype(np.float32))

    def _described(self, runner: Runner, shift: int) -> Iterator[tuple[PairBlock, np.ndarray]]:
        """Yield blocks of one view each, tagged by its number, with their features; slices by the faster network."""
        short = [number for number, rows in enumerate(self.slices) if runner.short and len(rows) <= MOST_SHORT]
        large = [number for number in range(len(self.slices)) if number not in short]
        yield from runner.features(chain(self._whole(runner, shift), self._sliced(runner, shift, large)))
        if short:
            yield from runner.short_features(self._sliced(runner, shift, short))

    def _whole(self, runner: Runner, shift: int) -> Iterator[PairBlock]:
        """Yield one block for each view of all samples that is not known, tagged by its number."""
        narrow, wide = zip(self.left.conditional, self.right.conditional, strict=True)
        sides = [(self.left.ranks, self.right.ranks), narrow, wide]
        for number in range(len(self._plain), WHOLE):
            yield self._block(runner, *sides[number], shift if number else 0, number)

    def _sliced(self, runner: Runner, shift: int, chosen: list[int]) -> Iterator[PairBlock]:
        """Yield one block for each of some slices, tagged by the number of its view."""
        left, right = self.left.conditional[0], self.right.conditional[0]
        alike = right is left and not shift
        turned = right if alike else np.roll(right, shift, axis=1)
        for number in chosen:
            rows = self.slices[number]
            first = rank(left[:, rows])
            yield self._block(runner, first, first if alike else rank(turned[:, rows]), 0, WHOLE + number)

    def _block(self, runner: Runner, left: np.ndarray, right: np.ndarray, shift: int, number: int) -> PairBlock:
        first = RankedChannels.from_ranks(left, runner.device)
        second = first if right is left else RankedChannels.from_ranks(right, runner.device)
        return PairBlock.of(first, second, self.rows, self.columns, np.array([shift]), number)
