"""The attention network: from a pair's grid to its discriminant table and the quantiles of its mutual information."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from infonet_ros.estimator.grid import GRID, RESOLUTIONS, coarsen
from infonet_ros.estimator.symmetry import Symmetry

PATCH = 16
TOKENS = (GRID // PATCH) ** 2
LEVELS = 3  # resolutions at which each patch is seen: as it is, and joined two by two, and again
PATCH_NUMBERS = sum((PATCH >> level) ** 2 for level in range(LEVELS))
SUMMARIES = 4 + len(RESOLUTIONS)  # numbers about the pair that the grid cannot tell, see `summarise`
QUANTILES = (0.05, 0.5, 0.95)
RESOLUTION = 1e-3  # nats
TRAINED_SAMPLES = (64, 8192)


@dataclass(frozen=True)
class NetworkShape:
    """Sizes of the network; stored with the weights."""

    width: int = 96
    heads: int = 4
    blocks: int = 4
    expansion: int = 2


def summarise(samples: Tensor, effective: Tensor, correlation: Tensor, plug_ins: Tensor) -> Tensor:
    """Numbers that the grid cannot tell.

    Parameters
    ----------
    samples : (M,)
        T, within `TRAINED_SAMPLES`.
    effective : (M,)
        Effective number of samples, see `memory.effective_samples`.
    correlation : (M,)
        Correlation of the normal scores of the ranks, in [-1, 1].
    plug_ins : (M, R)
        Plug-in estimates at all resolutions, see `grid.observe_counts`.

    Returns
    -------
    (M, SUMMARIES)
    """
    squared = correlation.square().clamp_max(1.0 - 1e-6)
    ratio = effective / samples
    numbers = [torch.log(samples) - 7.0, torch.log(ratio), squared.sqrt(), -0.5 * torch.log1p(-squared)]
    return torch.cat([torch.stack(numbers, dim=-1), plug_ins], dim=-1)


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
        packed = self.query_key_value(self.attention_norm(tokens))
        query, key, value = packed.view(batch, length, 3, self.heads, -1).permute(
            2, 0, 3, 1, 4
        )  # each (M, heads, S, w)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.attention_out(mixed.transpose(1, 2).reshape(batch, length, width))
        hidden = functional.silu(self.perceptron_in(self.perceptron_norm(tokens)))
        return tokens + self.perceptron_out(hidden)


class Network(nn.Module):
    """Patches of the grid as tokens, and one summary token; each patch returns its part of the table.

    After Hu et al. 2024, with the grid in place of raw samples: the network costs the same for every T, and ranks make
    the second term of the bound exact.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.stretch: Tensor
        self.register_buffer("stretch", torch.ones(2))  # of the interval below and above the median, see `calibration`
        self.symmetry = Symmetry(GRID)
        self.patch_in = nn.Linear(PATCH_NUMBERS, shape.width)
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

    def forward(self, grids: Tensor, summaries: Tensor, tables: bool = True) -> tuple[Tensor, Tensor | None]:
        """Estimate each pair.

        Parameters
        ----------
        grids : (M, G, G)
            From `grid.observe_counts`.
        summaries : (M, SUMMARIES)
            From `summarise`.
        tables : bool
            Whether the discriminant is wanted too.

        Returns
        -------
        quantiles : (M, 3)
            5, 50 and 95 % quantiles of the MI, nats; increasing, not negative.
        table : (M, G, G) or None
            Discriminant theta at the nodes, normalised so that ``mean exp theta`` is 1: the log density of the copula.
        """
        orientation = self.symmetry.canonical(grids)
        tokens = self._embed(self.symmetry.orient(grids, orientation), summaries)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.norm(tokens)
        quantiles = self._quantiles(torch.cat([tokens[:, 0], tokens[:, 1:].mean(dim=1)], dim=-1))
        if not tables:
            return quantiles, None
        table = _join_patches(self.patch_out(tokens[:, 1:]).float())
        table = (
            table
            - (torch.logsumexp(table.flatten(1), dim=1) - torch.log(torch.tensor(float(GRID * GRID))))[:, None, None]
        )
        return quantiles, self.symmetry.restore(table, orientation)

    def _embed(self, grids: Tensor, summaries: Tensor) -> Tensor:
        kind = self.patch_in.weight.dtype
        levels = [grids]
        for _ in range(1, LEVELS):
            levels.append(0.25 * coarsen(levels[-1]))
        numbers = torch.cat([_split_patches(torch.log1p(level).to(kind)) for level in levels], dim=2)
        patches = self.patch_in(numbers) + self.place
        return torch.cat([self.summary_in(summaries.to(kind)).unsqueeze(1), patches], dim=1)

    def _quantiles(self, features: Tensor) -> Tensor:
        centre, below, above = self.quantiles_out(features).float().unbind(dim=-1)
        median = functional.softplus(centre)
        # An interval that reaches down to what nobody could tell from nothing holds nothing, too.
        lower = functional.relu(median - self.stretch[0] * median * torch.sigmoid(-below) - RESOLUTION)
        upper = median + self.stretch[1] * functional.softplus(above)
        return torch.stack([lower, median, upper], dim=-1)


def _split_patches(grids: Tensor) -> Tensor:
    """(M, S, S) to (M, TOKENS, S * S / TOKENS)."""
    side = GRID // PATCH
    patch = grids.shape[1] // side
    return grids.view(-1, side, patch, side, patch).transpose(2, 3).reshape(-1, TOKENS, patch * patch)


def _join_patches(patches: Tensor) -> Tensor:
    """(M, TOKENS, PATCH * PATCH) to (M, G, G)."""
    side = GRID // PATCH
    return patches.view(-1, side, side, PATCH, PATCH).transpose(2, 3).reshape(-1, GRID, GRID)
