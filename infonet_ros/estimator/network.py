"""The attention network: from a pair's grid to its discriminant table and the quantiles of its mutual information."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from infonet_ros.estimator.counts import BLOCKS, GRID, LOCAL_RESOLUTIONS, coarsen
from infonet_ros.estimator.observation import SUMMARIES, Observation
from infonet_ros.estimator.symmetry import Symmetry

PATCHES = 4  # along each axis
TOKENS = PATCHES**2
PATCH = GRID // PATCHES
LEVELS = 3  # resolutions at which each patch is seen: as it is, and joined two by two, and again
CELL_NUMBERS = sum((PATCH >> level) ** 2 for level in range(LEVELS))
BLOCK_NUMBERS = len(LOCAL_RESOLUTIONS) * (BLOCKS // PATCHES) ** 2
QUANTILES = (0.05, 0.5, 0.95)
RESOLUTION = 1e-3  # nats


@dataclass(frozen=True)
class NetworkShape:
    """Sizes of the network; stored with the weights."""

    width: int = 128
    heads: int = 2
    blocks: int = 4
    expansion: int = 2


class Block(nn.Module):
    """Self-attention and a two-layer perceptron, each normalised first and added to its input."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attention_norm = nn.LayerNorm(shape.width)
        self.query_key_value = nn.Linear(shape.width, 3 * shape.width)
        self.attention_out = nn.Linear(shape.width, shape.width)
        self.perceptron_norm = nn.LayerNorm(shape.width)
        self.perceptron_in = nn.Linear(shape.width, shape.expansion * shape.width)
        self.perceptron_out = nn.Linear(shape.expansion * shape.width, shape.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (M, S, width) to (M, S, width)."""
        batch, length, width = tokens.shape
        packed = self.query_key_value(self.attention_norm(tokens)).view(batch, length, 3, self.heads, -1)
        query, key, value = packed.permute(2, 0, 3, 1, 4)  # each (M, heads, S, w)
        # So few tokens are attended to faster by plain products than by torch's fused kernel, gradients above all.
        scores = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(-2, -1))
        mixed = torch.matmul(scores.softmax(dim=-1), value)
        tokens = tokens + self.attention_out(mixed.transpose(1, 2).reshape(batch, length, width))
        hidden = functional.silu(self.perceptron_in(self.perceptron_norm(tokens)))
        return tokens + self.perceptron_out(hidden)


class Network(nn.Module):
    """Patches of the grid as tokens, each of which returns its part of the table.

    After Hu et al. 2024, with the grid in place of raw samples: the network costs the same for every T, and ranks make
    the second term of the bound exact.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.stretch: Tensor
        self.register_buffer("stretch", torch.ones(2))  # of the interval below and above the median, see `calibration`
        self.symmetry = Symmetry(GRID)
        self.local_symmetry = Symmetry(BLOCKS)
        self.patch_in = nn.Linear(CELL_NUMBERS + BLOCK_NUMBERS, shape.width)
        self.place = nn.Parameter(0.02 * torch.randn(TOKENS, shape.width))
        self.summary_in = nn.Sequential(
            nn.Linear(SUMMARIES, shape.width), nn.SiLU(), nn.Linear(shape.width, shape.width)
        )
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.width)
        self.patch_out = nn.Linear(shape.width, PATCH * PATCH)
        self.quantiles_out = nn.Sequential(
            nn.Linear(2 * shape.width, shape.width), nn.SiLU(), nn.Linear(shape.width, 3)
        )

    def in_precision(self, kind: torch.dtype) -> "Network":
        """Convert the weights, but for what few numbers go through: their rounding would be seen in the quantiles."""
        for module in (self.patch_in, self.blocks, self.patch_out):
            module.to(kind)
        return self

    def forward(self, seen: Observation, tables: bool = True) -> tuple[Tensor, Tensor | None]:
        """Estimate each pair.

        Parameters
        ----------
        seen : Observation
            M pairs.
        tables : bool
            Whether the discriminant is wanted too.

        Returns
        -------
        quantiles : (M, 3)
            5, 50 and 95 % quantiles of the MI, nats; increasing, not negative.
        table : (M, G, G) or None
            Discriminant theta at the nodes, normalised so that ``mean exp theta`` is 1: the log density of the copula.
        """
        orientation = self.symmetry.canonical(seen.grids)
        summary = self.summary_in(seen.summary)
        tokens = self._embed(seen, orientation, summary)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.norm(tokens.float())
        quantiles = self._quantiles(torch.cat([summary, tokens.mean(dim=1)], dim=-1))
        if not tables:
            return quantiles, None
        patches = self.patch_out(tokens.to(self.patch_out.weight.dtype)).float()
        table = patches.view(-1, PATCHES, PATCHES, PATCH, PATCH).transpose(2, 3).reshape(-1, GRID, GRID)
        excess = torch.logsumexp(table.flatten(1), dim=1) - 2.0 * math.log(GRID)
        return quantiles, self.symmetry.restore(table - excess[:, None, None], orientation)

    def _embed(self, seen: Observation, orientation: Tensor, summary: Tensor) -> Tensor:
        """Return one token for each patch, which knows the summary (M, width), too: (M, TOKENS, width)."""
        kind = self.patch_in.weight.dtype
        levels = [self.symmetry.orient(seen.grids, orientation)]
        for _ in range(1, LEVELS):
            levels.append(0.25 * coarsen(levels[-1]))
        numbers = [_split_patches(torch.log1p(level).to(kind).unsqueeze(1)) for level in levels]
        numbers.append(_split_patches(self.local_symmetry.orient(seen.local, orientation).to(kind)))
        return self.patch_in(torch.cat(numbers, dim=2)) + (self.place + summary.unsqueeze(1)).to(kind)

    def _quantiles(self, features: Tensor) -> Tensor:
        centre, below, above = self.quantiles_out(features).float().unbind(dim=-1)
        median = functional.softplus(centre)
        # An interval that reaches down to what nobody could tell from nothing holds nothing, too.
        lower = functional.relu(median - self.stretch[0] * median * torch.sigmoid(-below) - RESOLUTION)
        upper = median + self.stretch[1] * functional.softplus(above)
        return torch.stack([lower, median, upper], dim=-1)


def _split_patches(maps: Tensor) -> Tensor:
    """(M, L, S, S) to (M, TOKENS, L * S * S / TOKENS)."""
    patch = maps.shape[-1] // PATCHES
    split = maps.view(*maps.shape[:2], PATCHES, patch, PATCHES, patch)
    return split.permute(0, 2, 4, 1, 3, 5).reshape(len(maps), TOKENS, -1)
