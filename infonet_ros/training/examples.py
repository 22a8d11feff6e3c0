"""Training examples: the input grid, a grid of fresh samples for the loss, and the true mutual information."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.counts import GRID, pyramid
from infonet_ros.estimator.network.discriminant import spread_grids
from infonet_ros.estimator.network.observation import TRAINED_SAMPLES, Measurements, Observation
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.samples.ranks import Ordering, normalised
from infonet_ros.training.columns import Columns
from infonet_ros.training.simulation.angles import Angle
from infonet_ros.training.simulation.copulas import Archimedean, Gaussian, Independent, PartTime, Student
from infonet_ros.training.simulation.dependence import Dependence
from infonet_ros.training.simulation.drivers import EvenDrivers, draw_drivers
from infonet_ros.training.simulation.mixtures import Curve, GaussianMixture, Staircase
from infonet_ros.training.simulation.patchworks import Folded, Patchwork, Product
from infonet_ros.training.simulation.regions import Region
from infonet_ros.training.simulation.regressions import NoisyFunction
from infonet_ros.training.simulation.tables import Blocks, ProbabilityTable, Rounded

Draw = Callable[[np.random.Generator, int], Dependence]

# Shares of the training family. Mixtures approximate almost anything, so they are a third of it; the others add the
# sharp edges, heavy tails and steps that mixtures lack.
FAMILIES: dict[str, tuple[Draw, float]] = {
    "independent": (Independent, 0.033),
    "gaussian": (Gaussian, 0.04),
    "student": (Student, 0.033),
    "archimedean": (Archimedean, 0.033),
    "part_time": (PartTime, 0.025),
    "folded": (Folded, 0.025),
    "product": (Product, 0.042),
    "patchwork": (Patchwork, 0.033),
    "mixture": (GaussianMixture, 0.315),
    "curve": (Curve, 0.012),
    "function": (NoisyFunction, 0.179),
    "staircase": (Staircase, 0.069),
    "table": (ProbabilityTable, 0.01),
    "rounded": (Rounded, 0.04),
    "blocks": (Blocks, 0.12),
    "angle": (Angle, 0.016),
    "region": (Region, 0.04),
}
MOST_INFORMATION = 5.5  # nats; examples beyond it are left out: no estimator distinguishes them
BATCH = 16  # dependences of one family made together
DIGITAL = 0.5  # share of observations of levels that contain nothing but the level
OBSERVATIONS = 4  # of each dependence, each with its own T: its truth takes several times longer than an observation


@dataclass
class Examples(Columns):
    """A set of M training examples, which are observations of D dependences."""

    seen: Tensor  # (M, G, G) uint8: samples in each cell of the grid that the network sees
    fine: Tensor
    """(M, TILES, TILES) float16: local plug-in estimates from the finest cells, see `plug_ins.local_plug_ins`."""
    finest: Tensor  # (M,) float32: unbiased sums over the finest cells, see `plug_ins.unbiased_sums`
    samples: Tensor  # samples, effective, correlation: (M,) float32; as in `observation.summarise`
    effective: Tensor
    correlation: Tensor
    by_level: Tensor  # (M, 3) float32: as in `Observation`
    information: Tensor  # (M,) float32: true MI, nats
    family: Tensor  # (M,) int64: index into `FAMILIES`
    source: Tensor  # (M,) int64: the dependence that each observes
    fresh: Tensor
    """(D, G, G) float16: spread grid of 8192 fresh, evenly spread samples on which the table is judged. If it was
    judged on the samples that it has seen, the network would learn to report too much."""

    def __len__(self) -> int:
        return len(self.information)

    @property
    def observation(self) -> Observation:
        """Return the network's input."""
        whole = (self.finest, self.samples, self.effective, self.correlation, self.by_level)
        return Observation.of(Measurements(pyramid(self.seen), self.fine.float(), *whole))

    @property
    def judges(self) -> Tensor:
        """Return the grids of fresh samples for the loss, as densities, (M, G, G) float32."""
        return self.fresh[self.source].float()

    def __getitem__(self, index: Tensor | slice) -> "Examples":
        chosen = {f.name: getattr(self, f.name)[index] for f in fields(self) if f.name != "fresh"}
        return Examples(**chosen, fresh=self.fresh)

    @classmethod
    def join(cls, parts: list["Examples"]) -> "Examples":
        """Concatenate."""
        joined = {f.name: torch.cat([getattr(part, f.name) for part in parts]) for f in fields(cls)}
        starts = np.cumsum([0, *(len(part.fresh) for part in parts[:-1])])
        joined["source"] = torch.cat([part.source + int(start) for part, start in zip(parts, starts, strict=True)])
        return cls(**joined)


