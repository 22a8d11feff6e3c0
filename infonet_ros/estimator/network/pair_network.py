"""The attention network: from a pair's grid to its discriminant table and the quantiles of its mutual information."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from infonet_ros.estimator.network.counts import GRID, MOST_SAMPLES, coarsen, log_densities
from infonet_ros.estimator.network.observation import SUMMARIES, Observation
from infonet_ros.estimator.network.plug_ins import LOCAL_RESOLUTIONS, TILES
from infonet_ros.estimator.network.quantiles import QUANTILES, stretched_quantiles
from infonet_ros.estimator.network.readout import Evidence
from infonet_ros.estimator.network.symmetry import Symmetry, orient, restore

PATCHES = 4  # along each axis
TOKENS = PATCHES**2
PATCH = GRID // PATCHES
SIDE = 2  # quadrants along each axis
QUADRANTS = SIDE**2
LEVELS = 3  # resolutions of each patch: its cells, and these joined two by two, once and twice
CELL_NUMBERS = sum((PATCH >> level) ** 2 for level in range(LEVELS))
TILE_NUMBERS = len(LOCAL_RESOLUTIONS) * (TILES // PATCHES) ** 2


@dataclass(frozen=True)
class NetworkShape:
    """Sizes of the network; stored with the weights."""

    width: int = 128
    heads: int = 2
    blocks: int = 3  # of attention and perceptron among the quadrants
    expansion: int = 2


class Attention(nn.Module):
    """Self-attention of tokens (M, S, width); the input is normalised, and the output is added to it."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.norm = nn.LayerNorm(shape.width)
        self.query_key_value = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)

    def forward(self, tokens: Tensor, there: Tensor | None = None) -> Tensor:
        """Map tokens (M, S, width) to (M, S, width); those that are not ``there``, (M, S) bool, have no weight."""
        split = self.query_key_value(self.norm(tokens)).view(*tokens.shape[:2], 3, self.heads, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mask = None if there is None else there[:, None, None]
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return tokens + self.out(attended.transpose(1, 2).flatten(2))


class Perceptron(nn.Module):
    """Two layers, applied to each token (..., width) alone; the input is normalised, and the output is added to it."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(shape.width)
        self.hidden = nn.Linear(shape.width, shape.expansion * shape.width)
        self.out = nn.Linear(shape.expansion * shape.width, shape.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (..., width) to (..., width)."""
        return tokens + self.out(functional.silu(self.hidden(self.norm(tokens))))


@dataclass(frozen=True, eq=False)
class _Encoded:
    """The state of the network before its outputs, for M pairs."""

    orientation: Tensor  # (M,) int64: the orientation of each grid, see `symmetry`
    patches: Tensor  # (M, QUADRANTS, patches of each, width): tokens by quadrant
    quadrants: Tensor  # (M, QUADRANTS, width): tokens
    description: Tensor  # (M, 2 * width): the numbers beside the grid, embedded, and the mean of the quadrants


class Network(nn.Module):
    """Patches of the grid as tokens, each of which returns its part of the table.

    After Hu et al. 2024, with the grid in place of raw samples: the cost does not depend on T, and ranks make the
    second term of the bound exact. Each patch is processed alone. Then the patches are joined to quadrants: attention
    among quadrants costs a quarter of attention among patches.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.stretch: Tensor
        self.register_buffer("stretch", torch.ones(2))  # of the interval below and above the median, see `calibrate`
        self.symmetry = Symmetry(GRID, TILES)
        self.patch_in = nn.Linear(CELL_NUMBERS + TILE_NUMBERS, shape.width)
        self.place = nn.Parameter(nn.init.trunc_normal_(torch.empty(TOKENS, shape.width), std=0.02))
        self.summary_in = nn.Sequential(
            nn.Linear(SUMMARIES, shape.width), nn.SiLU(), nn.Linear(shape.width, shape.width)
        )
        self.patches = Perceptron(shape)
        self.join = nn.Linear(TOKENS // QUADRANTS * shape.width, shape.width)
        self.quadrants = nn.Sequential(*(part(shape) for _ in range(shape.blocks) for part in (Attention, Perceptron)))
        self.norm = nn.LayerNorm(shape.width)
        self.patch_out = nn.Linear(shape.width, PATCH * PATCH)
        self.quantiles_out = nn.Sequential(
            nn.Linear(2 * shape.width, shape.width), nn.SiLU(), nn.Linear(shape.width, 3)
        )

    @property
    def features_out(self) -> int:
        """The number of values that `features` returns for a pair."""
        return len(QUANTILES) + 2 * self.shape.width

    @property
    def hidden_layers(self) -> list[nn.Module]:
        """Return the layers between the embedding of the tokens and the outputs."""
        return [self.patches, self.join, self.quadrants]

    def in_precision(self, kind: torch.dtype) -> "Network":
        """Convert the weights, except those of layers with few numbers: their rounding would change the quantiles."""
        for module in (self.patch_in, *self.hidden_layers, self.patch_out):
            module.to(kind)
        return self

    def forward(self, observation: Observation, tables: bool = True) -> tuple[Tensor, Tensor | None]:
        """Return the quantiles (M, 3) of the MI of M pairs, and tables (M, G, G) if they are wanted.

        The quantiles are those of 5, 50 and 95 %, nats, increasing and not negative. The tables are the discriminant
        theta at the nodes, normalised so that ``mean exp theta`` is 1: the log density of the copula.
        """
        encoded = self._encode(observation)
        return self._quantiles(encoded), self._table(encoded) if tables else None

    def features(self, observation: Observation) -> Tensor:
        """Return the input of the network of conditional MI, (M, 3 + 2 * width): quantiles, and what is behind them."""
        encoded = self._encode(observation)
        return torch.cat([self._quantiles(encoded), encoded.description], dim=-1)

    def evidence(self, observation: Observation, tables: bool = True) -> tuple[Evidence, Tensor | None]:
        """Return the input of a `Readout` for each pair, in place of quantiles; and tables as `forward` does."""
        encoded = self._encode(observation)
        numbers = torch.cat([encoded.description, observation.summary], dim=-1)
        evidence = Evidence(self.quantiles_out(encoded.description), numbers, observation.ladder, observation.by_level)
        return evidence, self._table(encoded) if tables else None

    def _quantiles(self, encoded: "_Encoded") -> Tensor:
        centre, below, above = self.quantiles_out(encoded.description).float().unbind(dim=-1)
        return stretched_quantiles(functional.softplus(centre), below, above, self.stretch)

    def _table(self, encoded: "_Encoded") -> Tensor:
        tokens = self.norm((encoded.patches + encoded.quadrants.unsqueeze(2)).float())
        table = join_patches(self.patch_out(tokens.to(self.patch_out.weight.dtype)).float())
        excess = torch.logsumexp(table.flatten(1), dim=1) - 2.0 * math.log(GRID)
        return restore(table - excess[:, None, None], encoded.orientation)

    def _encode(self, observation: Observation) -> "_Encoded":
        orientation = self.symmetry.canonical(observation.counts, observation.local[:, -1])
        summary = self.summary_in(observation.summary)
        patches = self.patches(self._embed(observation, orientation, summary)).unflatten(1, (QUADRANTS, -1))
        quadrants = self.quadrants(self.join(patches.flatten(2)))
        grid = self.norm(quadrants.float()).mean(dim=1)
        return _Encoded(orientation, patches, quadrants, torch.cat([summary, grid], dim=-1))

    def _embed(self, observation: Observation, orientation: Tensor, summary: Tensor) -> Tensor:
        """Return one token for each patch, which contains the summary (M, width), too: (M, TOKENS, width)."""
        tokens = self.patch_in(self._numbers(observation, orientation))
        return tokens + (self.place + summary.unsqueeze(1)).to(tokens.dtype)

    def _numbers(self, observation: Observation, orientation: Tensor) -> Tensor:
        """Return the input numbers of each patch: (M, TOKENS, CELL_NUMBERS + TILE_NUMBERS)."""
        cells = _cells_by_patch(orient(observation.counts, orientation))
        local = split_patches(orient(observation.local, orientation)).flatten(1, 4)
        kind = self.patch_in.weight.dtype
        levels = [cells]  # joined cells are shown by their mean density
        while len(levels) < LEVELS:
            levels.append(coarsen(levels[-1]))
        shown = [level.view(-1, TOKENS, level.shape[-1] ** 2) for level in levels]
        densities = log_densities(shown, observation.unit, MOST_SAMPLES // GRID, kind)
        return torch.cat([densities, local.flatten(2).to(kind)], dim=2)


def _cells_by_patch(counts: Tensor) -> Tensor:
    """Copy counts (M, GRID, GRID) uint8 to (M * TOKENS, PATCH, PATCH), eight cells at a time."""
    eights = split_patches(counts.view(torch.int64).unsqueeze(1)).contiguous()
    return eights.view(torch.uint8).view(-1, PATCH, PATCH)


def split_patches(maps: Tensor) -> Tensor:
    """View (M, L, S, R) as (M, *TOKENS, L, S / PATCHES, R / PATCHES), the tokens quadrant by quadrant in four axes."""
    rows, columns = ((SIDE, PATCHES // SIDE, size // PATCHES) for size in maps.shape[2:])
    split = maps.view(*maps.shape[:2], *rows, *columns)
    return split.permute(0, 2, 5, 3, 6, 1, 4, 7)


def join_patches(patches: Tensor) -> Tensor:
    """Undo `split_patches` of one map: (M, QUADRANTS, patches of each, PATCH * PATCH) to (M, GRID, GRID)."""
    split = patches.view(len(patches), SIDE, SIDE, PATCHES // SIDE, PATCHES // SIDE, PATCH, PATCH)
    return split.permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, GRID, GRID)
