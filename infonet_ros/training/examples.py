"""Training examples: a grid that the network sees, a grid that it is judged on, and the true mutual information."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from infonet_ros.estimator.grid import GRID, hat_weights
from infonet_ros.estimator.memory import autocorrelations, effective_samples
from infonet_ros.estimator.network import TRAINED_SAMPLES, summarise
from infonet_ros.estimator.ranks import Ordering
from infonet_ros.estimator.scores import normal_score_correlation
from infonet_ros.training.copulas import Archimedean, Gaussian, Independent, PartTime, Student
from infonet_ros.training.dependence import Dependence
from infonet_ros.training.drivers import EvenDrivers, independent_drivers, remembering_drivers
from infonet_ros.training.mixtures import Curve, GaussianMixture, Staircase
from infonet_ros.training.regressions import NoisyFunction
from infonet_ros.training.tables import ProbabilityTable

Draw = Callable[[np.random.Generator, int], Dependence]

# Shares of the training family. Mixtures approximate almost anything, so they are the most; the others add the sharp
# edges, heavy tails and steps that mixtures lack.
FAMILIES: dict[str, tuple[Draw, float]] = {
    "independent": (Independent, 0.08),
    "gaussian": (Gaussian, 0.09),
    "student": (Student, 0.08),
    "archimedean": (Archimedean, 0.08),
    "part_time": (PartTime, 0.08),
    "mixture": (GaussianMixture, 0.28),
    "curve": (Curve, 0.03),
    "function": (NoisyFunction, 0.20),
    "staircase": (Staircase, 0.03),
    "table": (ProbabilityTable, 0.05),
}
MOST_INFORMATION = 5.5  # examples beyond it are dropped: no estimator tells them apart
BATCH = 16  # examples of one family and one T made together


@dataclass
class Examples:
    """A set of M training examples.

    Attributes
    ----------
    seen, fresh : (M, G, G) float16
        Grid of the T samples that the network sees, and of 8192 fresh, evenly spread ones that it is judged on:
        judged on its own samples, it would learn to flatter itself.
    summary : (M, 4) float32
        See `network.summarise`.
    information : (M,) float32
        True MI, nats.
    family : (M,) int64
        Index into `FAMILIES`.
    samples : (M,) int64
        T.
    """

    seen: Tensor
    fresh: Tensor
    summary: Tensor
    information: Tensor
    family: Tensor
    samples: Tensor

    def __len__(self) -> int:
        return len(self.information)

    @property
    def effective(self) -> Tensor:
        """Effective number of samples, (M,)."""
        return self.samples * torch.exp(self.summary[:, 1])

    def __getitem__(self, index: Tensor | slice) -> "Examples":
        return Examples(*(getattr(self, f.name)[index] for f in fields(self)))

    def save(self, path: Path) -> None:
        """Write to a safetensors file, whole or not at all."""
        partial = path.with_suffix(".partial")
        save_file({f.name: getattr(self, f.name) for f in fields(self)}, partial)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Examples":
        """Read what `save` wrote."""
        return cls(**load_file(path))

    @classmethod
    def join(cls, parts: list["Examples"]) -> "Examples":
        """Concatenate."""
        return cls(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(cls)))


def simulate(count: int, seed: int, families: dict[str, tuple[Draw, float]] = FAMILIES) -> Examples:
    """Simulate ``count`` examples, in random order; the same seed gives the same examples."""
    rng = np.random.default_rng(seed)
    even = EvenDrivers(seed)
    shares = np.array([share for _, share in families.values()])
    parts: list[Examples] = []
    made = 0
    while made < count:
        family = int(rng.choice(len(shares), p=shares / shares.sum()))
        part = _simulate_batch(rng, even, list(families.values())[family][0], family)
        parts.append(part)
        made += len(part)
    return Examples.join(parts)[torch.from_numpy(rng.permutation(made)[:count])]


def _simulate_batch(rng: np.random.Generator, even: EvenDrivers, draw: Draw, family: int) -> Examples:
    samples = int(np.exp(rng.uniform(*np.log(TRAINED_SAMPLES))))
    dependence = draw(rng, BATCH)
    drivers = independent_drivers if rng.random() < 0.5 else remembering_drivers
    seen, summary = observe(*dependence.sample(drivers(rng, BATCH, samples)))
    x, y = dependence.sample(even.draw(rng, BATCH))
    fresh = _grids(*_ranks(x, y))
    information = dependence.information(x, y).clamp_min(0.0)
    part = Examples(
        seen=seen.half(),
        fresh=fresh.half(),
        summary=summary,
        information=information,
        family=torch.full((BATCH,), family),
        samples=torch.full((BATCH,), samples),
    )
    return part[torch.isfinite(information) & (information < MOST_INFORMATION)]


def observe(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the network is shown of pairs (B, T): grids (B, G, G) and summaries (B, 4)."""
    batch, count = x.shape
    u, v = _ranks(x, y)
    memory_u, memory_v = autocorrelations(u.numpy()), autocorrelations(v.numpy())
    pairs = [effective_samples(memory_u[k : k + 1], memory_v[k : k + 1], count)[0, 0] for k in range(batch)]
    samples = torch.full((batch,), float(count))
    return _grids(u, v), summarise(samples, torch.tensor(pairs), normal_score_correlation(u, v))


def _ranks(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    ranks = Ordering.from_channels(torch.cat([x, y]).numpy(), seed=0).ranks()
    u, v = torch.from_numpy(ranks).split(len(x))
    return u, v


def _grids(u: Tensor, v: Tensor) -> Tensor:
    return torch.bmm(hat_weights(u).transpose(1, 2), hat_weights(v)) * (GRID * GRID / u.shape[1])