def simulate(count: int, seed: int, families: dict[str, tuple[Draw, float]] = FAMILIES) -> Examples:
    """Simulate ``count`` examples, in random order; the same seed gives the same examples."""
    rng = np.random.default_rng(seed)
    even = EvenDrivers(seed)
    parts: list[Examples] = []
    made = 0
    while made < count:
        part = _simulate_batch(rng, even, *draw_family(rng, families))
        parts.append(part)
        made += len(part)
    return Examples.join(parts)[torch.from_numpy(rng.permutation(made)[:count])]


def draw_family(rng: np.random.Generator, families: dict[str, tuple[Draw, float]] = FAMILIES) -> tuple[Draw, int]:
    """Draw a family by the shares; return how it draws its dependences, and its number."""
    shares = np.array([share for _, share in families.values()])
    family = int(rng.choice(len(shares), p=shares / shares.sum()))
    return list(families.values())[family][0], family


def draw_streams(
    rng: np.random.Generator, dependence: Dependence, between: tuple[int, int] = TRAINED_SAMPLES
) -> tuple[Tensor, Tensor]:
    """Draw two streams (BATCH, T) of a batch of dependences, with memory or without; T is between two numbers."""
    count = int(np.exp(rng.uniform(*np.log(between))))
    return dependence.sample(draw_drivers(rng, BATCH, count))


def _simulate_batch(rng: np.random.Generator, even: EvenDrivers, draw: Draw, family: int) -> Examples:
    dependence = draw(rng, BATCH)
    x, y = dependence.sample(even.draw(rng, BATCH))
    information = dependence.information(x, y).clamp_min(0.0)
    good = torch.isfinite(information) & (information < MOST_INFORMATION)
    source = good.cumsum(0) - 1
    u, v = (torch.from_numpy(normalised(ranks)) for ranks in _ranks(x, y))
    fresh = spread_grids(u, v)[good].half()
    observations = []
    for _ in range(OBSERVATIONS):
        streams = draw_streams(rng, dependence)
        digital = rng.random(2) < DIGITAL * np.array(dependence.levelled)
        observations.append(_observe(*(z.floor() if d else z for z, d in zip(streams, digital, strict=True))))
    seen = [torch.cat(parts) for parts in zip(*observations, strict=True)]
    of_all = [one.repeat(OBSERVATIONS) for one in (information, torch.full((BATCH,), family), source)]
    observed = Examples(*[*seen, *of_all, fresh])
    return observed[good.repeat(OBSERVATIONS)]


def _observe(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    """Return what `Examples` holds of pairs (B, T): its fields from ``seen`` to ``by_level``."""
    u, v = (RankedChannels.from_ranks(ranks, values=z.numpy()) for ranks, z in zip(_ranks(x, y), (x, y), strict=True))
    numbers = np.arange(len(x))
    found = PairBlock.of(u, v, numbers, numbers, shifts=np.array([0])).measure()
    return found.levels[GRID], found.fine.half(), *found[2:]


def _ranks(x: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    ranks = Ordering.from_channels(torch.cat([x, y]).numpy(), seed=0).ranks()
    return ranks[: len(x)], ranks[len(x) :]
