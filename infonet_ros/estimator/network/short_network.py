"""A small network for pairs of few samples: it imitates what the network of pairs says of them.

A slice of a window has few samples, so coarse counts show almost all that there is. This takes a tenth of the time.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from infonet_ros.estimator.network.counts import RESOLUTIONS, coarsen, log_densities, pyramid
from infonet_ros.estimator.network.observation import Input, correlation_numbers
from infonet_ros.estimator.network.plug_ins import TILES, coarse_plug_ins, local_plug_ins, sums_by_tile
from infonet_ros.estimator.network.quantiles import QUANTILES
from infonet_ros.estimator.network.symmetry import Symmetry, orient

SKETCH_CELLS = 32  # of the counts, along each axis
MOST_SHORT = 200  # samples: slices of short windows have fewer; with more, the network of pairs sees clearly more
SHOWN = (16, 8)  # cells along each axis, of which each density is an input
COARSER = tuple(cells for cells in RESOLUTIONS if cells < SKETCH_CELLS)
OTHERS = 5 + len(COARSER) + 1  # inputs: plug-in estimates, and numbers that describe the pair
INPUTS = sum(cells**2 for cells in SHOWN) + SHOWN[-1] ** 2 + OTHERS
LEAST_SHORT = 0.02  # nats, added to the quantiles before their logarithm is imitated


@dataclass(frozen=True)
class ShortShape:
    """Sizes of the network; stored with the weights."""

    features: int = 259  # of the network of pairs, see `Network.features`
    width: int = 256


@dataclass(frozen=True, eq=False)
class Sketch(Input):
    """The input of the network for M pairs."""

    counts: Tensor  # (M, SKETCH_CELLS, SKETCH_CELLS) uint8: samples in each cell of the unit square of ranks
    samples: Tensor  # samples, effective, correlation: (M,) float32; as in `observation.summarise`
    effective: Tensor
    correlation: Tensor


class ShortNetwork(nn.Module):
    """Two layers over coarse counts and plug-in estimates."""

    def __init__(self, shape: ShortShape) -> None:
        super().__init__()
        self.shape = shape
        self.centre: Tensor
        self.scale: Tensor
        self.register_buffer("centre", torch.zeros(INPUTS))  # of the inputs, in training
        self.register_buffer("scale", torch.ones(INPUTS))
        self.symmetry = Symmetry(SKETCH_CELLS)
        self.first = nn.Linear(INPUTS, shape.width)
        self.second = nn.Linear(shape.width, shape.width)
        self.quantiles_out = nn.Linear(shape.width, len(QUANTILES))
        self.numbers_out = nn.Linear(shape.width, shape.features - len(QUANTILES))

    def in_precision(self, kind: torch.dtype) -> "ShortNetwork":
        """Convert the weights, except those of the quantiles."""
        for module in (self.first, self.second, self.numbers_out):
            module.to(kind)
        return self

    def forward(self, seen: Sketch) -> Tensor:
        """Describe pairs as `Network.features` does, (M, features)."""
        return self.described(self.inputs(seen))

    def described(self, inputs: Tensor) -> Tensor:
        """Return the features (M, features) from the inputs (M, INPUTS)."""
        inputs = inputs.sub(self.centre).div_(self.scale)
        hidden = functional.silu(self.first(inputs.to(self.first.weight.dtype)))
        hidden = hidden + functional.silu(self.second(hidden))
        quantiles = functional.relu(torch.exp(self.quantiles_out(hidden.float())) - LEAST_SHORT)
        return torch.cat([quantiles, self.numbers_out(hidden).float()], dim=1)

    def inputs(self, seen: Sketch) -> Tensor:
        """Return the input numbers of each pair, (M, INPUTS)."""
        samples = seen.samples
        levels = pyramid(orient(seen.counts, self.symmetry.canonical(seen.counts)))
        shown = [levels[cells].flatten(1) for cells in SHOWN]
        densities = log_densities(shown, SHOWN[0] ** 2 / samples, -(-MOST_SHORT // SHOWN[0]))
        fine = local_plug_ins({SKETCH_CELLS: sums_by_tile(levels[SKETCH_CELLS])}, levels[TILES], samples)[:, 0]
        numbers = [torch.log(samples), torch.log(seen.effective / samples), *correlation_numbers(seen.correlation)]
        parts = [densities, coarsen(fine).flatten(1), torch.stack([*numbers, samples.rsqrt()], dim=1)]
        whole = [coarse_plug_ins(levels, samples, COARSER), fine.mean(dim=(1, 2)).unsqueeze(1)]
        return torch.cat([*parts, *whole], dim=1)
